"""How a family declares its features: source + measure + window, and what is taken of them.

Windows are counted in days with the as-of date as day 1: 7 days are the as-of date and the six
before. A feature is null where the source tells nothing of the person within the longest window,
and 0 where it tells of them, but not within the feature's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.contracts.table import Field
from jobs.expressions import ratio
from jobs.tiles.plan import LONGEST_DAYS
from jobs.tiles.source import Measure, TileSource

WINDOWS_DAYS = (7, 30, 90, 180, LONGEST_DAYS)
EXTREMES_DAYS = 90


@dataclass(frozen=True)
class Feature:
    """One feature of a source over windows.

    Attributes:
        field: Its column, unit and meaning.
        source: Whose tiles it is made of; the feed's purpose is the consent it needs.
        window_days: The longest window it looks at.
        value: The column, over the windowed measures `<measure>_<days>d`.
    """

    field: Field
    source: TileSource
    window_days: int
    value: Callable[[], Column]


def active_days(source: TileSource) -> str:
    """Name of the measure that every source has: days with any event."""
    return f"{source.name}_active_days"


def recency_days(source: TileSource) -> str:
    """Name of the column that says how lately the source saw the person."""
    return f"{source.name}_recency_days"


def windows_of(how: str) -> tuple[int, ...]:
    """The windows of a measure that is put together so, see AGGREGATIONS."""
    return WINDOWS_DAYS if how == "sum" else tuple(
        days for days in WINDOWS_DAYS if days <= EXTREMES_DAYS)


def base(source: TileSource) -> list[Feature]:
    """Every measure over its windows, and how lately the source saw the person."""
    days = Measure(active_days(source), "days", f"Days with any of {source.name}",
                   lambda: F.lit(1))
    found = [_windowed(source, one, window) for one in (*source.measures, days)
             for window in windows_of(one.how)]
    recency = recency_days(source)
    found.append(Feature(Field(recency, "integer", "days", f"Days since the newest event of "
                               f"{source.name}, within {EXTREMES_DAYS}.", True, 0,
                               EXTREMES_DAYS - 1), source, EXTREMES_DAYS, _column(recency)))
    return found


def share(source: TileSource, name: str, part: str, whole: str, meaning: str,
          windows: Sequence[int] = WINDOWS_DAYS) -> list[Feature]:
    """One measure over another, a window each; null where the whole is 0."""
    return [Feature(Field(f"{name}_{days}d_ratio", "double", "ratio",
                          f"{meaning}, last {days} days.", True), source, days,
                    _ratio(f"{part}_{days}d", f"{whole}_{days}d")) for days in windows]


def trend(source: TileSource, measure: str, meaning: str,
          pairs: Sequence[tuple[int, int]] = ((7, 30), (30, 90), (90, LONGEST_DAYS))
          ) -> list[Feature]:
    """A day of the short window over a day of the long one: above 1 it rises."""
    return [Feature(Field(f"{measure}_{short}d_to_{long}d_ratio", "double", "ratio",
                          f"{meaning}: a day of the last {short} over one of the last {long}.",
                          True), source, long,
                    _ratio(f"{measure}_{short}d", f"{measure}_{long}d", long, short))
            for short, long in pairs]


def _windowed(source: TileSource, one: Measure, days: int) -> Feature:
    column = f"{one.name}_{days}d"
    return Feature(Field(column, "integer", one.unit, f"{one.meaning}, last {days} days.", True),
                   source, days, _column(column))


def _column(name: str) -> Callable[[], Column]:
    return lambda: F.col(name)


def _ratio(part: str, whole: str, times: int = 1, over: int = 1) -> Callable[[], Column]:
    return lambda: ratio(F.col(part) * times, F.col(whole) * over)
