"""Policies side by side on one night's candidates: what each would offer, and what that is worth.

In memory, without a word to the night's own tables. Where the home holds a simulated city, the true
value of each policy stands beside what it expects; the command line brings it along.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.contracts.table import TYPES
from jobs.limits import assignment
from jobs.limits.choice import group_sums, offer_figures, people_of
from jobs.limits.optimise import final_entries, optimise
from jobs.limits.problem import (DRAW, LOSS, MINOR, NOTHING, Floats, Integers, Problem, Sums)
from jobs.limits.rooms import worth
from jobs.limits.sources import InMemory
from jobs.policies.limits import STRATEGIES, Challenger
from jobs.policies.policy import Policy

#: A decision without the proof: what LIMITS has of it that stands without the engine.
OFFERS = pa.schema([("user_id", pa.string()), ("method", pa.string()),
                    ("limit_minor", pa.int64()), ("rate_daily", TYPES["rate"][1]),
                    ("expected_draw_minor", pa.int64()), ("expected_loss_minor", pa.int64()),
                    ("expected_value_minor", pa.int64())])
#: Share of the people about whom the tier matrix decides, where a policy names no challenger.
_CHALLENGER = Challenger("tiers", "tier_matrix", 0.1)


@dataclass(frozen=True)
class Decision:
    """What a policy decides about the candidates of a night.

    Attributes:
        offers: OFFERS, everyone who gets one, by user_id.
        value_minor: Expected, less the money it costs.
        bound_minor: What no allocation exceeds; None where the optimiser has nobody to decide
            about.
        prices: Multiplier of each row by name, empty without the optimiser.
        counts: Candidates by who decided about them.
    """

    offers: pa.Table
    value_minor: float
    bound_minor: float | None
    prices: dict[str, float]
    counts: dict[str, int]


def decide_in_memory(candidates: pa.Table, problem: Problem, policy: Policy, seed: int,
                     as_of: dt.date, highest_rate_daily: Decimal,
                     start: Floats | None = None) -> Decision:
    """Decide about everyone as the step `limits` does, in this process.

    Args:
        candidates: CANDIDATES, by user_id.
        problem: Of the night.
        policy: In force.
        seed: Of the night.
        as_of: The night.
        highest_rate_daily: That the law of the date allows.
        start: Multipliers to begin with.

    Raises:
        InfeasibleRows: When no offers keep all rows.
    """
    decided = assignment.decide(candidates, problem, policy, seed, as_of, highest_rate_daily)
    people = people_of(candidates, problem)
    limit, rate, method = _terms(people.user_id, decided.table)
    free = np.flatnonzero(decided.is_free)
    bound, prices = None, {}
    if len(free):
        theirs = people.take(free)
        solution = optimise(problem, InMemory(theirs), decided.fixed, start)
        entry = final_entries(problem, theirs, solution)
        is_offered = entry != NOTHING
        limit[free] = np.where(is_offered, problem.menu.limit_minor[entry], 0)
        rate[free] = np.where(is_offered, problem.menu.rate_daily[entry], 0.0)
        method[free] = assignment.OPTIMISER
        bound = solution.bound_minor
        prices = dict(zip((row.name for row in problem.rows), solution.multipliers.tolist()))
    place = np.flatnonzero(limit > 0)
    value, measures = offer_figures(problem, people.take(place), limit[place], rate[place])
    total = Sums(int(value.sum()), group_sums(people.groups[place], measures))
    offers = pa.table([
        people.user_id.take(pa.array(place)), pa.array(method[place].tolist(), pa.string()),
        limit[place], pa.array([f"{one:.6f}" for one in rate[place]],
                               pa.string()).cast(TYPES["rate"][1]),
        measures[:, DRAW], measures[:, LOSS], value], schema=OFFERS)
    return Decision(offers, worth(problem, total), bound, prices, decided.counts)


def _terms(user_id: pa.Array, decided: pa.Table) -> tuple[Integers, Floats, Any]:
    """Limit, rate and method of each person as decided before the optimiser; 0 where it is not."""
    place = pc.index_in(decided["user_id"], value_set=user_id).to_numpy()
    limit, rate = np.zeros(len(user_id), np.int64), np.zeros(len(user_id))
    method = np.full(len(user_id), "", dtype=object)
    limit[place] = decided["decided_limit_minor"].fill_null(0).to_numpy()
    rate[place] = decided["decided_rate_daily"].cast(pa.float64()).fill_null(0.0).to_numpy()
    method[place] = decided["decided_method"].to_pylist()
    return limit, rate, method


def variants(policy: Policy) -> dict[str, Policy]:
    """Each strategy alone about everyone, and the champion beside its challengers.

    Offers that were sent are kept by each; chance has no part in the first.
    """
    rules = policy.limits
    alone = {method: replace(policy, limits=replace(
        rules, method=method, challengers=(), exploration=None)) for method in
        (*(one for one in STRATEGIES if one != assignment.OPTIMISER), assignment.OPTIMISER)}
    split = replace(policy, limits=replace(rules, challengers=rules.challengers or (_CHALLENGER,)))
    return {**alone, "champion and challengers": split}


def summary(name: str, decision: Decision, true_value: TrueValue | None = None
            ) -> dict[str, Any]:
    """A row of the comparison; whole currency units.

    Args:
        name: Of the policy.
        decision: Its offers.
        true_value: Says what offers lead to, in a simulated city.
    """
    offers = decision.offers

    def total(column: str) -> int:
        return int(pc.sum(offers[column]).as_py() or 0) // MINOR

    row: dict[str, Any] = {
        "policy": name, "invited": offers.num_rows, "limits": total("limit_minor"),
        "expected_draw": total("expected_draw_minor"),
        "expected_loss": total("expected_loss_minor"),
        "expected_value": round(decision.value_minor / MINOR),
        "bound": None if decision.bound_minor is None else round(decision.bound_minor / MINOR)}
    return row if true_value is None else {**row, **true_value(offers)}


#: Gives the true columns of a row for some OFFERS.
TrueValue = Callable[[pa.Table], Mapping[str, int]]


def compare(candidates: pa.Table, problem: Problem, policies: Mapping[str, Policy], seed: int,
            as_of: dt.date, highest_rate_daily: Decimal, truth: TrueValue | None,
            say: Callable[[str], None] = lambda text: None) -> Iterable[dict[str, Any]]:
    """A row for each policy, all about the same candidates under the same rows."""
    for name, policy in policies.items():
        say(f"deciding as {name}")
        yield summary(name, decide_in_memory(candidates, problem, policy, seed, as_of,
                                             highest_rate_daily), truth)


def across(rows: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """The rows of `compare` with figures down and policies across, as text for the terminal."""
    figures = [key for key in rows[0] if key != "policy"]
    return [{"figure": figure, **{str(row["policy"]): text(row[figure]) for row in rows}}
            for figure in figures]


def text(value: float | None) -> str:
    """Whole numbers with commas, prices short."""
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4f}"


def difference(before: pa.Table, after: pa.Table) -> dict[str, int]:
    """Who enters, who leaves, whose limit and rate move between two sets of OFFERS: people."""
    both = before.select(["user_id", "limit_minor", "rate_daily"]).join(
        after.select(["user_id", "limit_minor", "rate_daily"]), "user_id",
        join_type="full outer", left_suffix="_before", right_suffix="_after")
    was, now = (both[f"limit_minor_{when}"] for when in ("before", "after"))
    was_rate, now_rate = (both[f"rate_daily_{when}"] for when in ("before", "after"))

    def count(condition: pa.ChunkedArray) -> int:
        return int(pc.sum(pc.fill_null(condition, False).cast(pa.int64())).as_py() or 0)

    return {"entered": count(pc.is_null(was)), "left": count(pc.is_null(now)),
            "limit_up": count(pc.greater(now, was)), "limit_down": count(pc.less(now, was)),
            "rate_up": count(pc.greater(now_rate, was_rate)),
            "rate_down": count(pc.less(now_rate, was_rate))}
