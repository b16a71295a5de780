"""Stability of the scores and of every feature, by segment, against earlier distributions.

Sources: feature_matrix, scores and decisions of the night, the distributions of an earlier night,
those of the model's training rows. Columns are read a few at a time, so memory holds no more than
some of them whatever their number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import dataset

from jobs import store
from jobs.contracts.monitoring import ALL, HISTOGRAMS
from jobs.contracts.night import FEATURE_MATRIX, SCORES
from jobs.monitor.figures import Figure
from jobs.scores.score import VALUE_COLUMNS
from models import stability
from models.logit import Floats
from models.prediction import feature_values, predict
from models.registry import Model
from models.stability import Histogram, Sample

#: What the models foretell, among the columns; the score first.
PD = VALUE_COLUMNS["pd"]
FORETOLD = tuple(VALUE_COLUMNS.values())
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
        false_alarm_rate: Of a score, and of all features of a segment together.
    """

    name: str
    suffix: str
    distributions: Distributions
    false_alarm_rate: float

    def figure(self, segment: str, subject: str, now: Sample) -> Figure | None:
        """The stability index of a column of a segment; None where the reference has none."""
        own = self.distributions.get(segment, {})
        if subject not in own or not now.rows:
            return None
        # Bonferroni: of all features of a segment together one false alarm at the stated rate.
        features = sum(name not in FORETOLD for name in own)
        metric = "psi" if subject == PD else "psi_others" if subject in FORETOLD else "csi"
        rate = self.false_alarm_rate / (features if metric == "csi" else 1)
        found = stability.compare(own[subject], now, 1.0 - rate)
        return Figure(metric + self.suffix, subject, found.psi,
                      now.rows, segment, self.name, p_value=found.p_value,
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
    figures: list[Figure] = []
    own: list[dict[str, str]] = []
    for segment, subject, values in found:
        now = stability.sample(values)
        own.append({"segment": segment, "subject": subject,
                    "histogram": store.canonical(stability.histogram(now))})
        figures += [one for one in (reference.figure(segment, subject, now)
                                    for reference in references) if one is not None]
    return figures, pa.Table.from_pylist(own, schema=HISTOGRAMS.arrow_schema)


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


def foretold(folder: Path, people: pa.Table) -> pa.Table:
    """`segment`, and the columns that the night's models have filled, of everyone considered."""
    others = [name for name in FORETOLD if name != PD]
    rows = people.select(["user_id", "segment", PD]).join(
        pq.read_table(folder / SCORES.name, columns=["user_id", *others], partitioning=None),
        "user_id", join_type="inner")
    return rows.drop_columns(["user_id", *(name for name in others
                                           if rows[name].null_count == rows.num_rows)])


def rescored(folder: Path, model: Model) -> dict[str, dict[str, Histogram]]:
    """Segment -> PD -> its distribution in an earlier night, by another model than scored it.

    A score's index tells of the people only where one model scored both nights.

    Raises:
        ModelMismatch: When the night's matrix has not the model's features.
    """
    pds, segments = [np.zeros(0)], []
    for batch in dataset.dataset(folder, format="parquet").to_batches(
            columns=["segment", *model.feature_names], batch_size=_ROWS_AT_ONCE):
        pds.append(predict(model, batch)[0])
        segments += batch.column("segment").to_pylist()
    return stability.reference(np.concatenate(pds).reshape(-1, 1), [PD], segments)


def kept(table: pa.Table) -> dict[str, dict[str, Histogram]]:
    """Segment -> column -> distribution, from the rows after HISTOGRAMS of an earlier night."""
    found: dict[str, dict[str, Histogram]] = {}
    for row in table.to_pylist():
        found.setdefault(row["segment"], {})[row["subject"]] = json.loads(row["histogram"])
    return found
