"""Policy rules over everyone considered: who may be offered anything, and why not.

Sources: `feature_matrix`, `scores`, `rule_facts`, the policy in force. Grain: one user. Output:
`eligibility` with every failing rule in policy order, so that the first one explains the waterfall.
A night without a model has no scores: the rules that ask for one are left open, `run.json` says
which, and no later step runs.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs import store
from jobs.config import DECIDING_MODEL, NO_MODEL, Run
from jobs.contracts.limits import RULE_FACTS
from jobs.contracts.night import ELIGIBILITY, FEATURE_MATRIX, SCORES
from jobs.errors import NightlistError
from jobs.inputs import frozen, frozen_policy, record
from jobs.policies.policy import Rule
from jobs.session import session
from jobs.steps import open_run

#: Key in run.json: rules that a night without a model could not apply.
OPEN_RULES = "open_rules"


def build(matrix: DataFrame, scores: DataFrame | None, facts: DataFrame,
          rules: Sequence[Rule]) -> DataFrame:
    """Apply every rule to every person.

    Args:
        matrix: `feature_matrix`.
        scores: `scores` of the same people, or None where no rule asks for one.
        facts: `rule_facts` of the same people.
        rules: In policy order.
    """
    failing = F.array_compact(F.array(*[F.when(fails(rule), F.lit(rule.name)) for rule in rules]))
    asked = {rule.column for rule in rules}

    def read(table: DataFrame) -> DataFrame:
        return table.select("user_id", *[name for name in table.columns if name in asked])

    known = read(matrix).join(read(facts), on="user_id", how="inner")
    if scores is not None:
        known = known.join(read(scores), on="user_id", how="inner")
    return (known
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
    if rule.one_of:
        broken = broken | ~column.isin(*rule.one_of)
    if rule.none_of:
        broken = broken | column.isin(*rule.none_of)
    return F.coalesce(broken, F.lit(not rule.missing_passes))


def main(run: Run) -> dict[str, int]:
    """Write the eligibility of everyone considered."""
    spark, rules = session(), frozen_policy(run).rules
    matrix = store.read(spark, run.folder / "feature_matrix", FEATURE_MATRIX)
    scores, still_open = None, []
    if frozen(run)["inputs"]["models"][DECIDING_MODEL] == NO_MODEL:
        still_open = [rule.name for rule in rules if rule.column in SCORES.columns]
        record(run, OPEN_RULES, still_open)
    else:
        scores = store.read(spark, run.folder / "scores", SCORES)
    facts = store.read(spark, run.folder / RULE_FACTS.name, RULE_FACTS)
    table = build(matrix, scores, facts, [rule for rule in rules if rule.name not in still_open])
    considered = store.write(table, ELIGIBILITY, run.folder / "eligibility")
    written = store.read(spark, run.folder / "eligibility", ELIGIBILITY)
    return {"considered": considered, "eligible": written.where("is_eligible").count(),
            **({"rules_left_open": len(still_open)} if still_open else {})}


def unpublished(home: Path, as_of: dt.date) -> tuple[pa.Table, list[str], Path] | None:
    """What the newest night of a date found, if it stopped after eligibility for want of a model.

    Returns:
        The steps (step, removed, remaining), the rules left open and the run's folder; None where
        there is no such night.
    """
    try:
        run = open_run(home, as_of)
        record = frozen(run)
    except NightlistError:
        return None
    if record["inputs"].get("models", {}).get(DECIDING_MODEL) != NO_MODEL \
            or OPEN_RULES not in record:
        return None
    firsts = Counter(rules[0] if rules else None for rules in store.read_arrow(
        run.folder / "eligibility", ELIGIBILITY).column("failing_rules").to_pylist())
    remaining, rows = sum(firsts.values()), []
    for step in ("considered", *(rule.name for rule in frozen_policy(run).rules)):
        if step not in record[OPEN_RULES]:
            remaining -= firsts[step]
            rows.append({"step": step, "removed": firsts[step], "remaining": remaining})
    return pa.Table.from_pylist(rows), record[OPEN_RULES], run.folder
