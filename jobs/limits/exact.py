"""The best entries of a few people, everyone else's given: a small integer program (HiGHS)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, eye_array, hstack, kron

from jobs.limits.core import Core
from jobs.limits.problem import Integers, Sums
from jobs.limits.rooms import worth

#: People among whom the exact solution is sought, whole or in parts; entries of each.
EXACT_PEOPLE, RELAXED_PEOPLE, EXACT_ENTRIES = 150, 4_000, 8
#: Variables up to which a core is solved whole.
_EXACT_VARIABLES = 1_500
#: Branches of the exact solution: a number, never a time, so that each night ends alike.
_EXACT_NODES = 2_000
#: Exact solutions sought for a small core, a chance's tangent drawn anew where one ended.
_MOST_TANGENTS = 5


def polish(core: Core) -> None:
    """The best entries of the most undecided few, the others given: a small integer program."""
    if not len(core.people):
        return
    whole = core.value.size <= _EXACT_VARIABLES
    who = _undecided(core, len(core.people) if whole else EXACT_PEOPLE)
    options = _options(core, who, core.value.shape[1] if whole else EXACT_ENTRIES)
    # Among many, what one tangent misses is far below the gap; among few it may be an offer.
    is_bent = whole and any(row.chance is not None for row in core.problem.rows)
    held = hold(core, who)
    for _ in range(_MOST_TANGENTS if is_bent else 1):
        found = _solve(core, who, options, is_whole=True)
        if found is None or (found == core.entry[who]).all():
            break
        core.move(who, found)
        now = hold(core, who)
        if now.is_better(held):
            held = now
    held.restore(core)


def relax(core: Core) -> None:
    """The best entries of many undecided people, did parts of offers exist; rounded.

    Which moves go together, one giving the room that another takes, is what a linear program finds
    and one move after another does not. No more people than rows have parts (a basic solution), so
    that rounding breaks rows by little, to be cured anew.
    """
    if core.value.size > _EXACT_VARIABLES:
        who = _undecided(core, RELAXED_PEOPLE)
        found = _solve(core, who, _options(core, who, EXACT_ENTRIES), is_whole=False)
        if found is not None:
            core.move(who, found)


def _undecided(core: Core, number: int) -> Integers:
    two = np.partition(core.left, -2, axis=1)[:, -2:]
    return np.sort(np.argsort(two[:, 1] - two[:, 0], kind="stable")[:number])


def _options(core: Core, who: Integers, number: int) -> Integers:
    """The entries with the most left for each person, the one they have among them."""
    options = np.argsort(-core.left[who], axis=1, kind="stable")[:, :number]
    options[:, -1] = np.where((options == core.entry[who][:, None]).any(axis=1), options[:, -1],
                              core.entry[who])
    return options


@dataclass(frozen=True)
class Held:
    """Where some people's entries and all sums stood."""

    who: Integers
    entry: Integers
    sums: Sums
    worth: float
    is_kept: bool

    def is_better(self, other: Held) -> bool:
        """Keeps all rows, and is worth more than the other or the other does not."""
        return self.is_kept and (not other.is_kept or self.worth > other.worth)

    def restore(self, core: Core) -> None:
        """Put these people back where they stood; no one else may have moved since."""
        core.sums, core.entry[self.who] = self.sums, self.entry


def hold(core: Core, who: Integers) -> Held:
    """Where these people and all sums stand."""
    return Held(who, core.entry[who].copy(), core.sums, worth(core.problem, core.sums),
                bool((core.rooms() >= 0).all()))


def _solve(core: Core, who: Integers, options: Integers, is_whole: bool) -> Integers | None:
    """Entries that earn most among the options, the rows' room given; None without a solution.

    In whole offers, or in parts of them, of which the largest of each person is taken.
    """
    problem, rows = core.problem, core.rooms()
    number, kept = options.shape
    steps = [(place, step) for place, row in enumerate(problem.rows) for step in row.steps]
    binary = number * kept
    value = core.value[who[:, None], options]
    # Steps in shares of their amounts: a price of cents a unit is below the solver's tolerance.
    costs = np.concatenate([-value.reshape(-1), [step.price * step.amount for _, step in steps]])
    one_each = kron(eye_array(number), np.ones((1, kept)))
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
        costs / scale,
        integrality=np.concatenate([np.full(binary, float(is_whole)), np.zeros(len(steps))]),
        bounds=Bounds(0.0, np.concatenate([
            np.isfinite(core.left[who[:, None], options]).reshape(-1).astype(float),
            np.ones(len(steps))])),
        constraints=[*([LinearConstraint(np.array(left), -np.inf, np.array(right))] if left
                       else []),
                     LinearConstraint(hstack(
                         [one_each, coo_array((number, len(steps)))]).tocsr(), 1.0, 1.0)],
        options={"node_limit": _EXACT_NODES, "mip_rel_gap": 1e-9})
    if found.x is None:
        return None
    taken = found.x[:binary].reshape(number, kept).argmax(axis=1)
    return np.asarray(options[np.arange(number), taken])
