"""Policy rules over everyone considered: who may be offered anything, and why not.

Sources: `feature_matrix`, `scores`, the policy in force. Grain: one user. Output: `eligibility`
with every failing rule in policy order, so that the first one explains the waterfall.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs import store
from jobs.config import Run
from jobs.contracts.night import ELIGIBILITY, FEATURE_MATRIX, SCORES
from jobs.inputs import frozen_policy
from jobs.policies.policy import Rule
from jobs.session import session


def build(matrix: DataFrame, scores: DataFrame, rules: Sequence[Rule]) -> DataFrame:
    """Apply every rule to every person.

    Args:
        matrix: `feature_matrix`.
        scores: `scores` of the same people.
        rules: In policy order.
    """
    failing = F.array_compact(F.array(*[F.when(fails(rule), F.lit(rule.name)) for rule in rules]))
    return (matrix.join(scores.drop("as_of_date"), on="user_id", how="inner")
            .withColumn("failing_rules", failing)
            .withColumn("is_eligible", F.size("failing_rules") == 0)
            .select(*ELIGIBILITY.columns))


def fails(rule: Rule) -> Column:
    """Whether a person fails the rule; a missing value fails unless the rule lets it pass."""
    column = F.col(rule.column)
    broken = F.lit(False)
    if rule.at_least is not None:
        broken = broken | (column < rule.at_least)
    if rule.at_most is not None:
        broken = broken | (column > rule.at_most)
    return F.coalesce(broken, F.lit(not rule.missing_passes))


def main(run: Run) -> dict[str, int]:
    """Write the eligibility of everyone considered."""
    spark, rules = session(), frozen_policy(run).rules
    table = build(store.read(spark, run.folder / "feature_matrix", FEATURE_MATRIX),
                  store.read(spark, run.folder / "scores", SCORES), rules)
    considered = store.write(table, ELIGIBILITY, run.folder / "eligibility")
    written = store.read(spark, run.folder / "eligibility", ELIGIBILITY)
    return {"considered": considered, "eligible": written.where("is_eligible").count()}
