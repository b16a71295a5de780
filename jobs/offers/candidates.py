"""Who may be offered something, with all that an offer's value rests on → `candidates`.

Sources: `eligibility`, `scores`, `rule_facts`, `feature_matrix`, the policy and the law of the
date. Grain: one user who fails no rule, or only rules that exploration may pass over, or whose sent
offer no failing rule takes back.

Where a night has no model for a figure, the policy's planning figure stands in. What a person can
carry is so many months of income less what is owed already, mortgages apart; where no income is
known, so many times the limit that a bank gave the person; where that is not known either, the
planning income's.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs import store
from jobs.config import Run
from jobs.contracts.limits import CANDIDATES, RULE_FACTS
from jobs.contracts.night import ELIGIBILITY, FEATURE_MATRIX, SCORES
from jobs.expressions import how_many
from jobs.inputs import frozen_policy
from jobs.limits.problem import MINOR
from jobs.policies.policy import Policy
from jobs.session import session

#: Probabilities of default are kept this far from 0 and 1: odds stay finite.
LEAST_PD = 1e-6
#: Factors of the policy are taken in hundredths, so that amounts stay whole numbers.
_PARTS = 100


def build(eligibility: DataFrame, scores: DataFrame, facts: DataFrame, matrix: DataFrame,
          policy: Policy) -> DataFrame:
    """The candidates of a night.

    Args:
        eligibility: `eligibility`.
        scores: `scores`.
        facts: `rule_facts`.
        matrix: `feature_matrix`.
        policy: In force, with the law of the date.
    """
    rules = policy.limits
    passed = rules.exploration.pass_over if rules.exploration else ()
    explorable = F.size("failing_rules") == _failing(passed)
    known = matrix.select("user_id", "segment", "card_limit_minor", "mortgage_debt_minor")
    income = F.coalesce("income_minor", F.lit(round(rules.income * MINOR)).cast("long"))
    named = {
        "pd": F.greatest(F.lit(LEAST_PD), F.least(F.lit(1.0 - LEAST_PD), F.col("pd"))),
        **{name: F.coalesce(name, F.lit(getattr(rules, name)))
           for name in ("response_ratio", "draw_ratio", "lgd_ratio")},
        "income_minor": F.greatest(F.lit(1).cast("long"), income),
        "limit_cap_minor": F.least("carried", "law", "menu"),
        "cap_reason": F.when(F.col("carried") < F.least("law", "menu"), "affordability")
        .when(F.col("law") < F.col("menu"), "law").otherwise("menu")}
    most = max(rules.limits)
    return (eligibility.join(facts, on="user_id", how="inner")
            .withColumn("is_promised", promised(policy))
            .where(explorable | F.col("is_promised"))
            .join(scores, on="user_id", how="inner")
            .join(known, on="user_id", how="inner")
            .withColumn("carried", affordable(policy))
            .withColumn("law", _amount(most if policy.law.highest_limit is None
                                       else policy.law.highest_limit))
            .withColumn("menu", _amount(most))
            .select(*[named.get(name, F.col(name)).cast(
                CANDIDATES.spark_schema[name].dataType).alias(name)
                for name in CANDIDATES.columns]))


def promised(policy: Policy) -> Column:
    """Whether a sent offer stands as far as the rules go, of `failing_rules` and `rule_facts`."""
    if not policy.limits.honours_offers:
        return F.lit(False)
    back = policy.campaign.honour_unless
    failing = F.size("failing_rules") if back is None else _failing(back)
    return F.coalesce(F.col("is_open_offer_sent"), F.lit(False)) & (failing == 0)


def affordable(policy: Policy) -> Column:
    """Highest limit that a person can carry, 1/100 currency, never below 0."""
    rules = policy.limits
    debts = F.coalesce("total_debt_minor", F.lit(0)) - F.coalesce("mortgage_debt_minor", F.lit(0))

    def of_income(income: Column) -> Column:
        return F.greatest(F.lit(0).cast("long"), _times(income, rules.income_months) - debts)

    return F.coalesce(F.when(F.col("income_minor").isNotNull(), of_income(F.col("income_minor"))),
                      _times(F.col("card_limit_minor"), rules.card_limit_multiple),
                      of_income(_amount(round(rules.income))))


def main(run: Run) -> dict[str, int]:
    """Write the candidates."""
    spark = session()
    eligibility, scores, facts, matrix = (
        store.read(spark, run.folder / table.name, table)
        for table in (ELIGIBILITY, SCORES, RULE_FACTS, FEATURE_MATRIX))
    rows = build(eligibility, scores, facts, matrix, frozen_policy(run)).toArrow()
    # One file in key order, as it is published: who checks the proof reads the same bytes.
    store.write_sorted(rows, CANDIDATES, run.folder / CANDIDATES.name)
    capped = pc.equal(rows["cap_reason"], "affordability")
    return {"candidates": rows.num_rows, "eligible": pc.sum(rows["is_eligible"]).as_py() or 0,
            "promised": pc.sum(rows["is_promised"]).as_py() or 0,
            "capped_by_affordability": pc.sum(capped).as_py() or 0,
            "capped_at_nothing": pc.sum(pc.equal(rows["limit_cap_minor"], 0)).as_py() or 0}


def _failing(names: Sequence[str]) -> Column:
    """How many rules of these names fail; Sail's array_except refuses literals beside a column."""
    return (how_many([F.array_contains("failing_rules", name) for name in names]) if names
            else F.lit(0))


def _times(amount: Column, factor: float) -> Column:
    return F.floor(amount * F.lit(round(factor * _PARTS)) / F.lit(_PARTS)).cast("long")


def _amount(units: int) -> Column:
    """Whole currency units in 1/100."""
    return F.lit(units * MINOR).cast("long")
