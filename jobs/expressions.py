"""Column expressions shared by jobs: null-safe sums, ratios taken at the end; counts of values.

Sums are over integers and the division comes last, so that every engine and every order of rows
gives the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql import functions as F


def ratio(numerator: Column, denominator: Column) -> Column:
    """Numerator / denominator as double; null where the denominator is not above zero."""
    return F.when(denominator > 0, numerator.cast("double") / denominator.cast("double"))


def total(columns: Iterable[Column]) -> Column:
    """Sum that takes a missing value as nothing added; null where all are missing."""
    listed = list(columns)
    added = F.coalesce(listed[0], F.lit(0))
    for column in listed[1:]:
        added = added + F.coalesce(column, F.lit(0))
    return F.when(F.coalesce(*listed).isNotNull(), added)


def how_many(conditions: Sequence[Column]) -> Column:
    """Number of true conditions (integer); a condition on a missing value is not true."""
    flags = [F.when(condition, F.lit(1)).otherwise(F.lit(0)).cast("long")
             for condition in conditions]
    added = flags[0]
    for flag in flags[1:]:
        added = added + flag
    return added


def highest(columns: Sequence[Column]) -> Column:
    """The largest of the known values; null where all are missing."""
    return F.greatest(*columns) if len(columns) > 1 else columns[0]


def lowest(columns: Sequence[Column]) -> Column:
    """The smallest of the known values; null where all are missing."""
    return F.least(*columns) if len(columns) > 1 else columns[0]


def counted(values: pa.ChunkedArray) -> dict[Any, int]:
    """How often each value stands in an Arrow column; what does not is not in the answer."""
    return {row["values"]: row["counts"] for row in values.value_counts().to_pylist()}
