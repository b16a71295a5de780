"""Hand out what a strategy wants everyone to have, best scores first, while all rows hold.

In memory, by running sums over whole numbers: some millions of people.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from jobs.errors import InfeasibleRows
from jobs.limits.choice import group_sums, offer_figures
from jobs.limits.problem import (DRAW, MINOR, VARIANCE, Booleans, Floats, Integers, People,
                                 Problem, Row, Sums)
from jobs.limits.rooms import chance_left


@dataclass(frozen=True)
class Offers:
    """Terms for each person, shape (people,); a limit of 0 is no offer."""

    limit_minor: Integers
    rate_daily: Floats

    @property
    def is_offered(self) -> Booleans:
        """Who gets one."""
        return np.asarray(self.limit_minor > 0)

    def only(self, kept: Booleans) -> Offers:
        """Those of `kept`; nobody else gets any."""
        return Offers(np.where(kept, self.limit_minor, 0), np.where(kept, self.rate_daily, 0.0))


@dataclass(frozen=True)
class Applicants:
    """Whom a strategy decides about: what the optimiser knows, and the grades it ignores.

    Attributes:
        people: One entry a person.
        score_points: Of the PD model.
        card_limit_minor: Highest limit of a bound card, 0 where none is known.
    """

    people: People
    score_points: Integers
    card_limit_minor: Integers

    @classmethod
    def of(cls, people: People, rows: pa.Table) -> Applicants:
        """The people of these rows of CANDIDATES."""
        return cls(people, _integers(rows, "score_points"), _integers(rows, "card_limit_minor"))

    def take(self, place: Integers) -> Applicants:
        """Those at these places."""
        return Applicants(self.people.take(place), self.score_points[place],
                          self.card_limit_minor[place])

    @cached_property
    def best_first(self) -> Integers:
        """Places from the best score down, ties by user_id."""
        rank = np.argsort(np.asarray(self.people.user_id.to_numpy(zero_copy_only=False), str),
                          kind="stable")
        return np.asarray(rank[np.argsort(-self.score_points[rank], kind="stable")])


def fill(problem: Problem, applicants: Applicants, wish: Offers, fixed: Sums) -> Offers:
    """Of what everyone should get as much as the rows allow, best scores first.

    While a row does not hold, those who use it leave, worst score first and no more than needed;
    shares before capacities, since who leaves for a share leaves room. Taking people out ends, so
    this ends; room that a later departure makes is not given out again.

    Raises:
        InfeasibleRows: When a row fails and nobody who is left uses it.
    """
    _, measures = offer_figures(problem, applicants.people, wish.limit_minor, wish.rate_daily)
    worst_first = applicants.best_first[::-1]
    kept = wish.is_offered
    rows = sorted(problem.rows, key=lambda row: all(term.weight > 0 for term in row.terms))
    while True:
        before = int(kept.sum())
        for row in rows:
            leaving = _leaving(row, applicants.people, measures, kept, fixed, worst_first)
            kept[leaving] = False
        if int(kept.sum()) == before:
            return wish.only(kept)


def _leaving(row: Row, people: People, measures: Integers, kept: Booleans, fixed: Sums,
             worst_first: Integers) -> Integers:
    """Places of those who leave so that the row holds, given who is kept."""
    by_term = np.stack([measures[:, term.measure] * people.groups[:, term.group]
                        for term in row.terms], axis=1)
    weights = np.array([term.weight for term in row.terms])
    total = by_term[kept].sum(axis=0) + np.array(
        [fixed.measures[term.group, term.measure] for term in row.terms])
    users = worst_first[(kept & (by_term @ weights > 0))[worst_first]]
    gone = np.concatenate([np.zeros((1, len(weights)), np.int64),
                           np.cumsum(by_term[users], axis=0)])
    holds = _holds(row, (total - gone).astype(np.float64) @ weights)
    if row.chance is not None:
        moved = np.concatenate([np.zeros((1, 2), np.int64), np.cumsum(
            measures[users][:, [DRAW, VARIANCE]], axis=0)])
        drawn = (measures[kept].sum(axis=0) + fixed.measures[0])[[DRAW, VARIANCE]] - moved
        holds = keeps_chance(row, drawn[:, 0], drawn[:, 1])
    if not holds.any():
        raise InfeasibleRows(f"row {row.name}", "offers that keep it", "none, even where nobody "
                             "who uses it gets any", "lower the row's minimum in the policy, or "
                             "fix fewer offers")
    return users[:int(holds.argmax())]


def _holds(row: Row, use: Floats) -> Booleans:
    return np.asarray(use <= row.capacity + sum(step.amount for step in row.steps))


def keeps_chance(row: Row, draw_minor: Integers, variance: Integers) -> Booleans:
    """Whether draws of this mean and variance stay within the money with the row's confidence."""
    chance = row.chance
    assert chance is not None
    mean = np.asarray(draw_minor, np.float64)
    deviation = np.sqrt((chance.spread * mean)**2 + np.asarray(variance, np.float64) * MINOR**2)
    return np.asarray(mean + chance.z * deviation <= chance.available_minor)


def share_of(problem: Problem, ratio: float) -> Problem:
    """The problem with a part of every capacity.

    Parts that each keep their own chance keep it together: deviations of independent draws add
    up to less than their sum.
    """
    def row(whole: Row) -> Row:
        chance = whole.chance and replace(
            whole.chance, available_minor=int(whole.chance.available_minor * ratio))
        return replace(whole, capacity=whole.capacity * ratio, chance=chance, steps=tuple(
            replace(step, amount=step.amount * ratio) for step in whole.steps))

    return replace(problem, rows=tuple(row(whole) for whole in problem.rows))


def widened(problem: Problem, used: Sums) -> Problem:
    """Rows that at least allow what is used already: nobody else has to make up for it."""
    def row(known: Row) -> Row:
        use = sum(term.weight * float(used.measures[term.group, term.measure])
                  for term in known.terms)
        chance = known.chance
        if chance is not None:
            left = chance_left(chance, int(used.measures[0, DRAW]),
                               int(used.measures[0, VARIANCE]))
            chance = replace(chance, available_minor=chance.available_minor
                             + max(0, math.ceil(-left)))
        beyond = use - sum(step.amount for step in known.steps)
        return replace(known, capacity=max(known.capacity, beyond), chance=chance)

    return replace(problem, rows=tuple(row(known) for known in problem.rows))


def part_of(sums: Sums, ratio: float) -> Sums:
    """A part of what is used, rounded up to whole units."""
    if ratio == 1:
        return sums
    return Sums(round(sums.value_minor * ratio),
                np.ceil(sums.measures * ratio).astype(np.int64))


def sums(problem: Problem, people: People, offers: Offers) -> Sums:
    """Exact sums of the value and the measures of offers, by group."""
    value, measures = offer_figures(problem, people, offers.limit_minor, offers.rate_daily)
    return Sums(int(value.sum()), group_sums(people.groups, measures))


def _integers(rows: pa.Table, name: str) -> Integers:
    return np.asarray(rows[name].fill_null(0).to_numpy(), np.int64)
