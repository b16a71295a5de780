"""Stability of the score and of every feature, by segment, against earlier distributions.

Sources: feature_matrix and decisions of the night, the distributions of an earlier night, those of
the model's training rows. Columns are read a few at a time, so memory holds no more than some of
them whatever their number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import dataset

from jobs import store
from jobs.contracts.monitoring import ALL, HISTOGRAMS
from jobs.contracts.night import FEATURE_MATRIX
from jobs.monitor.figures import Figure
from models import stability
from models.calibration import Floats
from models.prediction import feature_values, predict
from models.registry import Model
from models.stability import Histogram

#: The score's name among the columns.
PD = "pd"
#: Columns in memory at once: at a million people 160 MB.
_AT_ONCE = 20
#: Rows in memory at once where an earlier night is scored again.
_ROWS_AT_ONCE = 50_000
#: Segment, column, and the column's values of the segment's people, shape (people,).
Column = tuple[str, str, Floats]
#: segment -> column -> its distribution.
Distributions = Mapping[str, Mapping[str, Histogram]]
#: The matrix's columns that are numbers.
NUMBERS = tuple(field.name for field in FEATURE_MATRIX.fields
                if field.type in ("integer", "double", "boolean"))


@dataclass(frozen=True)
class Reference:
    """Distributions to hold a night against.

    Attributes:
        name: What `against` says of it.
        suffix: Of the metrics: "" for an earlier night, "_training" for training rows.
        distributions: By segment and column.
        false_alarm_rate: Of the score, and of all features of a segment together.
    """

    name: str
    suffix: str
    distributions: Distributions
    false_alarm_rate: float

    def figure(self, segment: str, subject: str, values: Floats) -> Figure | None:
        """The stability index of a column of a segment; None where the reference has none."""
        own = self.distributions.get(segment, {})
        if subject not in own or not len(values):
            return None
        # Bonferroni: of all features of a segment together one false alarm at the stated rate.
        features = max(1, len(own) - (PD in own))
        rate = self.false_alarm_rate / (1 if subject == PD else features)
        found = stability.compare(own[subject], values, 1.0 - rate)
        return Figure(("psi" if subject == PD else "csi") + self.suffix, subject, found.psi,
                      len(values), segment, self.name, p_value=found.p_value,
                      null_threshold=found.null_threshold, legacy_status=found.legacy_status)


def measure(found: Iterable[Column], references: Sequence[Reference]
            ) -> tuple[list[Figure], pa.Table]:
    """Figures against every reference, and the night's own distributions.

    Args:
        found: Columns of the night, as `columns` and `by_segment` give them.
        references: What to hold them against.

    Returns:
        The figures, and rows after HISTOGRAMS.
    """
    figures, kept = [], []
    for segment, subject, values in found:
        known = values[np.isfinite(values)]
        kept.append({"segment": segment, "subject": subject,
                     "histogram": store.canonical(stability.histogram(values)),
                     "mean": float(np.mean(known)) if len(known) else None})
        figures += [one for one in (reference.figure(segment, subject, values)
                                    for reference in references) if one is not None]
    return figures, pa.Table.from_pylist(kept, schema=HISTOGRAMS.arrow_schema)


def columns(folder: Path, names: Sequence[str]) -> Iterator[Column]:
    """The columns of a matrix by segment, a few in memory at a time.

    Args:
        folder: Of a matrix with `segment`.
        names: Its columns that are numbers.
    """
    for start in range(0, len(names), _AT_ONCE):
        wanted = list(names[start:start + _AT_ONCE])
        yield from by_segment(pq.read_table(folder, columns=["segment", *wanted],
                                            partitioning=None), wanted)


def by_segment(rows: pa.Table, names: Sequence[str]) -> Iterator[Column]:
    """Columns of rows with `segment`: each of everyone, then of each segment."""
    segment: npt.NDArray[np.str_] = np.asarray(rows["segment"].to_numpy(), dtype=str)
    masks = {name: segment == name for name in np.unique(segment).tolist()}
    for name in names:
        values = feature_values(rows, [name], FEATURE_MATRIX.name)[:, 0]
        yield ALL, name, values
        for one, mask in masks.items():
            yield one, name, values[mask]


def rescored(folder: Path, model: Model) -> pa.Table:
    """Segment and PD of everyone in an earlier night's matrix by another model than scored it.

    A score's index tells of the people only where one model scored both nights.

    Raises:
        ModelMismatch: When the matrix has not the model's features.
    """
    parts = []
    for batch in dataset.dataset(folder, format="parquet").to_batches(
            columns=["segment", *model.feature_names], batch_size=_ROWS_AT_ONCE):
        pd, _ = predict(model, batch)
        parts.append(pa.table({"segment": batch.column("segment"), PD: pd}))
    return pa.concat_tables(parts)


def distributions(found: Iterable[Column]) -> dict[str, dict[str, Histogram]]:
    """Segment -> column -> distribution: what a model keeps of the rows it learned from."""
    kept: dict[str, dict[str, Histogram]] = {}
    for segment, subject, values in found:
        kept.setdefault(segment, {})[subject] = stability.histogram(values)
    return kept


def read(table: pa.Table) -> dict[str, dict[str, Histogram]]:
    """Segment -> column -> distribution, from rows after HISTOGRAMS."""
    kept: dict[str, dict[str, Any]] = {}
    for row in table.to_pylist():
        kept.setdefault(row["segment"], {})[row["subject"]] = json.loads(row["histogram"])
    return kept
