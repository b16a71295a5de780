"""The landing area: append-only deliveries, each refused whole where it is not what it says.

`landing/<feed>/<delivery_date>/` holds Parquet files and a manifest (see `manifest.py`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs import store
from jobs.contracts.table import Table
from jobs.errors import DeliveryRefused
from jobs.intake import manifest
from jobs.intake.manifest import MANIFEST

#: One delivery to write: contract, delivery date (knowledge time) and rows.
Outgoing = tuple[Table, dt.date, pa.Table]
_ORIGIN = ".origin.json"
_APPEND_ONLY = ("landing is append-only: use another --home, or --feeds landing to run on what "
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
    with manifest.refusals(feed.name, delivery_date, _APPEND_ONLY):
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


def write_delivery(home: Path, feed: Table, delivery_date: dt.date, rows: pa.Table,
                   currency: str) -> Path:
    """Land one delivery and return its folder; the same content again changes nothing.

    Raises:
        DeliveryRefused: When other content lies there already, or there are no rows, or not the
            contract's columns.
    """
    return write_deliveries(home, [(feed, delivery_date, rows)], currency)[0]


def write_deliveries(home: Path, deliveries: list[Outgoing], currency: str,
                     origin: dict[str, Any] | None = None) -> list[Path]:
    """Land several deliveries, or none of them where one contradicts what lies there.

    Args:
        home: The root of everything that is written.
        deliveries: Contract, delivery date and rows of each.
        currency: ISO 4217 code of all amounts.
        origin: What made them, e.g. source and seed. A landing area keeps the origin it was
            first given and refuses another: two cities in one place would mix unseen.

    Returns:
        The folders, in the order given.

    Raises:
        DeliveryRefused: As `write_delivery`, and for another origin.
    """
    mark = home / "landing" / _ORIGIN
    _check_origin(mark, origin)
    folders = [delivery_folder(home, feed.name, day) for feed, day, _ in deliveries]
    staged = [folder.with_name(f".tmp-{folder.name}") for folder in folders]
    try:
        for outgoing, folder in zip(deliveries, staged):
            _stage(folder, outgoing, currency)
        fresh = [not _is_landed(new, folder) for new, folder in zip(staged, folders)]
        if origin is not None:
            store.write_json(origin, mark)
        for new, folder, is_fresh in zip(staged, folders, fresh):
            if is_fresh:
                new.rename(folder)
    finally:
        for new in staged:
            shutil.rmtree(new, ignore_errors=True)
    return folders


def _stage(folder: Path, outgoing: Outgoing, currency: str) -> None:
    """Write files and manifest of a delivery beside its place."""
    feed, day, rows = outgoing
    with manifest.refusals(feed.name, day, f"nothing was written: mend what makes {feed.name}"):
        manifest.check_columns("", feed, rows.schema)
        manifest.expect(rows.num_rows > 0, "", "at least one row", "none")
        manifest.check_currency(currency)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / f"{feed.name}.parquet"
    # Every column nullable, as from any deliverer: which may be null is judged row by row.
    schema = pa.schema([field.with_nullable(True) for field in feed.arrow_schema])
    rows = rows.select(feed.columns).cast(schema).combine_chunks()
    pq.write_table(rows, path, compression="zstd", store_schema=False)
    manifest.write(folder, feed, day, rows, path, currency)


def _is_landed(staged: Path, folder: Path) -> bool:
    """Whether the staged content lies there already.

    Raises:
        DeliveryRefused: When other content does.
    """
    if not folder.exists():
        return False
    if _same_content(staged, folder):
        return True
    raise DeliveryRefused(f"landing/{folder.parent.name}/{folder.name}",
                          "no delivery of that date yet, or the same content", "other content",
                          _APPEND_ONLY)


def _same_content(one: Path, other: Path) -> bool:
    """The same bytes, or the same rows as another version of Parquet wrote them down."""
    try:
        if (one / MANIFEST).read_bytes() == (other / MANIFEST).read_bytes():
            return True
        said = [json.loads((folder / MANIFEST).read_bytes()) for folder in (one, other)]
        first, second = (pa.concat_tables(pq.read_table(folder / file["name"], partitioning=None)
                                          for file in content.pop("files"))
                         for folder, content in zip((one, other), said))
        return said[0] == said[1] and bool(first.equals(second))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, pa.ArrowException):
        return False


def _check_origin(mark: Path, origin: dict[str, Any] | None) -> None:
    if origin is None:
        return
    if not mark.is_file():
        landed = mark.parent.glob("[!.]*/[!.]*")
        if (first := next(landed, None)) is not None:
            raise DeliveryRefused("landing", "an empty landing area, or deliveries of "
                                  + _said(origin), f"{first.parent.name}/{first.name} of unknown "
                                  "origin", _APPEND_ONLY)
        return
    found = store.read_json(mark)
    if found != origin:
        raise DeliveryRefused("landing", "deliveries of " + _said(origin),
                              "those of " + _said(found), _APPEND_ONLY)


def _said(origin: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in sorted(origin.items()))


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
