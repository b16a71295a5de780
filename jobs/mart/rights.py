"""Who may read what in the mart; nobody but the login that loads it may write.

The two roles are groups without a login: an administrator grants them to people. Where the loading
login may not make roles, an administrator makes them once (`MAKE_ROLES`).
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import errors, sql

from jobs.contracts.release import RELEASES
from jobs.errors import MartError
from jobs.mart.tables import BASE, MARKETING, base, views
from jobs.release import warehouse

#: Reads marketing's views, and nothing else.
MARKETING_ROLE = "nightlist_marketing"
#: Reads everything.
RISK_ROLE = "nightlist_risk"
ROLES = (MARKETING_ROLE, RISK_ROLE)
MAKE_ROLES = "; ".join(f"CREATE ROLE {role} NOLOGIN" for role in ROLES)
_PUBLIC_MAY_CREATE = """
select exists(select from pg_namespace, aclexplode(nspacl) as granted where nspname = 'public'
and granted.grantee = 0 and granted.privilege_type = 'CREATE')"""


def make_roles(connection: psycopg.Connection[Any]) -> None:
    """Make the roles that are missing.

    Raises:
        MartError: When the login may not; says what an administrator has to run.
    """
    for role in ROLES:
        if _first(connection, "select exists(select from pg_roles where rolname = %s)", role):
            continue
        try:
            with connection.transaction():
                connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
        except errors.DuplicateObject:
            continue  # another database of the cluster made it just now
        except errors.InsufficientPrivilege:
            raise MartError("mart roles", f"the role {role}, or a login that may make it",
                            "neither", f"have an administrator run: {MAKE_ROLES}") from None


def close_public(connection: psycopg.Connection[Any]) -> None:
    """Take from everybody the right to make things in this database, as far as the login can.

    Raises:
        MartError: When everybody may still make tables in the schema `public`.
    """
    name = sql.Identifier(connection.info.dbname)
    if _first(connection, "select pg_has_role(datdba, 'USAGE') from pg_database "
              "where datname = current_database()"):
        connection.execute(sql.SQL(
            "revoke create, temporary on database {} from public").format(name))
    if not _first(connection, _PUBLIC_MAY_CREATE):
        return
    # Who does not own the schema gets a warning only: look whether it helped.
    connection.execute("revoke create on schema public from public")
    if _first(connection, _PUBLIC_MAY_CREATE):
        raise MartError("mart schema public", "nobody but its owner to make tables in it",
                        "everybody", "have an administrator run in this database: "
                        "REVOKE CREATE ON SCHEMA public FROM PUBLIC")


def grant(connection: psycopg.Connection[Any], currency: str) -> None:
    """Give each role what is its own, and take away whatever else was given."""
    everyone = sql.SQL(", ").join([sql.SQL("public"), *map(sql.Identifier, ROLES)])
    for schema, readers in ((BASE, (RISK_ROLE,)), (MARKETING, ROLES)):
        _only(connection, sql.SQL("schema {}").format(sql.Identifier(schema)), "usage", readers,
              everyone)
    for name in (*warehouse.tables(currency), RELEASES.name):
        _only(connection, sql.SQL("table {}").format(base(name)), "select", (RISK_ROLE,), everyone)
    for view in views(currency):
        if _first(connection, "select to_regclass(%s) is not null", f"{MARKETING}.{view.name}"):
            _only(connection, sql.SQL("table {}").format(view.identifier), "select", ROLES,
                  everyone)


def _only(connection: psycopg.Connection[Any], what: sql.Composed, right: str,
          roles: tuple[str, ...], everyone: sql.Composed) -> None:
    """Readers see no moment between: both are of one transaction."""
    connection.execute(sql.SQL("revoke all on {} from {}").format(what, everyone))
    connection.execute(sql.SQL("grant {} on {} to {}").format(
        sql.SQL("usage" if right == "usage" else "select"), what,
        sql.SQL(", ").join(map(sql.Identifier, roles))))


def _first(connection: psycopg.Connection[Any], query: Any, *values: Any) -> Any:
    row = connection.execute(query, values).fetchone()
    return row[0] if row else None
