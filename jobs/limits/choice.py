"""The choice of a person at given multipliers, and exact sums over those who chose.

At multipliers y of the rows each person takes the entry with the highest

    value - sum over measures of c x measure,   c = sum over terms of y x weight, where in the group

if that is above zero. The rows meet a person in these few prices c only, so that the cost of a
choice does not grow with their number. Sums are of whole numbers: the same in any order.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.limits.economics import Entries, entries, measures_of
from jobs.limits.problem import (EVERYONE, MEASURES, NOTHING, Booleans, Floats, Integers, Menu,
                                 People, Problem, Sums)

#: People whose menus fit the processor's cache together.
AT_ONCE = 2_048


def people_of(rows: pa.RecordBatch | pa.Table, problem: Problem) -> People:
    """Candidates as arrays; an offer that was sent is no open entry, as it is honoured.

    Args:
        rows: With the columns of CANDIDATES.
        problem: Its groups and its menu.
    """
    def numbers(name: str, kind: pa.DataType = pa.float64()) -> npt.NDArray[np.generic]:
        column = rows.column(name).cast(kind)
        return np.asarray(column.fill_null(0).to_numpy(zero_copy_only=False)
                          if isinstance(column, pa.Array) else column.fill_null(0).to_numpy())

    groups = np.ones((rows.num_rows, len(problem.groups)), bool)
    for place, group in enumerate(problem.groups):
        if place != EVERYONE:
            is_in = pc.is_in(rows.column(group.column), pa.array(group.values, pa.string()))
            groups[:, place] = pc.fill_null(is_in, False).to_numpy(**_copy(is_in))
    is_sent = pc.fill_null(rows.column("is_open_offer_sent"), False)
    open_limit = np.where(is_sent.to_numpy(**_copy(is_sent)), 0,
                          numbers("open_limit_minor", pa.int64()))
    ids = rows.column("user_id")
    pd, response, draw, lgd, income = (np.asarray(numbers(name), np.float64) for name in (
        "pd", "response_ratio", "draw_ratio", "lgd_ratio", "income_minor"))
    return People(
        pd, response, draw, lgd, income,
        limit_cap_minor=np.asarray(numbers("limit_cap_minor", pa.int64()), np.int64),
        groups=groups, open_entry=_open_entries(problem.menu, open_limit,
                                                np.asarray(numbers("open_rate_daily"))),
        user_id=ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids)


def _copy(column: pa.Array | pa.ChunkedArray) -> dict[str, bool]:
    """Booleans are bits in Arrow: an Array is copied only when asked to."""
    return {"zero_copy_only": False} if isinstance(column, pa.Array) else {}


def _open_entries(menu: Menu, limit_minor: Integers, rate_daily: Floats) -> Integers:
    found = np.full(len(limit_minor), NOTHING, np.int64)
    for entry in range(len(menu)):
        same = ((limit_minor == menu.limit_minor[entry])
                & (np.abs(rate_daily - menu.rate_daily[entry]) < 5e-7))
        found[same] = entry
    return found


def prices(problem: Problem, groups: Booleans, multipliers: Floats) -> Floats:
    """What a unit of each measure costs each person, shape (people, MEASURES)."""
    costs = np.zeros((len(groups), len(MEASURES)))
    by_group = np.zeros((len(problem.groups), len(MEASURES)))
    for row, multiplier in zip(problem.rows, multipliers, strict=True):
        for term in row.terms:
            by_group[term.group, term.measure] += multiplier * term.weight
    # Group by group in one order: a product of matrices may add up otherwise for other batches.
    for place in np.flatnonzero(by_group.any(axis=1)):
        costs += groups[:, place, None] * by_group[place]
    return costs


def reduced(problem: Problem, people: People, found: Entries, multipliers: Floats) -> Floats:
    """Value less the prices of what is used, shape (people, entries); -inf where not allowed."""
    cost = prices(problem, people.groups, multipliers)
    limit = problem.menu.limit_minor.astype(np.float64)
    left = found.value_minor - cost[:, :1]
    if cost[:, 1].any():
        left -= cost[:, 1:2] * limit
    spent = np.empty_like(left)
    for column, used in enumerate((found.draw_minor, found.loss_minor, found.variance), 2):
        if cost[:, column].any():
            left -= np.multiply(used, cost[:, column:column + 1], out=spent)
    left[limit[None, :] > people.limit_cap_minor[:, None]] = -np.inf
    return np.asarray(left)


def best(left: Floats) -> Integers:
    """Entry with the most left for each person, the first of equals; NOTHING where none is."""
    entry = left.argmax(axis=1)
    return np.where(left[np.arange(len(left)), entry] > 0, entry, NOTHING)


def choose(problem: Problem, people: People, multipliers: Floats) -> Integers:
    """The entry that each person takes at these multipliers, shape (people,)."""
    return _batched(people, lambda some: best(reduced(
        problem, some, entries(some, problem.menu, problem.economics), multipliers)))


def choose_and_sum(problem: Problem, people: People, multipliers: Floats) -> Sums:
    """What everyone's choice at these multipliers is worth and uses."""
    total = Sums.zero(problem)
    for start in range(0, len(people), AT_ONCE):
        some = people.part(start, start + AT_ONCE)
        found = entries(some, problem.menu, problem.economics)
        entry = best(reduced(problem, some, found, multipliers))
        total = total.plus(entry_sums(problem, some, found, entry))
    return total


def sums_of(problem: Problem, people: People, entry: Integers) -> Sums:
    """Exact sums of chosen entries (NOTHING: nothing)."""
    total = Sums.zero(problem)
    for start in range(0, len(people), AT_ONCE):
        some = people.part(start, start + AT_ONCE)
        found = entries(some, problem.menu, problem.economics)
        total = total.plus(entry_sums(problem, some, found, entry[start:start + AT_ONCE]))
    return total


def entry_sums(problem: Problem, people: People, found: Entries, entry: Integers) -> Sums:
    """The same, where value and use of every entry are at hand."""
    person = np.flatnonzero(entry >= 0)
    used = measures_of(found, problem.menu, person, entry[person])
    value = found.value_minor[person, entry[person]].astype(np.int64)
    return Sums(int(value.sum()), group_sums(people.groups[person], used))


def group_sums(groups: Booleans, measures: Integers) -> Integers:
    """Measures summed over each group, shape (groups, MEASURES)."""
    return np.stack([measures[groups[:, place]].sum(axis=0) for place in range(groups.shape[1])])


def offer_figures(problem: Problem, people: People, limit_minor: Integers, rate_daily: Floats
                  ) -> tuple[Integers, Integers]:
    """Value, shape (people,), and measures, shape (people, MEASURES), of an offer to each.

    Terms need not be in the menu; a limit of 0 is no offer, and all zeros. An open offer that is
    kept as it is has the price of a change in its value, as in the menu.
    """
    value = np.zeros(len(people), np.int64)
    measures = np.zeros((len(people), len(MEASURES)), np.int64)
    terms = np.stack([limit_minor.astype(np.float64), rate_daily], axis=1)
    kinds, place = np.unique(terms, axis=0, return_inverse=True)
    # Sorted once: a scan a kind would cost people x kinds.
    order = np.argsort(place.reshape(-1), kind="stable")
    ends = np.cumsum(np.bincount(place.reshape(-1), minlength=len(kinds)))
    for number, (limit, rate) in enumerate(kinds):
        who = order[ends[number - 1] if number else 0:ends[number]]
        if limit <= 0:
            continue
        menu = Menu(np.array([int(limit)]), np.array([rate]))
        some = people.take(who)
        is_open = _is_open(problem.menu, some.open_entry, int(limit), rate)
        some = some.reopened(np.where(is_open, 0, NOTHING))
        found = entries(some, menu, problem.economics)
        first = np.zeros(len(who), np.int64)
        value[who] = found.value_minor[:, 0].astype(np.int64)
        measures[who] = measures_of(found, menu, np.arange(len(who)), first)
    return value, measures


def _is_open(menu: Menu, open_entry: Integers, limit_minor: int, rate_daily: float) -> Booleans:
    same = (menu.limit_minor == limit_minor) & (np.abs(menu.rate_daily - rate_daily) < 5e-7)
    return np.asarray((open_entry >= 0) & same[open_entry])


def _batched(people: People, of: Callable[[People], Integers]) -> Integers:
    parts = [of(people.part(start, start + AT_ONCE)) for start in range(0, len(people), AT_ONCE)]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
