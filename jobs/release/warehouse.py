"""The warehouse: Iceberg tables that hold every release, and the pointer that shows them.

Sources: a night's `whitelist`, `decisions`, `waterfall`, the proof of its limits and `run.json`.
Grain: rows of these tables under their `release_id`; one row a move in `releases`.
Output: `<home>/warehouse`, namespace `nightlist`, catalogue in `catalog.db` (SQLite).

`releases` is the pointer: a release is visible exactly when a row of it names the release. In force
is the newest night, and of its rows the highest `move_number`: publishing a past night again, or
for the first time, never takes tomorrow's list away. Rows are written first and the pointer moves
last, in one commit; a crash before that leaves rows which no reader asks for and which the next
try replaces. Rows that a pointer once named are never written again.

Iceberg metadata holds absolute paths: a home folder is not moved, or its nights are published
again into the new place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import BooleanExpression, EqualTo
from pyiceberg.table import Table as IcebergTable
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError

from jobs.contracts.release import DECISIONS, PROOF, RELEASES, WATERFALL, whitelist
from jobs.contracts.table import Table
from jobs.errors import ReleaseError, UsageError

NAMESPACE = "nightlist"
_MOVED = ("a home folder is neither copied nor moved: go back to its own place, or take the "
          "folder warehouse away and publish the nights again")
#: The pointer must not be re-based over another publisher's move: no commit retries.
_POINTER_PROPERTIES = {"commit.retry.num-retries": "0"}


@dataclass(frozen=True)
class Release:
    """One move of the pointer; the attributes are the columns of the contract `releases`."""

    move_number: int
    release_id: str
    as_of_date: dt.date
    published_at: str
    currency: str
    invited: int
    considered: int
    committed_amount: int
    whitelist_sha256: str
    run_sha256: str


def tables(currency: str) -> dict[str, Table]:
    """The contracts of the released tables, by name, for a product in this currency."""
    return {**lists(currency), **PROOF}


def lists(currency: str) -> dict[str, Table]:
    """Those of them that name their release from the first; a proof's tables get it here."""
    return {t.name: t for t in (whitelist(currency), DECISIONS, WATERFALL)}


def current(home: Path, as_of: dt.date | None = None) -> Release:
    """The release in force: the newest night's last move, or the last move of one as-of date.

    Raises:
        ReleaseError: When there is none.
    """
    found = [m for m in history(home) if as_of in (None, m.as_of_date)]
    if not found:
        night = f" for {as_of}" if as_of else ""
        raise ReleaseError(f"warehouse/{RELEASES.name}", f"a release{night}", "none",
                           f"publish one: nightlist night --as-of {as_of or 'DATE'}")
    return max(found, key=lambda move: (move.as_of_date, move.move_number))


def history(home: Path) -> list[Release]:
    """Every move of the pointer, oldest first; empty before the first release."""
    if not catalog_file(home).exists():
        return []
    with opened(home) as catalog:
        return moves(catalog)


def read(home: Path, table: str, release_id: str) -> pa.Table:
    """The rows of one release, in contract order and sorted by key.

    Raises:
        ReleaseError: When no move of the pointer names the release.
        UsageError: When there is no such table.
    """
    contract = _visible(home, table, release_id)
    with opened(home) as catalog:
        return rows(iceberg_table(catalog, contract), contract, release_id)


def data_files(home: Path, table: str, release_id: str) -> list[Path]:
    """The Parquet files of one release, for engines that read Parquet but not Iceberg.

    Raises:
        ReleaseError: When no move of the pointer names the release.
        UsageError: When there is no such table.
    """
    contract = _visible(home, table, release_id)
    with opened(home) as catalog:
        scan = iceberg_table(catalog, contract).scan(of_release(release_id))
        return sorted(Path(task.file.file_path.removeprefix("file://"))
                      for task in scan.plan_files())


def named(home: Path, release_id: str) -> Release:
    """The newest move of the pointer that names a release.

    Raises:
        ReleaseError: When none does.
    """
    found = [move for move in history(home) if move.release_id == release_id]
    if not found:
        raise ReleaseError(f"warehouse/{RELEASES.name}", f"release {release_id}", "none of it",
                           "leave the release out to read the newest, or publish that night")
    return found[-1]


def _visible(home: Path, table: str, release_id: str) -> Table:
    contracts = tables(named(home, release_id).currency)
    if table not in contracts:
        raise UsageError("table", " or ".join(contracts), repr(table), "name one of these")
    return contracts[table]


def of_release(release_id: str) -> BooleanExpression:
    """The filter that reads one release's partition only."""
    return EqualTo("release_id", release_id)  # type: ignore[call-arg, arg-type]


def moves(catalog: Catalog) -> list[Release]:
    """Every move of the pointer, oldest first."""
    table = _load(catalog, RELEASES.name)
    if table is None:
        return []
    found = table.scan().to_arrow()
    return [Release(**row) for row in found.sort_by("move_number").to_pylist()]


def rows(table: IcebergTable, contract: Table, release_id: str) -> pa.Table:
    """The rows of one release, visible or not, in contract order and sorted by key."""
    found = table.scan(of_release(release_id)).to_arrow().select(contract.columns)
    return found.cast(contract.arrow_schema).sort_by([(key, "ascending") for key in contract.key])


def iceberg_table(catalog: Catalog, contract: Table) -> IcebergTable:
    """The Iceberg table of a contract, made at first use and refused where it differs."""
    name = (NAMESPACE, contract.name)
    if (table := _load(catalog, contract.name)) is not None:
        found = [field.name for field in table.schema().fields]
        missing = [c for c in contract.columns if c not in found]
        if missing or len(found) != len(contract.columns):
            extra = [c for c in found if c not in contract.columns]
            raise ReleaseError(
                f"warehouse/{contract.name}", f"columns {', '.join(missing) or 'as declared'}",
                ", ".join(extra) or "none", "use another --home for each product and currency")
        return table
    properties: dict[str, Any] = {} if contract.partition else _POINTER_PROPERTIES
    with catalog.create_table_transaction(name, contract.arrow_schema,
                                          properties=properties) as transaction:
        if contract.partition:
            with transaction.update_spec() as spec:
                spec.add_identity(contract.partition)
    return catalog.load_table(name)


def _load(catalog: Catalog, name: str) -> IcebergTable | None:
    """A table of this home or None: the catalogue of a copied home still names the old one's.

    Raises:
        ReleaseError: When it lies elsewhere or its files are gone.
    """
    here = str(catalog.properties["warehouse"])
    try:
        table = catalog.load_table((NAMESPACE, name))
    except NoSuchTableError:
        return None
    except FileNotFoundError as error:
        raise ReleaseError(f"warehouse/{name}", "the table's files", str(error), _MOVED) from None
    if not table.location().startswith(here + "/"):
        raise ReleaseError(f"warehouse/{name}", f"a table in {here}", table.location(), _MOVED)
    return table


def catalog_file(home: Path) -> Path:
    """Where the SQLite catalogue lies."""
    return home / "warehouse" / "catalog.db"


@contextmanager
def opened(home: Path, create: bool = False) -> Iterator[Catalog]:
    """The catalogue, closed afterwards; a publisher creates it.

    Raises:
        ReleaseError: When its file is not a catalogue.
    """
    file = catalog_file(home)
    uri = URL.create("sqlite", database=str(file)).render_as_string(hide_password=False)
    try:
        with closing(SqlCatalog(NAMESPACE, uri=uri, warehouse=f"file://{file.parent}")) as catalog:
            if create:
                catalog.create_namespace_if_not_exists(NAMESPACE)
            yield catalog
    except DatabaseError as error:
        raise ReleaseError(f"warehouse/{file.name}", "the catalogue, an SQLite file",
                           str(error.orig), "restore it from a backup, or publish the nights "
                           "again into a new --home") from None
