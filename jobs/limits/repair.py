"""From multipliers to whole offers: cure what is violated, fill what is left, prove the rest small.

At the best multipliers everyone's choice uses a little too much of some rows and too little of
others. Only people to whom another entry is worth almost as much (the core) are moved, since a
move costs what it gives up in value less prices: the cheapest moves a unit until no row is
violated, then moves that earn and fit, then an exact solution for the most undecided few (HiGHS).
"""

from __future__ import annotations

import numpy as np

from jobs.limits.core import Core
from jobs.limits.exact import hold, polish, relax
from jobs.limits.problem import Floats, Integers
from jobs.limits.rooms import step_prices, worth

#: Rounds of cures and of fillings, and moves that a filling tries one by one.
_MOST_ROUNDS, _MOST_FILLS, _ONE_BY_ONE = 200, 30, 2_000
#: So many moves at most are not worth taking together.
_FEW = 40


def repair(core: Core) -> bool:
    """Cure, fill and polish; returns whether no row is violated."""
    if _cure(core):
        _fill(core)
        held = hold(core, np.arange(len(core.people)))
        relax(core)
        if _cure(core):
            _fill(core)
        if not hold(core, held.who).is_better(held):
            held.restore(core)
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
    """Moves that earn and fit, the most earned for the share of room that they take first.

    Where many fit, a part of them only, and all are looked at again: what else is worth taking
    depends on which room has become scarce.
    """
    for _ in range(_MOST_FILLS):
        order, to, changes = _gains(core)
        if not _take_together(core, order, to, changes) and not _take_each(
                core, order[:_ONE_BY_ONE], to):
            return


def _gains(core: Core) -> tuple[Integers, Integers, list[Floats]]:
    """Who gains by a move that fits, best first, to what, and its change of each row."""
    people = np.arange(len(core.people))
    prices, rooms = step_prices(core.problem, core.sums.measures)[0], core.rooms()
    gain = core.value - core.value[people, core.entry][:, None]
    taken, fits, changes = np.zeros(core.value.shape), np.isfinite(core.left), []
    for row in range(len(rooms)):
        used = core.use(row)
        change = used - used[people, core.entry][:, None]
        changes.append(change)
        gain = gain - prices[row] * change
        fits &= change <= rooms[row]
        taken = np.maximum(taken, change / max(rooms[row], core.size[row] * 1e-9))
    worth_it = np.where(fits & (gain > 0.5), gain / np.maximum(taken, 1e-9), -np.inf)
    to = worth_it.argmax(axis=1)
    order = np.argsort(-worth_it[people, to], kind="stable")
    return order[np.isfinite(worth_it[order, to[order]])], to, [
        change[people, to] for change in changes]


def _take_together(core: Core, order: Integers, to: Integers, changes: list[Floats]) -> bool:
    """Take a part of the first moves that fit together; False where few fit, or none did."""
    rooms = np.minimum(core.rooms(), step_prices(core.problem, core.sums.measures)[1])
    number = len(order)
    for change, room in zip(changes, rooms):
        beyond = np.flatnonzero(np.cumsum(change[order]) > room)
        number = min(number, int(beyond[0])) if len(beyond) else number
    while number > _FEW:
        number //= 4
        if _keeps(core, order[:number], to[order[:number]]):
            return True
    return False


def _take_each(core: Core, order: Integers, to: Integers) -> bool:
    """Take every move that still fits and earns, one by one; returns whether any did."""
    return any([_keeps(core, np.array([who]), to[who:who + 1]) for who in order])


def _keeps(core: Core, who: Integers, to: Integers) -> bool:
    """Move people if that earns and violates nothing; else all stays as it was."""
    before, entry = core.sums, core.entry[who]
    core.move(who, to)
    if (core.rooms() >= 0).all() and worth(core.problem, core.sums) > worth(core.problem, before):
        return True
    core.sums, core.entry[who] = before, entry
    return False
