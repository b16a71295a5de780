"""The dual of the problem: the multipliers of the rows at which the bound is lowest.

    L(y) = sum over people of max(0, best entry's value less the prices of what it uses)
           + sum over rows of y x room + sum over steps of amount x max(0, y - price),   y >= 0

No allocation that keeps the rows is worth more than L at any y (weak duality); L is convex and,
with many people, almost smooth. It is minimised by cutting planes within a box that moves: a
linear master problem on the few multipliers (Kelley, 1960; the box: Marsten, Hogan and
Blankenship, The boxstep method, 1975). Room and steps stand in the master exactly, only the
people's part is cut.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from jobs.limits.problem import Floats, Problem, Sums, uses

#: Share of the foretold decrease that moves the box.
_ENOUGH = 0.1
_MOST_PASSES = 400
#: The box of a multiplier's first search, as a share of its scale.
FIRST_BOX, WARM_BOX = 1.0, 0.1


@dataclass(frozen=True)
class Dual:
    """The problem without its people, for some of them.

    Attributes:
        problem: The night's.
        room: Capacity that the fixed offers leave of each row, shape (rows,).
        share: Of everyone, the part whose sums are given: steps are as much smaller.
    """

    problem: Problem
    room: Floats
    share: float = 1.0

    def steps(self) -> list[tuple[int, float, float]]:
        """Row, amount and price of every step."""
        return [(place, step.amount * self.share, step.price)
                for place, row in enumerate(self.problem.rows) for step in row.steps]

    def value(self, sums: Sums, multipliers: Floats) -> float:
        """L at multipliers, from the sums of everyone's choice at them; minor units."""
        bought = sum(amount * max(0.0, multipliers[row] - price)
                     for row, amount, price in self.steps())
        return float(sums.value_minor + multipliers @ (self.room - uses(self.problem, sums))
                     + bought)


@dataclass(frozen=True)
class Minimum:
    """Lowest value found, where, and after how many passes."""

    multipliers: Floats
    value: float
    passes: int


def gross_uses(problem: Problem, sums: Sums) -> Floats:
    """The terms of each row without their signs, shape (rows,): how large a row is."""
    return np.array([sum(abs(term.weight) * float(sums.measures[term.group, term.measure])
                         for term in row.terms) for row in problem.rows])


def scales(dual: Dual, sums: Sums) -> Floats:
    """A multiplier's order of magnitude: everyone's value over what all would use of the row."""
    used = gross_uses(dual.problem, sums)
    bought = np.zeros(len(used))
    for row, amount, _ in dual.steps():
        bought[row] += amount
    size = np.maximum(np.abs(dual.room), bought)
    size = np.where(used > 0, np.where(size > 0, np.minimum(size, used), used), size)
    return np.asarray(max(float(sums.value_minor), 1.0) / np.maximum(size, 1.0))


def minimise(dual: Dual, evaluate: Callable[[Floats], Sums], scale: Floats, start: Floats,
             box: float, tolerance: float, floor: float = -np.inf) -> Minimum:
    """The lowest L, within a tolerance of its size.

    Args:
        dual: What is minimised.
        evaluate: Sums of everyone's choice at multipliers.
        scale: Order of magnitude of each multiplier.
        start: Where to begin.
        box: Half the side of the box, in scales.
        tolerance: Relative.
        floor: A value below which the problem has no bound: the search ends there.
    """
    master = _Master(dual, scale)
    centre = np.maximum(start, 0.0)
    lowest = master.add(centre, evaluate(centre))
    passes = 1
    if not len(start):
        return Minimum(centre, lowest, passes)
    while passes < _MOST_PASSES and lowest > floor:
        trial, foretold, is_at_edge = master.solve(centre, box)
        expected = lowest - foretold
        if expected <= tolerance * max(abs(lowest), 1.0):
            if not is_at_edge or box > 1e6:
                break
            box *= 8.0
            continue
        found = master.add(trial, evaluate(trial))
        passes += 1
        if lowest - found >= _ENOUGH * expected:
            centre, lowest = trial, found
            box *= 2.0 if is_at_edge else 1.0
        else:
            box = max(box * 0.5, 1e-9)
    return Minimum(centre, lowest, passes)


class _Master:
    """The cuts, and their lowest point in a box around a centre.

    Everything is measured from the centre, in sides of the box: near the end the slopes are small
    differences of large sums, which a solver's absolute tolerance would swallow.
    """

    def __init__(self, dual: Dual, scale: Floats) -> None:
        self._dual, self._scale = dual, scale
        self._used: list[Floats] = []
        self._values: list[float] = []

    def add(self, multipliers: Floats, sums: Sums) -> float:
        """Cut at multipliers, and return L there."""
        # The people's part is at least value - y used, with these sums, at any y.
        self._used.append(uses(self._dual.problem, sums))
        self._values.append(float(sums.value_minor))
        return self._dual.value(sums, multipliers)

    def solve(self, centre: Floats, box: float) -> tuple[Floats, float, bool]:
        """Lowest point of the cuts in the box, the value there, whether a side of it binds."""
        side = self._scale * box
        room, constant, kinks = self._steps(centre, side)
        slopes = (room[None, :] - np.array(self._used)) * side
        at_centre = np.array(self._values) - np.array(self._used) @ centre + (
            constant + room @ centre)
        top = float(at_centre.max())
        # Cuts that lie below the others all over the box say nothing here, and their steep slopes
        # would coarsen the rest.
        reach = np.abs(slopes).sum(axis=1)
        matters = at_centre + reach >= (at_centre - reach).max()
        slopes, at_centre = slopes[matters], at_centre[matters]
        size = max(float(np.abs(slopes).max()), 1e-12 * max(abs(top), 1.0))
        cuts, rows, steps = len(slopes), len(centre), len(kinks)
        below = np.zeros((cuts + steps, 1 + rows + steps))
        below[:cuts, 0], below[:cuts, 1:1 + rows] = -1.0, slopes / size
        right = np.concatenate([(top - at_centre) / size, np.zeros(steps)])
        costs = np.zeros(1 + rows + steps)
        costs[0] = 1.0
        for place, (row, amount, price) in enumerate(kinks):
            below[cuts + place, 1 + row], below[cuts + place, 1 + rows + place] = 1.0, -1.0
            right[cuts + place] = (price - centre[row]) / side[row]
            costs[1 + rows + place] = amount * side[row] / size
        low = np.maximum(-centre / side, -1.0)
        bounds = [(None, None), *((one, 1.0) for one in low), *([(0.0, None)] * steps)]
        found = linprog(costs, A_ub=below, b_ub=right, bounds=bounds, method="highs")
        if found.x is None:
            return centre, -np.inf, True
        moved = np.clip(found.x[1:1 + rows], low, 1.0)
        is_at_edge = bool(np.any((moved >= 1 - 1e-9) | ((moved <= -1 + 1e-9) & (low <= -1))))
        return np.maximum(centre + moved * side, 0.0), top + float(found.fun) * size, is_at_edge

    def _steps(self, centre: Floats, side: Floats
               ) -> tuple[Floats, float, list[tuple[int, float, float]]]:
        """Steps bought all over the box as room and a constant; those whose price lies in it."""
        room, constant, kinks = self._dual.room.copy(), 0.0, []
        for row, amount, price in self._dual.steps():
            if price <= max(centre[row] - side[row], 0.0):
                room[row] += amount
                constant -= amount * price
            elif price < centre[row] + side[row]:
                kinks.append((row, amount, price))
        return room, constant, kinks
