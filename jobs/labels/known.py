"""What a night knows of a feed, and over which days the feed tells of everything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F


@dataclass(frozen=True)
class Seen:
    """The days of which a feed told, both included; None where it told nothing.

    A window that reaches beyond them is not closed, whatever the date of the night: nothing that
    was not delivered may be read as nothing that happened.
    """

    first: dt.date | None
    last: dt.date | None

    def reaches(self, day: Column) -> Column:
        """Whether the feed has told of the day."""
        return F.coalesce(day <= F.lit(self.last).cast("date"), F.lit(False))

    def begins_by(self, day: Column) -> Column:
        """Whether the feed told of the day and of all that it has reached after it."""
        return F.coalesce(day >= F.lit(self.first).cast("date"), F.lit(False))


def seen(deliveries: Sequence[dict[str, Any]]) -> Seen:
    """The days of which the frozen deliveries of a daily feed told.

    Args:
        deliveries: What `inputs.feed_deliveries` gives.
    """
    told = [row for row in deliveries if row["voided_on"] is None]
    events = [day for row in told for day in row["event_dates"]]
    if not events:
        return Seen(None, None)
    return Seen(dt.date.fromisoformat(min(events)),
                dt.date.fromisoformat(max(row["delivery_date"] for row in told)))


def known(facts: DataFrame, key: Sequence[str], as_of: dt.date) -> DataFrame:
    """The facts that a night knows: of several deliveries of one the newest.

    Args:
        facts: With `event_date`, `delivery_date`, `voided_on`.
        key: The fact's unique key within a delivery.
        as_of: The night.
    """
    night = F.lit(as_of)
    newest = Window.partitionBy(*key).orderBy(F.col("delivery_date").desc())
    return (facts
            .where((F.col("delivery_date") <= night) & (F.col("event_date") <= night)
                   & (F.col("voided_on").isNull() | (F.col("voided_on") > night)))
            .withColumn("recency", F.row_number().over(newest))
            .where(F.col("recency") == 1)
            .drop("recency", "delivery_date", "voided_on"))
