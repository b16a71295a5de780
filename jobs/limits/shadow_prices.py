"""What more of each coupling row would earn, and over which capacities that holds.

Sources: the night's problem, its solution, a sample of the candidates. Output: SHADOW_PRICES (one
row of the problem a row) and VALUE_CURVES (one capacity of it).

The bound is asked for at other capacities (`bounds.py`). `funding` and `funding_cost` belong
together: more money to lend is more in the last line and more in the chance.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.contracts.limits import SHADOW_PRICES, VALUE_CURVES
from jobs.limits.bounds import TOLERANCE, Bounds, Capacities, capacities
from jobs.limits.optimise import Solution
from jobs.limits.problem import MINOR, Floats, People, Problem, Row, Sums, uses
from jobs.policies.limits import FUNDING_ROWS

#: How much less or more of its capacity the bound is looked up at.
GRID = (-0.5, -0.35, -0.2, -0.1, -0.05, 0.0, 0.05, 0.1, 0.25, 0.5, 1.0)
#: A price holds where it is within this share of tonight's.
HOLDS = 0.1
#: People who are asked, a hundred times a row or so.
MOST_PEOPLE = 10_000
#: The step of rows in money, where they are several times that: 100 million currency units.
LARGE_STEP_MINOR = 100_000_000 * MINOR


def tables(problem: Problem, sample: People, fixed: Sums, solution: Solution,
           scale: float) -> dict[str, pa.Table]:
    """Shadow prices and value curves of every row, by table.

    Args:
        problem: The night's.
        sample: Optimised people; of many every second, third, … is asked.
        fixed: Sums of the offers fixed before.
        solution: Of the optimiser, over all optimised people.
        scale: Optimised people for each of the sample.
    """
    apart = -(-len(sample) // MOST_PEOPLE) or 1
    some = sample.take(np.arange(0, len(sample), apart))
    bounds = Bounds(problem, some, scale * len(sample) / max(len(some), 1))
    total = solution.sums.plus(fixed)
    # As if the sample, at tonight's prices, used exactly what everyone does.
    missing = uses(problem, total) - bounds.evaluate(solution.multipliers)[1]
    base = capacities(problem)
    base = dataclasses.replace(base, capacity=base.capacity - missing)
    found = [_row(bounds, base, solution, size_of(row, total), place)
             for place, row in enumerate(problem.rows)]
    return {table.name: pa.Table.from_pylist(rows, schema=table.arrow_schema).sort_by(
        [(key, "ascending") for key in table.key]) for table, rows in (
            (SHADOW_PRICES, [price for price, _ in found]),
            (VALUE_CURVES, [point for _, curve in found for point in curve]))}


def _row(bounds: Bounds, base: Capacities, solution: Solution, size: float,
         place: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """One row: its price, the value of a step, the range, the bound without it; and its curve."""
    row = bounds.problem.rows[place]
    price, now = price_of(bounds.problem, solution.multipliers, place), bounds.least(base)[0]
    capacity = float(row.chance.available_minor) if row.chance else row.capacity
    step = step_of(size, row.unit)

    def bound(extra: float) -> float:
        return bounds.least(relaxed(bounds.problem, base, place, extra))[0]

    curve = [(share * size, bound(share * size)) for share in GRID]
    low, high = holds(curve, price)
    without = bounds.least(_without(bounds.problem, base, place))[0]
    # Of a concave bound; what the sample's noise says beyond that is cut off.
    step_value = min(max(0.0, bound(step) - now), price * step)
    return ({"row_name": row.name, "text": row.text + _MONEY.get(row.name, ""), "unit": row.unit,
             "capacity": capacity, "price": price,
             "holds_from": None if low is None else _rounded(capacity + low),
             "holds_to": None if high is None else _rounded(capacity + high), "step": step,
             "step_value_minor": _rounded(step_value),
             "cost_minor": _rounded(max(0.0, without - now))},
            [{"row_name": row.name, "capacity": _rounded(capacity + extra),
              "bound_minor": _rounded(solution.bound_minor + there - now)}
             for extra, there in curve])


def _rounded(figure: float) -> float:
    """Six significant digits: what is published does not hang on a machine's last bits."""
    return float(f"{figure:.6g}")


#: What is meant by more of the two rows of money.
_MONEY = {FUNDING_ROWS[0]: " More of it: more money to lend, at the cost of the dearest line.",
          FUNDING_ROWS[1]: " More of it: as much of it at no cost."}


def price_of(problem: Problem, multipliers: Floats, place: int) -> float:
    """What one unit more of a row earns; of `funding` one unit more money in the last line.

    In the chance m + z sqrt(spread^2 m^2 + V) <= F one unit more of F leaves room for
    1 / (1 + z spread) more draws, as the draws' own variance hardly changes.
    """
    row, price = problem.rows[place], float(multipliers[place])
    if row.chance is None:
        return price
    beside = _costs(problem)
    dearer = 0.0 if beside is None else max(
        0.0, float(multipliers[beside]) - problem.rows[beside].steps[-1].price)
    return price / (1.0 + row.chance.z * row.chance.spread) + dearer


def _costs(problem: Problem) -> int | None:
    """The place of the row that pays for the lines."""
    return next((place for place, row in enumerate(problem.rows)
                 if row.name == FUNDING_ROWS[1] and row.steps), None)


def relaxed(problem: Problem, base: Capacities, place: int, extra: float) -> Capacities:
    """The capacities with so much more of one row; less where `extra` is negative."""
    row, capacity, amounts = problem.rows[place], base.capacity.copy(), list(base.amounts)
    beside = _costs(problem)
    if row.chance is None:
        capacity[place] += extra
    else:
        capacity[place] += extra / (1.0 + row.chance.z * row.chance.spread)
        if beside is not None:
            amounts[beside] = _grown(amounts[beside], extra)
    return dataclasses.replace(base, capacity=capacity, amounts=tuple(amounts))


def _grown(amounts: tuple[float, ...], extra: float) -> tuple[float, ...]:
    """More in the last line; less is taken from the last, then from those before."""
    left = list(amounts)
    for place in range(len(left) - 1, -1, -1):
        left[place] += extra
        extra = min(0.0, left[place])
        left[place] -= extra
        if not extra:
            break
    return tuple(left)


def _without(problem: Problem, base: Capacities, place: int) -> Capacities:
    """Without a row: its price is 0; without the chance, the last line is endless."""
    highest, beside = base.highest.copy(), _costs(problem)
    highest[place] = 0.0
    if problem.rows[place].chance is not None and beside is not None:
        highest[beside] = problem.rows[beside].steps[-1].price
    return dataclasses.replace(base, highest=highest)


def size_of(row: Row, total: Sums) -> float:
    """What a share of a row is a share of: its capacity, else what its first term uses."""
    if row.chance is not None:
        return float(row.chance.available_minor) or 1.0
    term = row.terms[0]
    return abs(row.capacity) or abs(term.weight * float(
        total.measures[term.group, term.measure])) or 1.0


def step_of(size: float, unit: str) -> float:
    """A round step: 100 million currency units of several times that, else about a tenth."""
    if unit != "people" and size >= 5 * LARGE_STEP_MINOR:
        return float(LARGE_STEP_MINOR)
    tenth = max(size / 10.0, 1.0 if unit == "people" else float(MINOR))
    power = 10.0 ** math.floor(math.log10(tenth))
    return max(one for one in (1.0, 2.0, 5.0) if one <= tenth / power * (1 + 1e-9)) * power


def holds(bounds: Sequence[tuple[float, float]], price: float) -> tuple[float | None, float | None]:
    """From how much less to how much more the price stays within a tenth; None: beyond the grid.

    The price between two capacities is the difference of their bounds over that of the capacities,
    and stands at their middle; between middles it is interpolated.

    Args:
        bounds: Capacity against tonight's, rising, 0 among them; bound.
        price: Tonight's.
    """
    middles = [((a + b) / 2, (above - below) / (b - a))
               for (a, below), (b, above) in itertools.pairwise(bounds)]
    noise = TOLERANCE * max(abs(bound) for _, bound in bounds) / min(
        b - a for (a, _), (b, _) in itertools.pairwise(bounds))
    under = [(0.0, price), *reversed([one for one in middles if one[0] < 0])]
    over = [(0.0, price), *(one for one in middles if one[0] > 0)]
    return (_crossing(under, price * (1 + HOLDS) + noise, 1.0),
            _crossing(over, price * (1 - HOLDS) - noise, -1.0))


def _crossing(points: Sequence[tuple[float, float]], limit: float, sign: float) -> float | None:
    for (a, before), (b, after) in itertools.pairwise(points):
        if sign * (after - limit) > 0:
            return a + (b - a) * (limit - before) / (after - before)
    return None
