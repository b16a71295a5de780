"""What offers leave of each row, and what the priced steps they use cost."""

from __future__ import annotations

from math import sqrt

import numpy as np

from jobs.limits.problem import DRAW, MINOR, VARIANCE, Chance, Floats, Integers, Problem, Row, Sums


def room_left(row: Row, measures: Integers) -> float:
    """What a row still has, priced steps included; of a chance, what is left of the money."""
    if row.chance is not None:
        return chance_left(row.chance, int(measures[0, DRAW]), int(measures[0, VARIANCE]))
    used = sum(term.weight * float(measures[term.group, term.measure]) for term in row.terms)
    return row.capacity + sum(step.amount for step in row.steps) - used


def chance_left(chance: Chance, draw_minor: int, variance: int) -> float:
    """What is left: available - (mean + z sqrt(spread^2 mean^2 + variance)), minor units."""
    deviation = sqrt((chance.spread * draw_minor)**2 + variance * MINOR**2)
    return float(chance.available_minor) - (draw_minor + chance.z * deviation)


def step_cost(problem: Problem, measures: Integers) -> float:
    """Price of the steps that are used, cheapest first; minor units."""
    total = 0.0
    for row in problem.rows:
        used = sum(term.weight * float(measures[term.group, term.measure]) for term in row.terms)
        beyond = max(used - row.capacity, 0.0)
        for step in row.steps:
            total += min(beyond, step.amount) * step.price
            beyond -= min(beyond, step.amount)
    return total


def step_prices(problem: Problem, measures: Integers) -> tuple[Floats, Floats]:
    """Price of one more unit of each row, 0 without steps, and how many units have that price."""
    prices, rooms = np.zeros(len(problem.rows)), np.full(len(problem.rows), np.inf)
    for place, row in enumerate(problem.rows):
        used = sum(term.weight * float(measures[term.group, term.measure]) for term in row.terms)
        beyond = used - row.capacity
        for step in row.steps:
            prices[place] = step.price if beyond >= 0 else 0.0
            rooms[place] = step.amount - beyond if beyond >= 0 else -beyond
            if beyond < step.amount:
                break
            beyond -= step.amount
    return prices, rooms


def worth(problem: Problem, sums: Sums) -> float:
    """Value of all offers less the steps they use; minor units."""
    return sums.value_minor - step_cost(problem, sums.measures)


def tangent(chance: Chance, measures: Integers | Floats) -> tuple[float, float]:
    """Weights of mean and variance in a chance's left side, where more of this mix spends all.

    Near nothing the root of the variance rises without bound, and the first offer would look too
    large for any line; beyond the money the weights are those where the mix stands. An estimate:
    the left side is concave in the variance, convex in the mean, so each use is checked exactly.
    """
    mean, variance = float(measures[0, DRAW]), float(measures[0, VARIANCE]) * MINOR**2
    more = max(_until_spent(chance, mean, variance), 1.0)
    mean, variance = more * mean, more * variance
    deviation = max(sqrt((chance.spread * mean)**2 + variance), 1.0)
    return (1.0 + chance.z * chance.spread**2 * mean / deviation,
            chance.z * MINOR**2 / (2.0 * deviation))


def _until_spent(chance: Chance, mean: float, variance: float) -> float:
    """How many times the draws fill the lines: (F - t m)^2 = z^2 (s^2 t^2 m^2 + t V), the smaller.

    With a = m^2 (1 - z^2 s^2) and b = 2 F m + z^2 V that is 2 F^2 / (b + sqrt(b^2 - 4 a F^2)).
    """
    money = float(chance.available_minor)
    square = mean * mean * (1.0 - (chance.z * chance.spread)**2)
    linear = 2.0 * money * mean + chance.z**2 * variance
    root = sqrt(max(linear * linear - 4.0 * square * money * money, 0.0))
    return 2.0 * money * money / (linear + root) if linear > 0 else 1.0
