"""What happens to the whole city by date: shocks, seasons, outages and drifts; all off by default.

A world is part of a city: the same people under another world are another city.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from jobs.contracts.feeds import FEEDS
from jobs.errors import UsageError

Floats = npt.NDArray[np.float64]

#: What drifts in a feed, and how the size is meant.
DRIFTING = {"third_party_scores": ("score", "points"), "logins": ("online_seconds", "factor"),
            "payments": ("amount_minor", "factor"), "shopping": ("amount_minor", "factor"),
            "rides": ("fare_minor", "factor"), "statements": ("balance_minor", "factor")}
#: First and last (month, day) of a season and how much more is spent then.
_SEASONS = (((1, 20), (2, 15), 0.35), ((6, 1), (6, 20), 0.25), ((10, 1), (10, 7), 0.30),
            ((11, 1), (11, 13), 0.50))


@dataclass(frozen=True)
class Shock:
    """Hard times: log odds of a missed payment and log hazard of default rise by `size`."""

    first: dt.date
    last: dt.date
    size: float


@dataclass(frozen=True)
class Outage:
    """A feed that delivers nothing on these days; what happened on them never comes."""

    feed: str
    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class Drift:
    """One source that measures differently from a day on: points added, or a factor."""

    feed: str
    first: dt.date
    size: float


@dataclass(frozen=True)
class World:
    """The switches of a city.

    Attributes:
        shocks: Hard times.
        outages: Feeds that fail.
        drifts: Sources that change.
        has_seasons: Whether more is spent around the festivals and shopping days.
    """

    shocks: tuple[Shock, ...] = ()
    outages: tuple[Outage, ...] = ()
    drifts: tuple[Drift, ...] = ()
    has_seasons: bool = False

    def stress(self, first: dt.date, days: int) -> Floats:
        """Sum of the shocks on each of the days, in log odds."""
        ordinals = first.toordinal() + np.arange(days)
        total = np.zeros(days)
        for shock in self.shocks:
            is_in = (ordinals >= shock.first.toordinal()) & (ordinals <= shock.last.toordinal())
            total += shock.size * is_in
        return total

    def clock(self, first: dt.date, days: int) -> Floats:
        """Cumulated baseline hazard after each day of a term; without shocks it ends at 1."""
        return np.asarray(np.cumsum(np.exp(self.stress(first, days))) / days)

    def spending(self, day: dt.date) -> float:
        """Factor on what is bought on the day: week-ends always, seasons where they are on."""
        factor = 1.15 if day.weekday() >= 5 else 0.94
        if self.has_seasons:
            for first, last, more in _SEASONS:
                factor *= 1 + more if first <= (day.month, day.day) <= last else 1
        return factor

    def is_out(self, feed: str, day: dt.date) -> bool:
        """Whether the feed delivers nothing on the day."""
        return any(out.feed == feed and out.first <= day <= out.last for out in self.outages)

    def drift(self, feed: str, event_day: dt.date) -> tuple[str, float, float] | None:
        """Column, factor and points by which the feed is off on the day, or None."""
        active = [one for one in self.drifts if one.feed == feed and event_day >= one.first]
        if not active:
            return None
        column, kind = DRIFTING[feed]
        sizes = [one.size for one in active]
        return ((column, 1.0, sum(sizes)) if kind == "points"
                else (column, float(np.prod(sizes)), 0.0))

    def said(self) -> dict[str, Any]:
        """The world as JSON content."""
        return {key: [{name: value.isoformat() if isinstance(value, dt.date) else value
                       for name, value in one.items()} for one in content]
                if isinstance(content, (list, tuple)) else content
                for key, content in asdict(self).items()}

    @staticmethod
    def read(said: dict[str, Any]) -> World:
        """The world that `said()` wrote down."""
        def days(one: dict[str, Any]) -> dict[str, Any]:
            return {name: dt.date.fromisoformat(value) if name in ("first", "last") else value
                    for name, value in one.items()}

        return World(tuple(Shock(**days(one)) for one in said["shocks"]),
                     tuple(Outage(**days(one)) for one in said["outages"]),
                     tuple(Drift(**days(one)) for one in said["drifts"]), said["has_seasons"])


def shock(text: str) -> Shock:
    """A shock from `FIRST:LAST:SIZE`.

    Raises:
        UsageError: When it has another form.
    """
    first, last, size = _parts("--shock", text, "FIRST:LAST:SIZE like 2026-06-10:2026-06-20:0.5")
    return Shock(*_range("--shock", first, last), _number("--shock", size, 0.0, 5.0))


def outage(text: str) -> Outage:
    """An outage from `FEED:FIRST:LAST`.

    Raises:
        UsageError: When it has another form, or names no feed.
    """
    feed, first, last = _parts("--outage", text,
                               "FEED:FIRST:LAST like logins:2026-06-05:2026-06-08")
    return Outage(_feed("--outage", feed, tuple(FEEDS)), *_range("--outage", first, last))


def drift(text: str) -> Drift:
    """A drift from `FEED:FIRST:SIZE`.

    Raises:
        UsageError: When it has another form, or the feed is none that can drift.
    """
    feed, first, size = _parts("--drift", text,
                               "FEED:FIRST:SIZE like third_party_scores:2026-06-15:40")
    feed = _feed("--drift", feed, tuple(DRIFTING))
    low, high = (-500.0, 500.0) if DRIFTING[feed][1] == "points" else (0.1, 10.0)
    return Drift(feed, _day("--drift", first), _number("--drift", size, low, high))


def _parts(option: str, text: str, form: str) -> list[str]:
    parts = text.split(":")
    if len(parts) != 3:
        raise UsageError(option, form, repr(text), "give all three parts with colons between")
    return parts


def _day(option: str, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(option, "a date like 2026-06-15", repr(text),
                         "give it as YYYY-MM-DD") from None


def _range(option: str, first: str, last: str) -> tuple[dt.date, dt.date]:
    start, end = _day(option, first), _day(option, last)
    if end < start:
        raise UsageError(option, f"a last day from {start} on", str(end), "swap the two dates")
    return start, end


def _number(option: str, text: str, low: float, high: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        raise UsageError(option, f"a size from {low:g} to {high:g}", repr(text), "give a number")
    return number


def _feed(option: str, name: str, known: tuple[str, ...]) -> str:
    if name not in known:
        raise UsageError(option, "one of " + ", ".join(known), repr(name), "name one of these")
    return name
