"""Rows of a feed as Arrow columns, without a Python object a row; and the planted dirt.

Real feeds are never clean, so an ordinary night meets dirt here as well: some rows stand twice,
and as many are not valid.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.contracts.table import Table
from jobs.simulate.world import World

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

#: In the monthly feeds one row in so many stands twice, at least one; and as many are not valid.
MONTHLY_DIRT = 4_000
#: The same for the daily feeds, where a small day may have none.
DAILY_DIRT = 10_000
#: "000" to "999" in ASCII.
_TRIPLES: Bytes = np.frombuffer("".join(f"{n:03d}" for n in range(1000)).encode(),
                                np.uint8).reshape(1000, 3)
_SECOND = 1_000_000
_DAY = 86_400


def table(feed: Table, columns: dict[str, Any]) -> pa.Table:
    """Columns as a table of the feed, all nullable: rows are judged at intake."""
    schema = pa.schema([field.with_nullable(True) for field in feed.arrow_schema])
    return pa.table({name: columns[name] for name in feed.columns}, schema=schema)


def dirty(rng: np.random.Generator, feed: Table, columns: dict[str, Any], column: str,
          invalid: int, every: int, least: int = 0) -> pa.Table:
    """The feed's rows with the planted dirt: some not valid, some others twice.

    Args:
        rng: Draws the places.
        feed: The contract.
        columns: All of its columns.
        column: Gets the value that is not valid; a numpy array.
        invalid: That value.
        every: One row in so many is of either kind.
        least: Rows of either kind at least, where there are two rows for each.
    """
    rows = len(columns[column])
    count = min(max(least, rows // every), rows // 2)
    if count == 0:
        return table(feed, columns)
    places = rng.choice(rows, 2 * count, replace=False)
    values: Integers = columns[column].copy()
    values[places[:count]] = invalid
    clean = table(feed, {**columns, column: values})
    return pa.concat_tables([clean, clean.take(pa.array(np.sort(places[count:])))])


def drifted(world: World, feed: Table, event_day: dt.date, columns: dict[str, Any]
            ) -> dict[str, Any]:
    """The columns as the source measures them on the day."""
    off = world.drift(feed.name, event_day)
    if off is None:
        return columns
    column, factor, points = off
    top = feed.field(column).maximum
    values = np.rint(columns[column] * factor + points).astype(np.int64)
    return {**columns, column: values.clip(max=int(top)) if top is not None else values}


def numbered(prefix: str, numbers: Integers, digits: int) -> pa.Array:
    """`prefix` and the number with leading zeros, e.g. u0000001.

    Args:
        prefix: ASCII.
        numbers: From 0 to 10 ** digits - 1.
        digits: Width of the number.
    """
    return fixed_text(np.hstack([ascii_rows(prefix, len(numbers)), digit_rows(numbers, digits)]))


def record_ids(letter: str, day: dt.date, block: int, rows: int) -> pa.Array:
    """Ids of the records of a block and day, unique within their feed."""
    return numbered(f"{letter}{day:%y%m%d}-{block:04d}-", np.arange(rows), 6)


def ascii_rows(text: str, rows: int) -> Bytes:
    """The same ASCII text in every row."""
    return np.broadcast_to(np.frombuffer(text.encode("ascii"), np.uint8), (rows, len(text)))


def digit_rows(numbers: Integers, digits: int) -> Bytes:
    """Numbers as rows of ASCII digits, three at a time."""
    groups = -(-digits // 3)
    text = np.empty((len(numbers), 3 * groups), np.uint8)
    rest = numbers
    for group in range(groups - 1, -1, -1):
        rest, low = np.divmod(rest, 1000)
        text[:, 3 * group:3 * group + 3] = _TRIPLES[low]
    return text[:, 3 * groups - digits:]


def fixed_text(rows: Bytes) -> pa.Array:
    """Rows of equally many ASCII characters as strings."""
    count, width = rows.shape
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(width)
    data = np.ascontiguousarray(rows).reshape(-1)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(data))


def constant(day: dt.date, rows: int) -> pa.Array:
    """The same date in every row."""
    return pa.repeat(pa.scalar(day, pa.date32()), rows)


def text(value: str, rows: int) -> pa.Array:
    """The same text in every row."""
    return pa.repeat(pa.scalar(value, pa.string()), rows)


def codes(places: npt.NDArray[Any], names: tuple[str, ...],
          is_unknown: Booleans | None = None) -> pa.Array:
    """The names at the places; null where unknown."""
    return pa.array(names, pa.string()).take(pa.array(places, mask=is_unknown))


def moments(day: dt.date, seconds: npt.NDArray[Any]) -> pa.Array:
    """Times of the day from seconds after midnight; what lies outside is put to its edges."""
    start = (day - dt.date(1970, 1, 1)).days * _DAY
    whole = seconds.astype(np.int64).clip(0, _DAY - 1)
    return pa.array((start + whole) * _SECOND).cast(pa.timestamp("us"))


def minor(cny: Floats) -> Integers:
    """CNY into 1/100 CNY."""
    return np.rint(cny * 100).astype(np.int64)


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + exp(-x))."""
    return np.asarray(1 / (1 + np.exp(-x)))
