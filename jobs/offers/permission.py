"""Who must not be invited: suppression lists, and channels on which a person wants nothing.

Sources: clean suppressions, marketing_opt_outs, bound_cards, as the night knows them. Neither needs
a consent: they protect the person. A list's entry that names a national id bars everyone of whose
cards one carries it.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.contracts.campaign import BARRIERS
from jobs.policies.campaign import CHANNELS

#: The list of schools; the others bar whatever the date.
STUDENTS = "student"
#: Before the channel, in the list of an opt-out.
OPT_OUT = "opt_out_"


def barriers(entries: DataFrame, cards: DataFrame, opt_outs: DataFrame) -> DataFrame:
    """Every list that a person is on, and every channel that a person has closed: BARRIERS.

    Args:
        entries: Known suppressions.
        cards: Known bound_cards.
        opt_outs: Known marketing_opt_outs.
    """
    return _listed(entries, cards).union(_closed(opt_outs))


def counts(barred: DataFrame) -> DataFrame:
    """What rules look at of each person who has a barrier.

    Args:
        barred: BARRIERS.

    Returns:
        `user_id`, `suppressions`, `student_lists`, `closed_channels`, `closed_channel_names`.
    """
    name = F.col("list_name")
    is_opt_out, is_student = name.startswith(OPT_OUT), name == STUDENTS
    channel = F.when(is_opt_out, F.substring(name, len(OPT_OUT) + 1, 99))

    def number(condition: Column) -> Column:
        return F.count(F.when(condition, 1))

    return barred.groupBy("user_id").agg(
        number(~is_opt_out & ~is_student).alias("suppressions"),
        number(is_student).alias("student_lists"), number(is_opt_out).alias("closed_channels"),
        F.sort_array(F.collect_list(channel)).alias("closed_channel_names"))


def column_of(list_name: str) -> str:
    """The column of `rule_facts` in which a barrier counts."""
    if list_name.startswith(OPT_OUT):
        return "closed_channels"
    return "student_lists" if list_name == STUDENTS else "suppressions"


def _listed(entries: DataFrame, cards: DataFrame) -> DataFrame:
    """Lists in force. Of a person and list the newest entry counts, of one day's an addition."""
    told = ("user_id", "list_name", "event_date", "action")
    holders = (cards.where(F.col("national_id").isNotNull())
               .select("user_id", "national_id").distinct())
    by_national_id = (entries.where(F.col("national_id").isNotNull()).drop("user_id")
                      .join(holders, on="national_id", how="inner").select(*told))
    named = entries.where(F.col("user_id").isNotNull()).select(*told).union(by_national_id)
    return _newest(named, "added")


def _closed(opt_outs: DataFrame) -> DataFrame:
    """Channels closed. Of a channel the newest action counts, of one day's the refusal."""
    # `all` is one of each.
    every = F.array(*[F.lit(channel) for channel in CHANNELS])
    each = opt_outs.withColumn("one", F.explode(
        F.when(F.col("channel") == "all", every).otherwise(F.array("channel"))))
    return _newest(each.withColumn("list_name", F.concat(F.lit(OPT_OUT), "one")), "out")


def _newest(told: DataFrame, bars: str) -> DataFrame:
    """BARRIERS: of a person and list the newest row, where its action is the one that bars."""
    newest = Window.partitionBy("user_id", "list_name").orderBy(
        F.col("event_date").desc(), F.col("action") != bars)
    return (told.withColumn("place", F.row_number().over(newest))
            .where((F.col("place") == 1) & (F.col("action") == bars))
            .withColumnRenamed("event_date", "listed_on").select(*BARRIERS.columns))
