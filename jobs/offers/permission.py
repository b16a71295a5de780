"""Who must not be invited: suppression lists, and channels on which a person wants nothing.

Sources: clean suppressions, marketing_opt_outs, bound_cards, as the night knows them. Neither needs
a consent: they protect the person. A list's entry that names a national id bars everyone of whose
cards one carries it.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

#: The list of schools; the others bar whatever the date.
STUDENTS = "student"
CHANNELS = ("push", "sms", "in_app")


def suppressed(entries: DataFrame, cards: DataFrame) -> DataFrame:
    """On how many lists each person is: `user_id`, `suppressions`, `student_lists`.

    Of a person and list the newest entry counts, and of one day's an addition.

    Args:
        entries: Known suppressions.
        cards: Known bound_cards.
    """
    told = ("user_id", "list_name", "event_date", "action")
    holders = (cards.where(F.col("national_id").isNotNull())
               .select("user_id", "national_id").distinct())
    by_national_id = (entries.where(F.col("national_id").isNotNull()).drop("user_id")
                      .join(holders, on="national_id", how="inner").select(*told))
    named = entries.where(F.col("user_id").isNotNull()).select(*told).union(by_national_id)
    newest = Window.partitionBy("user_id", "list_name").orderBy(
        F.col("event_date").desc(), F.col("action") != "added")
    is_student = F.col("list_name") == STUDENTS
    return (named.withColumn("recency", F.row_number().over(newest))
            .where((F.col("recency") == 1) & (F.col("action") == "added"))
            .groupBy("user_id").agg(F.count(F.when(~is_student, 1)).alias("suppressions"),
                                    F.count(F.when(is_student, 1)).alias("student_lists")))


def closed_channels(opt_outs: DataFrame) -> DataFrame:
    """How many channels each person has closed: `user_id`, `closed_channels`.

    Of a channel the newest action counts, `all` being one of each; of one day's, the refusal.

    Args:
        opt_outs: Known marketing_opt_outs.
    """
    every = F.array(*[F.lit(channel) for channel in CHANNELS])
    newest = Window.partitionBy("user_id", "one").orderBy(
        F.col("event_date").desc(), F.col("action") != "out")
    return (opt_outs.select("user_id", "event_date", "action", F.explode(
                F.when(F.col("channel") == "all", every).otherwise(F.array("channel"))
            ).alias("one"))
            .withColumn("recency", F.row_number().over(newest))
            .where((F.col("recency") == 1) & (F.col("action") == "out"))
            .groupBy("user_id").agg(F.count("one").alias("closed_channels")))
