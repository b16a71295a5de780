"""A PostgreSQL server for tests and benchmarks: made in a temporary folder, gone at the end."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

ADMIN = "admin"


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
    raise LookupError("PostgreSQL does not run as root, and there is no other user")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def running() -> Iterator[Server]:
    """A server with passwords, on a socket of its own; stopped and gone at the end.

    Raises:
        LookupError: Where PostgreSQL is not installed.
    """
    folder, where = programs(), owner()
    if folder is None:
        raise LookupError("no PostgreSQL: apt-get install postgresql, or put initdb on PATH")
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
        process = subprocess.Popen(
            [folder / "postgres", "-D", home / "data", "-k", home, "-c", "listen_addresses=",
             "-p", str(said.port), "-c", "fsync=off"], cwd=home,
            stdout=subprocess.DEVNULL, stderr=(home / "log").open("w"), **where)
        try:
            wait_for(said, process, home / "log")
            yield said
        finally:
            process.terminate()
            process.wait(30)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def wait_for(said: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        assert process.poll() is None, log.read_text()
        try:
            psycopg.connect(said.address()).close()
            return
        except psycopg.OperationalError:
            subprocess.run(["sleep", "0.1"], check=True)
    raise AssertionError(log.read_text())
