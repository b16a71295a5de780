"""Which tiles a date needs: found by fingerprint, so a late delivery makes new ones by itself.

A tile is one event date of a source and the deliveries that tell of it, as known on an as-of date.
Its fingerprint is over those deliveries and the code that aggregates them: a night finds the tiles
that earlier nights have built, and builds those of days about which more is known by now. A
training row of the past finds the tiles of what was known then.

An event belongs to its day: a correction that moves one to another day has to replace the delivery
that told of it (`replaces`), or both days count it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jobs import store
from jobs.tiles.source import TileSource

#: No window looks further back.
LONGEST_DAYS = 365
FINGERPRINT_DIGITS = 16


@dataclass(frozen=True, order=True)
class Tile:
    """One event date of a source, from certain deliveries (their dates, oldest first).

    The fingerprint says which: to name a tile that was built, it is enough.
    """

    source: str
    event_date: dt.date
    fingerprint: str
    delivery_dates: tuple[dt.date, ...] = field(compare=False)

    def folder(self, home: Path) -> Path:
        """`tiles/<source>/event_date=…/<fingerprint>`."""
        return (home / "tiles" / self.source / f"event_date={self.event_date.isoformat()}"
                / self.fingerprint)


def tiles_of(source: TileSource, deliveries: Sequence[dict[str, Any]],
             as_of: dt.date) -> list[Tile]:
    """The tiles that a row of that as-of date may see, oldest first.

    Args:
        source: The source.
        deliveries: Of its feed: `delivery_date` and `voided_on` (ISO), `fingerprint`, and
            `event_dates` (ISO dates) as intake counted them.
        as_of: Knowledge time; events of that day and the LONGEST_DAYS - 1 before count.
    """
    known = [row for row in deliveries if row["delivery_date"] <= as_of.isoformat()
             and (row["voided_on"] or "9999-12-31") > as_of.isoformat()]
    first = (as_of - dt.timedelta(days=LONGEST_DAYS - 1)).isoformat()
    days: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(known, key=lambda row: str(row["delivery_date"])):
        for day in row["event_dates"]:
            if first <= day <= as_of.isoformat():
                days[day].append(row)
    code = source.code_sha256
    found = []
    for day, rows in sorted(days.items()):
        content = [code, day, [[row["delivery_date"], row["fingerprint"]] for row in rows]]
        found.append(Tile(source.name, dt.date.fromisoformat(day),
                          store.fingerprint(content)[:FINGERPRINT_DIGITS],
                          tuple(dt.date.fromisoformat(row["delivery_date"]) for row in rows)))
    return found


def missing(tiles: Iterable[Tile], home: Path) -> list[Tile]:
    """Those that no night has built yet, each once."""
    return sorted(tile for tile in set(tiles) if not tile.folder(home).is_dir())
