"""Tiles → windows: every measure of a source over 7, 30, 90, 180 and 365 days.

Grain: one user of whom the source tells anything in the longest window. Two ways give the same
table, sums being over integers:

- `build`, from all tiles, in two levels: first user × age bucket (7, 30, … days are the buckets'
  edges), then user, where a window is the sum of its buckets. No day is looked at twice, and no
  condition is asked of more than five rows a person.
- `move`, from the windows of another night: the days that came into a window are added, those that
  left it are taken away; a day that was told anew does both, in its two versions. Only extremes and
  the first and last day, which cannot be taken away, are looked up in all tiles.
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
from jobs.features.declare import WINDOWS_DAYS, active_days
from jobs.tiles.source import AGGREGATIONS, TileSource


def table(source: TileSource) -> Table:
    """The contract of a source's windows."""
    measures = [(field.name, field.unit, field.nullable) for field in source.table.fields[2:]]
    wide = [Field(f"{name}_{days}d", "integer", unit, f"{name}, last {days} days.", nullable)
            for name, unit, nullable in [*measures, (active_days(source), "days", False)]
            for days in WINDOWS_DAYS]
    ends = [Field(f"{source.name}_{name}_days", "integer", "days", f"Days since the {day} event.")
            for name, day in (("recency", "newest"), ("tenure", "oldest"))]
    return replace(source.table, name=f"windows_{source.name}", key=("user_id",),
                   meaning=f"What the last days of {source.name} say of a person.",
                   grain="one user", source=f"tiles of {source.name}", partition="as_of_date",
                   fields=(USER_ID, *wide, *ends))


def build(days: DataFrame, source: TileSource, as_of: dt.date) -> DataFrame:
    """The windows of everyone that the source tells of, from all days.

    Args:
        days: The source's tiles: one row a user and event date.
        source: What the measures are.
        as_of: The last day of every window.

    Returns:
        The columns of `table`.
    """
    how = {one.name: one.how for one in source.measures} | {active_days(source): "sum"}
    return _two_levels(days.withColumn(active_days(source), F.lit(1).cast("long")), source, as_of,
                       how).select(*table(source).columns)


def move(before: DataFrame, changed: Sequence[tuple[DataFrame, Sequence[int]]], days: DataFrame,
         source: TileSource, as_of: dt.date) -> DataFrame:
    """The same from the windows of another night and the days by which they differ.

    Args:
        before: Columns of `table`.
        changed: Tiles, and for each window 1 where they came into it, -1 where they left it, else
            0.
        days: All tiles, for what cannot be taken away again.
        source: What the measures are.
        as_of: The last day of every window.

    Returns:
        The columns of `table`.
    """
    sums = [*[one.name for one in source.measures if one.how == "sum"], active_days(source)]
    wide = [f"{name}_{window}d" for name in sums for window in WINDOWS_DAYS]
    moved = [tiles.withColumn(active_days(source), F.lit(1).cast("long"))
             .select("user_id", *[(F.col(name) * F.lit(sign).cast("long"))
                                  .alias(f"{name}_{window}d") for name in sums
                                  for window, sign in zip(WINDOWS_DAYS, signs, strict=True)])
             for tiles, signs in changed]
    added = (reduce(DataFrame.unionByName, moved, before.select("user_id", *wide))
             .groupBy("user_id").agg(*[F.sum(name).alias(name) for name in wide]))
    extremes = {one.name: one.how for one in source.measures if one.how != "sum"}
    # Who has no day left in the longest window is not there any more.
    there = _two_levels(days, source, as_of, extremes)
    return there.join(added, on="user_id", how="inner").select(*table(source).columns)


def _two_levels(days: DataFrame, source: TileSource, as_of: dt.date, how: dict[str, str]
                ) -> DataFrame:
    bucketed = (days.withColumn("age_days", F.datediff(F.lit(as_of), "event_date"))
                .where(F.col("age_days").between(0, WINDOWS_DAYS[-1] - 1))
                .withColumn("bucket", _bucket())
                .groupBy("user_id", "bucket")
                .agg(*[AGGREGATIONS[kind](name).alias(name) for name, kind in how.items()],
                     F.min("age_days").alias("newest"), F.max("age_days").alias("oldest")))
    wide = [_window(name, kind, number).alias(f"{name}_{window}d")
            for name, kind in how.items() for number, window in enumerate(WINDOWS_DAYS)]
    return bucketed.groupBy("user_id").agg(
        *wide, F.min("newest").cast("long").alias(f"{source.name}_recency_days"),
        F.max("oldest").cast("long").alias(f"{source.name}_tenure_days"))


def _bucket() -> Column:
    """Number of the first window that the day lies in."""
    found = F.when(F.col("age_days") < WINDOWS_DAYS[0], F.lit(0))
    for number, window in enumerate(WINDOWS_DAYS[1:], start=1):
        found = found.when(F.col("age_days") < window, F.lit(number))
    return found


def _window(name: str, how: str, number: int) -> Column:
    """A measure over the first buckets; a sum over none is 0, an extreme is not known."""
    inside = AGGREGATIONS[how](F.when(F.col("bucket") <= number, F.col(name)))
    return F.coalesce(inside, F.lit(0).cast("long")) if how == "sum" else inside
