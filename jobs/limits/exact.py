"""The best entries of a few people, everyone else's given: a small integer program (HiGHS)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from jobs.limits.core import Core
from jobs.limits.problem import Integers, Sums
from jobs.limits.rooms import worth

#: People among whom the exact solution is sought, and entries of each.
EXACT_PEOPLE, EXACT_ENTRIES = 150, 8
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
    two = np.partition(core.left, -2, axis=1)[:, -2:]
    whole = core.value.size <= _EXACT_VARIABLES
    who = np.argsort(two[:, 1] - two[:, 0], kind="stable")[
        :len(core.people) if whole else EXACT_PEOPLE]
    who = np.sort(who)
    kept = core.value.shape[1] if whole else min(EXACT_ENTRIES, core.value.shape[1])
    options = np.argsort(-core.left[who], axis=1, kind="stable")[:, :kept]
    options[:, -1] = np.where((options == core.entry[who][:, None]).any(axis=1), options[:, -1],
                              core.entry[who])
    # Among many, what one tangent misses is far below the gap; among few it may be an offer.
    is_bent = whole and any(row.chance is not None for row in core.problem.rows)
    held = _held(core, who)
    for _ in range(_MOST_TANGENTS if is_bent else 1):
        found = _solve(core, who, options)
        if found is None or (found == core.entry[who]).all():
            break
        core.move(who, found)
        now = _held(core, who)
        if now.is_kept and (not held.is_kept or now.worth > held.worth):
            held = now
    core.sums, core.entry[who] = held.sums, held.entry


@dataclass(frozen=True)
class _Held:
    """Where some people's entries and all sums stood."""

    entry: Integers
    sums: Sums
    worth: float
    is_kept: bool


def _held(core: Core, who: Integers) -> _Held:
    return _Held(core.entry[who].copy(), core.sums, worth(core.problem, core.sums),
                 bool((core.rooms() >= 0).all()))


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
        constraints=[*([LinearConstraint(np.array(left), -np.inf, np.array(right))] if left
                       else []),
                     LinearConstraint(np.concatenate(
                         [one_each, np.zeros((number, len(steps)))], axis=1), 1.0, 1.0)],
        options={"node_limit": _EXACT_NODES, "mip_rel_gap": 1e-9})
    if found.x is None:
        return None
    taken = found.x[:binary].reshape(number, kept).argmax(axis=1)
    return np.asarray(options[np.arange(number), taken])
