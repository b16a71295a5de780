"""People who may be moved to other entries, and where all sums stand while they are moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from jobs.limits.choice import best, group_sums, reduced
from jobs.limits.economics import entries
from jobs.limits.problem import (DRAW, MEASURES, NOTHING, VARIANCE, Floats, Integers, People,
                                 Problem, Sums)
from jobs.limits.rooms import room_left, tangent

CHANGED = ["user_id", "entry"]


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
    #: The entries at the multipliers, before anyone was moved.
    chosen: Integers

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
        entry = np.where(entry == NOTHING, shape[1] - 1, entry)
        return cls(problem, people, value, measures, with_nothing, entry, sums, size,
                   entry.copy())

    def use(self, row: int) -> Floats:
        """What each entry uses of a row, shape (people, entries); of a chance along its tangent."""
        one = self.problem.rows[row]
        if one.chance is not None:
            mean, variance = tangent(one.chance, self._mix())
            return np.asarray(mean * self.measures[..., DRAW]
                              + variance * self.measures[..., VARIANCE])
        total = np.zeros(self.value.shape)
        for term in one.terms:
            total += (term.weight * self.measures[..., term.measure]
                      * self.people.groups[:, term.group, None])
        return total

    def _mix(self) -> Integers | Floats:
        """All sums; while nothing is drawn, a little of every entry of the core."""
        if self.sums.measures[0, DRAW] > 0 or not len(self.people):
            return self.sums.measures
        return np.maximum(self.measures.mean(axis=(0, 1)), 1.0)[None, :] * 1e-6

    def move(self, who: Integers, to: Integers) -> None:
        """Give these people other entries."""
        was = self.entry[who]
        gained = self.value[who, to].sum() - self.value[who, was].sum()
        change = (self.measures[who, to] - self.measures[who, was]).astype(np.int64)
        self.sums = self.sums.plus(Sums(int(gained), group_sums(self.people.groups[who], change)))
        self.entry[who] = to

    def rooms(self) -> Floats:
        """What is left of each row."""
        return np.array([room_left(row, self.sums.measures) for row in self.problem.rows])

    def changed(self) -> pa.Table:
        """Who was moved (`user_id`), and to which `entry`; NOTHING: none."""
        who = np.flatnonzero(self.entry != self.chosen)
        to = np.where(self.entry[who] == len(self.problem.menu), NOTHING, self.entry[who])
        return pa.table([self.people.user_id.take(pa.array(who)), pa.array(to, pa.int64())],
                        CHANGED)
