"""Where a home lies: in a folder of this machine, or in an object store (`s3://bucket/prefix`).

Jobs work on either through one kind of path. Here is what they cannot ask of the path itself; how
an object store is made to keep what jobs take for granted of a disk stands in `object_folders.py`,
which is not imported for a home on a disk.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jobs.errors import UsageError
from jobs.observability.measures import wrote, wrote_bytes

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: How the addresses of a disk and of an object store open.
FILE, S3 = "file://", "s3://"


def place(address: str) -> Path:
    """The path of an address: `s3://bucket/prefix`, `file:///folder`, or a folder's name.

    Raises:
        UsageError: For an object store whose packages are not installed.
    """
    if not address.startswith(S3):
        return Path(address.removeprefix(FILE))
    try:
        from jobs.object_folders import ObjectPath
    except ImportError as error:
        raise UsageError(address, "the packages of an object store", str(error),
                         "pip install 'nightlist[s3]'") from None
    return cast(Path, ObjectPath(address))


def is_remote(path: Path) -> bool:
    """Whether the path lies in an object store."""
    return not isinstance(path, Path)


def address(path: Path) -> str:
    """What Iceberg calls the place: `file:///folder` or `s3://bucket/prefix`."""
    return str(path) if is_remote(path) else f"{FILE}{path}"


def store_settings(path: Path) -> dict[str, str]:
    """What pyiceberg must be told of an object store; rights it takes from the environment."""
    if not is_remote(path):
        return {}
    said = {"s3.endpoint": os.environ.get("AWS_ENDPOINT_URL"),
            "s3.region": os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")}
    return {key: value for key, value in said.items() if value}


def remove(folder: Path, ignore_errors: bool = True) -> None:
    """Take a folder away with all that is in it; nothing happens where there is none.

    Raises:
        OSError: When an object store does not answer, or a disk where errors count.
    """
    if is_remote(folder):
        folder.remove()  # type: ignore[attr-defined]
    else:
        shutil.rmtree(folder, ignore_errors=ignore_errors)


@contextmanager
def scratch(home: Path, name: str) -> Iterator[Path]:
    """A folder on this machine for the block, and empty: in the home where that is on a disk.

    It may hold raw identifiers: it goes in any case.
    """
    if is_remote(home):
        with tempfile.TemporaryDirectory(prefix="nightlist-") as name:
            yield Path(name)
        return
    folder = home / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    finally:
        remove(folder)


@contextmanager
def staging(*folders: Path, name: str = "") -> Iterator[list[Path]]:
    """Where to make folders before they `arrive`: on this machine; what is left goes at the end.

    Of a home on a disk it is beside the folder; nothing is there at first.
    """
    if is_remote(folders[0]):
        with tempfile.TemporaryDirectory(prefix="nightlist-") as top:
            yield [Path(top) / str(number) for number, _ in enumerate(folders)]
        return
    places = [folder.with_name(name or f".tmp-{folder.name}") for folder in folders]
    for one in places:
        remove(one)
        one.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield places
    finally:
        for one in places:
            remove(one)


def arrive(staged: Path, folder: Path) -> None:
    """Move a folder to its place, where none is: a reader sees all of it or none.

    Raises:
        OSError: When there is one.
    """
    wrote(staged, folder)
    if is_remote(folder) and not is_remote(staged):
        folder.upload(staged)  # type: ignore[attr-defined]
    else:
        staged.rename(folder)


@contextmanager
def fetched(folder: Path, names: Iterable[str]) -> Iterator[Path]:
    """Files of a folder on this machine for the block: read often, they are fetched once."""
    if not is_remote(folder):
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="nightlist-") as place:
        for name in names:
            folder.fs.get_file(  # type: ignore[attr-defined]
                (folder / name).path, f"{place}/{name}")  # type: ignore[attr-defined]
        yield Path(place)


def put(content: bytes, path: Path) -> None:
    """Write a file so that a reader sees all of it or what was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wrote_bytes(len(content), path)
    if is_remote(path):
        path.write_bytes(content)
        return
    staged = path.with_name(f".tmp-{path.name}")
    staged.write_bytes(content)
    staged.replace(path)


def duck(**settings: Any) -> DuckDBPyConnection:
    """A DuckDB that reads and writes where this process has its home, with these settings."""
    import duckdb

    connection = duckdb.connect(config=settings)
    if (objects := sys.modules.get("jobs.objects")) is not None:
        connection.register_filesystem(objects.file_system())
    return connection
