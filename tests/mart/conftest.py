"""A PostgreSQL server of the tests' own: made in a temporary folder, stopped at the end."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from jobs.release import release
from tests.mart.asking import Mart
from tests.release.test_warehouse import night

ADMIN = "admin"
#: Logins of the tests; each has its password and is a member of what it is named after.
LOADER = "loader"


@dataclass(frozen=True)
class Server:
    """Where it listens and who may do everything."""

    host: str
    port: int
    password: str

    def address(self, user: str = ADMIN, database: str = "postgres",
                password: str | None = None) -> str:
        return (f"host={self.host} port={self.port} user={user} dbname={database} "
                f"password={self.password if password is None else password}")


def programs() -> Path | None:
    """The folder of the server's programs: Debian leaves it out of PATH."""
    folders = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders
                 if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


def owner() -> dict[str, int]:
    """PostgreSQL does not run as root: then as `postgres`, or as nobody."""
    if os.getuid():
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": found.pw_uid, "group": found.pw_gid}
    pytest.skip("PostgreSQL does not run as root, and there is no other user")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The server, with passwords; skipped where PostgreSQL is not installed."""
    folder, where = programs(), owner()
    if folder is None:
        pytest.skip("no PostgreSQL: apt-get install postgresql, or put initdb on PATH")
    # Not below pytest's own folder: only root may enter that, and the socket's path must be short.
    home = Path(tempfile.mkdtemp(prefix="nightlist-pg-"))
    said = Server(str(home), free_port(), secrets.token_hex(8))
    try:
        (home / "password").write_text(said.password)
        if where:
            for path in (home, home / "password"):
                os.chown(path, where["user"], where["group"])
        subprocess.run([folder / "initdb", "-D", home / "data", "-U", ADMIN, "-A", "scram-sha-256",
                        "--pwfile", home / "password", "-E", "UTF8", "--locale=C", "--no-sync"],
                       check=True, capture_output=True, cwd=home, **where)
        # fsync stays off: nothing of it outlives the tests.
        running = subprocess.Popen(
            [folder / "postgres", "-D", home / "data", "-k", home, "-c", "listen_addresses=",
             "-p", str(said.port), "-c", "fsync=off"], cwd=home,
            stdout=subprocess.DEVNULL, stderr=(home / "log").open("w"), **where)
        try:
            wait_for(said, running, home / "log")
            yield said
        finally:
            running.terminate()
            running.wait(30)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def wait_for(said: Server, running: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        assert running.poll() is None, log.read_text()
        try:
            psycopg.connect(said.address()).close()
            return
        except psycopg.OperationalError:
            subprocess.run(["sleep", "0.1"], check=True)
    raise AssertionError(log.read_text())


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
