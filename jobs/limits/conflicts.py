"""Rows that exclude each other: found before anyone is chosen, and named.

With values of zero the dual is the proof: where it is below zero at some multipliers, it has no
bound along them, and no offers keep the rows with a multiplier (Farkas, 1902). Rows without which
the others still exclude each other are left out, one by one (the deletion filter of Chinneck and
Dravnieks, 1991), so that every row named is needed. The sample finds a conflict, a pass over
everyone confirms it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from jobs.errors import InfeasibleRows
from jobs.limits.choice import best, entry_sums, reduced
from jobs.limits.dual import FIRST_BOX, Dual, gross_uses, minimise, scales
from jobs.limits.economics import Entries, entries
from jobs.limits.problem import Floats, People, Problem, Sums, uses
from jobs.limits.rooms import room_left
from jobs.limits.sources import InMemory, Source

#: Of a row's size: what the proof of a conflict must be short of, and where its search may end.
_SHORT, _ENOUGH = -1e-6, -1e-4
_REMEDY = "loosen one of these rows in the policy"


def refuse_impossible(problem: Problem, source: Source, sample: People, share: float,
                      fixed: Sums) -> Floats:
    """Offers that keep all rows exist, as far as whole people do not matter.

    Args:
        problem: The night's.
        source: Everyone.
        sample: Some of them.
        share: How large a part.
        fixed: What offers decided before use.

    Returns:
        What the sample uses too little of each row where it alone could not keep them, else 0.

    Raises:
        InfeasibleRows: With the rows that exclude each other, and what fixed offers use of them.
    """
    for row in problem.rows:
        # The straight line lies outside the chance, and nothing that is offered gives back room.
        if row.chance is not None and room_left(row, fixed.measures) < 0:
            raise _impossible(problem, [row.name], fixed)
    room = np.array([row.capacity for row in problem.rows]) - uses(problem, fixed)
    bought = np.array([sum(step.amount for step in row.steps) for row in problem.rows])
    if (room + bought >= 0).all():
        return np.zeros(len(room))  # offering nothing keeps them
    free = tuple(replace(row, steps=tuple(replace(step, price=0.0) for step in row.steps))
                 for row in problem.rows)

    def of(places: list[int]) -> Dual:
        return Dual(replace(problem, rows=tuple(free[place] for place in places)), room[places])

    def conflict(places: list[int]) -> Floats | None:
        whole = of(places)
        return _ray(replace(whole, room=whole.room * share, share=share), sample)

    held = list(range(len(free)))
    if conflict(held) is None:
        return np.zeros(len(room))
    held = _needed(held, lambda places: conflict(places) is not None)
    ray = conflict(held)
    if ray is None:
        return np.zeros(len(room))
    far = ray * _far(problem, sample, share)
    sums = source.sums(of(held).problem, far)
    if of(held).value(Sums(0, sums.measures), ray) < _SHORT:
        raise _impossible(problem, [problem.rows[place].name for place in held], fixed)
    # A rare group, of whom the sample has too few: it gets as much more room.
    return (uses(problem, sums) * share
            - uses(problem, InMemory(sample).sums(of(held).problem, far)))


def refuse_emptiness(problem: Problem, sample: People, offers: Sums) -> None:
    """Where minimum shares leave nobody to invite, though offers would pay, they are named.

    Args:
        problem: The night's.
        sample: Some of everyone.
        offers: All that was chosen.

    Raises:
        InfeasibleRows: With the minimum shares that only an empty list keeps.
    """
    minima = [place for place, row in enumerate(problem.rows) if row.terms[0].weight < 0]
    if offers.measures[0, 0] or not minima:
        return
    if not InMemory(sample).sums(problem, np.zeros(len(problem.rows))).measures[0, 0]:
        return

    def is_empty(places: list[int]) -> bool:
        return _most_people(replace(problem, rows=tuple(problem.rows[place] for place in places)),
                            sample) < 0.5

    if is_empty(minima):
        names = [problem.rows[place].name for place in _needed(minima, is_empty)]
        raise InfeasibleRows("limits.rows " + ", ".join(names), "minimum shares that offers can "
                             "keep together", "only the empty list keeps them", _REMEDY)


def _impossible(problem: Problem, names: list[str], fixed: Sums) -> InfeasibleRows:
    used = uses(problem, fixed)
    said = [f"{row.name}: {used[place]:,.0f} of {_available(problem, place):,.0f} {row.unit}"
            for place, row in enumerate(problem.rows) if row.name in names and used[place]]
    return InfeasibleRows(
        "limits.rows " + ", ".join(names), "offers that keep these rows together",
        "none" + (f"; offers that stand already use {'; '.join(said)}" if said else ""), _REMEDY)


def _available(problem: Problem, place: int) -> float:
    row = problem.rows[place]
    return row.capacity + sum(step.amount for step in row.steps)


def _needed(places: list[int], conflict: Callable[[list[int]], bool]) -> list[int]:
    """Those of the rows in conflict without any of which the others could be kept."""
    for one in tuple(places):
        fewer = [place for place in places if place != one]
        if fewer and conflict(fewer):
            places = fewer
    return places


def _flat(problem: Problem, people: People, value: float) -> Callable[[Floats], Sums]:
    """Sums of the choice at multipliers, were every entry worth the same."""
    found = entries(people, problem.menu, problem.economics)
    same = Entries(np.full_like(found.value_minor, value), found.draw_minor, found.loss_minor,
                   found.variance)
    return lambda multipliers: entry_sums(problem, people, same,
                                          best(reduced(problem, people, same, multipliers)))


def _ray(dual: Dual, people: People) -> Floats | None:
    """Multipliers at which the dual without values is below zero; None: found nowhere."""
    zero = np.zeros(len(dual.problem.rows))
    everyone = _flat(dual.problem, people, 1.0)(zero)
    size = np.maximum(np.maximum(np.abs(dual.room), gross_uses(dual.problem, everyone)), 1.0)
    found = minimise(dual, _flat(dual.problem, people, 0.0), 1.0 / size, zero, 0.5, 1e-9, _ENOUGH)
    return found.multipliers if found.value < _SHORT else None


def _far(problem: Problem, sample: People, share: float) -> float:
    """How many times a ray makes prices beside which no value counts."""
    found = entries(sample, problem.menu, problem.economics)
    return 1e9 * max(float(np.abs(found.value_minor).sum()) / max(share, 1e-9), 1.0)


def _most_people(problem: Problem, people: People) -> float:
    """A bound of how many can be invited within these rows alone."""
    evaluate = _flat(problem, people, 1.0)
    dual = Dual(problem, np.array([row.capacity for row in problem.rows]))
    zero = np.zeros(len(problem.rows))
    return minimise(dual, evaluate, scales(dual, evaluate(zero)), zero, FIRST_BOX, 1e-6).value
