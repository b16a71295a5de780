"""The bound of a sample of people at any capacities: what one question taught serves the next.

The bound as a function of capacities is phi(y) + capacity y + steps at its least y, where phi (what
people bring at prices y) knows no capacity. So every evaluation of phi is kept as a cut, and
another capacity costs a few more (cutting planes: Kelley, The cutting-plane method, 1960).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from jobs.limits.economics import entries
from jobs.limits.problem import (DRAW, LIMIT, LOSS, MEASURES, PEOPLE, VARIANCE, Floats, People,
                                 Problem, Sums, uses)

#: A bound is known well enough when it is within this share; evaluations for one at most.
TOLERANCE, MOST_EVALUATIONS = 1e-5, 200
#: Half a side of the first box, in units of a price; cuts that the master problem takes at most.
FIRST_BOX, MOST_CUTS = 0.1, 300


@dataclass(frozen=True)
class Capacities:
    """The right sides of a question: a capacity and a highest price each row, amounts each step."""

    capacity: Floats
    highest: Floats
    amounts: tuple[tuple[float, ...], ...]


def capacities(problem: Problem) -> Capacities:
    """Those of the problem itself."""
    return Capacities(np.array([row.capacity for row in problem.rows]),
                      np.full(len(problem.rows), np.inf),
                      tuple(tuple(step.amount for step in row.steps) for row in problem.rows))


class Bounds:
    """Least bounds of a sample, for any capacities; what was learned of phi is kept.

    Args:
        problem: The night's.
        people: The sample.
        scale: People for each of the sample.
    """

    def __init__(self, problem: Problem, people: People, scale: float) -> None:
        """Compute every entry's value and use once."""
        self.problem, self.people, self.scale = problem, people, scale
        found = entries(people, problem.menu, problem.economics)
        self._measures = {LIMIT: problem.menu.limit_minor.astype(np.float64)[None, :],
                          DRAW: found.draw_minor, LOSS: found.loss_minor,
                          VARIANCE: found.variance}
        self._value = np.where(
            problem.menu.limit_minor[None, :] > people.limit_cap_minor[:, None], -np.inf,
            found.value_minor)
        self._groups = people.groups.astype(np.float64)
        # Nobody gets anything: true at any prices.
        self._values, self._used = np.zeros(1), np.zeros((1, len(problem.rows)))
        self._known: list[tuple[Floats, float]] = []
        free = np.zeros(len(problem.rows))
        value, sums = self._sums(free)
        # A price's order of magnitude: all there is to earn over all that would be used.
        used = np.array([sum(abs(term.weight) * float(sums.measures[term.group, term.measure])
                             for term in row.terms) for row in problem.rows])
        self._unit = max(value, 1.0) / np.maximum(used, 1.0)
        self.evaluate(free)

    @property
    def evaluations(self) -> int:
        """How often everyone in the sample was asked."""
        return len(self._known)

    def evaluate(self, prices: Floats) -> tuple[float, Floats]:
        """What people bring at these prices (phi), and the use of each row; kept as a cut."""
        value, sums = self._sums(prices)
        use = uses(self.problem, sums)
        phi = value - float(use @ prices)
        self._cut(value, use)
        self._known.append((prices, phi))
        return phi, use

    def _cut(self, value: float, use: Floats) -> None:
        self._values = np.append(self._values, value)
        self._used = np.vstack([self._used, use])

    def _sums(self, prices: Floats) -> tuple[float, Sums]:
        """Value and measures of everyone's choice at these prices, times the scale."""
        by_group = np.zeros((len(self.problem.groups), len(MEASURES)))
        for row, price in zip(self.problem.rows, prices, strict=True):
            for term in row.terms:
                by_group[term.group, term.measure] += price * term.weight
        each = self._groups @ by_group
        score = self._value - each[:, PEOPLE, None]
        for measure, used in self._measures.items():
            if each[:, measure].any():
                score -= each[:, measure, None] * used
        entry = score.argmax(axis=1)
        who = np.flatnonzero(score[np.arange(len(entry)), entry] > 0)
        chosen = entry[who]
        measures = np.ones((len(who), len(MEASURES)))
        for measure, values in self._measures.items():
            measures[:, measure] = values[0, chosen] if measure == LIMIT else values[who, chosen]
        value = float(self._value[who, chosen].sum()) * self.scale
        return value, Sums(0, np.asarray((self._groups[who].T @ measures) * self.scale))

    def least(self, asked: Capacities) -> tuple[float, Floats]:
        """The least bound at these capacities, without the fixed people, and its prices.

        From the best prices known, in a box that moves with what it gains (Marsten, Hogan and
        Blankenship, The boxstep method, 1975): without one, prices swing from end to end.
        """
        known = [self._bound(prices, phi, asked) for prices, phi in self._known]
        lowest = min(known)
        centre, box = self._known[known.index(lowest)][0], FIRST_BOX
        for _ in range(MOST_EVALUATIONS):
            below, prices, is_at_edge = self._model(asked, centre, box)
            if below == -math.inf:
                break
            foretold = lowest - below
            if foretold <= TOLERANCE * max(abs(lowest), 1.0):
                if not is_at_edge:
                    break
                box *= 8.0
                continue
            found = self._bound(prices, self.evaluate(prices)[0], asked)
            if lowest - found >= 0.1 * foretold:
                centre, lowest = prices, found
                box *= 2.0 if is_at_edge else 1.0
            else:
                box *= 0.5
                if found < lowest:
                    centre, lowest = prices, found
        return lowest, centre

    def _bound(self, prices: Floats, phi: float, asked: Capacities) -> float:
        if (prices > asked.highest).any():
            return math.inf
        steps = sum(amount * max(0.0, price - step.price)
                    for row, amounts, price in zip(self.problem.rows, asked.amounts, prices,
                                                   strict=True)
                    for step, amount in zip(row.steps, amounts, strict=True))
        return phi + float(asked.capacity @ prices) + steps

    def _model(self, asked: Capacities, centre: Floats, box: float
               ) -> tuple[float, Floats, bool]:
        """Least of the cuts' highest in the box, where, and whether a side of the box binds.

        Measured from the centre in sides of the box. Cuts that lie below the others all over the
        box say nothing in it and are left out, so that the programme stays small.
        """
        rows, side = len(centre), self._unit * box
        at_centre = self._values - self._used @ centre
        slopes = -self._used * side
        reach = np.abs(slopes).sum(axis=1)
        matters = at_centre + reach >= (at_centre - reach).max()
        if matters.sum() > MOST_CUTS:
            matters &= at_centre >= np.partition(at_centre[matters], -MOST_CUTS)[-MOST_CUTS]
        slopes, at_centre = slopes[matters], at_centre[matters]
        top = float(at_centre.max())
        size = float(np.abs(slopes).max() or np.abs(asked.capacity * side).max() or 1.0)
        kinks = [(place, amount, step.price) for place, (row, amounts) in enumerate(
            zip(self.problem.rows, asked.amounts, strict=True))
            for step, amount in zip(row.steps, amounts, strict=True)]
        # Variables: phi above its value at the centre, prices, what each step's is exceeded by.
        cost = np.concatenate([[1.0], asked.capacity * side / size,
                               [amount * side[place] / size for place, amount, _ in kinks]])
        above = np.zeros((len(slopes) + len(kinks), len(cost)))
        above[:len(slopes), 0], above[:len(slopes), 1:1 + rows] = -1.0, slopes / size
        right = np.concatenate([(top - at_centre) / size, [
            (price - centre[place]) / side[place] for place, _, price in kinks]])
        for number, (place, _, _) in enumerate(kinks):
            above[len(slopes) + number, [1 + place, 1 + rows + number]] = 1.0, -1.0
        low = np.maximum(-centre / side, -1.0)
        high = np.minimum((asked.highest - centre) / side, 1.0)
        found = linprog(cost, above, right, method="highs", bounds=[
            (None, None), *zip(low, high, strict=True), *[(0.0, None)] * len(kinks)])
        if found.x is None:  # no offers keep these capacities: the bound falls without end
            return -math.inf, centre, False
        moved = np.clip(found.x[1:1 + rows], low, high)
        is_at_edge = bool(np.any((moved >= 1 - 1e-9) | (moved <= -1 + 1e-9)))
        below = top + float(asked.capacity @ centre) + float(found.fun) * size
        return below, np.clip(centre + moved * side, 0.0, asked.highest), is_at_edge
