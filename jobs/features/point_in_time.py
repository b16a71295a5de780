"""What was known about a person on a date: the only way features read facts.

A *spine* says whose features are wanted and as of when (`user_id`, `as_of_date`). A fact is seen
by a row of the spine when it had happened and had been delivered by that date, and no other
delivery had stood in for its own by then; of several deliveries of the same fact the newest one
known then counts. Training and scoring share this code: only their spines differ.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

SPINE = ("user_id", "as_of_date")


def visible(spine: DataFrame, facts: DataFrame, key: Sequence[str]) -> DataFrame:
    """The facts each row of the spine may see.

    Args:
        spine: `user_id`, `as_of_date`, one row each.
        facts: `user_id`, `event_date`, `delivery_date`, `voided_on` and values.
        key: The fact's unique key within a delivery, with `user_id`.

    Returns:
        `as_of_date` and all columns of the facts but the delivery's.
    """
    newest = (Window.partitionBy("as_of_date", *key).orderBy(F.col("delivery_date").desc()))
    return (
        spine.select(*SPINE).join(facts, on="user_id", how="inner")
        .where((F.col("delivery_date") <= F.col("as_of_date"))
               & (F.col("event_date") <= F.col("as_of_date"))
               & (F.col("voided_on").isNull() | (F.col("voided_on") > F.col("as_of_date"))))
        .withColumn("recency", F.row_number().over(newest))
        .where(F.col("recency") == 1)
        .drop("recency", "delivery_date", "voided_on"))


def recent(facts: DataFrame, months: int) -> DataFrame:
    """The visible facts of the last months before the as-of date: what is older is not news.

    Args:
        facts: Visible facts with `as_of_date` and `event_date`.
        months: Calendar months back from the as-of date; that day itself is out.
    """
    return facts.where(F.col("event_date") > F.add_months(F.col("as_of_date"), -months))


def last_months(facts: DataFrame, values: dict[str, str], months: int) -> DataFrame:
    """The last monthly facts side by side.

    Two levels (rank, then a grouped maximum of one value each) instead of one scan a month.

    Args:
        facts: Visible facts, one a user, as-of date and `event_date`.
        values: Column -> prefix of its wide names: `<prefix>_1` is the latest.
        months: How many.

    Returns:
        One row a (`user_id`, `as_of_date`) with `months` columns a value.
    """
    latest_first = Window.partitionBy(*SPINE).orderBy(F.col("event_date").desc())
    ranked = facts.withColumn("month", F.row_number().over(latest_first))
    wide = [F.max(F.when(F.col("month") == k, F.col(column))).alias(f"{prefix}_{k}")
            for column, prefix in values.items() for k in range(1, months + 1)]
    return ranked.where(F.col("month") <= months).groupBy(*SPINE).agg(*wide)
