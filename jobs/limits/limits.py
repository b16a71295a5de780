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

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from jobs.contracts.limits import CANDIDATES, LIMITS
from jobs.contracts.table import TYPES
from jobs.limits import sizes
from jobs.limits.choice import choose, offer_figures, people_of
from jobs.limits.problem import NOTHING, Booleans, Floats, Integers, Problem
from jobs.policies.policy import Tier

#: Columns that the decisions made before bring to a candidate's row.
DECIDED = pa.schema([("user_id", pa.string()), ("decided_method", pa.string()),
                     ("decided_limit_minor", pa.int64()),
                     ("decided_rate_daily", TYPES["rate"][1]),
                     ("decided_propensity_ratio", pa.float64())])
#: The optimiser's repairs.
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


def _rows(batch: pa.RecordBatch, problem: Problem, multipliers: Floats,
          tiers: Sequence[Tier]) -> pa.RecordBatch:
    people = people_of(batch, problem)
    alone = choose(problem, people, np.zeros(len(problem.rows)))
    entry = choose(problem, people, multipliers)
    changed = batch.column("changed_entry")
    is_changed = changed.is_valid().to_numpy(zero_copy_only=False)
    entry[is_changed] = changed.fill_null(NOTHING).to_numpy(zero_copy_only=False)[is_changed]
    is_free = (batch.column("decided_method").is_null().to_numpy(zero_copy_only=False)
               & batch.column("is_eligible").to_numpy(zero_copy_only=False))
    entry[~is_free] = NOTHING
    offers = _offers(batch, problem, entry, is_free)
    value, measures = offer_figures(problem, people, offers.limit_minor, offers.rate_daily)
    value, measures = value * offers.is_offered, measures * offers.is_offered[:, None]
    reason, row = sizes.reasons(problem, people, multipliers, entry, alone)
    method = pc.fill_null(batch.column("decided_method"), pa.scalar("exploration"))
    method = pc.if_else(pa.array(is_free), "optimiser", method)
    reason = np.where(is_free, reason, _decided_reason(method, offers.is_offered))
    return pa.RecordBatch.from_pydict({
        "user_id": batch.column("user_id"), "method": method,
        "is_offered": pa.array(offers.is_offered),
        "score_tier": grade(batch.column("score_points"), tiers),
        "limit_minor": _where(offers.is_offered, offers.limit_minor),
        "rate_daily": exact_rates(offers.rate_daily, offers.is_offered),
        "expected_draw_minor": measures[:, 2], "expected_loss_minor": measures[:, 3],
        "draw_variance": measures[:, 4], "expected_value_minor": value.astype(np.int64),
        "uncoupled_limit_minor": _where(alone >= 0, problem.menu.limit_minor[alone]),
        "uncoupled_rate_daily": exact_rates(problem.menu.rate_daily[alone], alone >= 0),
        "size_reason": pa.array(reason.tolist(), pa.string()),
        "size_row": pa.array([name if free else None for name, free in zip(row, is_free)],
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


def _decided_reason(method: pa.Array, is_offered: Booleans) -> np.ndarray:
    names = {"honoured": "honoured", "exploration": "random"}
    return np.array([names.get(one, "strategy") if offered or one != "honoured" else "strategy"
                     for one, offered in zip(method.to_pylist(), is_offered)], dtype=object)


def grade(points: pa.Array, tiers: Sequence[Tier]) -> pa.Array:
    """Name of the first tier whose floor the score reaches; tiers fall to the last."""
    floors = np.array([tier.points_from for tier in tiers[::-1]])
    place = np.searchsorted(floors, points.to_numpy(zero_copy_only=False), side="right") - 1
    return pa.array([tier.tier for tier in tiers[::-1]]).take(pa.array(place.clip(0)))


def exact_rates(rates: Floats, is_offered: Booleans) -> pa.Array:
    """Rates as exact decimals with six places; null without an offer."""
    kinds, place = np.unique(rates, return_inverse=True)
    exact = pa.array([f"{value:.6f}" for value in kinds], pa.string()).cast(TYPES["rate"][1])
    return exact.take(pa.array(place, mask=~is_offered))


def _where(is_there: Booleans, values: Integers) -> pa.Array:
    return pa.array(values, pa.int64(), mask=~is_there)
