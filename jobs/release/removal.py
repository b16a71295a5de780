"""One thing that goes, and what it weighs: what the plans of an expiry are made of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Removal:
    """One thing that goes.

    Attributes:
        kind: As `retention.py` and `beside.py` name them.
        name: Of the run, release, model or folder.
        why: In words, with the date until which it was kept.
        count: Folders of tables, files, or rows.
        size: Bytes on disk.
        folders: Folders and files that go.
        rows: Published table -> release whose rows go.
    """

    kind: str
    name: str
    why: str
    count: int
    size: int
    folders: tuple[Path, ...] = ()
    rows: dict[str, str] = field(default_factory=dict)


def written(path: Path) -> dt.date:
    """Day on which a file or folder was changed last, in UTC."""
    return dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC).date()


def size(path: Path) -> int:
    """Bytes of a file, or of the files below a folder."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())
