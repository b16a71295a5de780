"""What the mart may not keep any longer: rows of releases that the warehouse has let go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
from pyiceberg.catalog import Catalog

from jobs.mart.setting_up import rows
from jobs.mart.tables import BASE, partition
from jobs.release import warehouse

_PARTITIONS = """
select part.relname from pg_inherits join pg_class as part on part.oid = inhrelid
where inhparent = to_regclass(%s)"""


def expired(connection: psycopg.Connection[Any], home: Path, currency: str) -> list[str]:
    """Names of partitions to drop: of releases whose whitelist the warehouse does not have.

    Tables of such a release that the warehouse keeps longer stay.
    """
    names = list(warehouse.tables(currency))
    with warehouse.opened(home) as catalog:
        held = _held(connection, "whitelist")
        over = held - kept(catalog, "whitelist")
        return sorted(partition(name, release_id) for name in names if over
                      for release_id in (over - kept(catalog, name)) & _held(connection, name))


def served_again(home: Path) -> list[str]:
    """Every release that the pointer ever named and the warehouse still has, oldest first."""
    with warehouse.opened(home) as catalog:
        there = kept(catalog, "whitelist")
    return [name for name in dict.fromkeys(move.release_id for move in warehouse.history(home))
            if name in there]


def kept(catalog: Catalog, name: str) -> set[str]:
    """Releases of which the warehouse has rows in a table, from the table's metadata."""
    whole = (warehouse.NAMESPACE, name)
    if not catalog.table_exists(whole):
        return set()
    table = catalog.load_table(whole)
    if table.current_snapshot() is None:  # no release had a row in it
        return set()
    found = table.inspect.partitions()
    return {row["release_id"] for row in found["partition"].to_pylist()}


def _held(connection: psycopg.Connection[Any], name: str) -> set[str]:
    return {found.removeprefix(partition(name, "")) for found, in rows(
        connection, _PARTITIONS, f"{BASE}.{name}")}
