"""Limits and rates that earn the most: multipliers from the dual, whole offers, and a bound.

The dual is minimised on a sample in memory; passes over everyone then correct the sample's room by
what it got wrong, so that few are needed however many people there are. The choice at the best
multipliers is repaired into whole offers that violate no row. Nothing depends on chance or on how
people are cut into batches.

Known work at this scale: Zhang et al., Solving billion-scale knapsack problems (WWW 2020); Basu et
al., ECLIPSE, behind LinkedIn's DuaLip (2020): both evaluate the same separable dual person by
person. Sampling first and correcting the room is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from jobs.errors import InfeasibleRows
from jobs.limits.choice import best, choose, choose_and_sum, reduced
from jobs.limits.dual import FIRST_BOX, WARM_BOX, Dual, minimise, scales
from jobs.limits.economics import Entries, entries
from jobs.limits.problem import (MINOR, NOTHING, Floats, Integers, People, Problem, Sums, uses)
from jobs.limits.repair import Core, repair, worth
from jobs.limits.sources import InMemory, Source, margins

#: People of the sample, of the core, and passes over everyone at most.
SAMPLE_PEOPLE, CORE_PEOPLE, MOST_PASSES = 60_000, 20_000, 6
#: Relative, of the dual on the sample and over everyone.
TOLERANCE = 1e-6
#: Below this share of a row's size a miss is rounding.
_FEASIBLE = 1e-9


@dataclass(frozen=True)
class Solution:
    """Whole offers and what proves them.

    Attributes:
        multipliers: Of the rows, shape (rows,); minor units a unit of the row.
        bound_minor: No offers that keep all rows are worth more, the fixed ones given.
        value_minor: What these are worth: fixed offers included, steps paid.
        sums: Of the optimiser's people.
        evaluations: Passes over everyone.
        changed_user_id: Who gets another entry than the choice at the multipliers.
        changed_entry: Which; NOTHING: none.
    """

    multipliers: Floats
    bound_minor: float
    value_minor: int
    sums: Sums
    evaluations: int
    changed_user_id: pa.Array
    changed_entry: Integers


def optimise(problem: Problem, source: Source, fixed: Sums, start: Floats | None = None,
             say: Callable[[str], None] = lambda text: None) -> Solution:
    """The offers of a night.

    Args:
        problem: Menu, economics and rows.
        source: Everyone about whom the optimiser decides.
        fixed: What offers decided before are worth and use.
        start: Multipliers of the night before, or None.
        say: Told of progress, a line at a time.

    Raises:
        InfeasibleRows: When no offers keep all rows, with the rows that conflict.
    """
    sample = source.sample(problem, SAMPLE_PEOPLE)
    share = len(sample) / max(source.count(), 1)
    room = np.array([row.capacity for row in problem.rows]) - uses(problem, fixed)
    whole = Dual(problem, room)
    in_sample = InMemory(sample)
    _refuse_impossible(problem, in_sample, replace(whole, room=room * share, share=share), fixed)
    multipliers, bound, chosen, passes = _search(problem, source, in_sample, whole, share, start,
                                                 say)
    bound += fixed.value_minor
    near, core = _whole_offers(problem, source, sample, share, multipliers, chosen.plus(fixed))
    value = worth(problem, core.sums)
    _refuse_emptiness(problem, in_sample, core, chosen)
    changed = np.flatnonzero(core.entry != near)
    menu = len(problem.menu)
    say(f"value {value / MINOR:,.0f}, bound {bound / MINOR:,.0f}, {passes} passes, "
        f"{len(changed)} repairs")
    own = Sums(core.sums.value_minor - fixed.value_minor, core.sums.measures - fixed.measures)
    return Solution(
        multipliers, max(bound, value), round(value), own, passes + 1,
        core.people.user_id.take(pa.array(changed)),
        np.where(core.entry[changed] == menu, NOTHING, core.entry[changed]))


def final_entries(problem: Problem, people: People, solution: Solution) -> Integers:
    """The entry of each person in the end, shape (people,)."""
    entry = choose(problem, people, solution.multipliers)
    if len(solution.changed_user_id):
        place = {one: number for number, one in enumerate(people.user_id.to_pylist())}
        for who, to in zip(solution.changed_user_id.to_pylist(), solution.changed_entry):
            entry[place[who]] = to
    return entry


def _search(problem: Problem, source: Source, in_sample: InMemory, whole: Dual, share: float,
            start: Floats | None, say: Callable[[str], None]
            ) -> tuple[Floats, float, Sums, int]:
    """Multipliers with the lowest bound found, that bound, everyone's choice there, passes."""
    zero = np.zeros(len(problem.rows))
    small = Dual(problem, whole.room * share, share)
    scale = scales(small, in_sample.sums(problem, zero))
    at, box = (zero, FIRST_BOX) if start is None else (np.maximum(start, 0.0), WARM_BOX)
    best_at, best_bound, best_sums = zero, np.inf, Sums.zero(problem)
    for number in range(MOST_PASSES):
        found = minimise(small, lambda y: in_sample.sums(problem, y), scale, at, box, TOLERANCE)
        at, box = found.multipliers, WARM_BOX / 10
        sums = source.sums(problem, at)
        bound = whole.value(sums, at)
        say(f"pass {number + 1} over {source.count():,} people: bound {bound / MINOR:,.0f}")
        gained = best_bound - bound
        if gained > 0:
            best_at, best_bound, best_sums = at, bound, sums
        if share >= 1.0 or gained <= TOLERANCE * max(abs(bound), 1.0):
            break
        # Where the sample uses more than its share of everyone, it gets as much more room.
        missed = uses(problem, sums) * share - uses(problem, in_sample.sums(problem, at))
        small = replace(small, room=whole.room * share - missed)
    return best_at, best_bound, best_sums, number + 1


def _whole_offers(problem: Problem, source: Source, sample: People, share: float,
                  multipliers: Floats, sums: Sums) -> tuple[Integers, Core]:
    """The choice of the core before repair, and the core after it."""
    size = np.maximum(np.array([max(abs(row.capacity), *(step.amount for step in row.steps), 0.0)
                                if row.steps else abs(row.capacity) for row in problem.rows]),
                      np.array([sum(abs(term.weight) * float(sums.measures[term.group,
                                                                           term.measure])
                                    for term in row.terms) for row in problem.rows]))
    size = np.maximum(size, 1.0)
    within = _within(problem, sample, share, multipliers)
    people = source.undecided(problem, multipliers, within, CORE_PEOPLE)
    for wider in (1.0, 10.0, np.inf):
        if wider > 1.0:
            people = source.undecided(problem, multipliers, within * wider, CORE_PEOPLE * 4)
        core = Core.of(problem, people, multipliers, sums, size)
        before = core.entry.copy()
        if repair(core):
            return before, core
    rooms = core.rooms()
    names = [row.name for row, room in zip(problem.rows, rooms) if room < 0]
    raise InfeasibleRows("limits." + ", ".join(names), "offers that keep every row",
                         "none within reach of the multipliers", "loosen one of these rows in the "
                         "policy, or the funding")


def _within(problem: Problem, sample: People, share: float, multipliers: Floats) -> float:
    """The margin below which about CORE_PEOPLE of everyone are undecided; minor units."""
    if not len(sample):
        return 0.0
    found = np.sort(margins(problem, sample, multipliers))
    place = int(CORE_PEOPLE * share)
    return float(found[place]) if place < len(found) else float("inf")


def _refuse_impossible(problem: Problem, in_sample: InMemory, dual: Dual, fixed: Sums) -> None:
    """Offers that keep all rows exist, or the rows that exclude each other are named.

    With values of zero the dual is the proof: below zero at some multipliers, it is so without
    bound along them, and no offers keep the rows with a multiplier (Farkas).
    """
    steps = np.array([sum(step.amount for step in row.steps) for row in problem.rows])
    if (dual.room + steps * dual.share >= 0).all():
        return  # offering nothing keeps them
    free = replace(problem, rows=tuple(replace(row, steps=tuple(
        replace(step, price=0.0) for step in row.steps)) for row in problem.rows))
    multipliers = _ray(free, in_sample.people, replace(dual, problem=free))
    if multipliers is None:
        return
    held = [row.name for row, one in zip(problem.rows, multipliers) if one > 1e-6]
    used = uses(problem, fixed)
    said = [f"{row.name}: {used[place]:,.0f} of {row.capacity:,.0f} {row.unit}"
            for place, row in enumerate(problem.rows) if row.name in held and used[place]]
    raise InfeasibleRows(
        "limits.rows " + ", ".join(held), "offers that keep these rows together",
        "none" + (f"; offers that stand already use {'; '.join(said)}" if said else ""),
        "loosen one of these rows in the policy")


def _ray(problem: Problem, people: People, dual: Dual) -> Floats | None:
    """Normalised multipliers at which the dual with zero values is below zero; None: nowhere."""
    nothing = replace(problem.economics, invitation_cost_minor=0, change_price_minor=0)
    free = replace(problem, economics=nothing)
    found = entries(people, problem.menu, nothing)
    worthless = Entries(np.zeros_like(found.value_minor), found.draw_minor, found.loss_minor,
                        found.variance)

    def sums(multipliers: Floats) -> Sums:
        entry = best(reduced(free, people, worthless, multipliers))
        person = np.flatnonzero(entry >= 0)
        used = np.zeros_like(Sums.zero(problem).measures)
        if len(person):
            from jobs.limits.choice import group_sums
            from jobs.limits.economics import measures_of
            used = group_sums(people.groups[person],
                              measures_of(worthless, problem.menu, person, entry[person]))
        return Sums(0, used)

    size = np.maximum(np.abs(dual.room), 1.0)
    outcome = minimise(dual, sums, 1.0 / size, np.zeros(len(problem.rows)), 0.5, 1e-9, -1e-4)
    return outcome.multipliers * size if outcome.value < -1e-6 else None


def _refuse_emptiness(problem: Problem, in_sample: InMemory, core: Core, chosen: Sums) -> None:
    """Where minimum shares leave nobody to invite, though offers would pay, they are named."""
    minima = tuple(row for row in problem.rows if row.terms[0].weight < 0)
    if core.sums.measures[0, 0] or not minima:
        return
    zero = np.zeros(len(problem.rows))
    if not in_sample.sums(problem, zero).measures[0, 0]:
        return
    alone = replace(problem, rows=minima)
    found = optimise_people(alone, in_sample.people)
    if found is not None:
        raise InfeasibleRows("limits.rows " + ", ".join(found), "minimum shares that offers can "
                             "keep together", "only the empty list keeps them",
                             "loosen one of these rows in the policy")


def optimise_people(problem: Problem, people: People) -> list[str] | None:
    """Rows that let nobody be invited, or None where they let someone; each a minimum."""
    def sums(multipliers: Floats) -> Sums:
        found = entries(people, problem.menu, problem.economics)
        one = Entries(np.ones_like(found.value_minor), found.draw_minor, found.loss_minor,
                      found.variance)
        entry = best(reduced(problem, people, one, multipliers))
        person = np.flatnonzero(entry >= 0)
        from jobs.limits.choice import group_sums
        from jobs.limits.economics import measures_of
        if not len(person):
            return Sums.zero(problem)
        return Sums(len(person), group_sums(people.groups[person], measures_of(
            one, problem.menu, person, entry[person])))

    dual = Dual(problem, np.array([row.capacity for row in problem.rows]))
    start = np.zeros(len(problem.rows))
    scale = scales(dual, sums(start))
    found = minimise(dual, sums, scale, start, FIRST_BOX, 1e-6)
    if found.value >= 0.5:
        return None
    return [row.name for row, one, size in zip(problem.rows, found.multipliers, scale)
            if one > 1e-6 * size]


__all__ = ["Solution", "choose_and_sum", "final_entries", "optimise"]
