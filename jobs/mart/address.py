"""Where the mart is, and how to say so without its password.

`NIGHTLIST_POSTGRES` holds a libpq connection string or URL; what it leaves out comes from libpq's
own variables (`PGHOST`, `PGUSER`, …) and from the password file (`PGPASSFILE`, `~/.pgpass`). No
text of an error says more than host, port, database and user: what libpq says of a string that it
cannot read is not passed on, since it repeats parts of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from jobs.errors import MartError, UsageError

VARIABLE = "NIGHTLIST_POSTGRES"
_CONNECT_SECONDS = 10
_SHOWN = (("host", "PGHOST"), ("port", "PGPORT"), ("dbname", "PGDATABASE"), ("user", "PGUSER"))
_SECRETS = (("password", "PGPASSWORD"), ("sslpassword", "PGSSLPASSWORD"))
_LATER = "earlier releases stay as they are; mend that and run it again: nightlist serve-postgres"


def address() -> str | None:
    """What `NIGHTLIST_POSTGRES` says; None where no mart is named.

    Raises:
        UsageError: When it is set but cannot be read.
    """
    said = os.environ.get(VARIABLE, "").strip()
    if not said:
        return None
    _parts(said)
    return said


def shown(said: str) -> str:
    """The address for people and logs: user, host, port and database, nothing else."""
    parts = _parts(said)
    found = {key: str(parts.get(key) or os.environ.get(variable) or "")
             for key, variable in _SHOWN}
    place = (found["host"] or "local") + (f":{found['port']}" if found["port"] else "")
    user = f"{found['user']}@" if found["user"] else ""
    return f"{user}{place}/{found['dbname'] or found['user']}"


@contextmanager
def connected(said: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the mart, each statement its own transaction unless told otherwise.

    Raises:
        MartError: For whatever the database says, in one line and without a password.
    """
    try:
        with psycopg.connect(said, autocommit=True, **_settings(said)) as connection:
            yield connection
    except psycopg.Error as error:
        raise _told(said, error) from None


def _settings(said: str) -> dict[str, Any]:
    parts = _parts(said)
    given: dict[str, Any] = {"client_encoding": "UTF8"}
    if "connect_timeout" not in parts and "PGCONNECT_TIMEOUT" not in os.environ:
        given["connect_timeout"] = _CONNECT_SECONDS
    if "application_name" not in parts and "PGAPPNAME" not in os.environ:
        given["application_name"] = "nightlist"
    return given


def _parts(said: str) -> dict[str, Any]:
    """The parameters of an address.

    A password with `@`, `/` or `:` that is not percent-encoded ends up in host, port or database:
    such an address is refused before any of it can be shown.
    """
    try:
        parts = conninfo_to_dict(said)
    except psycopg.ProgrammingError:
        raise _unreadable() from None
    ports = str(parts.get("port") or "")
    odd = any(set("@=") & set(str(parts.get(key) or "")) or "://" in str(parts.get(key) or "")
              for key in ("host", "dbname", "user"))
    if odd or not all(one.isdecimal() for one in ports.split(",") if one):
        raise _unreadable()
    return parts


def _unreadable() -> UsageError:
    return UsageError(VARIABLE, "a connection string like postgresql://loader@db.example/mart or "
                      "host=db.example dbname=mart user=loader", "one that libpq cannot read, or "
                      "a password that is not percent-encoded",
                      "mend it; better leave the password to a file (PGPASSFILE)")


def _told(said: str, error: psycopg.Error) -> MartError:
    """The error in one line: never its detail or context, which may hold rows."""
    found = error.diag.message_primary or (str(error).strip().splitlines() or ["no message"])[-1]
    parts = _parts(said)
    for key, variable in _SECRETS:
        for secret in (parts.get(key), os.environ.get(variable)):
            if secret:
                found = found.replace(str(secret), "***")
    expected, remedy = "a database that answers to the end", _LATER
    if isinstance(error, errors.InsufficientPrivilege):
        expected = "a login that may make the mart"
        remedy = ("connect as the owner of the schemas nightlist and marketing, or give the login "
                  "CREATE on the database; see the README, The mart")
    elif isinstance(error, errors.IntegrityError):
        expected = "each key once a release"
    elif isinstance(error, (errors.DataError, errors.ProgrammingError)):
        expected = "a mart as this version makes it"
    return MartError(f"mart {shown(said)}", expected, f"{type(error).__name__}: {found}", remedy)
