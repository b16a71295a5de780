"""One writer at a time: a lock that is free again when its holder dies.

On a disk the system frees it at once; in an object store it runs out (see `lease.py`).
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs import lake
from jobs.errors import NightlistError


@contextmanager
def locked(path: Path, wait_seconds: float, where: str,
           error: type[NightlistError] = NightlistError) -> Iterator[None]:
    """Hold the lock file for the block.

    Args:
        path: The lock file, made where it is missing.
        wait_seconds: How long to wait for another holder, in seconds.
        where: What is locked, for the error.
        error: What to raise.

    Raises:
        NightlistError: Or `error`, when another process still holds it after that time.
    """
    taken = _leased if lake.is_remote(path) else _locked
    with taken(path, wait_seconds, error(
            where, "no other process at work on it", f"one at work for {wait_seconds:.0f} s",
            "try again when it has ended")):
        yield


@contextmanager
def _leased(path: Path, wait_seconds: float, held: NightlistError) -> Iterator[None]:
    from jobs.lease import Lease

    lease = Lease(path.fs, path.path)  # type: ignore[attr-defined]
    if not lease.take(wait_seconds):
        raise held
    try:
        yield
    except BaseException:
        lease.end()
        raise
    lease.release()


@contextmanager
def _locked(path: Path, wait_seconds: float, held: NightlistError) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait_seconds
    with path.open("a") as stream:
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise held from None
            time.sleep(0.1)
        yield
