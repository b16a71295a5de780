"""Friends: trouble and care run in circles.

People deal with people of their own means and habits, and whoever lends to a circle of defaulters
soon lends to their friend; friends' observed repayment lifts a score most where the bureau knows
nothing (Lin, Prabhala and Viswanathan, Judging borrowers by the company they keep, 2013).

Sources: clean social_edges and loan_performance, consents. Grain: one user and as-of date, of
everyone who deals with anybody. An edge is what the last DAYS days saw between two people who both
agree to the use of social data; of a person the STRONGEST ones count, so that one with 100,000
edges costs no more than others. Of outcomes only those known on the as-of date count, and never a
person's own: a walk of two steps that leads back to its start is taken out again.

The risk after one and two steps is a personalised PageRank cut off after two rounds (Page, Brin,
Motwani and Winograd, 1999), with friends of known outcome as sources; weights are contacts, capped
at HEAVIEST, and all sums are over integers.

Signs: friends' defaults; how many people anybody deals with says nothing by itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from jobs.contracts.feeds import LOAN_PERFORMANCE, SOCIAL_EDGES, USER_ID
from jobs.contracts.table import Field, Table
from jobs.expressions import ratio
from jobs.features.point_in_time import SPINE

DAYS, STRONGEST, HEAVIEST = 90, 100, 1_000
_FRIENDS, _CIRCLE = "friends", "SOCIAL_CIRCLE"


def _count(name: str, meaning: str, unit: str = _FRIENDS, monotone: int = 0,
           code: str = "SOCIAL_TIES") -> Field:
    return Field(name, "integer", unit, f"{meaning}, last {DAYS} days.", True, 0,
                 monotone=monotone, reason_code=code)


def _ratio(name: str, meaning: str, monotone: int = 0, code: str = "SOCIAL_TIES") -> Field:
    return Field(name, "double", "ratio", f"{meaning}, last {DAYS} days.", True, 0.0, 1.0,
                 monotone=monotone, reason_code=code)


FIELDS: tuple[Field, ...] = (
    _count("friend_count_90d", "People dealt with, the strongest 100"),
    _count("friend_of_count_90d", "People of whom this is one of the strongest 100 friends"),
    _count("friend_contacts_90d", "Contacts with friends, weighted degree", "contacts"),
    _count("mutual_friend_count_90d", "Friends who deal with the person too"),
    _ratio("friend_reciprocity_90d_ratio", "Mutual friends over all"),
    _ratio("strongest_friend_90d_ratio", "Contacts with the strongest friend over all"),
    _count("friend_outcome_count_90d", "Friends of whom an outcome is known", code=_CIRCLE),
    _count("friend_default_count_90d", "Friends who defaulted", monotone=1, code=_CIRCLE),
    _ratio("friend_default_90d_ratio", "Friends who defaulted over those of known outcome", 1,
           _CIRCLE),
    _ratio("friend_risk_90d_ratio", "The same, each friend weighed by contacts", 1, _CIRCLE),
    _ratio("two_step_risk_90d_ratio", "Friends' friends who defaulted over those of known outcome, "
           "by contacts, the person's own outcome left out", 1, _CIRCLE),
)
FRIENDS = Table(
    name="friends", meaning="What a person's friends say of them.", grain="one user and as-of date",
    key=SPINE, owner="risk team", source="social_edges, loan_performance, consents",
    partition="run", purpose=SOCIAL_EDGES.purpose,
    fields=(USER_ID, Field("as_of_date", "date", "date", "Only what was known then counts."),
            *FIELDS))


def build(dates: DataFrame, edges: DataFrame, outcomes: DataFrame,
          agreed: DataFrame | None) -> DataFrame:
    """The features of everyone with a friend.

    Args:
        dates: `as_of_date`, unique.
        edges: Facts of social_edges.
        outcomes: Facts of loan_performance.
        agreed: `user_id` of the people who agree to the use of social data; None: all do.

    Returns:
        The columns of FRIENDS.
    """
    friends = _strongest(_known_edges(dates, edges, agreed))
    known = _known_outcomes(dates, outcomes)
    return _features(friends, known).select(*FRIENDS.columns)


def _known_edges(dates: DataFrame, edges: DataFrame, agreed: DataFrame | None) -> DataFrame:
    """One row an as-of date, user and friend: contacts, from what was known by then."""
    seen = F.broadcast(dates).crossJoin(edges).where(
        _is_known() & (F.col("event_date") > F.date_sub("as_of_date", DAYS))
        & (F.col("user_id") != F.col("friend_user_id")))
    if agreed is not None:
        for name in ("user_id", "friend_user_id"):
            seen = seen.join(agreed.select(F.col("user_id").alias(name)), on=name, how="left_semi")
    return (_newest(seen, SOCIAL_EDGES.key)
            .groupBy(*SPINE, "friend_user_id").agg(F.sum("contacts").alias("contacts"))
            .withColumn("weight", F.least("contacts", F.lit(HEAVIEST)).cast("long")))


def _strongest(edges: DataFrame) -> DataFrame:
    order = Window.partitionBy(*SPINE).orderBy(F.col("contacts").desc(), "friend_user_id")
    return (edges.withColumn("place", F.row_number().over(order))
            .where(F.col("place") <= STRONGEST).drop("place"))


def _known_outcomes(dates: DataFrame, outcomes: DataFrame) -> DataFrame:
    """One row an as-of date and friend: 1 where any known window ended in default, else 0."""
    seen = F.broadcast(dates).crossJoin(outcomes).where(_is_known())
    return (_newest(seen, LOAN_PERFORMANCE.key)
            .groupBy("as_of_date", F.col("user_id").alias("friend_user_id"))
            .agg(F.max(F.col("is_default").cast("long")).alias("bad"))
            .withColumn("known", F.lit(1).cast("long")))


def _is_known() -> F.Column:
    return ((F.col("delivery_date") <= F.col("as_of_date"))
            & (F.col("event_date") <= F.col("as_of_date"))
            & (F.col("voided_on").isNull() | (F.col("voided_on") > F.col("as_of_date"))))


def _newest(seen: DataFrame, key: Sequence[str]) -> DataFrame:
    """Of several deliveries of a fact the newest one."""
    order = Window.partitionBy("as_of_date", *key).orderBy(F.col("delivery_date").desc())
    return seen.withColumn("recency", F.row_number().over(order)).where(F.col("recency") == 1)


def _features(friends: DataFrame, known: DataFrame) -> DataFrame:
    back = friends.select("as_of_date", F.col("friend_user_id").alias("user_id"),
                          F.col("user_id").alias("friend_user_id"),
                          F.col("weight").alias("weight_back"))
    # What a friend's own friends say, all of them: the person's part is taken out below.
    told = friends.join(known, on=["as_of_date", "friend_user_id"], how="left").fillna(
        0, subset=["bad", "known"])
    second = told.groupBy("as_of_date", F.col("user_id").alias("friend_user_id")).agg(
        F.sum(F.col("weight") * F.col("bad")).alias("friends_bad"),
        F.sum(F.col("weight") * F.col("known")).alias("friends_known"))
    own = known.select("as_of_date", F.col("friend_user_id").alias("user_id"),
                       F.col("bad").alias("own_bad"), F.col("known").alias("own_known"))
    walked = (told.join(back, on=[*SPINE, "friend_user_id"], how="left")
              .join(second, on=["as_of_date", "friend_user_id"], how="left")
              .join(own, on=list(SPINE), how="left")
              .fillna(0, subset=["weight_back", "friends_bad", "friends_known", "own_bad",
                                 "own_known"])
              .withColumn("step_bad", F.col("weight") * (
                  F.col("friends_bad") - F.col("weight_back") * F.col("own_bad")))
              .withColumn("step_known", F.col("weight") * (
                  F.col("friends_known") - F.col("weight_back") * F.col("own_known"))))
    summed = walked.groupBy(*SPINE).agg(
        F.count("friend_user_id").alias("friend_count_90d"),
        F.sum("contacts").alias("friend_contacts_90d"),
        F.sum((F.col("weight_back") > 0).cast("long")).alias("mutual_friend_count_90d"),
        F.max("contacts").alias("strongest"),
        F.sum("known").alias("friend_outcome_count_90d"),
        F.sum("bad").alias("friend_default_count_90d"),
        *[F.sum(F.col("weight") * F.col(name)).alias(f"weighed_{name}")
          for name in ("bad", "known")],
        F.sum("step_bad").alias("step_bad"), F.sum("step_known").alias("step_known"))
    of = back.groupBy(*SPINE).agg(F.count("friend_user_id").alias("friend_of_count_90d"))
    return (summed.join(of, on=list(SPINE), how="left").fillna(0, subset=["friend_of_count_90d"])
            .withColumn("friend_reciprocity_90d_ratio", ratio(
                F.col("mutual_friend_count_90d"), F.col("friend_count_90d")))
            .withColumn("strongest_friend_90d_ratio", ratio(
                F.col("strongest"), F.col("friend_contacts_90d")))
            .withColumn("friend_default_90d_ratio", ratio(
                F.col("friend_default_count_90d"), F.col("friend_outcome_count_90d")))
            .withColumn("friend_risk_90d_ratio", ratio(
                F.col("weighed_bad"), F.col("weighed_known")))
            .withColumn("two_step_risk_90d_ratio", ratio(
                F.col("step_bad"), F.col("step_known"))))


def as_of(spark: SparkSession, days: Sequence[dt.date]) -> DataFrame:
    """The dates as a frame, for `build`."""
    return spark.createDataFrame([(day,) for day in days], "as_of_date date")
