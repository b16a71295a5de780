"""Tiles → windows: every measure of a source over 7, 30, 90, 180 and 365 days.

Grain: one user of whom the source tells anything in the longest window. Two ways give the same
table, sums being over integers:

- `build`, from all tiles, in two levels: first user × age bucket (7, 30, … days are the buckets'
  edges), then user, where a window is the sum of its buckets. No day is looked at twice, and no
  condition is asked of more than five rows a person.
- `move`, from the windows of another night: the days that came into a window are added, those that
  left it are taken away; a day that was told anew does both, in its two versions. Extremes cannot
  be taken away: they are looked up in the days of their longest window.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.contracts.feeds import USER_ID
from jobs.contracts.table import Field, Table
from jobs.features.declare import (EXTREMES_DAYS, WINDOWS_DAYS, active_days, measures, recency_days,
                                   windows_of)
from jobs.tiles.source import AGGREGATIONS, Measure, TileSource


def table(source: TileSource) -> Table:
    """The contract of a source's windows."""
    wide = [Field(f"{one.name}_{days}d", "integer", one.unit, f"{one.meaning}, last {days} days.",
                  one.how != "sum") for one in measures(source) for days in windows_of(one)]
    recency = Field(recency_days(source), "integer", "days", "Days since the newest event.", True)
    return replace(source.table, name=f"windows_{source.name}", key=("user_id",),
                   meaning=f"What the last days of {source.name} say of a person.",
                   grain="one user", source=f"tiles of {source.name}", partition="as_of_date",
                   fields=(USER_ID, *wide, recency))


def build(days: DataFrame, source: TileSource, as_of: dt.date) -> DataFrame:
    """The windows of everyone that the source tells of, from all days.

    Args:
        days: The source's tiles: one row a user and event date.
        source: What the measures are.
        as_of: The last day of every window.

    Returns:
        The columns of `table`.
    """
    return _two_levels(_active(days, source), source, as_of, measures(source)).select(
        *table(source).columns)


def move(before: DataFrame, changed: Sequence[tuple[DataFrame, Sequence[int]]], days: DataFrame,
         source: TileSource, as_of: dt.date) -> DataFrame:
    """The same from the windows of another night and the days by which they differ.

    Args:
        before: Columns of `table`.
        changed: Tiles, and for each window 1 where they came into it, -1 where they left it, else
            0.
        days: Tiles of the last EXTREMES_DAYS, for what cannot be taken away again.
        source: What the measures are.
        as_of: The last day of every window.

    Returns:
        The columns of `table`.
    """
    sums = [(one.name, days) for one in measures(source) if one.how == "sum"
            for days in windows_of(one)]
    wide = [f"{name}_{window}d" for name, window in sums]
    moved = [_active(tiles, source).select("user_id", *[
        (F.col(name) * F.lit(signs[WINDOWS_DAYS.index(window)]).cast("long"))
        .alias(f"{name}_{window}d") for name, window in sums]) for tiles, signs in changed]
    added = (reduce(DataFrame.unionByName, moved, before.select("user_id", *wide))
             .groupBy("user_id").agg(*[F.sum(name).alias(name) for name in wide]))
    extremes = [one for one in source.measures if one.how != "sum"]
    # Who has no day left in the longest window is not there any more.
    return (added.where(F.col(f"{active_days(source)}_{WINDOWS_DAYS[-1]}d") > 0)
            .join(_two_levels(days, source, as_of, extremes), on="user_id", how="left")
            .select(*table(source).columns))


def _active(days: DataFrame, source: TileSource) -> DataFrame:
    return days.withColumn(active_days(source), F.lit(1).cast("long"))


def _two_levels(days: DataFrame, source: TileSource, as_of: dt.date,
                wanted: Sequence[Measure]) -> DataFrame:
    bucketed = (days.withColumn("age_days", F.datediff(F.lit(as_of), "event_date"))
                .where(F.col("age_days").between(0, WINDOWS_DAYS[-1] - 1))
                .withColumn("bucket", _bucket())
                .groupBy("user_id", "bucket")
                .agg(*[AGGREGATIONS[one.how](one.name).alias(one.name) for one in wanted],
                     F.min("age_days").cast("long").alias("newest")))
    wide = [_window(one, WINDOWS_DAYS.index(window)).alias(f"{one.name}_{window}d")
            for one in wanted for window in windows_of(one)]
    newest = Measure("newest", "days", "Age of the newest event", lambda: F.col("newest"), "min")
    longest = WINDOWS_DAYS.index(EXTREMES_DAYS)
    return bucketed.groupBy("user_id").agg(
        *wide, _window(newest, longest).alias(recency_days(source)))


def _bucket() -> Column:
    """Number of the first window that the day lies in."""
    found = F.when(F.col("age_days") < WINDOWS_DAYS[0], F.lit(0))
    for number, window in enumerate(WINDOWS_DAYS[1:], start=1):
        found = found.when(F.col("age_days") < window, F.lit(number))
    return found


def _window(one: Measure, number: int) -> Column:
    """A measure over the first buckets; a sum over none is 0, an extreme is not known."""
    inside = AGGREGATIONS[one.how](F.when(F.col("bucket") <= number, F.col(one.name)))
    return F.coalesce(inside, F.lit(0).cast("long")) if one.how == "sum" else inside
