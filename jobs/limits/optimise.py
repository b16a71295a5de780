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

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import floor

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.errors import InfeasibleRows
from jobs.limits.choice import choose
from jobs.limits.conflicts import refuse_emptiness, refuse_impossible
from jobs.limits.core import Core
from jobs.limits.dual import FIRST_BOX, WARM_BOX, Dual, gross_uses, minimise, scales
from jobs.limits.problem import MINOR, Floats, Integers, People, Problem, Sums, uses
from jobs.limits.repair import repair
from jobs.limits.rooms import room_left, worth
from jobs.limits.sources import InMemory, Source, margins

#: People of the sample and of the first core; passes over everyone for the bound at most.
SAMPLE_PEOPLE, CORE_PEOPLE, MOST_PASSES = 60_000, 20_000, 6
#: Relative, of the dual on the sample and over everyone.
TOLERANCE = 1e-6
#: A further core is asked for where the gap is wider than the first, relative, and more than the
#: second of the core before had to move.
_NEAR, _MANY = 1e-5, 0.5


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
    count = source.count()
    share = len(sample) / count if count else 1.0
    missed = refuse_impossible(problem, source, sample, share, fixed)
    room = np.array([row.capacity for row in problem.rows]) - uses(problem, fixed)
    multipliers, bound, chosen, passes = _search(
        problem, source, InMemory(sample), Dual(problem, room), share, missed, start, say)
    bound += fixed.value_minor
    sums, moved, cores = _whole_offers(problem, source, sample, share, multipliers,
                                       chosen.plus(fixed), bound)
    refuse_emptiness(problem, sample, sums)
    value = worth(problem, sums)
    bound = max(bound, value)  # equal, but for rounding
    say(f"value {value / MINOR:,.0f}, bound {bound / MINOR:,.0f}, {passes + cores} passes, "
        f"{len(moved)} moved")
    own = Sums(sums.value_minor - fixed.value_minor, sums.measures - fixed.measures)
    return Solution(multipliers, bound, floor(value), own, passes + cores,
                    moved["user_id"].combine_chunks(), moved["entry"].to_numpy())


def final_entries(problem: Problem, people: People, solution: Solution) -> Integers:
    """The entry of each of some people in the end, shape (people,)."""
    entry = choose(problem, people, solution.multipliers)
    place = pc.index_in(people.user_id, value_set=solution.changed_user_id)
    is_moved = place.is_valid().to_numpy(zero_copy_only=False)
    entry[is_moved] = solution.changed_entry[place.drop_null().to_numpy()]
    return entry


def _search(problem: Problem, source: Source, in_sample: InMemory, whole: Dual, share: float,
            missed: Floats, start: Floats | None, say: Callable[[str], None]
            ) -> tuple[Floats, float, Sums, int]:
    """Multipliers with the lowest bound found, that bound, everyone's choice there, passes."""
    zero = np.zeros(len(problem.rows))
    small = Dual(problem, whole.room * share - missed, share)
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
                  multipliers: Floats, sums: Sums, bound: float) -> tuple[Sums, pa.Table, int]:
    """Sums of all offers when no row is violated, who was moved, and cores it took.

    One core is enough unless the sample misled, or a great many people are alike: then further
    people are moved, from the least to the most decided, until most of a core stay.
    """
    stated = [max(abs(row.capacity), sum(step.amount for step in row.steps), 1.0)
              for row in problem.rows]
    size = np.maximum(gross_uses(problem, sums), stated)
    moved = []
    for people in _cores(problem, source, sample, share, multipliers):
        core = Core.of(problem, people, multipliers, sums, size)
        is_kept, sums = repair(core), core.sums
        moved.append(core.changed())
        is_near = bound - worth(problem, sums) <= _NEAR * abs(bound)
        if is_kept and (is_near or len(moved[-1]) < _MANY * len(people)):
            break
    if all(room_left(row, sums.measures) >= 0 for row in problem.rows):
        return sums, pa.concat_tables(moved), len(moved)
    names = [row.name for row in problem.rows if room_left(row, sums.measures) < 0]
    raise InfeasibleRows("limits.rows " + ", ".join(names), "whole offers that keep every row",
                         "none, whoever is moved", "loosen one of these rows in the policy, or "
                         "the funding")


def _cores(problem: Problem, source: Source, sample: People, share: float, multipliers: Floats
           ) -> Iterator[People]:
    """People from the least to the most decided, at least one core, if of nobody."""
    found = np.sort(margins(problem, sample, multipliers))
    place = int(CORE_PEOPLE * share)
    first = float(found[place]) if place < len(found) else np.inf
    ends = sorted({first, 10.0 * first, np.inf})
    size = CORE_PEOPLE
    for band in zip([-1.0, *ends], ends):
        skip, is_more = 0, True
        while is_more:
            people = source.undecided(problem, multipliers, band, skip, size)
            skip, is_more = skip + size, len(people) == size
            size = 4 * CORE_PEOPLE
            yield people
