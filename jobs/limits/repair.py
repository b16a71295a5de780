"""From multipliers to whole offers: cure what is violated, fill what is left, prove the rest small.

At the best multipliers everyone's choice uses a little too much of some rows and too little of
others. Only people to whom another entry is worth almost as much (the core) are moved, since a
move costs what it gives up in value less prices: the cheapest moves a unit until no row is violated,
then moves that earn and fit, then an exact solution for the most undecided few (HiGHS).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from jobs.limits.choice import best, reduced
from jobs.limits.economics import entries
from jobs.limits.problem import (DRAW, MEASURES, NOTHING, VARIANCE, Chance, Floats, Integers,
                                 People, Problem, Row, Sums)

#: Rounds of cures, and people among whom the exact solution is sought; entries of each.
_MOST_ROUNDS, EXACT_PEOPLE, EXACT_ENTRIES = 200, 150, 8
#: Variables up to which a core is solved whole.
_EXACT_VARIABLES = 1_500
#: Branches of the exact solution: a number, never a time, so that each night ends alike.
_EXACT_NODES = 2_000


def room_left(row: Row, measures: Integers) -> float:
    """What a row still has, priced steps included; of a chance, what is left of the money."""
    if row.chance is not None:
        return chance_left(row.chance, int(measures[0, DRAW]), int(measures[0, VARIANCE]))
    used = sum(term.weight * float(measures[term.group, term.measure]) for term in row.terms)
    return row.capacity + sum(step.amount for step in row.steps) - used


def chance_left(chance: Chance, draw_minor: int, variance: int) -> float:
    """available - (mean + z sqrt(spread^2 mean^2 + variance)), minor units."""
    deviation = sqrt((chance.spread * draw_minor)**2 + variance * 100.0**2)
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


def worth(problem: Problem, sums: Sums) -> float:
    """Value of all offers less the steps they use; minor units."""
    return sums.value_minor - step_cost(problem, sums.measures)


@dataclass
class Core:
    """People who may be moved, what each entry is worth and uses, and where all sums stand.

    The last column of the arrays is nothing. `sums` are everyone's, core or not, fixed included.
    """

    problem: Problem
    people: People
    value: Floats
    measures: Floats
    left: Floats
    entry: Integers
    sums: Sums
    #: In what a row is measured: its size, for violations of different units.
    size: Floats

    @classmethod
    def of(cls, problem: Problem, people: People, multipliers: Floats, sums: Sums,
           size: Floats) -> Core:
        """The core with everyone's choice at the multipliers."""
        found = entries(people, problem.menu, problem.economics)
        left = reduced(problem, people, found, multipliers)
        shape = (len(people), len(problem.menu) + 1)
        value, measures = np.zeros(shape), np.zeros((*shape, len(MEASURES)))
        value[:, :-1] = found.value_minor
        measures[:, :-1, 0] = 1.0
        measures[:, :-1, 1] = problem.menu.limit_minor
        for column, used in enumerate((found.draw_minor, found.loss_minor, found.variance), 2):
            measures[:, :-1, column] = used
        with_nothing = np.concatenate([left, np.zeros((len(people), 1))], axis=1)
        entry = best(left)
        return cls(problem, people, value, measures, with_nothing,
                   np.where(entry == NOTHING, shape[1] - 1, entry), sums, size)

    def use(self, row: int) -> Floats:
        """What each entry uses of a row, shape (people, entries); of a chance along its tangent."""
        one = self.problem.rows[row]
        if one.chance is not None:
            mean, variance = tangent(one.chance, self.sums.measures)
            return np.asarray(mean * self.measures[..., DRAW]
                              + variance * self.measures[..., VARIANCE])
        total = np.zeros(self.value.shape)
        for term in one.terms:
            total += (term.weight * self.measures[..., term.measure]
                      * self.people.groups[:, term.group, None])
        return total

    def move(self, who: Integers, to: Integers) -> None:
        """Give these people other entries."""
        was = self.entry[who]
        gained = self.value[who, to].sum() - self.value[who, was].sum()
        change = (self.measures[who, to] - self.measures[who, was]).astype(np.int64)
        groups = self.people.groups[who]
        self.sums = self.sums.plus(Sums(int(gained), np.stack(
            [change[groups[:, place]].sum(axis=0) for place in range(groups.shape[1])])))
        self.entry[who] = to

    def rooms(self) -> Floats:
        """What is left of each row."""
        return np.array([room_left(row, self.sums.measures) for row in self.problem.rows])


def tangent(chance: Chance, measures: Integers) -> tuple[float, float]:
    """Weights of mean and variance in a chance's left side, around these sums."""
    mean, variance = float(measures[0, DRAW]), float(measures[0, VARIANCE]) * 100.0**2
    deviation = max(sqrt((chance.spread * mean)**2 + variance), 1.0)
    return (1.0 + chance.z * chance.spread**2 * mean / deviation,
            chance.z * 100.0**2 / (2.0 * deviation))


def repair(core: Core) -> bool:
    """Cure, fill and polish; returns whether no row is violated."""
    if _cure(core):
        _fill(core)
    _exact(core)
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


def _exact(core: Core) -> None:
    """The best entries of the most undecided few, the others given: a small integer program."""
    if not len(core.people):
        return
    two = np.partition(core.left, -2, axis=1)[:, -2:]
    whole = core.value.size <= _EXACT_VARIABLES
    who = np.argsort(two[:, 1] - two[:, 0], kind="stable")[
        :len(core.people) if whole else EXACT_PEOPLE]
    who = np.sort(who)
    kept = core.value.shape[1] if whole else min(EXACT_ENTRIES, core.value.shape[1])
    options = np.argsort(-core.left[who], axis=1, kind="stable")[:, :kept]
    options[:, -1] = np.where((options == core.entry[who][:, None]).any(axis=1), options[:, -1],
                              core.entry[who])
    found = _solve(core, who, options)
    if found is None:
        return
    is_kept = bool((core.rooms() >= 0).all())
    before, entry = core.sums, core.entry[who].copy()
    core.move(who, found)
    is_worse = worth(core.problem, core.sums) < worth(core.problem, before)
    if (core.rooms() < 0).any() or (is_kept and is_worse):
        core.sums, core.entry[who] = before, entry


def _solve(core: Core, who: Integers, options: Integers) -> Integers | None:
    """Entries that earn most among the options, the rows' room given; None without a solution."""
    problem, rows = core.problem, core.rooms()
    number, kept = options.shape
    steps = [(place, step) for place, row in enumerate(problem.rows) for step in row.steps]
    binary = number * kept
    value = core.value[who[:, None], options]
    # Steps in shares of their amounts: a price of cents a unit is below the solver's tolerance.
    costs = np.concatenate([-value.reshape(-1), [step.price * step.amount for _, step in steps]])
    one_each = np.kron(np.eye(number), np.ones(kept))
    left, right = [], []
    for place, row in enumerate(problem.rows):
        used = core.use(place)
        own = used[who[:, None], options].reshape(-1)
        line = np.zeros(binary + len(steps))
        line[:binary] = own
        now = float(used[who, core.entry[who]].sum())
        room = rows[place] + now
        if row.steps:  # their amounts are in the room already
            room -= sum(step.amount for step in row.steps)
            for number_of_step, (of, step) in enumerate(steps):
                line[binary + number_of_step] = -step.amount if of == place else 0.0
        size = max(np.abs(line).max(), 1.0)
        left.append(line / size)
        right.append(room / size)
    scale = max(np.abs(costs).max(), 1.0)
    found = milp(
        costs / scale, integrality=np.concatenate([np.ones(binary), np.zeros(len(steps))]),
        bounds=Bounds(0.0, np.concatenate([
            np.isfinite(core.left[who[:, None], options]).reshape(-1).astype(float),
            np.ones(len(steps))])),
        constraints=[LinearConstraint(np.array(left), -np.inf, np.array(right)),
                     LinearConstraint(np.concatenate(
                         [one_each, np.zeros((number, len(steps)))], axis=1), 1.0, 1.0)],
        options={"node_limit": _EXACT_NODES, "mip_rel_gap": 1e-9})
    if found.x is None:
        return None
    taken = found.x[:binary].reshape(number, kept).argmax(axis=1)
    return np.asarray(options[np.arange(number), taken])
