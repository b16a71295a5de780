"""Benchmark of intake: rows a second on one core, beside a plain DuckDB copy of the same file.

Run it with `make bench-intake`. The floor is `copy (from 'file') to 'out.parquet'` with zstd,
in the same process, on one core, in turns with intake; the best of the repeats counts. Intake is
all of it: manifest and sha256, parse, rules, both clocks, tokens, duplicates, clean and quarantine
files. The gate (Great Expectations on the clean table) is given apart and in the last column.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shutil
import tempfile
from pathlib import Path

import duckdb

from expectations.gate import run_suite
from jobs import store
from jobs.contracts.feeds import FEEDS, clean
from jobs.contracts.table import Table
from jobs.intake import landing
from jobs.intake.intake import clean_partition, take_in
from jobs.intake.landing import DeliveryName, delivery_folder
from jobs.session import session
from tests.bench.timing import seconds

DELIVERY = DeliveryName(dt.date(2026, 6, 30))
#: Aim: at most so many times the floor.
AIM = 3.0
ROWS = {
    "payments": """'p' || i as payment_id, 'u' || (i % 300000) as user_id,
        timestamp '2026-06-29 00:00:00' + to_seconds(i % 86400) as event_at,
        (i * 7919) % 1000000 as amount_minor, ['in', 'out'][1 + i % 2] as direction,
        ['purchase', 'transfer', 'bill', 'salary'][1 + i % 4] as kind""",
    "bound_cards": """'u' || i as user_id, date '2026-06-29' as event_date,
        '6222' || lpad(i::varchar, 12, '0') as card_number, 'bind' as action,
        ['credit', 'debit'][1 + i % 2] as card_kind, 'bank' || (i % 40) as bank,
        (i % 200) * 100000 as card_limit_minor, true as is_name_verified,
        '1101011990' || lpad(i::varchar, 8, '0') as national_id,
        '138' || lpad(i::varchar, 8, '0') as phone, 18 + i % 50 as age_years,
        'female' as gender, 'university' as education, 'single' as marital_status,
        'north' as region""",
    "bureau_tradelines": """'u' || (i // 4) as user_id, 'line' || (i % 4) as line_id,
        date '2026-05-31' as event_date, 'credit_card' as kind, i % 9 - 2 as repayment_status,
        (i * 7919) % 1000000 as balance_minor, 5000000 as limit_minor,
        null::bigint as instalment_minor, date '2020-01-01' + (i % 2000)::int as opened_on""",
}
SUFFIX = {"parquet": "parquet", "csv": "csv", "jsonl": "jsonl"}
_COPY = {"parquet": "(format parquet, compression zstd)", "csv": "(format csv, header)",
         "jsonl": "(format json)"}
_READ = {"parquet": "read_parquet", "csv": "read_csv", "jsonl": "read_json"}


def deliver(home: Path, feed: Table, form: str, rows: int) -> Path:
    """Land one delivery of that many rows and return its file."""
    folder = delivery_folder(home, feed.name, DELIVERY)
    folder.mkdir(parents=True)
    path = folder / f"part-0.{SUFFIX[form]}"
    with duckdb.connect() as connection:
        connection.execute(f"create view v as select {ROWS[feed.name]} from range({rows}) t(i)")
        types = {"integer": "bigint", "date": "date"}
        columns = ", ".join(f"{f.name}::{types[f.type]} as {f.name}" if f.type in types else f.name
                            for f in feed.fields)
        connection.execute(f"copy (select {columns} from v) to '{path}' {_COPY[form]}")
        totals = {f.name: int(connection.execute(
            f"select coalesce(sum({f.name}), 0) from v").fetchall()[0][0])
            for f in feed.fields if f.type == "integer"}
    store.write_json({
        "feed": feed.name, "delivery_date": str(DELIVERY), "schema_version": 1, "format": form,
        "currency": "CNY", "rows": rows, "control_totals": totals,
        "files": [{"name": path.name, "rows": rows, "sha256": store.file_sha256(path)}],
    }, folder / "_manifest.json")
    return path


def floor(path: Path, form: str, out: Path) -> None:
    """The plain copy."""
    with duckdb.connect() as connection:
        connection.execute(f"copy (select * from {_READ[form]}('{path}')) to '{out}' "
                           "(format parquet, compression zstd)")


def intake(home: Path, feed: Table) -> None:
    """What the step does with one delivery."""
    counts = take_in(home, feed, landing.verify(home, feed, DELIVERY))
    assert counts["accepted"] == counts["received"], counts


def gate(home: Path, feed: Table) -> None:
    """The expectations on its clean table."""
    table = clean(feed)
    df = store.read(session(), clean_partition(home, feed.name, DELIVERY), table)
    assert all(result.success for result in run_suite("intake", df, table, []))


def main() -> None:
    """Measure every feed in every format and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    words = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # before any engine counts the cores
    print(f"{'feed':<18} {'format':<8} {'floor':>7} {'intake':>7} {'rows/s/core':>12} {'ratio':>6} "
          f"{'gate':>7} {'ratio with gate':>15}   (aim {AIM:g})")
    for name in ROWS:
        for form in SUFFIX:
            with tempfile.TemporaryDirectory(prefix="nightlist-bench-") as folder:
                home, feed = Path(folder), FEEDS[name]
                path = deliver(home, feed, form, words.rows)
                plain, ours = [], []
                for _ in range(words.repeats):
                    shutil.rmtree(home / "clean", ignore_errors=True)
                    plain.append(seconds(lambda: floor(path, form, home / "floor.parquet")))
                    ours.append(seconds(lambda: intake(home, feed)))
                checked = min(seconds(lambda: gate(home, feed)) for _ in range(2))
            least, most = min(plain), min(ours)
            print(f"{name:<18} {form:<8} {least:>5.2f} s {most:>5.2f} s "
                  f"{words.rows / most:>12,.0f} {most / least:>6.1f} {checked:>5.2f} s "
                  f"{(most + checked) / least:>15.1f}", flush=True)


if __name__ == "__main__":
    main()
