"""What became of invitations and loans → labels: the outcomes that the night may learn from.

Sources: clean loan_performance, loan_days, invitations, account_flows, consents; the policy in
force. Grain: one user and observation date. Output: `observations` (open windows too) and `labels`
(rows with at least one known outcome). `run.json` says under `outcomes` how many windows are
closed, open or unknown and whose definition of default was used.
"""

from __future__ import annotations

import datetime as dt
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import store
from jobs.config import Run
from jobs.contracts import feeds
from jobs.contracts.night import LABELS
from jobs.features import consent
from jobs.features.point_in_time import SPINE
from jobs.inputs import facts, feed_deliveries, frozen_policy, record
from jobs.labels import income, loans, observations, offers
from jobs.labels.known import Seen, known, seen
from jobs.labels.observations import OBSERVATIONS, TARGETS, WINDOWS
from jobs.policies.outcomes import OutcomeRules
from jobs.session import session

#: Key in run.json.
COUNTS = "outcomes"
#: Values of crc32.
_HASHES = 2.0**32


def build(observed: DataFrame, incomes: DataFrame | None, refusals: int, at_most: int
          ) -> DataFrame:
    """The rows to learn from.

    Refusals are most of the invitations and tell the least each: of more than `at_most` a sample by
    hash is taken, and each that is kept stands for as many more.

    Args:
        observed: `observations`.
        incomes: What `income.build` gives, or None where no accounts are known.
        refusals: Rows of `observed` that `is_refusal` holds for.
        at_most: Rows of refusals to learn from, about.
    """
    share = min(1.0, at_most / max(refusals, 1))
    place = F.crc32(F.concat("user_id", F.col("as_of_date").cast("string"))) / _HASHES
    told = reduce(Column.__or__, [F.col(name).isNotNull() for name in TARGETS])
    kept = (observed.where(told & (~is_refusal() | (place < share)))
            .withColumn("weight", F.col("weight") / F.when(is_refusal(), share).otherwise(1.0)))
    if incomes is None:
        return kept.withColumn("income_minor", F.lit(None).cast("long")).select(*LABELS.columns)
    return kept.join(incomes, on=list(SPINE), how="left").select(*LABELS.columns)


def observe(days: DataFrame, sent: DataFrame, performance: DataFrame, rules: OutcomeRules,
            told: Seen, as_of: dt.date) -> DataFrame:
    """What a night knows of invitations and loans: `observations`.

    Args:
        days: Facts of loan_days.
        sent: Facts of invitations.
        performance: Facts of loan_performance.
        rules: Of the policy in force.
        told: The days of which loan_days told.
        as_of: The night.
    """
    lent = loans.build(known(days, feeds.LOAN_DAYS.key, as_of), rules, told)
    rows = offers.build(known(sent, feeds.INVITATIONS.key, as_of), lent, rules, told)
    outcomes = observations.delivered(
        known(performance, feeds.LOAN_PERFORMANCE.key, as_of),
        None if rules.default is None else lent)
    return observations.build(rows, outcomes)


def is_refusal() -> Column:
    """Whether all that is known of an observation is that the invitation was not accepted."""
    others = [F.col(name).isNull() for name in TARGETS if name != "is_accepted"]
    return reduce(Column.__and__, others, F.coalesce(~F.col("is_accepted"), F.lit(False)))


def borrowers(labels: DataFrame, days: DataFrame | None = None) -> DataFrame:
    """`user_id`, once each, of the people who are not considered because they have a loan.

    Where loans are told of day by day, those who owe us. Who had a loan of a partner lender, or has
    paid ours back, is considered: by a model that may have learned from what became of that loan,
    so that their probability of default flatters the model more than others' does. That is the
    price of a city of which anybody is left after a year.

    Args:
        labels: The night's labels.
        days: Known rows of loan_days, or None where none were ever delivered: then everyone whose
            loan performance is known counts as having a loan.
    """
    if days is None:
        return labels.where(F.col("is_default").isNotNull()).select("user_id").distinct()
    return loans.owed_to_us(days).where(F.col("own_balance_minor") > 0).select("user_id")


def borrowers_of(spark: SparkSession, run: Run) -> DataFrame:
    """The borrowers of a night that has its labels."""
    days = None
    if feed_deliveries(run, feeds.LOAN_DAYS):
        days = known(facts(spark, run, feeds.LOAN_DAYS), feeds.LOAN_DAYS.key, run.as_of)
    return borrowers(store.read(spark, run.folder / LABELS.name, LABELS), days)


def main(run: Run) -> dict[str, int]:
    """Write the night's observations and labels."""
    spark, rules = session(), frozen_policy(run).outcomes
    observed = _observed(spark, run, rules)
    store.write(observed, OBSERVATIONS, run.folder / OBSERVATIONS.name)
    observed = store.read(spark, run.folder / OBSERVATIONS.name, OBSERVATIONS)
    refusals = observed.where(is_refusal()).count()

    def labels(incomes: DataFrame | None) -> DataFrame:
        return build(observed, incomes, refusals, rules.refusals_at_most)

    written = store.write(labels(_incomes(spark, run, labels(None))), LABELS,
                          run.folder / LABELS.name)
    counts = _counts(store.read(spark, run.folder / LABELS.name, LABELS), observed)
    record(run, COUNTS, {**counts, "refusals": refusals})
    return {"labels": written, **{name: counts["known"][name] for name in counts["known"]
                                  if counts["known"][name]}}


def _observed(spark: SparkSession, run: Run, rules: OutcomeRules) -> DataFrame:
    days, sent, performance = (facts(spark, run, feed) for feed in (
        feeds.LOAN_DAYS, feeds.INVITATIONS, feeds.LOAN_PERFORMANCE))
    told = seen(feed_deliveries(run, feeds.LOAN_DAYS))
    return observe(days, sent, performance, rules, told, run.as_of)


def _incomes(spark: SparkSession, run: Run, labels: DataFrame) -> DataFrame | None:
    """Verified incomes of the labels' people who agree to the use of account data."""
    first, last = labels.agg(F.min("as_of_date"), F.max("as_of_date")).collect()[0]
    if first is None or not feed_deliveries(run, feeds.ACCOUNT_FLOWS):
        return None
    spine = labels.select(*SPINE)
    if feed_deliveries(run, feeds.CONSENTS):
        agreed = consent.build(spine.select("user_id").distinct(),
                               facts(spark, run, feeds.CONSENTS), run.as_of)
        spine = spine.join(agreed.where(consent.PREFIX + feeds.ACCOUNT_FLOWS.purpose),
                           on="user_id", how="left_semi")
    return income.build(spine, facts(spark, run, feeds.ACCOUNT_FLOWS), first, last)


def _counts(labels: DataFrame, observed: DataFrame) -> dict[str, dict[str, int]]:
    """Known outcomes of the labels; windows and definitions of all observations."""
    outcomes = [*TARGETS, "income_minor"]
    states = [(name, value) for name in (*WINDOWS, "default_source")
              for value in OBSERVATIONS.field(name).allowed]
    row = labels.agg(*[F.count(name).alias(name) for name in outcomes]).collect()[0]
    cell = observed.agg(*[F.count(F.when(F.col(name) == value, 1)).alias(f"{name} {value}")
                          for name, value in states]).collect()[0]
    found = {"known": {name: int(row[name]) for name in outcomes}}
    for name, value in states:
        found.setdefault(name, {})[value] = int(cell[f"{name} {value}"])
    return found
