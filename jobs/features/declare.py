"""How a family declares its features: source + measure + window, and what is taken of them.

Windows are counted in days with the as-of date as day 1: 7 days are the as-of date and the six
before. A feature is null where the source tells nothing of the person within the longest window,
and 0 where it tells of them, but not within the feature's own.

Every feature has a reason code, and a sign where theory knows it: measures declare their own beside
them, what is made of measures is told its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.contracts.table import Field
from jobs.expressions import highest, how_many, ratio, total
from jobs.tiles.plan import LONGEST_DAYS
from jobs.tiles.source import SKETCH_CELLS, SKETCH_DAYS, Measure, TileSource, one

WINDOWS_DAYS = (7, 30, 90, 180, LONGEST_DAYS)
EXTREMES_DAYS = 90
SPREAD_DAYS = (90, LONGEST_DAYS)


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


def measures(source: TileSource) -> tuple[Measure, ...]:
    """The source's own and its active days: a tile is one."""
    return (*source.measures, Measure(active_days(source), "days",
                                      f"Days with any of {source.name}", one))


def windows_of(one: Measure) -> tuple[int, ...]:
    """The windows of a measure; extremes cannot be moved on, so they look back less far."""
    return one.windows_days or (WINDOWS_DAYS if one.how == "sum" else tuple(
        days for days in WINDOWS_DAYS if days <= EXTREMES_DAYS))


def base(source: TileSource, code: str, recency_monotone: int = 0) -> list[Feature]:
    """Every measure over its windows, and how lately the source saw the person.

    Args:
        source: Whose measures they are.
        code: Reason code of the measures without their own.
        recency_monotone: Sign of the days since the newest event; that of active days is the
            opposite.
    """
    found = [_windowed(source, one, window, code, recency_monotone) for one in measures(source)
             if one.is_feature for window in windows_of(one)]
    recency = recency_days(source)
    found.append(Feature(Field(recency, "integer", "days", f"Days since the newest event of "
                               f"{source.name}, within {EXTREMES_DAYS}.", True, 0,
                               EXTREMES_DAYS - 1, monotone=recency_monotone, reason_code=code),
                         source, EXTREMES_DAYS, _column(recency)))
    return found


def share(source: TileSource, name: str, part: str, whole: str, meaning: str, monotone: int,
          code: str) -> list[Feature]:
    """One measure over another, a window each; null where the whole is 0."""
    return [Feature(Field(f"{name}_{days}d_ratio", "double", "ratio",
                          f"{meaning}, last {days} days.", True, monotone=monotone,
                          reason_code=code), source, days,
                    _ratio(f"{part}_{days}d", f"{whole}_{days}d")) for days in WINDOWS_DAYS]


def trend(source: TileSource, measure: str, meaning: str, monotone: int, code: str,
          pairs: Sequence[tuple[int, int]] = ((7, 30), (30, 90), (90, LONGEST_DAYS))
          ) -> list[Feature]:
    """A day of the short window over a day of the long one: above 1 it rises."""
    return [Feature(Field(f"{measure}_{short}d_to_{long}d_ratio", "double", "ratio",
                          f"{meaning}: a day of the last {short} over one of the last {long}.",
                          True, monotone=monotone, reason_code=code), source, long,
                    _ratio(f"{measure}_{short}d", f"{measure}_{long}d", long, short))
            for short, long in pairs]


def spread(source: TileSource, name: str, unit: str, meaning: str, parts: tuple[str, str, str],
           monotone: tuple[int, int], code: str) -> list[Feature]:
    """Mean and standard deviation of what events tell, from a count, a sum and squares.

    The deviation is sqrt(n Σx² - (Σx)²) / n; 0 of one event, null of none.

    Args:
        source: Whose measures they are.
        name: `<name>_mean_<days>d` and `<name>_spread_<days>d` are the features.
        unit: Of the values.
        meaning: What the values are.
        parts: Measures: the count, the sum, the sum of squares.
        monotone: Signs of the mean and of the deviation.
        code: Reason code.
    """
    found = []
    for days in SPREAD_DAYS:
        count, added, squares = (f"{part}_{days}d" for part in parts)
        found += [Feature(Field(f"{name}_{kind}_{days}d", "double", unit,
                                f"{meaning}: {what}, last {days} days.", True, monotone=sign,
                                reason_code=code), source, days, value)
                  for kind, what, value, sign in (
                      ("mean", "mean", _ratio(added, count), monotone[0]),
                      ("spread", "standard deviation", _deviation(count, added, squares),
                       monotone[1]))]
    return found


def habit(source: TileSource, name: str, meaning: str, monotone: int, code: str) -> list[Feature]:
    """Of a sketch: how many different values at least, and the share of the one of habit.

    Args:
        source: Whose sketch it is.
        name: The sketch.
        meaning: What the values are.
        monotone: Sign of the number of values; that of the share is the opposite.
        code: Reason code.
    """
    found = []
    for days in SKETCH_DAYS:
        cells = [f"{name}_cell_{number}_{days}d" for number in range(SKETCH_CELLS)]
        found += [
            Feature(Field(f"{name}_count_{days}d", "integer", "values",
                          f"Different {meaning}, up to {SKETCH_CELLS}, last {days} days.",
                          True, 0, SKETCH_CELLS, monotone=monotone, reason_code=code), source, days,
                    _cells_in_use(cells)),
            Feature(Field(f"{name}_habit_{days}d_ratio", "double", "ratio",
                          f"Share of the most frequent of the {meaning}, last {days} days.", True,
                          0.0, 1.0, monotone=-monotone, reason_code=code), source, days,
                    _fullest(cells))]
    return found


def _deviation(count: str, added: str, squares: str) -> Callable[[], Column]:
    def value() -> Column:
        number, summed, squared = (F.col(name).cast("double") for name in (count, added, squares))
        # One and the same value gives 0 but for the last digits.
        variance = F.greatest(number * squared - summed * summed, F.lit(0.0))
        return F.when(F.col(count) > 0, F.sqrt(variance) / number)
    return value


def _cells_in_use(cells: Sequence[str]) -> Callable[[], Column]:
    return lambda: F.when(F.col(cells[0]).isNotNull(), how_many([F.col(one) > 0 for one in cells]))


def _fullest(cells: Sequence[str]) -> Callable[[], Column]:
    return lambda: ratio(highest([F.col(one) for one in cells]), total([F.col(one)
                                                                        for one in cells]))


def _windowed(source: TileSource, one: Measure, days: int, code: str,
              recency_monotone: int) -> Feature:
    column = f"{one.name}_{days}d"
    sign = -recency_monotone if one.name == active_days(source) else one.monotone
    return Feature(Field(column, "integer", one.unit, f"{one.meaning}, last {days} days.", True,
                         monotone=sign, reason_code=one.reason_code or code),
                   source, days, _column(column))


def _column(name: str) -> Callable[[], Column]:
    return lambda: F.col(name)


def _ratio(part: str, whole: str, times: int = 1, over: int = 1) -> Callable[[], Column]:
    return lambda: ratio(F.col(part) * times, F.col(whole) * over)
