"""Released tables → the PostgreSQL mart.

Sources: the Iceberg tables of a release, and the pointer. Grain: as the released tables.
Output: schema `nightlist`, one partition a release, and the views of schema `marketing`.

A release is copied and its partitions attached in one transaction; the views turn to the release
in force in another, all at once. Whatever ends a load leaves the views where they were, and the
next load goes on. A release that is there is not copied again but counted: after a rollback only
the views turn. They follow the pointer of the warehouse and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from psycopg import errors, sql

from jobs.config import Run
from jobs.contracts.release import RELEASES
from jobs.contracts.table import Table
from jobs.errors import MartError
from jobs.mart import address, rights
from jobs.mart.copying import texts
from jobs.mart.expiry import expired
from jobs.mart.setting_up import AGAIN, columns, lock, set_up, value
from jobs.mart.tables import BASE, MARKETING, base, comments, definition, partition, views
from jobs.progress import Progress, progress, silent
from jobs.release import switch, warehouse
from jobs.release.pointer import ROLLBACK, standing
from jobs.release.warehouse import Release

NO_MART = f"none is named in {address.VARIABLE}"
#: Rows of a batch; two are held at once.
BATCH_ROWS = 16_384
#: How long readers may have to wait behind the views' turning; below PostgreSQL's own
#: `deadlock_timeout`, so that no reader is ever taken for the one to blame.
_TURN_MILLISECONDS = 800
#: How long to try to find the views unread, in seconds.
TURN_SECONDS = 300.0


@dataclass(frozen=True)
class Served:
    """What a mart shows now, and what it took.

    Attributes:
        release_id: The release that the current views show.
        copied: Releases that came.
        rows: Rows that came, all tables together.
    """

    release_id: str
    copied: tuple[str, ...]
    rows: int


def main(run: Run) -> dict[str, Any]:
    """Bring the run's release, and turn the views to the one in force.

    Returns:
        `mart`, and where one is named `shows` (release id) and `rows` copied.

    Raises:
        MartError: When the mart cannot be loaded; it shows what it showed before.
    """
    said = address.address()
    if said is None:
        return {"mart": NO_MART}
    moves = warehouse.history(run.home)
    if standing(moves).in_force is None:  # history only: there is nothing that readers may see
        return {"mart": address.shown(said), "shows": "nothing", "rows": 0}
    wanted = [run.release_id for move in moves if move.release_id == run.release_id][:1]
    with progress("serving") as told:
        served = serve(run.home, said, wanted, told)
    return {"mart": address.shown(said), "shows": served.release_id, "rows": served.rows}


def serve(home: Path, said: str, wanted: Sequence[str] = (), told: Progress = silent) -> Served:
    """Bring releases into the mart and turn its views to the one in force.

    Args:
        home: Where the warehouse is.
        said: The mart's address.
        wanted: Releases to bring beside the one in force.
        told: Hears of every batch.

    Raises:
        MartError: When the mart holds something else, or the database fails.
        ReleaseError: When there is no release, or none of that name.
        PublicationStopped: While the kill switch is thrown, but after a rollback.
    """
    with address.connected(said) as connection:
        lock(connection)
        current, moves = warehouse.current(home), warehouse.history(home)
        _require_open(home, moves)
        releases = {one.release_id: one for one in [*(warehouse.named(home, name)
                                                      for name in wanted), current]}
        with connection.transaction():
            set_up(connection, current.currency, moves)
        copied = {}
        for release in releases.values():
            rows = _bring(connection, home, release, told)
            if rows is not None:
                copied[release.release_id] = rows
        told("turning the views", 0, None)
        _turn(connection, current, moves, expired(connection, home, current.currency),
              lambda: _require_open(home, moves))
    return Served(current.release_id, tuple(copied), sum(copied.values()))


def _require_open(home: Path, moves: Sequence[Release]) -> None:
    """A stop holds the views where they are; what was taken back goes from them all the same."""
    if moves[-1].action != ROLLBACK:
        switch.require_open(home, "mart views")


def _bring(connection: psycopg.Connection[Any], home: Path, release: Release,
           told: Progress) -> int | None:
    """Copy what is missing of a release, in one transaction; None where nothing was."""
    rows = None
    with connection.transaction():
        connection.execute("set local statement_timeout = 0")
        connection.execute("set local idle_in_transaction_session_timeout = 0")
        for contract in warehouse.tables(release.currency).values():
            files = warehouse.data_files(home, contract.name, release.release_id)
            name = partition(contract.name, release.release_id)
            expected = sum(pq.read_metadata(file).num_rows for file in files)
            if not columns(connection, BASE, name):
                _copy(connection, contract, name, _batches(files, contract), expected, told)
                _attach(connection, contract, name, release)
                rows = (rows or 0) + expected
            found = value(connection, sql.SQL("select count(*) from {}").format(base(name)))
            if found != expected:
                raise MartError(f"mart {BASE}.{name}", f"{expected:,} rows as in the warehouse",
                                f"{found:,}", "somebody wrote there: drop this partition and "
                                "run again: nightlist serve-postgres --release "
                                f"{release.release_id}")
        _check_sums(connection, release)
    return rows


def _batches(files: Sequence[Path], contract: Table) -> Iterator[pa.Table]:
    """The rows piece by piece; a column that came to the contract later is missing in them."""
    for path in files:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH_ROWS):
                found = pa.Table.from_batches([batch])
                yield pa.table([
                    found[field.name].cast(field.type) if field.name in found.schema.names
                    else pa.nulls(found.num_rows, field.type) for field in contract.arrow_schema],
                    names=contract.columns)


def _copy(connection: psycopg.Connection[Any], contract: Table, name: str,
          batches: Iterator[pa.Table], expected: int, told: Progress) -> None:
    """Fill the new table of a partition, which nobody sees yet.

    Frozen: a reader whose transaction began before the views turned finds the rows too.
    """
    connection.execute(sql.SQL("create table {} (like {} including constraints)").format(
        base(name), base(contract.name)))
    names = sql.SQL(", ").join(map(sql.Identifier, contract.columns))
    done = 0
    with connection.cursor() as cursor, cursor.copy(sql.SQL(
            "copy {} ({}) from stdin (format csv, freeze)").format(base(name), names)) as copy:
        for text, count in texts(batches):
            copy.write(text)
            done += count
            told(contract.name, done, expected)


def _attach(connection: psycopg.Connection[Any], contract: Table, name: str,
            release: Release) -> None:
    """Make the filled table a partition; this builds the key's index and refuses duplicates."""
    connection.execute(sql.SQL("alter table {} attach partition {} for values in ({})").format(
        base(contract.name), base(name), release.release_id))
    connection.execute(sql.SQL("analyze {}").format(base(name)))


def _check_sums(connection: psycopg.Connection[Any], release: Release) -> None:
    """The money committed, which nobody may have changed, beside what the pointer says."""
    limit = sql.Identifier(f"limit_{release.currency.lower()}")
    found = value(connection, sql.SQL("select coalesce(sum({}), 0)::bigint from {}").format(
        limit, base(partition("whitelist", release.release_id))))
    if found != release.committed_amount:
        raise MartError(f"mart {BASE}.whitelist of {release.release_id}",
                        f"limits of {release.committed_amount:,} {release.currency} in all",
                        f"{found:,}", f"somebody wrote there: {AGAIN}")


def _turn(connection: psycopg.Connection[Any], current: Release, moves: Sequence[Release],
          gone: Sequence[str], allowed: Callable[[], None]) -> None:
    """Turn all views at once, as soon as no transaction is reading one of them.

    What the warehouse does not keep any more goes with it.

    A transaction that has read one of the views keeps all of them at the release it began with.

    Raises:
        MartError: When readers never let go.
    """
    deadline = time.monotonic() + TURN_SECONDS
    while True:
        try:
            with connection.transaction():
                connection.execute("set local client_min_messages = error")
                connection.execute(sql.SQL("set local lock_timeout = {}").format(
                    _TURN_MILLISECONDS))
                allowed()
                _point(connection, current, moves)
                for name in gone:
                    connection.execute(sql.SQL("drop table {}").format(base(name)))
            return
        except errors.LockNotAvailable:
            if time.monotonic() >= deadline:
                raise MartError("mart views", "a moment in which nobody is reading them",
                                f"none in {TURN_SECONDS:.0f} s", "the release is loaded: end the "
                                "transaction that reads them and run again") from None
            time.sleep(0.5)


def _point(connection: psycopg.Connection[Any], current: Release,
           moves: Sequence[Release]) -> None:
    wanted = views(current.currency)
    for view in wanted:
        found = columns(connection, MARKETING, view.name)
        if found and found != list(view.columns):
            connection.execute(sql.SQL("drop view {}").format(view.identifier))
        connection.execute(definition(view, current.release_id))
        for comment in comments(view, current.currency) if found != list(view.columns) else ():
            connection.execute(comment)
    names = [field.name for field in fields(Release)]
    insert = sql.SQL("insert into {} ({}) values ({}) on conflict do nothing").format(
        base(RELEASES.name), sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(map(sql.Placeholder, names)))
    with connection.cursor() as cursor:
        cursor.executemany(insert, [asdict(move) for move in moves])
    rights.grant(connection, current.currency)
