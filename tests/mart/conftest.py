"""A PostgreSQL server of the tests' own, a mart in it for each test, and logins to try it by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from jobs.release import release
from tests.mart.asking import Mart
from tests.mart.server import Server, running
from tests.release.nights import night

LOADER = "loader"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The server, with passwords; skipped where PostgreSQL is not installed."""
    with ExitStack() as stack:
        try:
            found = stack.enter_context(running())
        except LookupError as why:
            pytest.skip(str(why))
        yield found


@pytest.fixture(scope="session")
def logins(server: Server) -> None:
    """A loader that may make roles, and a person of each group of readers."""
    with psycopg.connect(server.address(), autocommit=True) as admin:
        assert admin.execute("select rolname from pg_roles where rolname ~ '^nightlist'"
                             ).fetchall() == []
        for name, right in ((LOADER, "createrole"), ("mary", ""), ("rick", ""), ("paul", "")):
            admin.execute(sql.SQL("create role {} login {} password {}").format(
                sql.Identifier(name), sql.SQL(right), server.password))


_NUMBERS = count(1)


def new_mart(server: Server) -> Mart:
    """An empty database, the loader its owner; gives the address of each login."""
    database = f"mart{next(_NUMBERS)}"
    with psycopg.connect(server.address(), autocommit=True) as admin:
        admin.execute(sql.SQL("create database {} owner {}").format(
            sql.Identifier(database), sql.Identifier(LOADER)))

    def address(user: str = LOADER) -> str:
        return server.address(user, database)

    return address


@pytest.fixture
def mart(server: Server, logins: None, monkeypatch: pytest.MonkeyPatch) -> Mart:
    """A mart for one test, named in the environment."""
    address = new_mart(server)
    monkeypatch.setenv("NIGHTLIST_POSTGRES", address())
    return address


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one release in force, for tests that publish nothing themselves."""
    home = tmp_path_factory.mktemp("published")
    release.publish(night(home))
    return home
