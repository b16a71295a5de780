"""The dual of the problem: the multipliers of the rows at which the bound is lowest.

    L(y) = sum over people of max(0, best entry's value less the prices of what it uses)
           + sum over rows of y x room + sum over steps of amount x max(0, y - price),   y >= 0

No allocation that keeps the rows is worth more than L at any y (weak duality); L is convex and,
with many people, almost smooth. It is minimised by cutting planes within a box that moves: a
linear master problem on the few multipliers (Kelley, 1960; the box: Marsten, Hogan and Blankenship,
The boxstep method, 1975). Room and steps stand in the master exactly, only the people's part is cut.
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


def scales(dual: Dual, sums: Sums) -> Floats:
    """A multiplier's order of magnitude: everyone's value over what all would use of the row."""
    used = np.array([sum(abs(term.weight) * float(sums.measures[term.group, term.measure])
                         for term in row.terms) for row in dual.problem.rows])
    bought = np.zeros(len(used))
    for row, amount, _ in dual.steps():
        bought[row] += amount
    size = np.maximum(np.maximum(np.abs(dual.room), bought), 1.0)
    size = np.where(used > 0, np.minimum(size, used), size)
    return np.asarray(max(float(sums.value_minor), 1.0) / size)


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
    """Minimise t + y room + sum of amount w over y in the box, t above all cuts, w >= y - price."""

    def __init__(self, dual: Dual, scale: Floats) -> None:
        self._dual, self._scale = dual, scale
        self._steps = dual.steps()
        self._cuts: list[tuple[Floats, float]] = []

    def add(self, multipliers: Floats, sums: Sums) -> float:
        """Cut at multipliers, and return L there."""
        # The people's part is at least value - y used, with these sums, at any y.
        self._cuts.append((-uses(self._dual.problem, sums), float(sums.value_minor)))
        return self._dual.value(sums, multipliers)

    def solve(self, centre: Floats, box: float) -> tuple[Floats, float, bool]:
        """Lowest point of the cuts in the box, the value there, whether a side of it binds."""
        rows, steps, scale = len(centre), self._steps, self._scale
        size = max(max(abs(value) for _, value in self._cuts), 1.0)
        costs = np.concatenate([[1.0], self._dual.room * scale / size,
                                [amount * scale[row] / size for row, amount, _ in steps]])
        below = np.zeros((len(self._cuts) + len(steps), 1 + rows + len(steps)))
        right = np.zeros(len(below))
        for place, (slope, value) in enumerate(self._cuts):
            below[place, 0], below[place, 1:1 + rows] = -1.0, slope * scale / size
            right[place] = -value / size
        for place, (row, _, price) in enumerate(steps, len(self._cuts)):
            below[place, 1 + row] = 1.0
            below[place, 1 + rows + place - len(self._cuts)] = -1.0
            right[place] = price / scale[row]
        low, high = np.maximum(centre / scale - box, 0.0), centre / scale + box
        bounds = [(None, None), *zip(low, high), *([(0.0, None)] * len(steps))]
        found = linprog(costs, A_ub=below, b_ub=right, bounds=bounds, method="highs")
        if found.x is None:
            return centre, -np.inf, True
        at = np.clip(found.x[1:1 + rows], low, high)
        is_at_edge = bool(np.any((at >= high * (1 - 1e-9)) | ((at <= low * (1 + 1e-9))
                                                              & (low > 0))))
        return at * scale, float(found.fun) * size, is_at_edge
