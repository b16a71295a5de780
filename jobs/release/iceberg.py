"""Where the released tables lie: one Iceberg table a contract, catalogued in SQLite.

Or in the database that `NIGHTLIST_CATALOG` names: a home in an object store cannot hold one.
Sources: the contracts. Output: `<home>/warehouse`, namespace `nightlist`. What the rows mean, and
who may see which, stands in `warehouse.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import And, BooleanExpression, EqualTo
from pyiceberg.io.pyarrow import PYARROW_PARQUET_FIELD_ID_KEY
from pyiceberg.table import Table as IcebergTable
from pyiceberg.types import ListType
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError

from jobs import lake
from jobs.contracts.release import RELEASES
from jobs.contracts.table import Table
from jobs.errors import ReleaseError, UsageError
from jobs.lock import locked

NAMESPACE = "nightlist"
#: Names the catalogue's database; without it, it is an SQLite file in the home folder.
VARIABLE = "NIGHTLIST_CATALOG"
_NAME_ONE = ("set it to postgresql+psycopg://HOST/DATABASE (the password in PGPASSFILE), or to "
             "sqlite:////FOLDER/catalog.db on a disk that all publishers share")
#: How long a publisher waits for another one before it gives up.
LOCK_WAIT_SECONDS = 60.0
_MOVED = ("a home folder is neither copied nor moved: go back to its own place, or take the "
          "folder warehouse away and publish the nights again")
#: The pointer must not be re-based over another publisher's move: no commit retries.
_POINTER_PROPERTIES = {"commit.retry.num-retries": "0"}


def of_release(release_id: str) -> BooleanExpression:
    """The filter that reads one release's partition only."""
    return EqualTo("release_id", release_id)  # type: ignore[call-arg, arg-type]


def rows(table: IcebergTable, contract: Table, release_id: str,
         user_id: str | None = None) -> pa.Table:
    """The rows of one release, visible or not, in contract order and sorted by key.

    Those of one person only, if named. Columns that came to the contract after the release are
    null, whatever it says.
    """
    whose = of_release(release_id)
    if user_id is not None:
        whose = And(whose, EqualTo("user_id", user_id))  # type: ignore[call-arg, arg-type]
    found = table.scan(whose).to_arrow()
    for field in contract.arrow_schema:
        if field.name not in found.schema.names:
            found = found.append_column(field.name, pa.nulls(found.num_rows, field.type))
    schema = pa.schema([field.with_nullable(field.nullable or found[field.name].null_count > 0)
                        for field in contract.arrow_schema])
    return found.select(contract.columns).cast(schema).sort_by(
        [(key, "ascending") for key in contract.key])


def iceberg_table(catalog: Catalog, contract: Table) -> IcebergTable:
    """The Iceberg table of a contract to write to: made at first use, grown with its contract.

    Raises:
        ReleaseError: When it has columns that the contract does not know.
    """
    name = (NAMESPACE, contract.name)
    if (table := load(catalog, contract.name)) is not None:
        found = [field.name for field in table.schema().fields]
        missing = [c for c in contract.columns if c not in found]
        if extra := [c for c in found if c not in contract.columns]:
            raise ReleaseError(
                f"warehouse/{contract.name}", f"columns {', '.join(missing) or 'as declared'}",
                ", ".join(extra), "use another --home for each product and currency")
        return _grown(table, contract, missing) if missing else table
    properties: dict[str, Any] = {} if contract.partition else _POINTER_PROPERTIES
    with catalog.create_table_transaction(name, contract.arrow_schema,
                                          properties=properties) as transaction:
        if contract.partition:
            with transaction.update_spec() as spec:
                spec.add_identity(contract.partition)
    return catalog.load_table(name)


def schema_of(table: IcebergTable, contract: Table) -> pa.Schema:
    """A contract's Arrow schema with the table's field ids, by which engines find columns."""
    def numbered(field: pa.Field) -> pa.Field:
        found = table.schema().find_field(field.name)
        if isinstance(found.field_type, ListType):
            item = pa.field("element", field.type.value_type,
                            metadata=_numbered(found.field_type.element_id))
            field = field.with_type(pa.list_(item))
        return field.with_metadata(_numbered(found.field_id))

    return pa.schema([numbered(field) for field in contract.arrow_schema])


def _numbered(number: int) -> dict[bytes, bytes]:
    return {PYARROW_PARQUET_FIELD_ID_KEY: str(number).encode()}


def _grown(table: IcebergTable, contract: Table, missing: list[str]) -> IcebergTable:
    """Add columns that the contract has by now; they may be null, as rows lack them."""
    wanted = pa.schema([contract.arrow_schema.field(name).with_nullable(True)
                        for name in missing])
    with table.update_schema() as update:
        update.union_by_name(wanted)
    return table.refresh()


def partitioned(catalog: Catalog) -> Iterator[tuple[str, IcebergTable]]:
    """The tables that hold releases, by name; the pointer is none of them."""
    for _, name in sorted(catalog.list_tables(NAMESPACE)):
        table = load(catalog, name)
        if table is not None and table.spec().fields:
            yield name, table


def load(catalog: Catalog, name: str) -> IcebergTable | None:
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
    """Where the SQLite catalogue lies, where no other is named."""
    return home / "warehouse" / "catalog.db"


def is_there(home: Path) -> bool:
    """Whether anything was ever published."""
    if not (os.environ.get(VARIABLE) or lake.is_remote(home)):
        return catalog_file(home).exists()
    with opened(home) as catalog:
        return load(catalog, RELEASES.name) is not None


@contextmanager
def publishing(home: Path, wait_seconds: float = LOCK_WAIT_SECONDS) -> Iterator[None]:
    """Hold the warehouse for a change of it: one publisher, rollback or expiry at a time.

    Raises:
        ReleaseError: When another holds it for that long.
    """
    lock = catalog_file(home).with_name("publish.lock")
    with locked(lock, wait_seconds, "warehouse", ReleaseError):
        yield


@contextmanager
def opened(home: Path, create: bool = False) -> Iterator[Catalog]:
    """The catalogue, closed afterwards; a publisher creates it.

    Raises:
        ReleaseError: When its file is not a catalogue, or the database does not answer.
        UsageError: When the home needs a database for it and none is named.
    """
    uri, where = _database(home)
    try:
        with closing(SqlCatalog(NAMESPACE, uri=uri.render_as_string(hide_password=False),
                                warehouse=lake.address(catalog_file(home).parent),
                                **lake.store_settings(home))) as catalog:
            if create:
                catalog.create_namespace_if_not_exists(NAMESPACE)
            yield catalog
    except DatabaseError as error:
        expected, remedy = (("the catalogue, an SQLite file", "restore it from a backup, or "
                             "publish the nights again into a new --home") if where != VARIABLE
                            else ("a database that answers", "mend the address or the database"))
        found = (str(error.orig).strip().splitlines() or ["no message"])[0]
        raise ReleaseError(where, expected, found, remedy) from None


def _database(home: Path) -> tuple[URL, str]:
    """The catalogue's database, and what an error calls it.

    Raises:
        UsageError: When none is named for a home in an object store, or no such address is known.
            The address is not shown: it may hold a password.
    """
    said = os.environ.get(VARIABLE)
    if not said:
        file = catalog_file(home)
        if lake.is_remote(home):
            raise UsageError(VARIABLE, "a database for the catalogue: an object store cannot hold "
                             "one", "none", _NAME_ONE)
        return URL.create("sqlite", database=str(file)), f"warehouse/{file.name}"
    try:
        uri = make_url(said)
        uri.get_dialect()
    except ArgumentError:
        raise UsageError(VARIABLE, "the address of a SQL database", "something else",
                         _NAME_ONE) from None
    return uri, VARIABLE
