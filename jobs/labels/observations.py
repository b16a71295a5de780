"""Offers, loans and delivered outcomes → everything a night may know of outcomes, open or closed.

Sources: what `offers.build` and `loans.build` give, clean loan_performance. Grain: one user and
observation date. Output: `observations`, of which the labels are the rows with something to learn.

A default is one by the policy's stated definition where the loan stands in loan_days; a row of
loan_performance about the same loan (drawn within its window) then does not count. Elsewhere, and
where the policy states none, loan_performance's own definition holds: that of the lender or data
set that delivers it. `default_source` says which of the two spoke.

The loss given default of a cohort (a lender's loans of one observation date) is known when it is
for every one of its defaults, at the latest once all recovery windows are over. Arrears that are
paid up end within weeks, write-offs after months: taken as they come, they would teach that nothing
is ever lost.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs.contracts.night import LABELS, RISK
from jobs.contracts.table import Field, Table
from jobs.features.point_in_time import SPINE
from jobs.labels.loans import CLOSED, OPEN, UNKNOWN

STATED, DELIVERED = "stated", "delivered"
#: Outcomes that make a row worth learning from; income alone does not.
TARGETS = ("is_default", "is_accepted", "drawn_ratio", "loss_given_default_ratio")
WINDOWS = ("response_window", "performance_window", "recovery_window")

OBSERVATIONS = Table(
    name="observations",
    meaning="What is known of each invitation and loan, and whether its windows have closed.",
    grain="one user and observation date", key=SPINE, owner=RISK,
    source="loan_performance, loan_days, invitations", partition="run",
    fields=(
        *(field for field in LABELS.fields if field.name != "income_minor"),
        Field("default_source", "string", "code", "Whose definition of default it is.", True,
              allowed=(STATED, DELIVERED)),
        *(Field(name, "string", "code", "State of the window; null where there is none.", True,
                allowed=(CLOSED, OPEN, UNKNOWN)) for name in WINDOWS)))


def delivered(performance: DataFrame, loans: DataFrame | None = None) -> DataFrame:
    """The outcomes as delivered: `user_id`, `as_of_date`, `delivered_default`.

    Features of a row are those known by `observed_on`, the first day of its performance window;
    feeds are daily at best, so that day's own deliveries still count as known.

    Args:
        performance: Known rows of loan_performance.
        loans: Loans that a stated definition speaks of; rows about these are left out.
    """
    rows = performance.select("user_id", F.col("observed_on").alias("as_of_date"), "event_date",
                              F.col("is_default").alias("delivered_default"))
    if loans is not None:
        told = (rows.join(loans.select("user_id", "drawn_on"), on="user_id", how="inner")
                .where(F.col("drawn_on").between(F.col("as_of_date"), F.col("event_date")))
                .select(*SPINE).distinct())
        rows = rows.join(told, on=list(SPINE), how="left_anti")
    return rows.drop("event_date")


def build(offers: DataFrame, outcomes: DataFrame) -> DataFrame:
    """Every row of which something is known or awaited.

    Args:
        offers: What `offers.build` gives.
        outcomes: What `delivered` gives.
    """
    stated, told = F.col("is_default"), F.col("delivered_default")
    cohort = Window.partitionBy("lender", "as_of_date").rowsBetween(
        Window.unboundedPreceding, Window.unboundedFollowing)
    has_loss = F.col("is_default") & (F.col("default_balance_minor") > 0)
    is_awaited = has_loss & (F.col("recovery_window") == OPEN)
    state = F.when(F.col("awaited") > 0, OPEN).otherwise(CLOSED)
    return (offers.join(outcomes, on=list(SPINE), how="full")
            .withColumn("default_source", F.when(stated.isNotNull(), STATED)
                        .when(told.isNotNull(), DELIVERED))
            .withColumn("is_default", F.coalesce(stated, told))
            .withColumn("awaited", F.count(F.when(is_awaited, True)).over(cohort))
            .withColumn("recovery_window", F.when(has_loss, state))
            .withColumn("loss_given_default_ratio", F.when(
                F.col("recovery_window") == CLOSED,
                F.col("loss_minor") / F.col("default_balance_minor")))
            .withColumn("weight", F.coalesce("weight", F.lit(1.0)))
            .select(*OBSERVATIONS.columns))
