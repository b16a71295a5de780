"""Step `limits`: an offer, or none, for each candidate, and the proof that it is good.

Sources: candidates, the policy in force, funding_lines, the coefficients of the response and draw
models, the multipliers of the night before (a start, no more). Grain: one candidate. Output:
`limits`, and the tables that prove it (`contracts/limits.py`, PROOF).

Decided in this order, each taking what it uses from the rows: offers that were sent are honoured; a
random slice explores; challengers decide about their share; the champion, in general the
optimiser, about everyone else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T
from pyspark.sql.pandas.types import from_arrow_schema

from jobs import store
from jobs.config import Run
from jobs.contracts.limits import CANDIDATES, LIMITS, PROOF
from jobs.contracts.table import TYPES
from jobs.inputs import frozen_policy, record, unchanged
from jobs.limits import assignment, funding, proof, setting, shadow_prices, sizes
from jobs.limits.assignment import EXPLORATION, HONOURED, OPTIMISER
from jobs.limits.choice import choose, offer_figures, people_of
from jobs.limits.optimise import SAMPLE_PEOPLE, Solution, optimise
from jobs.limits.problem import MINOR, NOTHING, Booleans, Floats, Integers, Problem
from jobs.limits.sources import InEngine
from jobs.limits.strategies import tier_of
from jobs.policies.policy import Tier
from jobs.scores.score import models_of
from jobs.session import session

#: The optimiser's repairs, beside `assignment.DECIDED`.
CHANGED = pa.schema([("user_id", pa.string()), ("changed_entry", pa.int64())])


@dataclass(frozen=True)
class _Offers:
    """Per person: an offer or none, at which terms."""

    is_offered: Booleans
    limit_minor: Integers
    rate_daily: Floats


def build(candidates: DataFrame, decided: DataFrame, changed: DataFrame, problem: Problem,
          multipliers: Floats, tiers: Sequence[Tier]) -> DataFrame:
    """The offers of everyone, with figures and the reason for their size.

    A UDF, because value and use of the whole menu are numpy's; over Arrow batches.

    Args:
        candidates: CANDIDATES.
        decided: DECIDED, of everyone about whom the optimiser does not decide.
        changed: CHANGED, of the optimiser's repairs; an entry of NOTHING takes the offer away.
        problem: Of the night.
        multipliers: Of its rows, shape (rows,).
        tiers: Of the policy, for the grade.
    """
    schema = LIMITS.arrow_schema

    def decide(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield _rows(batch, problem, multipliers, tiers).cast(schema)

    wide = (candidates.join(decided, on="user_id", how="left")
            .join(changed, on="user_id", how="left"))
    return wide.mapInArrow(decide, T.StructType(LIMITS.spark_schema.fields))


def main(run: Run) -> dict[str, Any]:
    """Write everyone's limit and rate, and the proof."""
    spark, policy = session(), frozen_policy(run)
    candidates = store.read(spark, run.folder / CANDIDATES.name, CANDIDATES)
    rows = store.read_arrow(run.folder / CANDIDATES.name, CANDIDATES)
    problem = setting.problem(policy.limits, funding.lines(spark, run, policy.limits),
                              terms(run), policy.law.highest_rate_daily,
                              assignment.highest_limit(rows, policy))
    decided = assignment.decide(rows, problem, policy, run.seed, run.as_of,
                                policy.law.highest_rate_daily)
    del rows
    before = _frame(spark, decided.table)
    source = InEngine(candidates.join(before, on="user_id", how="left_anti"))
    solution = optimise(problem, source, decided.fixed, start(run, problem),
                        lambda text: print(f"nightlist limits  {text}", flush=True))
    changed = _frame(spark, pa.table(
        [solution.changed_user_id, pa.array(solution.changed_entry)], schema=CHANGED))
    offers = build(candidates, before, changed, problem, solution.multipliers,
                   policy.tiers).toArrow()
    written = {LIMITS.name: offers, **prove(run, problem, source, solution, decided)}
    for table in PROOF:
        if table.name in written:
            store.write_sorted(written[table.name], table, run.folder / table.name)
    record(run, "limits", {"decided_by": decided.counts,
                           "exploration_loss_minor": decided.exploration_loss_minor,
                           "exploration_called_off": decided.is_exploration_called_off})
    gap = written["certificate"]["gap_ratio"][0].as_py()
    return {"candidates": offers.num_rows, "offered": pc.sum(offers["is_offered"]).as_py() or 0,
            **{name: people for name, people in decided.counts.items() if people},
            "value": solution.value_minor // MINOR, "gap": f"{gap:.4%}"}


def _frame(spark: SparkSession, rows: pa.Table) -> DataFrame:
    """Rows in the engine; no schema is inferred from none."""
    schema = from_arrow_schema(rows.schema)
    return (spark.createDataFrame(rows, schema) if rows.num_rows
            else spark.createDataFrame([], schema))


def terms(run: Run) -> dict[str, dict[str, float]]:
    """Coefficients of an offer's terms in the models of response and draw that the run has."""
    return {name: model.metadata["terms"].get("coefficients", {})
            for name, model in models_of(run).items() if name in ("response", "draw")}


def start(run: Run, problem: Problem) -> Floats | None:
    """Multipliers of the release before, where it has one of a row of this name."""
    known = (unchanged(run).get("previous") or {}).get("multipliers") or {}
    if not known:
        return None
    return np.array([float(known.get(row.name, 0.0)) for row in problem.rows])


def prove(run: Run, problem: Problem, source: InEngine, solution: Solution,
          decided: assignment.Decided) -> dict[str, pa.Table]:
    """The tables of the proof, shadow prices among them."""
    sample = source.sample(problem, SAMPLE_PEOPLE)
    fixed_people = decided.table.num_rows - decided.table["decided_limit_minor"].null_count
    return {**proof.tables(problem, solution, decided.fixed, run.as_of, source.count(),
                           fixed_people),
            **shadow_prices.tables(problem, sample, decided.fixed, solution,
                                   source.count() / max(len(sample), 1))}


def _rows(batch: pa.RecordBatch, problem: Problem, multipliers: Floats,
          tiers: Sequence[Tier]) -> pa.RecordBatch:
    people = people_of(batch, problem)
    alone = choose(problem, people, np.zeros(len(problem.rows)))
    entry = choose(problem, people, multipliers)
    changed = batch.column("changed_entry")
    is_changed = changed.is_valid().to_numpy(zero_copy_only=False)
    entry[is_changed] = changed.fill_null(NOTHING).to_numpy(zero_copy_only=False)[is_changed]
    is_free = batch.column("decided_method").is_null().to_numpy(zero_copy_only=False)
    entry[~is_free] = NOTHING
    offers = _offers(batch, problem, entry, is_free)
    value, measures = offer_figures(problem, people, offers.limit_minor, offers.rate_daily)
    value, measures = value * offers.is_offered, measures * offers.is_offered[:, None]
    caps = np.array(batch.column("cap_reason").to_pylist(), dtype=object)
    size = sizes.reasons(problem, people, entry, alone, multipliers, caps)
    method = pc.if_else(pa.array(is_free), OPTIMISER, batch.column("decided_method"))
    reason = np.where(is_free, size.reason, _decided_reason(method))
    return pa.RecordBatch.from_pydict({
        "user_id": batch.column("user_id"), "method": method,
        "is_offered": pa.array(offers.is_offered),
        "score_tier": pa.array([tier.tier for tier in tiers]).take(pa.array(tier_of(
            tiers, batch.column("score_points").to_numpy(zero_copy_only=False)))),
        "limit_minor": _where(offers.is_offered, offers.limit_minor),
        "rate_daily": exact_rates(offers.rate_daily, offers.is_offered),
        "expected_draw_minor": measures[:, 2], "expected_loss_minor": measures[:, 3],
        "draw_variance": measures[:, 4], "expected_value_minor": value.astype(np.int64),
        "uncoupled_limit_minor": _where(alone >= 0, problem.menu.limit_minor[alone]),
        "uncoupled_rate_daily": exact_rates(problem.menu.rate_daily[alone], alone >= 0),
        "size_reason": pa.array(reason.tolist(), pa.string()),
        "size_row": pa.array([row if free else None for row, free in zip(size.row, is_free)],
                             pa.string()),
        "propensity_ratio": batch.column("decided_propensity_ratio")})


def _offers(batch: pa.RecordBatch, problem: Problem, entry: Integers,
            is_free: Booleans) -> _Offers:
    """Of the optimiser's people their entry, of the others what was decided before."""
    limit = batch.column("decided_limit_minor")
    has_terms = limit.is_valid().to_numpy(zero_copy_only=False)
    rate = batch.column("decided_rate_daily").cast(pa.float64()).fill_null(0.0)
    return _Offers(
        np.where(is_free, entry >= 0, has_terms),
        np.where(is_free, problem.menu.limit_minor[entry],
                 limit.fill_null(0).to_numpy(zero_copy_only=False)),
        np.where(is_free, problem.menu.rate_daily[entry], rate.to_numpy(zero_copy_only=False)))


def _decided_reason(method: pa.Array) -> npt.NDArray[np.object_]:
    names = {HONOURED: "honoured", EXPLORATION: "random"}
    return np.array([names.get(one, "strategy") for one in method.to_pylist()], dtype=object)


def exact_rates(rates: Floats, is_offered: Booleans) -> pa.Array:
    """Rates as exact decimals with six places; null without an offer."""
    kinds, place = np.unique(rates, return_inverse=True)
    exact = pa.array([f"{value:.6f}" for value in kinds], pa.string()).cast(TYPES["rate"][1])
    return exact.take(pa.array(place, mask=~is_offered))


def _where(is_there: Booleans, values: Integers) -> pa.Array:
    return pa.array(values, pa.int64(), mask=~is_there)
