"""Which deliveries count, for which nights; and that no past night is rewritten.

Nothing is overwritten, so a mistake is mended by a further delivery:

- the same day: a higher *sequence* number (folder `2026-06-03.2`) stands in for the lower ones;
- later: a delivery under the date on which it comes whose manifest *replaces* earlier dates. They
  are void from that date on; for nights before it they stay what they were.

A delivery may arrive after younger ones (out of order) as long as no night that would have seen it
has passed its audit; later than that it is a late one and has to bear the date on which it came.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path

from jobs import store
from jobs.config import AUDIT, RUN_FILE
from jobs.errors import DeliveryRefused
from jobs.intake.landing import DeliveryName


def in_force(names: Iterable[DeliveryName]) -> list[DeliveryName]:
    """Of each date the highest sequence, oldest date first."""
    return sorted({name.day: name for name in sorted(names)}.values())


def voided(replaces: Mapping[DeliveryName, Iterable[str]]) -> dict[dt.date, dt.date]:
    """Replaced date -> the first date from which it is void.

    Args:
        replaces: Delivery in force -> the dates that its manifest replaces.
    """
    found: dict[dt.date, dt.date] = {}
    for name in sorted(replaces):
        for day in replaces[name]:
            found.setdefault(dt.date.fromisoformat(day), name.day)
    return found


def newest_audited(home: Path) -> dt.date | None:
    """As-of date of the newest night that passed its audit and may have been published."""
    nights = sorted((home / "nights").glob("[0-9]*"), reverse=True)
    for night in nights:
        for path in night.glob(f"*/{RUN_FILE}"):
            if store.read_json(path).get(AUDIT):
                return dt.date.fromisoformat(night.name)
    return None


def refuse_rewriting(feed: str, name: DeliveryName, audited: dt.date | None) -> None:
    """Refuse a new delivery that a night would have seen which has passed its audit.

    Raises:
        DeliveryRefused: Naming the night.
    """
    if audited is not None and name.day <= audited:
        raise DeliveryRefused(
            f"landing/{feed}/{name}", f"a date after {audited}: the night of that date has passed "
            "its audit without this delivery", f"{name.day}", "deliver it under the date on which "
            "it comes; where it corrects an earlier one, its manifest says so in `replaces`")


def refuse_unknown(feed: str, name: DeliveryName, replaces: Iterable[str],
                   known: Iterable[DeliveryName]) -> None:
    """Refuse to stand in for a delivery that there never was.

    Raises:
        DeliveryRefused: Naming the date.
    """
    days = {one.day.isoformat() for one in known}
    for day in replaces:
        if day not in days:
            raise DeliveryRefused(f"landing/{feed}/{name} _manifest.json replaces",
                                  "dates of deliveries of this feed", repr(day),
                                  "mend the manifest and deliver it again, as "
                                  f"{DeliveryName(name.day, name.sequence + 1)}")
