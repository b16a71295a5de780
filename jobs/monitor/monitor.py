"""Step `monitor`: do the models still see the world they were made for, and treat people alike?

Sources: scores, decisions, feature_matrix, training_matrix and labels of the run, loan_days, the
model's metadata, earlier nights of the home, the policy. Grain: one figure. Output: `monitoring`,
`histograms` (for later nights) and the page; what the policy limits is on record as gate
`monitoring`. A first night has no earlier one: its rows say so.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import Any

import pyarrow as pa
from pyspark.sql import functions as F

from expectations import gates
from jobs import store
from jobs.config import DECIDING_MODEL, RUN_FILE, Run
from jobs.contracts import feeds
from jobs.contracts.monitoring import ALL, HISTOGRAMS, MONITORING, STOP, WARNING
from jobs.contracts.night import FEATURE_MATRIX
from jobs.contracts.release import DECISIONS
from jobs.errors import ModelMismatch
from jobs.features.point_in_time import visible
from jobs.inputs import facts, frozen, frozen_policy, record
from jobs.monitor import drift, figures, groups, nights, page, performance, roll_rates
from jobs.monitor.drift import PD, Reference
from jobs.monitor.figures import Figure
from jobs.monitor.findings import Found
from jobs.monitor.nights import Night
from jobs.policies.policy import Policy
from jobs.scores.score import VALUE_COLUMNS, models_of
from jobs.scores.train import MODELS
from jobs.session import session
from models.registry import Model
from models.stability import Histogram

#: Key of run.json: what the night was held against, and the hash of the table.
RECORD = "monitoring"


def main(run: Run) -> dict[str, Any]:
    """Measure, write table and page; what is beyond a limit that stops is asked about later."""
    policy, model = frozen_policy(run), models_of(run)[DECIDING_MODEL]
    found = measure(run, policy, model)
    table = figures.rows(found.figures, policy.monitoring, run.as_of, model.name, model.version)
    sha256 = store.write_sorted(table, MONITORING, run.folder / MONITORING.name)
    store.write_sorted(found.histograms, HISTOGRAMS, run.folder / HISTOGRAMS.name)
    record(run, RECORD, {"against": found.compared.run_id if found.compared else "",
                         "sha256": sha256})
    page.write(run, store.read_arrow(run.folder / MONITORING.name, MONITORING), found)
    gates.after_monitoring(run, figures.gate_results(table))
    statuses = Counter(table["status"].to_pylist())
    return {"figures": table.num_rows, "warnings": statuses[WARNING], "stops": statuses[STOP],
            "against": found.compared.name if found.compared else "none"}


def measure(run: Run, policy: Policy, model: Model) -> Found:
    """All figures of the run's night."""
    past, judged = nights.earlier(run), policy.monitoring
    found = Found(compared=nights.to_compare(past, run.as_of, judged.compare_days,
                                             frozen(run).get(RECORD, {}).get("against", "")))
    genders = genders_of(run) if "gender" in judged.fairness_groups else None
    found.tested = model.metadata["metrics"].get("reliability", [])
    found.people = groups.people(run.folder, genders)
    before = groups.people(found.compared.folder, genders) if found.compared else None
    name = found.compared.name if found.compared else ""
    _drift(run, found, model, judged.false_alarm_rate)
    found.figures += [*performance.promised(found.people, model.metadata["metrics"]),
                      *performance.mean_pds(found.people, before, name),
                      *performance.learned(model.metadata.get("vintages", [])),
                      *groups.mix(found.people, judged.fairness_groups, before, name)]
    follow(run, found, past, policy, genders)
    found.figures += rolls(roll_rates.build(
        facts(session(), run, feeds.LOAN_DAYS), run.as_of).toArrow())
    return found


def _drift(run: Run, found: Found, model: Model, false_alarm_rate: float) -> None:
    """Stability against an earlier night and the training rows; the night's own distributions."""
    references = []
    if found.compared:
        found.before = _before(run, found.compared, model)
        references.append(Reference(found.compared.name, "", found.before, false_alarm_rate))
    if PD not in found.before.get(ALL, {}):
        found.figures.append(Figure("psi", PD, None, found.people.num_rows))
    if learned := model.metadata.get("reference"):
        references.append(Reference("training", "_training", learned, false_alarm_rate))
    scores = drift.foretold(run.folder, found.people)
    measured, found.histograms = drift.measure(
        chain(drift.by_segment(scores, scores.schema.names[1:]),
              drift.columns(run.folder / FEATURE_MATRIX.name, drift.NUMBERS)), references)
    found.figures += measured


def _before(run: Run, night: Night, model: Model) -> dict[str, dict[str, Histogram]]:
    """What an earlier night kept, without the scores of models that were others then.

    The PD is scored again by this night's model, unless the matrix lacks its features.
    """
    kept = drift.kept(store.read_arrow(night.folder / HISTOGRAMS.name, HISTOGRAMS))
    now = frozen(run)[MODELS]
    then = store.read_json(night.folder / RUN_FILE).get(MODELS, {})
    others = {column for name, column in VALUE_COLUMNS.items() if now.get(name) != then.get(name)}
    scores: dict[str, dict[str, Histogram]] = {}
    if PD in others:
        try:
            scores = drift.rescored(night.folder / FEATURE_MATRIX.name, model)
        except ModelMismatch:
            pass  # the figure of the score says that there is nothing to hold it against
    return {segment: {**{name: one for name, one in own.items() if name not in others},
                      **scores.get(segment, {})} for segment, own in kept.items()}


def follow(run: Run, found: Found, past: list[Night], policy: Policy,
           genders: pa.Table | None) -> None:
    """Earlier nights by the outcomes since, and the errors at the policy's PD cut-off."""
    for night in nights.vintages(past):
        if not (night.folder / DECISIONS.name).is_dir():
            continue  # kept as long as the policy said
        since = nights.outcomes_after(run, night)
        known = groups.people(night.folder, genders, since["user_id"]).join(
            since, "user_id", join_type="inner").sort_by("user_id")
        if known.num_rows:
            found.vintages[night.name] = known
            found.figures += performance.realised(night.name, known)
    cut_off = next((rule.at_most for rule in policy.rules
                    if rule.column == PD and rule.at_most is not None), None)
    if found.vintages and cut_off is not None:
        newest = found.vintages[max(found.vintages)]
        found.figures += groups.errors(newest[PD].to_numpy() > cut_off,
                                       performance.outcomes(newest), newest,
                                       policy.monitoring.fairness_groups)


def rolls(transitions: pa.Table) -> list[Figure]:
    """Roll rates as figures: the share of the loans of a state that are in another a month later.

    Args:
        transitions: What `roll_rates.build` gives.
    """
    from_state: Counter[tuple[str, Any, str]] = Counter()
    moved = {(row["lender"], row["month_end"], row["state"], row["next_state"]): row["loans"]
             for row in transitions.to_pylist()}
    to_arrears: Counter[tuple[str, Any]] = Counter()
    current = roll_rates.ARREARS[0][0]
    worse = {name for name, _ in roll_rates.ARREARS[1:]}
    for (lender, end, state, after), loans in moved.items():
        from_state[lender, end, state] += loans
        to_arrears[lender, end] += loans if state == current and after in worse else 0
    listed = [Figure("roll_rate", f"{end:%Y-%m} {state} to {after}", loans / of, of, lender)
              for (lender, end, state, after), loans in sorted(moved.items())
              for of in [from_state[lender, end, state]]]
    return listed + [
        Figure("roll_to_arrears_rate", f"{end:%Y-%m}", to_arrears[lender, end] / of, of, lender)
        for (lender, end, state), of in sorted(from_state.items()) if state == current]


def genders_of(run: Run) -> pa.Table:
    """Newest known gender of everyone with a bound card: user_id, gender."""
    spark = session()
    cards = facts(spark, run, feeds.BOUND_CARDS).where(F.col("gender").isNotNull())
    spine = cards.select("user_id").distinct().select("user_id", F.lit(run.as_of).alias(
        "as_of_date"))
    rows: pa.Table = (visible(spine, cards, feeds.BOUND_CARDS.key).groupBy("user_id")
                      .agg(F.max_by("gender", F.struct("event_date", "card_number")).alias(
                          "gender")).toArrow())
    return rows
