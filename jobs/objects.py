"""Objects of a store, one by one, as paths: asked for, read, written, moved.

What a disk has and a store has not is left out in silence: modes of files, empty folders. Folders
stand in `object_folders.py`.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import s3fs
from fsspec.asyn import sync
from upath.implementations.cloud import S3Path


#: Objects of one request to delete.
_AT_ONCE = 1_000


@cache
def file_system() -> s3fs.S3FileSystem:
    """The store, asked anew each time: another process may have written.

    Address, region and rights come from the environment (`AWS_ENDPOINT_URL` …), as for every
    other engine of a night.
    """
    if os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://"):
        os.environ.setdefault("AWS_ALLOW_HTTP", "true")  # Sail asks for leave
    return s3fs.S3FileSystem(use_listings_cache=False)


class Objects(S3Path):
    """A path `s3://bucket/key`; engines take its text for the address."""

    __slots__ = ()

    def __new__(cls, *_: Any, **__: Any) -> Objects:
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

    def is_symlink(self) -> bool:
        """An object store has none."""
        return False

    def rglob(self, pattern: str, **_: Any) -> Iterator[Objects]:
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

    def replace(self, target: Any) -> Objects:
        """Move an object over another one."""
        self.fs.cp_file(self.path, target.path)
        self.unlink(missing_ok=True)
        moved: Objects = target
        return moved

    # How it is asked for.

    @property
    def _bucket(self) -> str:
        return self.path.partition("/")[0]

    @property
    def _key(self) -> str:
        return self.path.partition("/")[2]

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

    def _delete(self, keys: list[str]) -> None:
        """What speaks for the rest first."""
        keys = [key for some in reversed(spoken_last(keys)) for key in some]
        for start in range(0, len(keys), _AT_ONCE):
            self._call("delete_objects", Delete={"Quiet": True, "Objects": [
                {"Key": key} for key in keys[start:start + _AT_ONCE]]})


async def _content(fs: s3fs.S3FileSystem, bucket: str, key: str) -> bytes:
    """An object in one request; `cat_file` asks for its size first."""
    answer = await fs._call_s3("get_object", Bucket=bucket, Key=key)
    async with answer["Body"] as stream:
        content: bytes = await stream.read()
    return content


def spoken_last(names: list[str]) -> list[list[str]]:
    """The names in two, without empty parts: first the rest, then what speaks for it.

    Jobs take `_manifest.json`, `_counts.json` … for a sign that the files beside it are there.
    """
    speaks = [name for name in names if name.rpartition("/")[2].startswith("_")]
    return [some for some in (sorted({*names} - {*speaks}), speaks) if some]
