"""What the adapters share: real files are checked before anything of them is landed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.contracts.table import Table
from jobs.errors import DeliveryRefused
from jobs.intake.outgoing import Outgoing

ONE_DAY = dt.timedelta(days=1)


def check(path: Path, columns: Iterable[str], remedy: str) -> None:
    """Refuse a file that is not there, not Parquet, or without the columns.

    Raises:
        DeliveryRefused: Naming the file; `remedy` says where the set's files are.
    """
    if not path.is_file():
        raise DeliveryRefused(path.name, f"a file in the data folder {path.parent}",
                              "no such file", remedy)
    try:
        found = pq.read_schema(path).names
    except (OSError, pa.ArrowException) as error:
        raise DeliveryRefused(path.name, "a whole Parquet file", f"an unreadable one ({error})",
                              remedy) from None
    if missing := [column for column in columns if column not in found]:
        raise DeliveryRefused(path.name, "the columns " + ", ".join(columns),
                              "no " + ", ".join(missing), remedy)


def feed_rows(feed: Table, rows: pa.Table) -> pa.Table:
    """Columns as a table of the feed, all nullable: rows are judged at intake."""
    schema = pa.schema([field.with_nullable(True) for field in feed.arrow_schema])
    return rows.select(feed.columns).cast(schema)


def query(connection: duckdb.DuckDBPyConnection, feed: Table, sql: str, file: str,
          remedy: str) -> pa.Table:
    """Rows of a feed by SQL over the files, with `delivered_on` beside the contract's columns.

    Raises:
        DeliveryRefused: When a value of the file is not of its kind.
    """
    try:
        rows = connection.sql(sql).to_arrow_table()
    except duckdb.Error as error:
        raise DeliveryRefused(file, "values as in the published set",
                              str(error).splitlines()[0], remedy) from None
    return feed_rows(feed, rows).append_column("delivered_on", rows["delivered_on"])


def by_delivery(feed: Table, rows: pa.Table) -> list[Outgoing]:
    """Rows with `delivered_on` as one delivery a day, oldest first, in their order."""
    days = sorted(set(rows["delivered_on"].to_pylist()))
    return [(feed, day, rows.filter(pc.equal(rows["delivered_on"], pa.scalar(day, pa.date32())))
             .select(feed.columns)) for day in days]
