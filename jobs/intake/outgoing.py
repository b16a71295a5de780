"""How our own sources (the simulated city, the adapters) deliver: landing is append-only.

A delivery is written beside its place, file by file, and renamed into it when all of it and all
that comes with it is there.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs import lake, store
from jobs.contracts.table import Table
from jobs.errors import DeliveryRefused
from jobs.intake import manifest
from jobs.intake.landing import APPEND_ONLY, DeliveryName, delivery_folder
from jobs.intake.manifest import MANIFEST, Part

#: One delivery to write: contract, delivery date (knowledge time) and rows.
Outgoing = tuple[Table, dt.date, pa.Table]
#: One delivery whose files are written already, in `staging_folder`.
Staged = tuple[Table, dt.date, list[Part]]
_ORIGIN = ".origin.json"


def write_correction(home: Path, feed: Table, name: DeliveryName, rows: pa.Table, currency: str,
                     replaces: Sequence[dt.date] = ()) -> Path:
    """Land a delivery that corrects others: by its sequence number, or by what it replaces.

    Raises:
        DeliveryRefused: When its place is taken.
    """
    folder = delivery_folder(home, feed.name, name)
    if folder.exists():
        raise DeliveryRefused(f"landing/{feed.name}/{name}", "no delivery of that name yet", "one",
                              "use " + str(DeliveryName(name.day, name.sequence + 1)))
    staged = folder.with_name(f".tmp-{name}")
    lake.remove(staged)
    part = write_part(staged, feed, feed.name, rows)
    manifest.write(staged, feed, name.day, [part], currency, sequence=name.sequence,
                   replaces=[day.isoformat() for day in replaces])
    lake.arrive(staged, folder)
    return folder


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
    check_origin(home, origin)
    try:
        staged: list[Staged] = []
        for feed, day, rows in deliveries:
            with manifest.refusals(feed.name, day, "nothing was written: mend what makes "
                                   + feed.name):
                manifest.expect(rows.num_rows > 0, "", "at least one row", "none")
                folder = staging_folder(home, feed, day)
                lake.remove(folder)
                staged.append((feed, day, [write_part(folder, feed, feed.name, rows)]))
        return land(home, staged, currency, origin)
    finally:
        for feed, day, _ in deliveries:
            lake.remove(staging_folder(home, feed, day))


def staging_folder(home: Path, feed: Table, day: dt.date) -> Path:
    """Where the files of a delivery are written before it lands: no reader looks there."""
    folder = delivery_folder(home, feed.name, DeliveryName(day))
    return folder.with_name(f".tmp-{folder.name}")


def write_part(folder: Path, feed: Table, name: str, rows: pa.Table) -> Part:
    """Write one file of a delivery; safe to call for different files from several processes.

    Args:
        folder: `staging_folder(...)`; made where it is not there.
        feed: The contract.
        name: Of the file, without `.parquet`.
        rows: The contract's columns in any order.

    Returns:
        What the manifest says of the file.

    Raises:
        Wrong: When the columns are not the contract's.
    """
    manifest.check_columns("", feed, rows.schema)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.parquet"
    # Every column nullable, as from any deliverer: which may be null is judged row by row.
    schema = pa.schema([field.with_nullable(True) for field in feed.arrow_schema])
    rows = rows.select(feed.columns).cast(schema).combine_chunks()
    pq.write_table(rows, path, compression="zstd", store_schema=False)
    return manifest.part(path, feed, rows)


def land(home: Path, staged: list[Staged], currency: str,
         origin: dict[str, Any] | None = None) -> list[Path]:
    """Write the manifests of staged deliveries and move all of them to their places.

    Args:
        home: The root of everything that is written.
        staged: Contract, delivery date and files of each.
        currency: ISO 4217 code of all amounts.
        origin: As in `write_deliveries`.

    Returns:
        The folders, in the order given.

    Raises:
        DeliveryRefused: When other content lies in a place already; nothing lands.
    """
    check_origin(home, origin)
    moves = []
    for feed, day, parts in staged:
        with manifest.refusals(feed.name, day, "give the currency of the amounts"):
            manifest.check_currency(currency)
        new = staging_folder(home, feed, day)
        folder = delivery_folder(home, feed.name, DeliveryName(day))
        manifest.write(new, feed, day, parts, currency)
        moves.append((new, folder, not _is_landed(new, folder)))
    if origin is not None:
        store.write_json(origin, home / "landing" / _ORIGIN)
    for new, folder, is_fresh in moves:
        if is_fresh:
            lake.arrive(new, folder)
        else:
            lake.remove(new)
    return [folder for _, folder, _ in moves]


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
                          APPEND_ONLY)


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


def check_origin(home: Path, origin: dict[str, Any] | None) -> None:
    """Refuse to add to a landing area that another origin has filled.

    Raises:
        DeliveryRefused: Naming both.
    """
    mark = home / "landing" / _ORIGIN
    if origin is None:
        return
    if not mark.is_file():
        landed = mark.parent.glob("[!.]*/[!.]*")
        if (first := next(landed, None)) is not None:
            raise DeliveryRefused("landing", "an empty landing area, or deliveries of "
                                  + _said(origin), f"{first.parent.name}/{first.name} of unknown "
                                  "origin", APPEND_ONLY)
        return
    found = store.read_json(mark)
    if found != origin:
        raise DeliveryRefused("landing", "deliveries of " + _said(origin),
                              "those of " + _said(found), APPEND_ONLY)


def _said(origin: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in sorted(origin.items()))
