"""The mart's tables and views, derived from the contracts of what is released.

Schema `nightlist`: one table a contract, a LIST partition a release; `releases`, the moves of the
pointer, is one plain table. Schema `marketing`: four views of the release in force and of all that
ever were, without what marketing does not see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from jobs.contracts.campaign import WITHHELD, WITHHELD_OF_CHANGES
from jobs.contracts.release import RELEASES
from jobs.contracts.table import Field, Table
from jobs.release import warehouse

BASE, MARKETING = "nightlist", "marketing"
#: contract type -> type of the column.
TYPES: dict[str, LiteralString] = {
    "string": "text", "integer": "bigint", "double": "double precision", "boolean": "boolean",
    "date": "date", "timestamp": "timestamp", "rate": "numeric(9, 6)", "strings": "text[]"}
#: Unit of a text that holds JSON: it becomes `jsonb`.
JSON_UNIT = "JSON"
RELEASE_ID = "release_id"
_WITHHELD_OF_WATERFALL = ("reason_code",)


@dataclass(frozen=True)
class View:
    """A view of marketing's: `columns` of one table, of the release in force or of all."""

    name: str
    table: str
    columns: tuple[str, ...]
    is_current: bool = True

    @property
    def identifier(self) -> sql.Identifier:
        """Its name with its schema."""
        return sql.Identifier(MARKETING, self.name)


def views(currency: str) -> tuple[View, ...]:
    """Marketing's views of a product in this currency, of the tables that are published."""
    contracts = warehouse.tables(currency)
    wanted = (("whitelist_current", "whitelist", WITHHELD, True),
              ("whitelist_history", "whitelist", WITHHELD, False),
              ("changes_current", "changes", WITHHELD_OF_CHANGES, True),
              ("waterfall_current", "waterfall", _WITHHELD_OF_WATERFALL, True))
    return tuple(View(name, table, tuple(column for column in contracts[table].columns
                                         if column not in withheld), is_current)
                 for name, table, withheld, is_current in wanted if table in contracts)


def base(name: str) -> sql.Identifier:
    """A table of risk's with its schema."""
    return sql.Identifier(BASE, name)


def partition(name: str, release_id: str) -> str:
    """Name of the partition that holds a release."""
    return f"{name}_{release_id}"


def create(table: Table) -> list[sql.Composed]:
    """What makes a table: columns with their meanings, the key, and how it is parted."""
    columns = sql.SQL(", ").join(map(_column, table.fields))
    key = dict.fromkeys(([RELEASE_ID] if table.partition else []) + list(table.key))
    parted = sql.SQL("partition by list (release_id)" if table.partition else "")
    made = sql.SQL("create table {} ({}, primary key ({})) {}").format(
        base(table.name), columns, sql.SQL(", ").join(map(sql.Identifier, key)), parted)
    return [made,
            sql.SQL("comment on table {} is {}").format(base(table.name), table.meaning),
            *(_comment(BASE, table.name, field) for field in table.fields)]


def grow(table: Table, names: list[str]) -> list[sql.Composed]:
    """What adds columns that came to the contract since the table was made."""
    return [statement for name in names for statement in (
        sql.SQL("alter table {} add column {}").format(base(table.name),
                                                       _column(table.field(name))),
        _comment(BASE, table.name, table.field(name)))]


def _column(field: Field) -> sql.Composed:
    """Nullable, whatever the contract says: rows of earlier releases lack what came later."""
    kind: LiteralString = "jsonb" if field.unit == JSON_UNIT else TYPES[field.type]
    return sql.SQL("{} {}").format(sql.Identifier(field.name), sql.SQL(kind))


def _comment(schema: str, name: str, field: Field) -> sql.Composed:
    return sql.SQL("comment on column {} is {}").format(
        sql.Identifier(schema, name, field.name), f"{field.meaning} [{field.unit}]")


def comments(view: View, currency: str) -> list[sql.Composed]:
    """What says at each column of a view what it means."""
    contract = warehouse.tables(currency)[view.table]
    return [_comment(MARKETING, view.name, contract.field(name)) for name in view.columns]


def definition(view: View, release_id: str) -> sql.Composed:
    """What makes a view, or turns it to another release.

    The history has the releases that a move of the pointer names: what was loaded and not shown
    yet is in none of the views.
    """
    columns = sql.SQL(", ").join(map(sql.Identifier, view.columns))
    which = (sql.SQL("release_id = {}").format(release_id) if view.is_current else
             sql.SQL("release_id in (select release_id from {})").format(base(RELEASES.name)))
    return sql.SQL("create or replace view {} as select {} from {} where {}").format(
        view.identifier, columns, base(view.table), which)
