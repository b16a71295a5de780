"""The landing area: append-only deliveries, each refused whole where it is not what it says.

`landing/<feed>/<delivery_date>/` holds files and a manifest (see `manifest.py`); how our own
sources write there: `outgoing.py`.
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


@dataclass(frozen=True)
class Delivery:
    """A delivery that is what its manifest says.

    Attributes:
        feed: Name of the feed's contract.
        delivery_date: Knowledge time of every row in it.
        folder: Where it lies.
        said: The manifest.
        fingerprint: sha256 of the manifest's bytes, which hold the sha256 of every file.
    """

    feed: str
    delivery_date: dt.date
    folder: Path
    said: dict[str, Any]
    fingerprint: str


def delivery_folder(home: Path, feed_name: str, delivery_date: dt.date) -> Path:
    """`landing/<feed>/<delivery_date>` in the home folder."""
    return home / "landing" / feed_name / delivery_date.isoformat()


def delivery_dates(home: Path, feed_name: str, as_of: dt.date) -> list[dt.date]:
    """Dates of the deliveries known by the as-of date, oldest first.

    Raises:
        DeliveryRefused: When something there is not a folder named by a date.
    """
    root = home / "landing" / feed_name
    if not root.is_dir():
        return []
    days = [_folder_date(feed_name, path) for path in sorted(root.iterdir())
            if not path.name.startswith(".")]
    return sorted(day for day in days if day <= as_of)


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


def manifest_fingerprint(home: Path, feed: Table, delivery_date: dt.date) -> str:
    """What identifies a delivery without reading its rows: its manifest names every file's hash.

    Raises:
        DeliveryRefused: When there is no manifest.
    """
    with manifest.refusals(feed.name, delivery_date, APPEND_ONLY):
        raw, _ = manifest.read(delivery_folder(home, feed.name, delivery_date))
    return hashlib.sha256(raw).hexdigest()


def verify(home: Path, feed: Table, delivery_date: dt.date) -> Delivery:
    """Check a delivery's manifest and the bytes of its files; rows are read at intake.

    Raises:
        DeliveryRefused: At the first thing that is not as it should be.
    """
    folder = delivery_folder(home, feed.name, delivery_date)
    remedy = f"nothing of it was taken: have its owner, {feed.owner}, deliver it again"
    with manifest.refusals(feed.name, delivery_date, remedy):
        raw, said = manifest.read(folder)
        manifest.check_head(said, feed, delivery_date)
        manifest.check_listing(folder, said)
        for entry in said["files"]:
            manifest.check_file(folder / entry["name"], entry, feed, said["format"])
        rows = sum(entry["rows"] for entry in said["files"])
        manifest.expect(rows == said["rows"], "", f"{said['rows']} rows as its manifest says",
                        f"{rows} rows in its files")
        manifest.expect(rows > 0, "", "at least one row", "an empty delivery")
    return Delivery(feed.name, delivery_date, folder, said, hashlib.sha256(raw).hexdigest())


def _folder_date(feed_name: str, path: Path) -> dt.date:
    name = path.name
    try:
        day = dt.date.fromisoformat(name)
        if day.isoformat() == name and path.is_dir():
            return day
    except ValueError:
        pass
    raise DeliveryRefused(f"landing/{feed_name}/{name}", "a folder named by its delivery date",
                          repr(name), "rename it to YYYY-MM-DD or take it out of landing")
