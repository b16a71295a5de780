"""What if: a past night decided anew under another policy, on the inputs that it had.

Sources: what a night's run folder holds: feature_matrix, scores, rule_facts, candidates, limits and
the tables of its proof. Eligibility, candidates and offers are computed again; features and scores
stay. Nothing is written. Code is today's: a night of older code is asked what today's would do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs import store
from jobs.config import Run
from jobs.contracts.limits import (CANDIDATES, CERTIFICATE, COUPLING_ROWS, COUPLING_STEPS,
                                   ECONOMICS, LIMITS, RULE_FACTS)
from jobs.contracts.night import FEATURE_MATRIX, SCORES
from jobs.expressions import counted
from jobs.inputs import frozen
from jobs.limits import assignment, comparison, setting
from jobs.limits.comparison import OFFERS, Decision, TrueValue
from jobs.limits.problem import MINOR, Problem
from jobs.limits.setting import FundingLine
from jobs.offers import candidates, eligibility
from jobs.policies.policy import DAYS_PER_YEAR, Policy
from jobs.session import session

#: Figures of the economics that a model gave.
_COEFFICIENTS = {name: (name.split("_")[0], name.split("_")[1]) for name in (
    "response_limit", "response_rate", "draw_limit", "draw_rate")}
_FUNDING, _COST = "funding.", "limits.funding.cost_annual."
Say = Callable[[str], None]


@dataclass(frozen=True)
class Night:
    """What a night decided, and what it decided upon.

    Attributes:
        run: Of the night.
        decision: Its offers.
        lines: Money it had.
        terms: Coefficients of its models of response and draw.
    """

    run: Run
    decision: Decision
    lines: tuple[FundingLine, ...]
    terms: dict[str, dict[str, float]]


def night(run: Run) -> Night:
    """Read a night's decisions from its folder.

    Raises:
        NightlistError: When the run has not come as far.
    """
    def table(contract: Any) -> pa.Table:
        return store.read_arrow(run.folder / contract.name, contract)

    offered = table(LIMITS).filter(pc.field("is_offered")).sort_by("user_id")
    certificate = table(CERTIFICATE).to_pylist()[0]
    prices = {row["row_name"]: row["multiplier"] for row in table(COUPLING_ROWS).to_pylist()}
    figures = dict(zip(*(table(ECONOMICS)[name].to_pylist() for name in ("figure", "value"))))
    bound = certificate["bound_minor"] if certificate["optimised_people"] else None
    decision = Decision(offered.select(OFFERS.names).cast(OFFERS), certificate["value_minor"],
                        bound, prices, counted(table(LIMITS)["method"]))
    terms: dict[str, dict[str, float]] = {}
    for figure, (model, term) in _COEFFICIENTS.items():
        if figures.get(figure):
            terms.setdefault(model, {})[term] = figures[figure]
    steps = [row for row in table(COUPLING_STEPS).to_pylist()
             if row["row_name"] == "funding_cost"]
    return Night(run, decision, tuple(_line(row, figures["horizon_days"]) for row in steps), terms)


def _line(step: Mapping[str, Any], horizon_days: float) -> FundingLine:
    """The line behind a step; its cost a year to the hundredth of a basis point."""
    annual = step["price"] * DAYS_PER_YEAR / horizon_days
    return FundingLine(step["step_name"], int(step["amount"]), Decimal(f"{annual:.6f}"))


def lines(known: Sequence[FundingLine], policy: Policy,
          settings: Sequence[str]) -> list[FundingLine]:
    """The night's lines, with what the settings say of a line from the policy."""
    set_paths = {setting.partition("=")[0].strip() for setting in settings}
    by_name = {line.name: line for line in known}
    for name, amount in policy.limits.funding.items():
        line = by_name.get(name)
        if line is None and _FUNDING + name not in set_paths:
            continue
        is_new = line is None
        line = line or FundingLine(name, 0, policy.limits.cost_annual[name])
        by_name[name] = FundingLine(
            name, amount * MINOR if is_new or _FUNDING + name in set_paths
            else line.available_minor,
            policy.limits.cost_annual[name] if _COST + name in set_paths else line.cost_annual)
    return list(by_name.values())


def problem(known: Night, policy: Policy, rows: pa.Table,
            settings: Sequence[str] = ()) -> Problem:
    """The night's problem under a policy, for these CANDIDATES."""
    return setting.problem(policy.limits, lines(known.lines, policy, settings), known.terms,
                           policy.law.highest_rate_daily, assignment.highest_limit(rows, policy))


def considered(known: Night, policy: Policy) -> pa.Table:
    """CANDIDATES of the night under a policy's rules and caps, by user_id."""
    spark, folder = session(), known.run.folder
    matrix, scores, facts = (store.read(spark, folder / table.name, table)
                             for table in (FEATURE_MATRIX, SCORES, RULE_FACTS))
    found = eligibility.build(matrix, scores, facts, policy.rules)
    rows = candidates.build(found, scores, facts, matrix, policy).toArrow()
    return rows.select(CANDIDATES.columns).cast(CANDIDATES.arrow_schema).sort_by("user_id")


def answer(known: Night, policies: Mapping[str, Policy], settings: Sequence[str],
           truth: TrueValue | None, say: Say) -> list[dict[str, Any]]:
    """Figures down, the night and each policy across.

    Args:
        known: The night.
        policies: By the name of their column, settings applied.
        settings: That were applied.
        truth: In a simulated city.
        say: Told what is being done.
    """
    columns = {"night": _figures(comparison.summary("night", known.decision, truth),
                                 known.decision, None)}
    inputs = frozen(known.run)["inputs"]
    for name, policy in policies.items():
        say(f"{name}: eligibility and candidates")
        rows = considered(known, policy)
        say(f"{name}: offers for {rows.num_rows:,} candidates")
        decision = comparison.decide_in_memory(
            rows, problem(known, policy, rows, settings), policy, inputs["seed"], known.run.as_of,
            policy.law.highest_rate_daily)
        columns[name] = _figures(comparison.summary(name, decision, truth), decision,
                                 known.decision)
    figures = list(dict.fromkeys(figure for column in columns.values() for figure in column))
    return [{"figure": figure, **{name: column.get(figure) for name, column in columns.items()}}
            for figure in figures]


def _figures(row: dict[str, Any], decision: Decision, before: Decision | None
             ) -> dict[str, float | None]:
    found: dict[str, float | None] = {key: value for key, value in row.items() if key != "policy"}
    if before is not None:
        found |= comparison.difference(before.offers, decision.offers)
    return found | {f"price of {name}": price for name, price in decision.prices.items()}
