"""Tiles → windows: every measure of a source over 7, 30, 90, 180 and 365 days, in two levels.

First user × age bucket (7, 30, … days are the buckets' edges), then user, where a window is the sum
of its buckets: no event or day is looked at twice, and no condition is asked of more than five rows
a person.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.features.declare import WINDOWS_DAYS, active_days
from jobs.features.point_in_time import SPINE
from jobs.tiles.source import AGGREGATIONS, TileSource


def build(days: DataFrame, source: TileSource) -> DataFrame:
    """The windows of everyone that the source tells of.

    Args:
        days: `as_of_date` and the columns of the source's tiles: one row a user, as-of date and
            event date, none after the as-of date.
        source: What the measures are.

    Returns:
        SPINE, `<measure>_<days>d`, `<source>_recency_days` and `<source>_tenure_days`.
    """
    how = {one.name: one.how for one in source.measures} | {active_days(source): "sum"}
    age = F.datediff("as_of_date", "event_date")
    bucketed = (days.withColumn("age_days", age)
                .withColumn(active_days(source), F.lit(1).cast("long"))
                .where(F.col("age_days").between(0, WINDOWS_DAYS[-1] - 1))
                .withColumn("bucket", _bucket())
                .groupBy(*SPINE, "bucket")
                .agg(*[AGGREGATIONS[kind](name).alias(name) for name, kind in how.items()],
                     F.min("age_days").alias("newest"), F.max("age_days").alias("oldest")))
    wide = [_window(name, kind, number).alias(f"{name}_{window}d")
            for name, kind in how.items() for number, window in enumerate(WINDOWS_DAYS)]
    return bucketed.groupBy(*SPINE).agg(
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
