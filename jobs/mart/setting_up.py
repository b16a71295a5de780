"""Makes what a mart needs before a release comes: the loader's lock, roles, schemas, tables.

Whatever is there is left as it is, so it is run before every load.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from jobs.contracts.release import RELEASES
from jobs.errors import MartError
from jobs.mart import address, rights
from jobs.mart.tables import BASE, MARKETING, base, create, grow
from jobs.release import warehouse
from jobs.release.warehouse import Release

#: Names the lock that loaders of one mart take.
_LOCK = "hashtext('nightlist mart')"
LOCK_WAIT_SECONDS = 60.0
#: Everything comes from the warehouse.
AGAIN = "serve every release again into an empty database: nightlist serve-postgres --history"


def lock(connection: psycopg.Connection[Any]) -> None:
    """One loader of a mart at a time; the database frees the lock when its holder goes."""
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while not value(connection, f"select pg_try_advisory_lock({_LOCK})"):
        if time.monotonic() >= deadline:
            raise MartError("mart", "no other loader at work on it",
                            f"one at work for {LOCK_WAIT_SECONDS:.0f} s",
                            "try again when it has ended")
        time.sleep(0.2)


def set_up(connection: psycopg.Connection[Any], currency: str, moves: Sequence[Release]) -> None:
    """Roles, schemas and tables that are missing; rights anew."""
    connection.execute("set local client_min_messages = error")
    connection.execute("set local lock_timeout = '60s'")
    rights.make_roles(connection)
    rights.close_public(connection)
    for schema in (BASE, MARKETING):
        if not value(connection, "select to_regnamespace(%s) is not null", schema):
            connection.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
    if columns(connection, BASE, RELEASES.name):
        _refuse_another(connection, currency, moves)
    for table in (RELEASES, *warehouse.tables(currency).values()):
        found = columns(connection, BASE, table.name)
        if not found:
            for statement in create(table):
                connection.execute(statement)
        elif extra := [name for name in found if name not in table.columns]:
            raise MartError(f"mart {BASE}.{table.name}", "columns " + ", ".join(table.columns),
                            f"{', '.join(extra)} as well", "it is a later version's: drop the "
                            f"schemas {MARKETING} and {BASE}, and {AGAIN}")
        else:
            for statement in grow(table, [name for name in table.columns if name not in found]):
                connection.execute(statement)
    rights.grant(connection, currency)


def _refuse_another(connection: psycopg.Connection[Any], currency: str,
                    moves: Sequence[Release]) -> None:
    """One product a mart: refuse another currency, and another warehouse's releases."""
    known = dict(rows(connection, sql.SQL("select move_number, release_id from {}").format(
        base(RELEASES.name))))
    currencies = {one for one, in rows(connection, sql.SQL(
        "select distinct currency from {}").format(base(RELEASES.name)))}
    if currencies - {currency}:
        raise MartError("mart", f"releases in {currency}", f"in {', '.join(sorted(currencies))}",
                        "one product a mart: name another database in "
                        f"{address.VARIABLE} for this --home")
    for move in moves:
        if known.get(move.move_number, move.release_id) != move.release_id:
            raise MartError(f"mart {BASE}.{RELEASES.name}",
                            f"{move.release_id} as move {move.move_number}, as in this warehouse",
                            known[move.move_number], "the mart is another --home's: name another "
                            f"database in {address.VARIABLE}, or {AGAIN}")


def columns(connection: psycopg.Connection[Any], schema: str, name: str) -> list[str]:
    """Columns of a table or view in their order; empty where there is none."""
    return [column for column, in rows(
        connection, "select attname from pg_attribute join pg_class on pg_class.oid = attrelid "
        "where relnamespace = to_regnamespace(%s) and relname = %s and attnum > 0 "
        "and not attisdropped order by attnum", schema, name)]


def rows(connection: psycopg.Connection[Any], query: Any, *values: Any) -> list[Any]:
    """What a query gives."""
    return connection.execute(query, values).fetchall()


def value(connection: psycopg.Connection[Any], query: Any, *values: Any) -> Any:
    """The one value that a query gives."""
    return rows(connection, query, *values)[0][0]
