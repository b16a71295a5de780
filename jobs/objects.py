"""Paths in an object store that keep what jobs take for granted of a disk.

An object store knows no folders, and no rename of one. What jobs rest on is that a folder which is
there is whole. So while a folder comes or goes, an object `.unfinished-<name>` lies beside it and
nobody sees the folder: a rename puts that object (a lease, see `lease.py`), copies within the
store, and takes it away at the end, which is the one moment in which the folder appears. A process
that dies in between leaves the object; the next rename or removal takes the lease over, clears
what is there and does it again. A single object appears whole when it is put.

What a disk has and a store has not is left out in silence: modes of files, empty folders.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import s3fs
from fsspec.asyn import sync
from upath.implementations.cloud import S3Path

from jobs.errors import NightlistError
from jobs.lease import LEASE_SECONDS, Lease

UNFINISHED = ".unfinished-"
#: How long to wait for another process that moves or removes the same folder.
WAIT_SECONDS = 10 * LEASE_SECONDS
#: Objects of one request to delete.
_AT_ONCE = 1_000
_WILD = "*?["


@cache
def file_system() -> s3fs.S3FileSystem:
    """The store, asked anew each time: another process may have written.

    Address, region and rights come from the environment (`AWS_ENDPOINT_URL` …), as for every
    other engine of a night.
    """
    if os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://"):
        os.environ.setdefault("AWS_ALLOW_HTTP", "true")  # Sail asks for leave
    return s3fs.S3FileSystem(use_listings_cache=False)


class ObjectPath(S3Path):
    """A path `s3://bucket/key`; engines take its text for the address."""

    __slots__ = ()

    def __new__(cls, *_: Any, **__: Any) -> ObjectPath:
        """No other class for any address."""
        return object.__new__(cls)

    def __fspath__(self) -> str:
        """The address, as pyarrow takes it."""
        return str(self)

    @property
    def fs(self) -> s3fs.S3FileSystem:
        """The one connection of this process."""
        return file_system()

    # What is there.

    def is_file(self, **_: Any) -> bool:
        """Whether there is such an object."""
        try:
            self._call("head_object", Key=self._key)
        except FileNotFoundError:
            return False
        return True

    def is_dir(self, **_: Any) -> bool:
        """Whether there is an object below, and nobody at work on the whole."""
        return self._has_objects() and not self._mark.is_file()

    def exists(self, **_: Any) -> bool:
        """Whether there is such an object or a whole folder."""
        return self.is_dir() or self.is_file()

    def is_symlink(self) -> bool:
        """An object store has none."""
        return False

    def iterdir(self) -> Iterator[ObjectPath]:
        """Objects and whole folders of this one, in order of their names."""
        names: set[str] = set()
        for listed in self._pages(Delimiter="/"):
            keys = [found["Prefix"][:-1] for found in listed.get("CommonPrefixes", [])]
            keys += [found["Key"] for found in listed.get("Contents", [])]
            names |= {key.rpartition("/")[2] for key in keys}
        marks = {name for name in names if name.startswith(UNFINISHED)}
        hidden = {mark.removeprefix(UNFINISHED) for mark in marks}
        for name in sorted(names - marks - hidden - {""}):
            yield self / name

    def glob(self, pattern: str, **__: Any) -> Iterator[ObjectPath]:
        """What matches below, folder by folder, as of `pathlib` without `**`."""
        name, _, rest = pattern.partition("/")
        if any(sign in name for sign in _WILD):
            matching = [one for one in self.iterdir() if fnmatch.fnmatchcase(one.name, name)]
        else:
            matching = [one for one in (self / name,) if rest or one.exists()]
        for one in matching:
            yield from one.glob(rest) if rest else (one,)

    def rglob(self, pattern: str, **_: Any) -> Iterator[ObjectPath]:
        """Every object below whose name matches; a store has no folders of their own."""
        for key in sorted(self._keys()):
            if fnmatch.fnmatchcase(key.rpartition("/")[2], pattern):
                yield self / key[len(self._key) + 1:]

    # What is in it, and what is written.

    def open(self, mode: str = "r", *_: Any, **more: Any) -> Any:
        """The object as a stream; what is written is there when it is closed."""
        return self.fs.open(self.path, mode, **{key: said for key, said in more.items()
                                                if key in ("encoding", "errors", "newline")})

    def read_bytes(self) -> bytes:
        """All of it."""
        found: bytes = sync(self.fs.loop, _content, self.fs, self._bucket, self._key)
        return found

    def read_text(self, encoding: str | None = None, *_: Any, **__: Any) -> str:
        """All of it as text."""
        return self.read_bytes().decode(encoding or "utf-8")

    def write_bytes(self, data: bytes) -> int:
        """Put the object in one go."""
        self.fs.pipe_file(self.path, data)
        return len(data)

    def write_text(self, data: str, encoding: str | None = None, *_: Any, **__: Any) -> int:
        """Put the text in one go."""
        return self.write_bytes(data.encode(encoding or "utf-8"))

    def mkdir(self, *_: Any, **__: Any) -> None:
        """A folder is there with its first object."""

    def rmdir(self, *_: Any, **__: Any) -> None:
        """A folder goes with its last object."""

    def chmod(self, *_: Any, **__: Any) -> None:
        """Who may read is said by the bucket's policy."""

    def unlink(self, missing_ok: bool = False) -> None:
        """Take an object away."""
        if not missing_ok and not self.is_file():
            raise FileNotFoundError(str(self))
        self._call("delete_object", Key=self._key)

    def replace(self, target: Any) -> ObjectPath:
        """Move an object over another one."""
        self.fs.cp_file(self.path, target.path)
        self.unlink(missing_ok=True)
        moved: ObjectPath = target
        return moved

    def rename(self, target: Any, **_: Any) -> ObjectPath:
        """Move an object, or a folder into a place where there is none.

        Raises:
            FileExistsError: When the folder is there.
            NightlistError: When another process was at work on it all the time.
        """
        if not (keys := self._keys()):
            return self.replace(target)
        with target._coming():
            for some in _spoken_last(keys):
                self.fs.copy([f"{self._bucket}/{key}" for key in some],
                             [f"{target.path}{key[len(self._key):]}" for key in some])
        self._delete(keys)
        moved: ObjectPath = target
        return moved

    def upload(self, folder: Path) -> None:
        """Copy a folder of this machine into a place where there is none.

        Raises:
            FileExistsError: When the folder is there.
            NightlistError: When another process was at work on it all the time.
        """
        names = sorted(str(file.relative_to(folder)) for file in folder.rglob("*")
                       if file.is_file())
        with self._coming():
            for some in _spoken_last(names):
                self.fs.put([str(folder / name) for name in some],
                            [f"{self.path}/{name}" for name in some])

    @contextmanager
    def _coming(self) -> Iterator[None]:
        """The folder is being made: unseen until the end of the block, for ever where it fails."""
        lease = self._lease()
        if not lease.was_left and self._has_objects():
            lease.release()
            raise FileExistsError(str(self))
        try:
            if lease.was_left:
                self._delete(self._keys())
            yield
        except BaseException:
            lease.leave()  # what came stays unseen, as after a crash
            raise
        lease.release()

    def remove(self) -> None:
        """Take a folder away, out of sight at once; nothing happens where there is none."""
        if not (keys := self._keys()):
            return
        if self.name.startswith("."):  # not seen by anybody
            self._delete(keys)
            return
        lease = self._lease()
        try:
            self._delete(self._keys())
        except BaseException:
            lease.leave()
            raise
        lease.release()

    # How it is asked for.

    @property
    def _bucket(self) -> str:
        return self.path.partition("/")[0]

    @property
    def _key(self) -> str:
        return self.path.partition("/")[2]

    @property
    def _mark(self) -> ObjectPath:
        return self.with_name(UNFINISHED + self.name)

    def _call(self, method: str, **more: Any) -> Any:
        return self.fs.call_s3(method, Bucket=self._bucket, **more)

    def _pages(self, **more: Any) -> Iterator[dict[str, Any]]:
        more["Prefix"] = f"{self._key}/" if self._key else ""
        while True:
            page: dict[str, Any] = self._call("list_objects_v2", **more)
            yield page
            if not page.get("IsTruncated"):
                return
            more["ContinuationToken"] = page["NextContinuationToken"]

    def _has_objects(self) -> bool:
        return bool(next(self._pages(MaxKeys=1)).get("KeyCount"))

    def _keys(self) -> list[str]:
        return [found["Key"] for page in self._pages() for found in page.get("Contents", [])]

    def _lease(self) -> Lease:
        lease = Lease(self.fs, self._mark.path)
        if not lease.take(WAIT_SECONDS):
            raise NightlistError(str(self), "no other process at work on it", "one at work for "
                                 f"{WAIT_SECONDS:.0f} s", "try again when it has ended")
        return lease

    def _delete(self, keys: list[str]) -> None:
        """What speaks for the rest first."""
        keys = [key for some in reversed(_spoken_last(keys)) for key in some]
        for start in range(0, len(keys), _AT_ONCE):
            self._call("delete_objects", Delete={"Quiet": True, "Objects": [
                {"Key": key} for key in keys[start:start + _AT_ONCE]]})


async def _content(fs: s3fs.S3FileSystem, bucket: str, key: str) -> bytes:
    """An object in one request; `cat_file` asks for its size first."""
    answer = await fs._call_s3("get_object", Bucket=bucket, Key=key)
    async with answer["Body"] as stream:
        content: bytes = await stream.read()
    return content


def _spoken_last(names: list[str]) -> list[list[str]]:
    """The names in two, without empty parts: first the rest, then what speaks for it.

    Jobs take `_manifest.json`, `_counts.json` … for a sign that the files beside it are there.
    """
    speaks = [name for name in names if name.rpartition("/")[2].startswith("_")]
    return [some for some in (sorted({*names} - {*speaks}), speaks) if some]
