"""Limit and rate by a tier matrix: score tiers down, the bound card's limit across.

Sources: `eligibility`, `scores`, `feature_matrix`, the policy in force. Grain: one eligible user.
Output: `limits`. This is how lenders commonly do it, and the baseline that an optimiser has to
beat. Money is granted from the best score down until the expected draws reach the funding.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs import store
from jobs.config import Run
from jobs.contracts.night import ELIGIBILITY, FEATURE_MATRIX, LIMITS, SCORES
from jobs.contracts.table import TYPES
from jobs.inputs import frozen_policy
from jobs.limits.problem import MINOR
from jobs.policies.policy import Policy, Tier
from jobs.session import session



def build(eligibility: DataFrame, scores: DataFrame, matrix: DataFrame,
          policy: Policy) -> DataFrame:
    """Price every eligible person and fund them from the best score down.

    The running sum of expected draws is over integers in one total order (score, then user), so
    that it is the same on every engine. It gathers the eligible on one partition, which is the
    known limit of this baseline: about ten million people.
    """
    people = (eligibility.where(F.col("is_eligible")).select("user_id")
              .join(scores.select("user_id", "score_points"), on="user_id", how="inner")
              .join(matrix.select("user_id", "card_limit_minor"), on="user_id", how="inner"))
    draw = F.floor(F.col("limit_minor") * F.lit(round(policy.expected_draw_ratio * 10_000))
                   / F.lit(10_000))
    # One partition on purpose, said by a constant: without one both engines warn at every night.
    best_first = (Window.partitionBy(F.lit(1))
                  .orderBy(F.col("score_points").desc(), F.col("user_id"))
                  .rowsBetween(Window.unboundedPreceding, Window.currentRow))
    return (people
            .withColumn("score_tier", by_tier(policy, lambda tier: F.lit(tier.tier)))
            .withColumn("limit_minor", by_tier(policy, lambda tier: limit_of(tier, policy)))
            .withColumn("rate_daily", by_tier(policy, rate_of))
            .withColumn("expected_draw_minor", draw.cast("long"))
            .withColumn("drawn_so_far", F.sum("expected_draw_minor").over(best_first))
            .withColumn("is_funded", F.col("drawn_so_far") <= F.lit(policy.funding * MINOR))
            .select(*LIMITS.columns))


def by_tier(policy: Policy, value: Callable[[Tier], Column]) -> Column:
    """The value of the first tier whose floor the score reaches (tiers fall to 0 points)."""
    chosen = None
    for tier in policy.tiers[:-1]:
        reached = F.col("score_points") >= tier.points_from
        chosen = F.when(reached, value(tier)) if chosen is None else chosen.when(
            reached, value(tier))
    last = value(policy.tiers[-1])
    return last if chosen is None else chosen.otherwise(last)


def limit_of(tier: Tier, policy: Policy) -> Column:
    """The tier's limit in minor units for the band that the bound card's limit falls in."""
    bands = list(zip(policy.card_limit_from, tier.limits, strict=True))
    chosen = F.lit(bands[0][1] * MINOR)
    for floor, limit in bands[1:]:
        chosen = F.when(F.col("card_limit_minor") >= floor * MINOR,
                        F.lit(limit * MINOR)).otherwise(chosen)
    return chosen.cast("long")


def rate_of(tier: Tier) -> Column:
    """The tier's daily rate as an exact decimal."""
    return F.lit(str(tier.rate_daily)).cast(TYPES["rate"][0])


def main(run: Run) -> dict[str, int]:
    """Write limit and rate of every eligible person."""
    spark = session()
    table = build(store.read(spark, run.folder / "eligibility", ELIGIBILITY),
                  store.read(spark, run.folder / "scores", SCORES),
                  store.read(spark, run.folder / "feature_matrix", FEATURE_MATRIX),
                  frozen_policy(run))
    eligible = store.write(table, LIMITS, run.folder / "limits")
    written = store.read(spark, run.folder / "limits", LIMITS)
    return {"eligible": eligible, "funded": written.where("is_funded").count()}
