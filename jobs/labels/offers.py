"""Invitations and loans → rows to learn from: who accepted, and what came of it.

Sources: clean invitations and what `loans.build` gives. Grain: one user and observation date.

A loan answers the newest invitation of its lender that was sent to the person within
`response_days` before the draw-down, that day included. The answer is known once these days are
over, a yes that is seen earlier too: else the ready would be known before the reluctant. What is
sent before loan_days begins to tell has no known answer.

The row of an invitation is dated by its sending, so its features are those known then; a loan that
answers no invitation we know of is dated by the first of the month of its draw-down. Of several
invitations to a person on one day the row is about one, chosen without regard to its answer: one
made at random first, then the lowest id.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.labels.known import Seen
from jobs.labels.loans import CLOSED, OPEN, UNKNOWN
from jobs.policies.outcomes import OutcomeRules

#: What stands for the offer of a loan that answers none, in a key.
NO_OFFER = ""


def build(sent: DataFrame, loans: DataFrame, rules: OutcomeRules, seen: Seen) -> DataFrame:
    """One row an invitation, or a loan without one, to learn from.

    Args:
        sent: Known invitations.
        loans: What `loans.build` gives.
        rules: Of the policy in force.
        seen: The days of which loan_days told.

    Returns:
        `user_id`, `as_of_date`, `offer_id`, `lender`, `is_accepted`, `response_window`,
        `drawn_ratio`, `is_default`, `performance_window`, `default_balance_minor`, `loss_minor`,
        `recovery_window`, `offered_limit_minor`, `offered_rate_daily`, `weight`.
    """
    answered = _answered(sent, loans, rules.response_days)
    until = F.date_add("event_date", rules.response_days)
    offers = sent.select(
        "user_id", F.col("event_date").alias("as_of_date"), "offer_id",
        F.col("lender").alias("offer_lender"), F.col("limit_minor").alias("offer_limit_minor"),
        F.col("rate_daily").cast("double").alias("offer_rate_daily"), "is_exploration",
        F.when(F.col("is_exploration"), 1 / F.col("propensity_ratio")).alias("inverse"),
        F.when(~seen.begins_by(F.col("event_date")), UNKNOWN)
        .when(seen.reaches(until), CLOSED).otherwise(OPEN).alias("response_window"))
    choice = Window.partitionBy("user_id", "as_of_date").orderBy(
        F.coalesce("is_exploration", F.lit(False)).desc(), F.col("offer_id") == NO_OFFER,
        F.col("offer_id"))
    return (offers.join(_summed(answered), on=["user_id", "as_of_date", "offer_id"], how="full")
            .withColumn("place", F.row_number().over(choice)).where(F.col("place") == 1)
            .select("user_id", "as_of_date", "offer_id",
                    F.coalesce("offer_lender", "lender").alias("lender"),
                    F.when(F.col("response_window") == CLOSED, F.col("loans").isNotNull())
                    .alias("is_accepted"), "response_window",
                    F.when((F.col("limit_minor") > 0) & F.col("drawn_minor").isNotNull(),
                           F.least("drawn_minor", "limit_minor") / F.col("limit_minor"))
                    .alias("drawn_ratio"), "is_default", "performance_window",
                    "default_balance_minor", "loss_minor", "recovery_window",
                    F.coalesce("offer_limit_minor", "limit_minor").alias("offered_limit_minor"),
                    F.coalesce("offer_rate_daily", "rate_daily").alias("offered_rate_daily"),
                    F.coalesce("inverse", F.lit(1.0)).alias("weight")))


def _answered(sent: DataFrame, loans: DataFrame, response_days: int) -> DataFrame:
    """The loans with the `offer_id` each answers, and the `as_of_date` of its row."""
    since = F.datediff("drawn_on", "event_date")
    newest = Window.partitionBy("loan_id").orderBy(
        F.col("event_date").desc(), F.col("is_exploration").desc(), F.col("offer_id"))
    answers = (loans.select("loan_id", "user_id", "lender", "drawn_on")
               .join(sent.select("user_id", "lender", "event_date", "is_exploration", "offer_id"),
                     on=["user_id", "lender"], how="inner")
               .where((since >= 0) & (since <= response_days))
               .withColumn("place", F.row_number().over(newest)).where(F.col("place") == 1)
               .select("loan_id", "offer_id", F.col("event_date").alias("sent_on")))
    return (loans.join(answers, on="loan_id", how="left")
            .withColumn("offer_id", F.coalesce("offer_id", F.lit(NO_OFFER)))
            .withColumn("as_of_date", F.coalesce(
                "sent_on", F.trunc("drawn_on", "month").cast("date"))))


def _summed(answered: DataFrame) -> DataFrame:
    """Loans that answer one offer, or none within a month, in one row: what one lacks all lack."""
    def whole(name: str) -> Column:
        return F.when(F.count(name) == F.count(F.lit(1)), F.sum(name)).alias(name)

    def slowest(name: str) -> Column:
        return F.max(name).alias(name)  # "open" comes after "closed"

    return answered.groupBy("user_id", "as_of_date", "offer_id").agg(
        F.count(F.lit(1)).alias("loans"), F.min("lender").alias("lender"), whole("drawn_minor"),
        F.sum("limit_minor").alias("limit_minor"),
        F.max(F.col("rate_daily").cast("double")).alias("rate_daily"),
        F.when(F.count("is_default") == F.count(F.lit(1)),
               F.max(F.col("is_default").cast("int")) == 1).alias("is_default"),
        slowest("performance_window"), F.sum("default_balance_minor").alias(
            "default_balance_minor"), F.sum("loss_minor").alias("loss_minor"),
        slowest("recovery_window"))
