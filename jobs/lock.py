"""One writer at a time: a lock that the system frees when its holder dies."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait_seconds
    with path.open("a") as stream:
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise error(where, "no other process at work on it",
                                f"one at work for {wait_seconds:.0f} s",
                                "try again when it has ended") from None
            time.sleep(0.1)
        yield
