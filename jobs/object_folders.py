"""Folders of an object store that keep what jobs take for granted of a disk.

An object store knows no folders, and no rename of one. What jobs rest on is that a folder which is
there is whole. So while a folder comes or goes, an object `.unfinished-<name>` lies beside it and
nobody sees the folder: a rename puts that object (a lease, see `lease.py`), copies within the
store, and takes it away at the end, which is the one moment in which the folder appears. A process
that dies in between leaves the object; the next rename or removal takes the lease over, clears
what is there and does it again. A single object appears whole when it is put.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jobs.errors import NightlistError
from jobs.lease import LEASE_SECONDS, Lease
from jobs.objects import Objects, spoken_last

UNFINISHED = ".unfinished-"
#: How long to wait for another process that moves or removes the same folder.
WAIT_SECONDS = 10 * LEASE_SECONDS
_WILD = "*?["


class ObjectPath(Objects):
    """A path `s3://bucket/key` under which folders are whole or not there."""

    __slots__ = ()

    # What is there.

    def is_dir(self, **_: Any) -> bool:
        """Whether there is an object below, and nobody at work on the whole."""
        return self._has_objects() and not self._mark.is_file()

    def exists(self, **_: Any) -> bool:
        """Whether there is such an object or a whole folder."""
        return self.is_dir() or self.is_file()

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

    # What comes and goes.

    def rename(self, target: Any, **_: Any) -> ObjectPath:
        """Move an object, or a folder into a place where there is none.

        Raises:
            FileExistsError: When the folder is there.
            NightlistError: When another process was at work on it all the time.
        """
        if not (keys := self._keys()):
            self.replace(target)
            return self.with_segments(str(target))
        with target._coming():
            for some in spoken_last(keys):
                self.fs.copy([f"{self._bucket}/{key}" for key in some],
                             [f"{target.path}{key[len(self._key):]}" for key in some])
        self.remove()
        return self.with_segments(str(target))

    def upload(self, folder: Path) -> None:
        """Copy a folder of this machine into a place where there is none.

        Raises:
            FileExistsError: When the folder is there.
            NightlistError: When another process was at work on it all the time.
        """
        names = sorted(str(file.relative_to(folder)) for file in folder.rglob("*")
                       if file.is_file())
        with self._coming():
            for some in spoken_last(names):
                self.fs.put([str(folder / name) for name in some],
                            [f"{self.path}/{name}" for name in some])

    @contextmanager
    def _coming(self) -> Iterator[None]:
        """The folder is being made: unseen until the end of the block, for ever where it fails."""
        if self.is_dir():  # without hiding it, if for a moment
            raise FileExistsError(str(self))
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

    # How that is done.

    @property
    def _mark(self) -> ObjectPath:
        return self.with_name(UNFINISHED + self.name)

    def _lease(self) -> Lease:
        lease = Lease(self.fs, self._mark.path)
        if not lease.take(WAIT_SECONDS):
            raise NightlistError(str(self), "no other process at work on it", "one at work for "
                                 f"{WAIT_SECONDS:.0f} s", "try again when it has ended")
        return lease
