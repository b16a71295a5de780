"""A line on standard error that moves while something long is at work."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Takes what is at work, how much of it is done, and out of how much (None: nobody knows).
Progress = Callable[[str, int, int | None], None]


def silent(what: str, done: int, total: int | None) -> None:
    """Progress that says nothing."""


@contextmanager
def progress(title: str) -> Iterator[Progress]:
    """A bar with seconds, where standard error is a terminal; else nothing."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    with Bar(TextColumn(escape(title)), BarColumn(), TextColumn("{task.fields[what]}"),
             TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None, what="")

        def told(what: str, done: int, total: int | None) -> None:
            said = f"{what} {done:,}" if done or total else what
            bar.update(task, completed=done, total=total, what=escape(said))

        yield told
