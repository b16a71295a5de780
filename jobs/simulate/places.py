"""Where people live and work: coarse cells of about a square kilometre, never coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from jobs.simulate.blocks import Block, Stream
from jobs.simulate.columns import (Bytes, Integers, ascii_rows, codes, digit_rows,
                                   fixed_text)
from jobs.simulate.people import People

#: Cells on a side of the city.
SIDE = 120
#: Districts in which people work, and places to go to beside.
WORK_CELLS, OTHER_CELLS = 60, 200
#: Parts of the city, south before north, from west to east.
REGIONS = tuple(f"{side}_{part}" for side in ("south", "north")
                for part in ("west", "middle", "east"))


@dataclass(frozen=True)
class Places:
    """Cells as numbers x * 10,000 + y.

    Attributes:
        home: Of each person; a community lives close together.
        work: Of each person; half a community works in the same place.
        other: Shops, stations, parks of the block.
    """

    home: Integers
    work: Integers
    other: Integers


def draw(block: Block, people: People) -> Places:
    """Draw the places of a block."""
    rng, users = block.rng(Stream.PLACES), len(people)
    groups = int(people.community.max()) + 1
    centre = rng.integers(10, SIDE - 10, (2, groups))[:, people.community]
    home = np.rint(centre + 2.0 * rng.standard_normal((2, users))).astype(np.int64)
    districts = rng.integers(SIDE // 4, 3 * SIDE // 4, (2, WORK_CELLS))
    of_group = rng.integers(0, WORK_CELLS, groups)[people.community]
    own = rng.integers(0, WORK_CELLS, users)
    work = districts[:, np.where(rng.random(users) < 0.5, of_group, own)]
    return Places(_cell(*home.clip(0, SIDE - 1)), _cell(*work),
                  _cell(*rng.integers(0, SIDE, (2, OTHER_CELLS))))


def names(cells: Integers) -> pa.Array:
    """Cells as the feed names them, e.g. c0012_0045."""
    rows = len(cells)
    parts: list[Bytes] = [ascii_rows("c", rows), digit_rows(cells // 10_000, 4),
                          ascii_rows("_", rows), digit_rows(cells % 10_000, 4)]
    return fixed_text(np.hstack(parts))


def regions(cells: Integers) -> pa.Array:
    """The part of the city in which each cell lies: thirds from west to east, halves north."""
    third, half = cells // 10_000 * 3 // SIDE, cells % 10_000 * 2 // SIDE
    return codes(half * 3 + third, REGIONS)


def distance_m(one: Integers, other: Integers) -> Integers:
    """Length of a way along the streets between two cells, in metres."""
    return np.asarray(1000 * (np.abs(one // 10_000 - other // 10_000)
                              + np.abs(one % 10_000 - other % 10_000)) + 400)


def _cell(x: Integers, y: Integers) -> Integers:
    return np.asarray(x * 10_000 + y)
