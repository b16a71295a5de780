"""Consent: without it, or after it was withdrawn, a source tells nothing of a person.

Source: clean consents. Grain: one user. Of each purpose the newest action known on the night
counts, for rows to learn from too: data are used on the night, whatever day they tell of. A purpose
that was never given is not given. Where no consent was ever delivered, the product does not record
them, and nothing is withheld.
"""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.contracts.feeds import CONSENTS
from jobs.contracts.feeds.permissions import PURPOSES
from jobs.features.point_in_time import visible

PREFIX = "may_use_"


def build(people: DataFrame, consents: DataFrame, as_of: dt.date) -> DataFrame:
    """What may be used of everyone.

    Args:
        people: `user_id`, unique.
        consents: Facts of the feed.
        as_of: The night.

    Returns:
        `user_id` and a boolean `may_use_<purpose>` each, never null.
    """
    newest = Window.partitionBy("user_id", "purpose").orderBy(F.col("event_date").desc())
    spine = people.select("user_id", F.lit(as_of).alias("as_of_date"))
    given = (visible(spine, consents, CONSENTS.key)
             .withColumn("recency", F.row_number().over(newest))
             .where((F.col("recency") == 1) & (F.col("action") == "given"))
             .groupBy("user_id")
             .agg(*[F.max(F.when(F.col("purpose") == one, F.lit(True))).alias(PREFIX + one)
                    for one in PURPOSES]))
    return people.select("user_id").join(given, on="user_id", how="left").select(
        "user_id", *[F.coalesce(PREFIX + one, F.lit(False)).alias(PREFIX + one)
                     for one in PURPOSES])


def counts(permitted: DataFrame) -> dict[str, int]:
    """People of whom a purpose may not be used, for `run.json`."""
    sums = [F.sum(F.when(F.col(PREFIX + one), 0).otherwise(1)).alias(one) for one in PURPOSES]
    return {one: int(number or 0) for one, number in permitted.agg(*sums).collect()[0]
            .asDict().items()}


def withheld(value: Column, purpose: str) -> Column:
    """The value where the purpose may be used, else null."""
    return F.when(F.col(PREFIX + purpose), value)
