"""Benchmark of the feature layer, beside what one would write by hand over the same raw Parquet.

Run it with `make bench-features` (FULL=--full for a million users). One source, payments:
features over 7 to 365 days from 100 events a user in 90 days, written to Parquet. Each contender is
a process of its own; starting its engine is not counted.

- cold: all tiles, then the windows; next night: one new day; backfill: 30 nights, one after
  another, in a home without a tile
- DuckDB by hand: one level (every window a filtered aggregate over raw events), and two levels
  (user × age bucket, then user), both on 2 threads
- Polars by hand: two levels, streaming
"""

from __future__ import annotations

import argparse
import datetime as dt
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import duckdb
import polars as pl

from jobs import inputs, store
from jobs.config import RUN_FILE, Run
from jobs.contracts.night import LABELS
from jobs.features import roll
from jobs.features.families import FEATURES, money
from jobs.session import session
from jobs.memory import peak_memory_mib, reset_peak_memory
from jobs.tiles import build as tiles

SOURCE, EVENTS, DAYS, BACKFILL = money.WALLET, 100, 365, 30
AS_OF = dt.date(2026, 6, 30)
OURS = [one for one in FEATURES if one.source.name == SOURCE.name]
#: Means and spreads are left out by hand: their parts are 4 of 100 columns.
COMPARED = [one.field.name for one in OURS if not one.field.name.startswith("bill_day")]
#: Each measure once more, by hand: name -> (aggregate, SQL of an event's value).
BY_HAND = {
    "payment_count": ("sum", "1"),
    "wallet_in_minor": ("sum", "case when direction = 'in' then amount_minor else 0 end"),
    "wallet_out_minor": ("sum", "case when direction = 'out' then amount_minor else 0 end"),
    "night_payment_count": (
        "sum", "case when extract(hour from event_at) <= 5 then 1 else 0 end"),
    "largest_payment_minor": ("max", "amount_minor"),
    **{name: ("sum", f"case when direction = '{way}' and kind in ({kinds}) then {value} else 0 end")
       for name, way, kinds, value in (
           ("purchase_minor", "out", "'purchase'", "amount_minor"),
           ("transfer_in_minor", "in", "'transfer', 'red_packet'", "amount_minor"),
           ("transfer_out_minor", "out", "'transfer', 'red_packet'", "amount_minor"),
           ("cash_out_minor", "out", "'cash_out'", "amount_minor"),
           ("cash_out_count", "out", "'cash_out'", "1"), ("bill_count", "out", "'bill'", "1"),
           ("bill_minor", "out", "'bill'", "amount_minor"),
           ("repayment_count", "out", "'repayment'", "1"),
           ("repayment_minor", "out", "'repayment'", "amount_minor"),
           ("wallet_salary_minor", "in", "'salary'", "amount_minor"))},
}
WINDOWS = (7, 30, 90, 180, 365)
_RATIOS = [("night_payment", "night_payment_count", "payment_count"),
           ("cash_out", "cash_out_minor", "wallet_out_minor"),
           ("repayment", "repayment_minor", "wallet_in_minor"),
           ("wallet_out_to_in", "wallet_out_minor", "wallet_in_minor")]
_TRENDS = [(name, short, long) for name in ("wallet_out_minor", "wallet_in_minor")
           for short, long in ((7, 30), (30, 90), (90, 365))]


def make(home: Path, users: int) -> None:
    """Clean payments of DAYS + 1 days, a delivery each, as intake leaves them."""
    per_day = users * EVENTS // DAYS
    with duckdb.connect(config={"threads": 2}) as connection:
        for back in range(DAYS - 1, -2, -1):
            day = AS_OF - dt.timedelta(days=back)
            folder = home / "clean" / "payments" / f"delivery_date={day}"
            folder.mkdir(parents=True)
            connection.execute(f"""copy (
                select 'p{back}-' || i as payment_id,
                  'u' || lpad((hash(i, {back}) % {users})::varchar, 7, '0') as user_id,
                  timestamp '{day}' + to_seconds((hash(i, 1, {back}) % 86400)::int) as event_at,
                  (hash(i, 2, {back}) % 1000000)::bigint as amount_minor,
                  ['in', 'out', 'out'][1 + (hash(i, 3, {back}) % 3)::int] as direction,
                  ['purchase', 'transfer', 'bill', 'red_packet', 'cash_out', 'repayment', 'salary']
                    [1 + (hash(i, 4, {back}) % 7)::int] as kind, date '{day}' as delivery_date
                from range({per_day}) t(i)) to '{folder}/part-0.parquet'
                (format parquet, compression zstd)""")
            store.write_json({"event_dates": [day.isoformat()]}, folder / "_counts.json")


def frozen(home: Path, as_of: dt.date) -> Run:
    """A run of that night over what had been delivered by then."""
    days = [AS_OF - dt.timedelta(days=back) for back in range(DAYS - 1, -2, -1)]
    run = Run(home, as_of, run_id=f"{as_of:%Y%m%d}0000")
    store.write_json({"inputs": {"code_version": inputs.code_version(), "deliveries": [
        {"feed": "payments", "delivery": day.isoformat(), "delivery_date": day.isoformat(),
         "voided_on": None, "fingerprint": day.isoformat()} for day in days if day <= as_of]}},
        run.folder / RUN_FILE)
    store.write_sorted(LABELS.arrow_schema.empty_table(), LABELS, run.folder / "labels")
    return run


def night(home: Path, as_of: dt.date) -> None:
    """Tiles and windows of one night."""
    run = frozen(home, as_of)
    tiles.main(run)
    roll.main(run)
    (windows,) = roll.wanted(run, [as_of])
    named = [one.value().alias(one.field.name) for one in OURS]
    roll.read(session(), home, windows).select("user_id", *named).write.mode(
        "overwrite").parquet(str(run.folder / "features"))


def _forget(home: Path) -> None:
    for name in ("tiles", "windows"):
        shutil.rmtree(home / name, ignore_errors=True)


def cold(home: Path) -> None:
    """The first night: every tile is built."""
    _forget(home)
    night(home, AS_OF)


def next_night(home: Path) -> None:
    """The night after: one new day."""
    night(home, AS_OF + dt.timedelta(days=1))


def backfill(home: Path) -> None:
    """Thirty nights one after another, from nothing."""
    _forget(home)
    for back in range(BACKFILL - 1, -1, -1):
        night(home, AS_OF - dt.timedelta(days=back))


def duckdb_one_level(home: Path) -> None:
    """Every window a filtered aggregate over raw events."""
    wide = [_known(how, f"{how}({value}) filter (age < {days})") + f" as {name}_{days}d"
            for name, (how, value) in BY_HAND.items() for days in _windows_of(how)]
    wide += [f"count(distinct age) filter (age < {days}) as payments_active_days_{days}d"
             for days in WINDOWS]
    _by_hand(home, f"""select user_id, {', '.join(wide)},
        min(age) filter (age < 90) as payments_recency_days from raw group by user_id""")


def duckdb_two_levels(home: Path) -> None:
    """User × age bucket first, then user."""
    first = ", ".join(f"{how}({value}) as {name}" for name, (how, value) in BY_HAND.items())
    bucket = "case " + " ".join(f"when age < {days} then {number}"
                                for number, days in enumerate(WINDOWS)) + " end"
    wide = [_known(how, f"{how}({name}) filter (bucket <= {number})") + f" as {name}_{days}d"
            for name, how in [*((name, how) for name, (how, _) in BY_HAND.items()),
                              ("payments_active_days", "sum")]
            for number, days in enumerate(_windows_of(how))]
    _by_hand(home, f"""select user_id, {', '.join(wide)},
        min(newest) filter (bucket <= 2) as payments_recency_days from (
          select user_id, {bucket} as bucket, {first}, count(distinct age) as payments_active_days,
            min(age) as newest from raw group by user_id, bucket)
        group by user_id""")


def polars_two_levels(home: Path) -> None:
    """User × age bucket first, then user, streaming from file to file."""
    age = (pl.lit(AS_OF) - pl.col("event_at").dt.date()).dt.total_days()
    bucket = pl.lit(len(WINDOWS) - 1)
    for number in range(len(WINDOWS) - 2, -1, -1):
        bucket = pl.when(pl.col("age") < WINDOWS[number]).then(number).otherwise(bucket)
    first = [getattr(pl.sql_expr(value), how)().alias(name)
             for name, (how, value) in BY_HAND.items()]
    raw = (pl.scan_parquet(f"{home}/clean/payments/*/*.parquet", hive_partitioning=False)
           .with_columns(age=age).filter(pl.col("age").is_between(0, WINDOWS[-1] - 1)))
    bucketed = raw.with_columns(bucket=bucket).group_by("user_id", "bucket").agg(
        *first, pl.col("age").n_unique().cast(pl.Int64).alias("payments_active_days"),
        pl.col("age").min().alias("newest"))
    ways = {**{name: how for name, (how, _) in BY_HAND.items()}, "payments_active_days": "sum"}
    wide = [getattr(pl.col(name).filter(pl.col("bucket") <= number), how)().alias(
        f"{name}_{days}d") for name, how in ways.items()
        for number, days in enumerate(_windows_of(how))]
    newest = pl.col("newest").filter(pl.col("bucket") <= 2).min().alias("payments_recency_days")

    def over(part: str, whole: str) -> pl.Expr:
        return pl.when(pl.col(whole) > 0).then(pl.col(part) / pl.col(whole))

    ratios = [over(f"{part}_{days}d", f"{whole}_{days}d").alias(f"{name}_{days}d_ratio")
              for name, part, whole in _RATIOS for days in WINDOWS]
    ratios += [(over(f"{name}_{short}d", f"{name}_{long}d") * long / short).alias(
        f"{name}_{short}d_to_{long}d_ratio") for name, short, long in _TRENDS]
    (bucketed.group_by("user_id").agg(*wide, newest).with_columns(*ratios)
     .sink_parquet(home / "polars.parquet", compression="zstd"))


def _windows_of(how: str) -> tuple[int, ...]:
    return WINDOWS if how == "sum" else WINDOWS[:3]


def _known(how: str, value: str) -> str:
    """A sum over nothing is 0, an extreme is not known."""
    return f"coalesce({value}, 0)" if how == "sum" else value


def _by_hand(home: Path, windows: str) -> None:
    ratios = [f"{part}_{days}d::double / nullif({whole}_{days}d, 0) as {name}_{days}d_ratio"
              for name, part, whole in _RATIOS for days in WINDOWS]
    ratios += [f"({name}_{short}d * {long})::double / nullif({name}_{long}d * {short}, 0) as "
               f"{name}_{short}d_to_{long}d_ratio" for name, short, long in _TRENDS]
    # With a bound it spills; without, one level over a million users takes more than 20 GB.
    with duckdb.connect(config={"threads": 2, "memory_limit": "6GB", "temp_directory": str(
            home / "spill"), "preserve_insertion_order": False}) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"""copy (
            with raw as (select *, date '{AS_OF}' - event_at::date as age
                         from '{home}/clean/payments/*/*.parquet'
                         where event_at < timestamp '{AS_OF}' + interval 1 day),
            windows as ({windows})
            select *, {', '.join(ratios)} from windows) to '{home}/by_hand.parquet'
            (format parquet, compression zstd)""")


def timed(home: Path, work: Callable[[Path], None], spark: str) -> tuple[float, int]:
    """Seconds and peak MiB of one contender; its engine is started before."""
    os.environ["NIGHTLIST_SPARK"] = spark
    if work in (cold, next_night, backfill):
        session().range(1).count()
    reset_peak_memory()
    start = time.perf_counter()
    work(home)
    return time.perf_counter() - start, peak_memory_mib() + _java_peak_mib()


def _java_peak_mib() -> int:
    """Of the Java that this process started, if any."""
    found = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        said = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        if said["Name"].strip() == "java" and int(said["PPid"]) == os.getpid():
            found += int(said["VmHWM"].split()[0]) // 1024
    return found


def agree(home: Path) -> int:
    """Values of the night that differ from DuckDB's, by hand; ratios to the last digit too."""
    differs = " or ".join(f"n.{name} is distinct from h.{name}" for name in COMPARED)
    folder = frozen(home, AS_OF).folder / "features"
    (count,), = duckdb.sql(
        f"select count(*) from '{folder}/*.parquet' n full join '{home}/by_hand.parquet' h "
        f"using (user_id) where {differs}").fetchall()
    return int(count)


def main() -> int:
    """Print seconds, peak memory and the ratios to the best by hand and to a cold night."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=200_000)
    parser.add_argument("--full", action="store_true", help="a million users")
    parser.add_argument("--backfill", action="store_true", help="thirty nights too")
    parser.add_argument("--without-java", action="store_true", help="leave JVM Spark out")
    words = parser.parse_args()
    users = 1_000_000 if words.full else words.users
    contenders: list[tuple[str, Callable[[Path], None], str]] = [
        ("DuckDB by hand, two levels", duckdb_two_levels, "sail"),
        ("Polars by hand, two levels", polars_two_levels, "sail"),
        ("Nightlist on Sail, cold", cold, "sail"),
        ("Nightlist on Sail, next night", next_night, "sail"),
        *([("Nightlist on Sail, 30 nights", backfill, "sail")] if words.backfill else []),
        *([("Nightlist on JVM Spark, cold", cold, "local[2]")]
          if shutil.which("java") and not words.without_java else []),
        ("DuckDB by hand, one level", duckdb_one_level, "sail")]
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        print(f"{users:,} users x {EVENTS} events …", flush=True)
        make(home, users)
        print(f"{'':<31} {'seconds':>8} {'peak MiB':>9} {'to best by hand':>16} {'to cold':>8}")
        took: dict[str, float] = {}
        for label, work, spark in contenders:
            # A process of its own: memory that an engine keeps is not the next one's.
            try:
                with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                    seconds, peak = pool.submit(timed, home, work, spark).result()
            except (duckdb.Error, BrokenProcessPool) as error:
                print(f"{label:<31} did not end: {str(error).splitlines()[0]}", flush=True)
                continue
            took[label] = seconds
            hand = min(value for key, value in took.items() if "by hand" in key)
            first = took.get("Nightlist on Sail, cold")
            print(f"{label:<31} {seconds:>8.2f} {peak:>9,} {seconds / hand:>15.2f}x "
                  + (f"{seconds / first:>7.2f}x" if first else ""), flush=True)
            if work is cold and spark == "sail":
                print(f"  people with any value unlike DuckDB's: {agree(home)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
