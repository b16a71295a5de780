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
TOLERANCE, MOST_EVALUATIONS = 1e-6, 60
#: Prices beyond this many times the value of everything over everything used are not looked at.
_HIGHEST = 1_000.0


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
        self.cuts: list[tuple[float, Floats]] = [(0.0, np.zeros(len(problem.rows)))]
        self._known: list[tuple[Floats, float]] = []

    def evaluate(self, prices: Floats) -> tuple[float, Floats]:
        """What people bring at these prices (phi), and the use of each row; kept as a cut."""
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
        used = np.ones((len(who), len(MEASURES)))
        for measure, values in self._measures.items():
            used[:, measure] = values[0, chosen] if measure == LIMIT else values[who, chosen]
        sums = (self._groups[who].T @ used) * self.scale
        use = uses(self.problem, Sums(0, np.asarray(sums)))
        value = float(self._value[who, chosen].sum()) * self.scale
        phi = value - float(use @ prices)
        self.cuts.append((value, use))
        self._known.append((prices, phi))
        return phi, use

    def least(self, asked: Capacities) -> tuple[float, Floats]:
        """The least bound at these capacities, without the fixed people, and its prices."""
        known = [self._bound(prices, phi, asked) for prices, phi in self._known]
        best = min(known, default=math.inf)
        best_prices = (self._known[known.index(best)][0] if best < math.inf
                       else np.zeros(len(self.problem.rows)))
        for _ in range(MOST_EVALUATIONS):
            below, prices = self._model(asked)
            if best - below <= TOLERANCE * max(abs(below), 1.0):
                break
            found = self._bound(prices, self.evaluate(prices)[0], asked)
            if found < best:
                best, best_prices = found, prices
        return best, best_prices

    def _bound(self, prices: Floats, phi: float, asked: Capacities) -> float:
        if (prices > asked.highest).any():
            return math.inf
        steps = sum(amount * max(0.0, price - step.price)
                    for row, amounts, price in zip(self.problem.rows, asked.amounts, prices,
                                                   strict=True)
                    for step, amount in zip(row.steps, amounts, strict=True))
        return phi + float(asked.capacity @ prices) + steps

    def _model(self, asked: Capacities) -> tuple[float, Floats]:
        """The least of the cuts' highest: never above the least bound. Scaled to about 1."""
        rows = self.problem.rows
        worth = max(abs(value) for value, _ in self.cuts) or 1.0
        use = np.array([used for _, used in self.cuts])
        unit = np.maximum(np.abs(use).max(axis=0), 1.0)
        priced = [(place, amount, step.price) for place, (row, amounts) in enumerate(
            zip(rows, asked.amounts, strict=True))
            for step, amount in zip(row.steps, amounts, strict=True)]
        # Variables: phi / worth, prices x unit / worth, and what each step's price is exceeded by.
        cost = np.concatenate([[1.0], asked.capacity / unit,
                               [amount / unit[place] for place, amount, _ in priced]])
        size = len(cost)
        above = np.zeros((len(self.cuts) + len(priced), size))
        above[:len(self.cuts), 0] = -1.0
        above[:len(self.cuts), 1:1 + len(rows)] = -use / unit
        right = np.array([-value / worth for value, _ in self.cuts]
                         + [price * unit[place] / worth for place, _, price in priced])
        for number, (place, _, _) in enumerate(priced):
            above[len(self.cuts) + number, [1 + place, 1 + len(rows) + number]] = 1.0, -1.0
        highest = np.minimum(asked.highest * unit / worth, _HIGHEST)
        found = linprog(cost, above, right, method="highs",
                        bounds=[(None, None), *((0.0, one) for one in highest),
                                *[(0.0, None)] * len(priced)])
        return float(found.fun) * worth, np.asarray(found.x[1:1 + len(rows)] * worth / unit)
