"""Where the people of the problem come from: arrays in memory, or candidates in the engine.

Both give the same whole numbers: what a pass over everyone returns is sums, so that it distributes
to as many workers as the engine has and does not depend on how people are cut into batches.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from typing import Protocol
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from jobs.contracts.limits import CANDIDATES
from jobs.limits.choice import AT_ONCE, choose_and_sum, people_of, reduced
from jobs.limits.economics import entries
from jobs.limits.problem import MEASURES, Booleans, Floats, People, Problem, Sums

#: Of the hash by which people are sampled.
_HASHES = 2**32
_SUMS = pa.schema([("place", pa.int64()), ("total", pa.int64())])
#: Above the first, up to the second; minor units.
Band = tuple[float, float]


class Source(Protocol):
    """Everyone about whom the optimiser decides."""

    def count(self) -> int:
        """People."""
        ...

    def sums(self, problem: Problem, multipliers: Floats) -> Sums:
        """What everyone's choice at these multipliers is worth and uses: one pass."""
        ...

    def sample(self, problem: Problem, size: int) -> People:
        """About so many people by a stable hash, in its order; everyone where they are fewer."""
        ...

    def undecided(self, problem: Problem, multipliers: Floats, band: Band, skip: int, size: int
                  ) -> People:
        """People to whom another entry is worth almost as much, in order of the hash: one pass.

        Args:
            problem: Of the night.
            multipliers: Of its rows.
            band: How much less: more than the first, at most the second; minor units.
            skip: So many are passed over.
            size: At most so many.
        """
        ...


class InMemory:
    """People as arrays; passes on as many threads as there are cores (numpy lets them run)."""

    def __init__(self, people: People) -> None:
        self.people = people

    def count(self) -> int:
        """People."""
        return len(self.people)

    def sums(self, problem: Problem, multipliers: Floats) -> Sums:
        """What everyone's choice at these multipliers is worth and uses."""
        cores = cpu_count() or 1
        cuts = np.linspace(0, len(self.people), cores + 1).astype(int)
        parts = [self.people.part(start, end) for start, end in zip(cuts[:-1], cuts[1:])]
        total = Sums.zero(problem)
        with ThreadPoolExecutor(cores) as threads:
            for found in threads.map(lambda part: choose_and_sum(problem, part, multipliers),
                                     parts):
                total = total.plus(found)
        return total

    def sample(self, problem: Problem, size: int) -> People:
        """About so many people by a stable hash: those whom the engine would take."""
        some = self.people
        if len(some) > size:
            kept = pc.less(hashes(some.user_id), size * _HASHES // len(some))
            some = some.take(np.flatnonzero(kept.to_numpy(zero_copy_only=False)))
        return _by_hash(some)

    def undecided(self, problem: Problem, multipliers: Floats, band: Band, skip: int, size: int
                  ) -> People:
        """People to whom another entry is worth almost as much."""
        place = np.flatnonzero(_is_in(band, margins(problem, self.people, multipliers)))
        return _by_hash(self.people.take(place)).part(skip, skip + size)


class InEngine:
    """Candidates in the engine, read anew at each pass: memory does not grow with people."""

    def __init__(self, candidates: DataFrame) -> None:
        self.candidates = candidates
        self._people = candidates.count()

    def count(self) -> int:
        """People."""
        return self._people

    def sums(self, problem: Problem, multipliers: Floats) -> Sums:
        """What everyone's choice at these multipliers is worth and uses.

        A UDF, because the choice is numpy's; a batch comes back as its sums.
        """
        def summed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                found = choose_and_sum(problem, people_of(batch, problem), multipliers)
                totals = np.concatenate([[found.value_minor], found.measures.reshape(-1)])
                yield pa.RecordBatch.from_arrays(
                    [pa.array(np.arange(len(totals))), pa.array(totals, pa.int64())],
                    schema=_SUMS)

        schema = T.StructType([T.StructField(name, T.LongType()) for name in _SUMS.names])
        rows = self.candidates.mapInArrow(summed, schema).toArrow()
        totals = np.zeros(1 + len(problem.groups) * len(MEASURES), np.int64)
        np.add.at(totals, rows["place"].to_numpy(), rows["total"].to_numpy())
        return Sums(int(totals[0]), totals[1:].reshape(len(problem.groups), len(MEASURES)))

    def sample(self, problem: Problem, size: int) -> People:
        """About so many people by a stable hash."""
        some = self.candidates
        if self._people > size:
            some = some.where(F.crc32("user_id") < F.lit(size * _HASHES // self._people))
        return _by_hash(people_of(some.toArrow(), problem))

    def undecided(self, problem: Problem, multipliers: Floats, band: Band, skip: int, size: int
                  ) -> People:
        """People to whom another entry is worth almost as much.

        A UDF for the same reason as in `sums`; it only lets rows through.
        """
        def near(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                kept = _is_in(band, margins(problem, people_of(batch, problem), multipliers))
                yield batch.filter(pa.array(kept))

        found = (self.candidates.mapInArrow(near, CANDIDATES.spark_schema)
                 .orderBy(F.crc32("user_id"), "user_id").offset(skip).limit(size))
        return _by_hash(people_of(found.toArrow(), problem))


def _is_in(band: Band, margin: Floats) -> Booleans:
    return np.asarray((margin > band[0]) & (margin <= band[1]))


def margins(problem: Problem, people: People, multipliers: Floats) -> Floats:
    """How much less the second choice is worth than the first, nothing counted; minor units."""
    found = np.empty(len(people))
    for start in range(0, len(people), AT_ONCE):
        some = people.part(start, start + AT_ONCE)
        left = reduced(problem, some, entries(some, problem.menu, problem.economics), multipliers)
        with_nothing = np.concatenate([left, np.zeros((len(left), 1))], axis=1)
        two = np.partition(with_nothing, -2, axis=1)[:, -2:]
        found[start:start + AT_ONCE] = two[:, 1] - two[:, 0]
    return found


def _by_hash(people: People) -> People:
    """In the order of a stable hash, then of the id."""
    order = pc.sort_indices(pa.table({"hash": hashes(people.user_id), "id": people.user_id}),
                            [("hash", "ascending"), ("id", "ascending")])
    return people.take(order.to_numpy())


def hashes(user_id: pa.Array) -> pa.Array:
    """CRC-32 of each id, as the engine's `crc32`."""
    return pa.array([crc32(one.encode()) for one in user_id.to_pylist()], pa.int64())
