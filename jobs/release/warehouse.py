"""The warehouse: Iceberg tables that hold every release, and the pointer that shows them.

Sources: a night's `whitelist`, `decisions`, `waterfall`, the proof of its limits and `run.json`.
Grain: rows of these tables under their `release_id`; one row a move in `releases`.
Output: `<home>/warehouse`, namespace `nightlist`, catalogue in `catalog.db` (SQLite); see
`iceberg.py`.

`releases` is the pointer: a release is visible exactly when a row of it names the release. Which is
in force, the row of the highest `move_number` says (`in_force_release_id`), for any engine; how
that comes about stands in `pointer.py`. Rows are written first and the pointer moves last, in one
commit; a crash before that leaves rows which no reader asks for and which the next try replaces.
Rows that a pointer once named are never written again; only `expire` takes them away, whole.

A table of an earlier version lacks columns that its contract has by now: they are added when the
next night is published, and are null in the rows before.

Iceberg metadata holds absolute paths: a home folder is not moved, or its nights are published
again into the new place.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table as IcebergTable

from jobs import lake
from jobs.contracts.release import (DECISIONS, KEPT_LONGER, LEDGERS, PROOF, RELEASES, WATERFALL,
                                    whitelist)
from jobs.contracts.table import Table
from jobs.errors import ReleaseError, UsageError
from jobs.release.iceberg import (NAMESPACE, catalog_file, iceberg_table, is_there, load,
                                  of_release, opened, rows)
from jobs.release.pointer import Release, Standing, standing

#: What other modules take from here, wherever it is written.
__all__ = ["NAMESPACE", "Release", "append_move", "catalog_file", "count", "current", "data_files",
           "held", "history", "iceberg_table", "is_there", "lists", "moves", "named", "newest_of",
           "of_release", "of_user", "opened", "read", "require_rows", "rows", "state", "tables",
           "told"]


def tables(currency: str) -> dict[str, Table]:
    """The contracts of the released tables, by name, for a product in this currency."""
    return {**lists(currency), **PROOF, **LEDGERS}


def lists(currency: str) -> dict[str, Table]:
    """Those of them that no release is without a row of."""
    return {t.name: t for t in (whitelist(currency), DECISIONS, WATERFALL)}


def current(home: Path, as_of: dt.date | None = None) -> Release:
    """The release in force, or the one that stands for an as-of date.

    Raises:
        ReleaseError: When there is none, or all of that date were withdrawn.
    """
    now = state(home)
    found = now.in_force if as_of is None else now.of_nights.get(as_of)
    if found is not None:
        return found
    night = f" for {as_of}" if as_of else ""
    for name, move in now.withdrawn.items():
        if as_of and name.startswith(as_of.isoformat()):
            raise ReleaseError(f"warehouse/{RELEASES.name}", f"a release{night}",
                               f"{name}, withdrawn {told(move)}",
                               f"read it all the same with --release {name}")
    raise ReleaseError(f"warehouse/{RELEASES.name}", f"a release{night}", "none",
                       f"publish one: nightlist night --as-of {as_of or 'DATE'}")


def state(home: Path) -> Standing:
    """Which release stands for each night, and which were withdrawn."""
    return standing(history(home))


def told(rollback: Release) -> str:
    """Who withdrew a release, when and why, for an error."""
    return (f"by {rollback.moved_by} on {rollback.published_at[:10]} ({rollback.reason}) in favour "
            f"of {rollback.release_id}")


def history(home: Path) -> list[Release]:
    """Every move of the pointer, oldest first; empty before the first release."""
    if not is_there(home):
        return []
    with opened(home) as catalog:
        return moves(catalog)


def read(home: Path, table: str, release_id: str) -> pa.Table:
    """The rows of one release, in contract order and sorted by key.

    Raises:
        ReleaseError: When no move of the pointer names the release.
        UsageError: When there is no such table.
    """
    with opened(home) as catalog:
        contract, found = _visible(catalog, table, release_id)
        if found is None:
            return contract.arrow_schema.empty_table()
        return rows(found, contract, release_id)


def of_user(home: Path, table: str, release_id: str, user_id: str) -> list[dict[str, Any]]:
    """The rows of one person in a release, by key; errors as of `read`.

    Only files and row groups that can hold the person are read.
    """
    with opened(home) as catalog:
        contract, found = _visible(catalog, table, release_id)
        if found is None:
            return []
        return rows(found, contract, release_id, user_id).to_pylist()


def count(home: Path, table: str, release_id: str) -> int:
    """Rows of one release, from the table's metadata alone; errors as of `read`."""
    with opened(home) as catalog:
        _, found = _visible(catalog, table, release_id)
        return 0 if found is None else found.scan(of_release(release_id)).count()


def data_files(home: Path, table: str, release_id: str) -> list[Path]:
    """The Parquet files of one release, for engines that read Parquet but not Iceberg.

    Raises:
        ReleaseError: When no move of the pointer names the release.
        UsageError: When there is no such table.
    """
    with opened(home) as catalog:
        _, found = _visible(catalog, table, release_id)
        if found is None:
            return []
        return sorted(lake.place(task.file.file_path)
                      for task in found.scan(of_release(release_id)).plan_files())


def named(home: Path, release_id: str) -> Release:
    """The newest move of the pointer that names a release.

    Raises:
        ReleaseError: When none does.
    """
    return newest_of(history(home), release_id)


def newest_of(known: list[Release], release_id: str) -> Release:
    """The newest of some moves that names a release.

    Raises:
        ReleaseError: When none does.
    """
    found = [move for move in known if move.release_id == release_id]
    if not found:
        raise ReleaseError(f"warehouse/{RELEASES.name}", f"release {release_id}", "none of it",
                           "leave the release out to read the newest, or see: nightlist release "
                           "list")
    return found[-1]


def _visible(catalog: Catalog, table: str, release_id: str
             ) -> tuple[Table, IcebergTable | None]:
    """The contract and the table of a release's rows; None where no release has any yet."""
    release = newest_of(moves(catalog), release_id)
    contracts = tables(release.currency)
    if table not in contracts:
        raise UsageError("table", " or ".join(contracts), repr(table), "name one of these")
    if table not in KEPT_LONGER:
        require_rows(catalog, release)
    return contracts[table], load(catalog, table)


def held(home: Path) -> set[str]:
    """Releases whose rows have not expired, from the whitelist's metadata alone."""
    if not is_there(home):
        return set()
    with opened(home) as catalog:
        table = load(catalog, "whitelist")
        if table is None or table.current_snapshot() is None:
            return set()
        return {row["release_id"] for row in
                table.inspect.partitions()["partition"].to_pylist()}


def require_rows(catalog: Catalog, release: Release) -> None:
    """Refuse a release whose rows `nightlist expire` took away.

    Raises:
        ReleaseError: When its whitelist is not what the pointer says.
    """
    listed = load(catalog, "whitelist")
    found = 0 if listed is None else listed.scan(of_release(release.release_id)).count()
    if found != release.invited:
        raise ReleaseError(f"warehouse/whitelist of {release.release_id}",
                           f"{release.invited:,} rows", f"{found:,}", "its rows were kept as long "
                           "as the policy said; criteria and documents are kept longer")


def moves(catalog: Catalog) -> list[Release]:
    """Every move of the pointer, oldest first."""
    table = load(catalog, RELEASES.name)
    if table is None:
        return []
    found = table.scan().to_arrow()
    return [Release(**{name: value for name, value in row.items() if value is not None})
            for row in found.sort_by("move_number").to_pylist()]


def append_move(catalog: Catalog, release: Release) -> None:
    """Append a row to the pointer: the one commit that makes a move visible.

    Raises:
        ReleaseError: When another publisher moved it meanwhile.
    """
    pointer = iceberg_table(catalog, RELEASES)
    try:
        pointer.append(pa.Table.from_pylist([asdict(release)], schema=RELEASES.arrow_schema))
    except CommitFailedException:
        raise ReleaseError(f"warehouse/{RELEASES.name}", f"move {release.move_number} to be free",
                           "a move by another publisher", "try again") from None
