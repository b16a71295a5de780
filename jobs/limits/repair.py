"""From multipliers to whole offers: cure what is violated, fill what is left, prove the rest small.

At the best multipliers everyone's choice uses a little too much of some rows and too little of
others. Only people to whom another entry is worth almost as much (the core) are moved, since a
move costs what it gives up in value less prices: the cheapest moves a unit until no row is
violated, then moves that earn and fit, then an exact solution for the most undecided few (HiGHS).
"""

from __future__ import annotations

import numpy as np

from jobs.limits.core import Core
from jobs.limits.exact import polish
from jobs.limits.problem import Floats, Integers, Problem
from jobs.limits.rooms import worth

#: Rounds of cures.
_MOST_ROUNDS = 200


def repair(core: Core) -> bool:
    """Cure, fill and polish; returns whether no row is violated."""
    if _cure(core):
        _fill(core)
    polish(core)
    return bool((core.rooms() >= 0).all())


def _cure(core: Core) -> bool:
    """The cheapest moves a unit of what is violated, until nothing is."""
    for _ in range(_MOST_ROUNDS):
        rooms = core.rooms()
        violated = np.flatnonzero(rooms < 0)
        if not len(violated):
            return True
        if not len(core.people) or not (_relieve(core, rooms, violated, True)
                                        or _relieve(core, rooms, violated, False)):
            return False
    return False


def _relieve(core: Core, rooms: Floats, violated: Integers, spare_tight: bool) -> bool:
    """Ease the worst row by the cheapest moves; those that strain tight rows only if told to."""
    worst = int(violated[np.argmin((rooms / core.size)[violated])])
    people = np.arange(len(core.people))
    relief = np.zeros(core.value.shape)
    for row in range(len(rooms)):
        used = core.use(row)
        eased = (used[people, core.entry][:, None] - used) / core.size[row]
        if row == worst:
            own = eased
        if row in violated:
            relief += eased
        elif spare_tight and rooms[row] <= 1e-4 * core.size[row]:
            relief += np.minimum(eased, 0.0)  # tight: what is eased here must not burst there
    loss = np.maximum(core.left[people, core.entry][:, None] - core.left, 0.0)
    ratio = np.where((relief > 1e-15) & (own > 0) & np.isfinite(core.left),
                     (loss + 1e-3) / np.maximum(relief, 1e-15), np.inf)
    to = ratio.argmin(axis=1)
    cheapest = ratio[people, to]
    order = np.argsort(cheapest, kind="stable")
    order = order[np.isfinite(cheapest[order])]
    if not len(order):
        return False
    needed = -rooms[worst] / core.size[worst]
    reached = np.cumsum(own[order, to[order]])
    number = int(np.searchsorted(reached, needed)) + 1
    chosen = order[:number]
    core.move(chosen, to[chosen])
    return True


def _fill(core: Core) -> None:
    """Moves that earn and fit, the most earned for the share of room that they take first."""
    people = np.arange(len(core.people))
    price = _marginal_prices(core.problem, core.sums.measures)
    for _ in range(3):
        gain = core.value - core.value[people, core.entry][:, None]
        taken = np.zeros(core.value.shape)
        fits = np.isfinite(core.left)
        rooms = core.rooms()
        changes = []
        for row in range(len(rooms)):
            used = core.use(row)
            change = used - used[people, core.entry][:, None]
            changes.append(change)
            gain = gain - price[row] * change
            fits &= change <= rooms[row]
            taken = np.maximum(taken, change / max(rooms[row], core.size[row] * 1e-9))
        worth_it = np.where(fits & (gain > 0.5), gain / np.maximum(taken, 1e-9), -np.inf)
        to = worth_it.argmax(axis=1)
        order = np.argsort(-worth_it[people, to], kind="stable")[:2_000]
        if not _take(core, order, to, worth_it):
            return


def _take(core: Core, order: Integers, to: Integers, worth_it: Floats) -> bool:
    is_moved = False
    for who in order:
        if not np.isfinite(worth_it[who, to[who]]):
            break
        before, entry = core.sums, int(core.entry[who])
        was = worth(core.problem, before)
        core.move(np.array([who]), np.array([to[who]]))
        if (core.rooms() < 0).any() or worth(core.problem, core.sums) <= was:
            core.sums, core.entry[who] = before, entry
        else:
            is_moved = True
    return is_moved


def _marginal_prices(problem: Problem, measures: Integers) -> Floats:
    """Price of one more unit of each row: of the step that is being used; 0 without steps."""
    found = np.zeros(len(problem.rows))
    for place, row in enumerate(problem.rows):
        used = sum(term.weight * float(measures[term.group, term.measure]) for term in row.terms)
        beyond = used - row.capacity
        for step in row.steps:
            found[place] = step.price
            if beyond < step.amount:
                break
            beyond -= step.amount
    return found
