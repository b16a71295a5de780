"""The landing area: append-only deliveries, each refused whole where it is not what it says.

`landing/<feed>/<delivery_date>/` holds files and a manifest (see `manifest.py`); a correction
within the day lies beside it in `<delivery_date>.2`, `.3` … (its sequence number). How our own
sources write there: `outgoing.py`; which deliveries a night counts: `history.py`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.contracts.table import Table
from jobs.errors import DeliveryRefused
from jobs.intake import manifest

APPEND_ONLY = ("landing is append-only: use another --home, or --feeds landing to run on what "
               "is there")


@dataclass(frozen=True, order=True)
class DeliveryName:
    """What names a delivery among those of its feed.

    Attributes:
        day: Its date: knowledge time of every row in it.
        sequence: 1, or higher for a correction of the same date.
    """

    day: dt.date
    sequence: int = 1

    def __str__(self) -> str:
        """The name of its folder."""
        return self.day.isoformat() + (f".{self.sequence}" if self.sequence > 1 else "")

    @classmethod
    def of(cls, text: str) -> DeliveryName | None:
        """The name that reads so, or None."""
        day, _, sequence = text.partition(".")
        try:
            name = cls(dt.date.fromisoformat(day), int(sequence or 1))
        except ValueError:
            return None
        return name if str(name) == text else None


@dataclass(frozen=True)
class Delivery:
    """A delivery that is what its manifest says.

    Attributes:
        feed: Name of the feed's contract.
        name: Date and sequence.
        folder: Where it lies.
        said: The manifest.
        fingerprint: sha256 of the manifest's bytes, which hold the sha256 of every file.
    """

    feed: str
    name: DeliveryName
    folder: Path
    said: dict[str, Any]
    fingerprint: str


def delivery_folder(home: Path, feed_name: str, name: DeliveryName) -> Path:
    """`landing/<feed>/<delivery_date>` in the home folder."""
    return home / "landing" / feed_name / str(name)


def delivery_names(home: Path, feed_name: str, as_of: dt.date) -> list[DeliveryName]:
    """Deliveries known by the as-of date, oldest first.

    Raises:
        DeliveryRefused: When something there is not a folder named by a date.
    """
    root = home / "landing" / feed_name
    if not root.is_dir():
        return []
    names = [_named(feed_name, path) for path in root.iterdir() if not path.name.startswith(".")]
    return sorted(name for name in names if name.day <= as_of)


def check_feeds(home: Path, known: Iterable[str]) -> None:
    """Refuse a folder in landing that no feed has: a misspelt feed would be missed unseen.

    Raises:
        DeliveryRefused: Naming the folder.
    """
    root = home / "landing"
    names = [path.name for path in sorted(root.iterdir())] if root.is_dir() else []
    for name in names:
        if not name.startswith(".") and name not in known:
            raise DeliveryRefused(f"landing/{name}", "a feed: " + ", ".join(known),
                                  "no feed of that name", "rename it or take it out of landing")


def manifest_of(home: Path, feed: Table, name: DeliveryName) -> tuple[str, dict[str, Any]]:
    """What identifies a delivery without reading its rows, and what it says of itself.

    Returns:
        sha256 of its manifest, which names every file's hash, and the manifest.

    Raises:
        DeliveryRefused: When there is no manifest.
    """
    with manifest.refusals(feed.name, name, APPEND_ONLY):
        raw, said = manifest.read(delivery_folder(home, feed.name, name))
    return hashlib.sha256(raw).hexdigest(), said


def verify(home: Path, feed: Table, name: DeliveryName) -> Delivery:
    """Check a delivery's manifest and the bytes of its files; rows are read at intake.

    Raises:
        DeliveryRefused: At the first thing that is not as it should be.
    """
    folder = delivery_folder(home, feed.name, name)
    remedy = f"nothing of it was taken: have its owner, {feed.owner}, deliver it again"
    with manifest.refusals(feed.name, name, remedy):
        raw, said = manifest.read(folder)
        manifest.check_head(said, feed, name.day, name.sequence)
        manifest.check_listing(folder, said)
        for entry in said["files"]:
            manifest.check_file(folder / entry["name"], entry, feed, said["format"])
        rows = sum(entry["rows"] for entry in said["files"])
        manifest.expect(rows == said["rows"], "", f"{said['rows']} rows as its manifest says",
                        f"{rows} rows in its files")
        manifest.expect(rows > 0, "", "at least one row", "an empty delivery")
    return Delivery(feed.name, name, folder, said, hashlib.sha256(raw).hexdigest())


def _named(feed_name: str, path: Path) -> DeliveryName:
    name = DeliveryName.of(path.name)
    if name is None or not path.is_dir():
        raise DeliveryRefused(f"landing/{feed_name}/{path.name}", "a folder named by its delivery "
                              "date", repr(path.name), "rename it to YYYY-MM-DD (a correction of "
                              "the same day to YYYY-MM-DD.2) or take it out of landing")
    return name
