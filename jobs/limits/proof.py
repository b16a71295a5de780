"""The proof of a night's limits as tables: the problem, what was used of it, and the bound.

Sources: the night's problem, its solution, the offers fixed before. Grain and columns: see
`jobs/contracts/limits.py`. With `candidates` and `limits` anyone can recompute it, as `verify.py`
does.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pyarrow as pa

from jobs.contracts.limits import (CERTIFICATE, COUPLING_ROWS, COUPLING_STEPS, COUPLING_TERMS,
                                   ECONOMICS, MENU)
from jobs.contracts.table import Table
from jobs.limits.optimise import Solution
from jobs.limits.problem import (DRAW, EVERYONE, MEASURES, MINOR, VARIANCE, Economics, Menu,
                                 Problem, Row, Sums, uses)

#: Coefficients of `models/terms.py` that the economics hold.
_COEFFICIENTS = ("limit", "rate")
#: Decimal places of a daily rate.
_RATE_PLACES = 6


def tables(problem: Problem, solution: Solution, fixed: Sums, as_of: dt.date,
           optimised: int, fixed_people: int) -> dict[str, pa.Table]:
    """The tables of the proof, by name, in key order.

    Args:
        problem: The night's.
        solution: Of the optimiser.
        fixed: Sums of the offers fixed before.
        as_of: The night.
        optimised: Candidates that the optimiser decided about.
        fixed_people: Offers fixed before.
    """
    sums = solution.sums.plus(fixed)
    used = uses(problem, sums)
    rows = [(row, float(use), float(price)) for row, use, price in zip(
        problem.rows, used, solution.multipliers, strict=True)]
    certificate = {
        "as_of_date": as_of, "optimised_people": optimised, "fixed_people": fixed_people,
        "value_minor": solution.value_minor, "bound_minor": solution.bound_minor,
        "gap_ratio": gap(solution.value_minor, solution.bound_minor),
        "evaluations": solution.evaluations}
    return {table.name: _table(table, content) for table, content in (
        (MENU, _menu(problem.menu)), (ECONOMICS, _economics(problem.economics)),
        (COUPLING_ROWS, (_row(row, use, price, sums) for row, use, price in rows)),
        (COUPLING_TERMS, _terms(problem)),
        (COUPLING_STEPS, (step for row, use, _ in rows for step in _steps(row, use))),
        (CERTIFICATE, [certificate]))}


def gap(value_minor: int, bound_minor: float) -> float:
    """(bound - value) / |bound|, 0 where both are: an upper limit of what was left unearned."""
    return max(0.0, (bound_minor - value_minor) / abs(bound_minor)) if bound_minor else 0.0


def steps_used(row: Row, used: float) -> list[float]:
    """What of each step is used, the cheapest first."""
    beyond, found = max(0.0, used - row.capacity), []
    for step in row.steps:
        found.append(min(step.amount, beyond))
        beyond = max(0.0, beyond - step.amount)
    return found


def slack(row: Row, used: float, sums: Sums) -> float:
    """What is left of a row, priced steps included; of a chance that of the chance itself."""
    if row.chance is None:
        return row.capacity + sum(step.amount for step in row.steps) - used
    mean = float(sums.measures[EVERYONE, DRAW])
    variance = float(sums.measures[EVERYONE, VARIANCE]) * MINOR**2
    return row.chance.available_minor - mean - row.chance.z * math.sqrt(
        (row.chance.spread * mean)**2 + variance)


def _table(table: Table, rows: Iterable[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=table.arrow_schema).sort_by(
        [(column, "ascending") for column in table.key])


def _menu(menu: Menu) -> Iterable[dict[str, Any]]:
    for entry, (limit, rate) in enumerate(zip(menu.limit_minor, menu.rate_daily, strict=True)):
        yield {"entry": entry, "limit_minor": int(limit),
               "rate_daily": Decimal(f"{rate:.{_RATE_PLACES}f}")}


def _economics(economics: Economics) -> Iterable[dict[str, Any]]:
    for field in dataclasses.fields(economics):
        value = getattr(economics, field.name)
        if isinstance(value, dict):
            for name in _COEFFICIENTS:
                yield {"figure": f"{field.name.removesuffix('_terms')}_{name}",
                       "value": float(value.get(name, 0.0))}
        else:
            yield {"figure": field.name, "value": float(value)}


def _row(row: Row, used: float, price: float, sums: Sums) -> dict[str, Any]:
    chance = row.chance
    return {"row_name": row.name, "text": row.text, "unit": row.unit, "capacity": row.capacity,
            "used": used, "slack": slack(row, used, sums), "multiplier": price,
            "chance_available_minor": float(chance.available_minor) if chance else None,
            "chance_z": chance.z if chance else None,
            "chance_spread": chance.spread if chance else None}


def _terms(problem: Problem) -> Iterable[dict[str, Any]]:
    for row in problem.rows:
        for number, term in enumerate(row.terms):
            group = problem.groups[term.group]
            yield {"row_name": row.name, "term": number, "measure": MEASURES[term.measure],
                   "weight": term.weight, "group_column": group.column,
                   "group_values": list(group.values)}


def _steps(row: Row, used: float) -> Iterable[dict[str, Any]]:
    for number, (step, amount) in enumerate(zip(row.steps, steps_used(row, used), strict=True)):
        yield {"row_name": row.name, "step": number, "step_name": step.name,
               "amount": step.amount, "price": step.price, "used": amount}
