"""Benchmark of the mart: a release's whitelist into PostgreSQL, beside a bare COPY of its rows.

Run it with `make bench-mart`. The floor is COPY from a CSV file made before, in pieces, into an
empty table with the same columns and key, in the same server, in turns with the load; the best of
the repeats counts. The load is all of it: Parquet read and turned into CSV, COPY, the key's index,
the partition attached, counts and sums, the views turned.
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from psycopg import sql

from jobs import store
from jobs.contracts.release import whitelist
from jobs.mart.copying import as_csv
from jobs.mart.mart import BATCH_ROWS, serve
from jobs.mart.tables import base, create
from jobs.release import release, warehouse
from jobs.memory import peak_memory_mib, reset_peak_memory
from tests.bench.timing import seconds
from tests.mart.server import running
from tests.release.nights import JUNE, night

#: Aim: at most so many times the floor.
AIM = 1.5
ROWS, FULL_ROWS = 1_000_000, 10_000_000
_PIECE = 1 << 20


def rows(count: int, release_id: str) -> pa.Table:
    """A whitelist of that many people."""
    number = np.arange(count)
    users = pa.array([f"u{i:09}" for i in number])
    same = {
        "as_of_date": JUNE, "release_id": release_id, "rate_daily": Decimal("0.000390"),
        "rate_annual": Decimal("0.140400"), "all_in_cost_annual": Decimal("0.142350"),
        "valid_from": JUNE + dt.timedelta(days=1), "valid_to": JUNE + dt.timedelta(days=30),
        "segment": "thin_file", "cell": "champion", "channel": "in_app", "language": "zh",
        "is_universal_holdout": False, "is_cell_holdout": False, "send_status": "planned",
        "send_on": JUNE + dt.timedelta(days=1), "score_tier": "A", "method": "optimiser",
        "reason_codes": ["PAYS_IN_FULL", "LOW_USE", "LONG_HISTORY"],
        "message_variables": '{"all_in_cost_annual":"14.24%","interest_daily_per_1000":"0.39元",'
        '"limit":"50,000元","rate_annual":"14.04%","rate_daily":"0.039%",'
        '"valid_to":"2026年7月30日"}'}
    own = {"user_id": users, "offer_id": pa.array([f"{i * 2654435761 % 2**64:016x}"
                                                  for i in number.tolist()]),
           "limit_cny": pa.array(20_000 + 1_000 * (number % 181)),
           "wave": pa.array(1 + number % 30), "priority": pa.array(1 + number),
           "expected_value_minor": pa.array(number * 7919 % 1_000_000)}
    schema = whitelist("CNY").arrow_schema
    return pa.table([own[field.name] if field.name in own else
                     pa.repeat(pa.scalar(same.get(field.name), field.type), count)
                     for field in schema], schema=schema)


def home_of(folder: Path, count: int) -> str:
    """Publish a release with that whitelist; its other tables are of a few people."""
    run, contract = night(folder), whitelist("CNY")
    sha = store.write_sorted(rows(count, run.release_id), contract, run.folder / "whitelist")
    record = store.read_json(run.folder / "run.json")
    for key in ("tables", "audit"):
        record[key]["whitelist"] = sha
    store.write_json(record, run.folder / "run.json")
    release.publish(run)
    return run.release_id


def text_of(home: Path, release_id: str, path: Path) -> None:
    """The rows as a CSV file."""
    with path.open("wb") as stream:
        for file in warehouse.data_files(home, "whitelist", release_id):
            with pq.ParquetFile(file) as parquet:
                for batch in parquet.iter_batches(BATCH_ROWS):
                    stream.write(as_csv(pa.Table.from_batches([batch]).select(
                        whitelist("CNY").columns)))


def floor(address: str, path: Path) -> None:
    """The bare COPY."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("drop schema if exists nightlist, marketing cascade")
        connection.execute("create schema nightlist")
        made, *_ = create(whitelist("CNY"))
        connection.execute(made.as_string(connection).replace(  # type: ignore[arg-type]
            "partition by list (release_id)", "").encode())
        names = sql.SQL(", ").join(map(sql.Identifier, whitelist("CNY").columns))
        with connection.cursor() as cursor, path.open("rb") as stream, cursor.copy(sql.SQL(
                "copy {} ({}) from stdin (format csv)").format(base("whitelist"), names)) as copy:
            while piece := stream.read(_PIECE):
                copy.write(piece)


def load(address: str, home: Path) -> None:
    """What `nightlist serve-postgres` does into an empty mart."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("drop schema if exists nightlist, marketing cascade")
    assert serve(home, address).copied


def main() -> None:
    """Measure and print a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="10 M rows as well")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--repeats", type=int, default=3)
    words = parser.parse_args()
    print(f"{'rows':>12} {'bare COPY':>10} {'load':>8} {'rows/s':>9} {'ratio':>6} {'peak':>9}"
          f"   (aim {AIM:g})")
    for count in (words.rows, FULL_ROWS) if words.full else (words.rows,):
        with tempfile.TemporaryDirectory(prefix="nightlist-bench-") as folder, \
                running() as server:
            home, path = Path(folder) / "home", Path(folder) / "whitelist.csv"
            release_id = home_of(home, count)
            text_of(home, release_id, path)
            plain, ours = [], []
            reset_peak_memory()
            for _ in range(words.repeats):
                plain.append(seconds(lambda: floor(server.address(), path)))
                ours.append(seconds(lambda: load(server.address(), home)))
            least, most = min(plain), min(ours)
            print(f"{count:>12,} {least:>8.2f} s {most:>6.2f} s {count / most:>9,.0f} "
                  f"{most / least:>6.2f} {peak_memory_mib():>5} MiB", flush=True)


if __name__ == "__main__":
    main()
