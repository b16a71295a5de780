"""How far a distribution has moved: the population stability index, judged by two thresholds.

    PSI = sum over bins of (q - p) * ln(q / p)        p: share in the reference, q: share now

Of a score it is called PSI, of a feature CSI (characteristic stability index); the sum is the same.
The rule of thumb of 0.10 and 0.25 (Siddiqi, Credit Risk Scorecards, 2006) knows no sample size: it
cries out over small segments and sleeps over large ones. Where nothing moved, PSI is about
(1/n + 1/m) * chi-squared with bins - 1 degrees of freedom, n and m being the two samples' rows
(Yurdakul, Statistical Properties of Population Stability Index, Western Michigan University, 2018).
That gives a p-value and a threshold of a stated false-alarm rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from jobs.contracts.monitoring import ALL
from models.logit import Floats

#: Siddiqi's rule of thumb: below the first little has changed, from the second on much has.
LEGACY_WARNING, LEGACY_STOP = 0.10, 0.25
#: Bins of the reference: tenths.
_TENTHS = np.arange(1, 10)
#: Rows that a bin must be expected to hold in both samples (Cochran, Some methods for strengthening
#: the common chi-squared tests, Biometrics 10, 1954); rarer bins are joined.
_FEWEST_EXPECTED = 5.0
#: What an empty bin counts as, so that its logarithm is finite.
_EMPTY = 0.5
_DECIMALS = 9

Counts = npt.NDArray[np.int64]
#: A column's distribution as JSON content: `edges` (upper ends of all bins but the last, included
#: in their bin), `counts` (rows of each bin), `missing` (rows where the value is not known).
Histogram = dict[str, Any]


@dataclass(frozen=True)
class Shift:
    """What a comparison found.

    Attributes:
        psi: Population stability index; 0 where nothing moved.
        p_value: Probability of at least this index where nothing moved.
        null_threshold: What the index exceeds with probability 1 - confidence where nothing moved.
        bins: Bins compared, after rare ones were joined.
    """

    psi: float
    p_value: float
    null_threshold: float
    bins: int

    @property
    def legacy_status(self) -> str:
        """`ok`, `warning` or `stop` by the rule of thumb."""
        return ("stop" if self.psi >= LEGACY_STOP
                else "warning" if self.psi >= LEGACY_WARNING else "ok")


@dataclass(frozen=True)
class Sample:
    """A column's values in order: sorted once, then held against any number of references.

    Attributes:
        known: Known values, rising; infinities as the largest numbers, for JSON has none.
        missing: Rows where the value is not known.
    """

    known: Floats
    missing: int

    @property
    def rows(self) -> int:
        """All rows, known or not."""
        return len(self.known) + self.missing

    def counts(self, edges: npt.ArrayLike) -> Counts:
        """Rows of each bin that ends at one of the rising edges, of the one after, and missing."""
        up_to = np.searchsorted(self.known, np.asarray(edges, dtype=float), side="right")
        return np.diff(up_to, prepend=0, append=[len(self.known), self.rows])


def sample(values: Floats) -> Sample:
    """The column, shape (rows,), in order; NaN means "not known"."""
    largest = np.finfo(np.float64).max
    known = np.sort(np.clip(values[~np.isnan(values)], -largest, largest))
    return Sample(known, len(values) - len(known))


def reference(values: Floats, names: Sequence[str], segment: Sequence[str] | None = None
              ) -> dict[str, dict[str, Histogram]]:
    """The distributions of columns, to be kept beside a model: its metadata's `reference`.

    Args:
        values: Shape (rows, columns); NaN means "not known".
        names: Of the columns.
        segment: Of the rows; None where there are no segments.

    Returns:
        Segment -> column -> distribution; ALL stands for all rows.
    """
    of = np.asarray(segment if segment is not None else [], dtype=str)
    masks = {ALL: np.ones(len(values), dtype=bool),
             **{str(name): of == name for name in np.unique(of)}}
    return {name: {column: histogram(sample(values[mask, place]))
                   for place, column in enumerate(names)} for name, mask in masks.items()}


def histogram(now: Sample) -> Histogram:
    """Tenths of a column; values that repeat stay in one bin, missing ones in their own.

    A column of one value gets a bin for it and one on either side, so that any change shows.
    """
    known = now.known
    # The value that at least k tenths of the rows do not exceed: place ceil(n * k / 10) from 1.
    edges = np.unique(known[(len(known) * _TENTHS + 9) // 10 - 1]) if len(known) else known
    if len(known) and edges[-1] == known[-1]:
        edges = edges[:-1]  # nothing would lie above the last edge
    if len(known) and not len(edges):
        edges = np.array([np.nextafter(known[0], -np.inf), known[0]])
    return {"edges": edges.tolist(), "counts": now.counts(edges)[:-1].tolist(),
            "missing": now.missing}


def compare(before: Histogram, now: Sample, confidence: float = 0.99) -> Shift:
    """How far a column has moved from a reference.

    Args:
        before: What `histogram` gave for the reference.
        now: The same column.
        confidence: Share of comparisons without a true shift that stay below the null threshold.

    Returns:
        The shift; with no rows on one side there is nothing to compare and none is found.
    """
    then, counts = _then(before), now.counts(before["edges"])
    if not then.sum() or not now.rows:
        return Shift(0.0, 1.0, 0.0, 0)
    then, counts = _joined(then, counts)
    index = _psi(then, counts)
    scale, freedom = 1.0 / then.sum() + 1.0 / now.rows, len(then) - 1
    if not freedom:
        return Shift(0.0, 1.0, 0.0, 1)
    return Shift(round(index, _DECIMALS), round(float(chi2.sf(index / scale, freedom)), _DECIMALS),
                 round(float(chi2.ppf(confidence, freedom)) * scale, _DECIMALS), len(then))


def shares(before: Histogram, now: Sample) -> tuple[Floats, Floats]:
    """Shares of the rows in each bin, missing last, of the reference and now: the charts' bars."""
    then, counts = _then(before), now.counts(before["edges"])
    return then / max(then.sum(), 1), counts / max(now.rows, 1)


def _then(before: Histogram) -> Counts:
    return np.array([*before["counts"], before["missing"]], dtype=np.int64)


def _psi(then: Counts, now: Counts) -> float:
    p = np.maximum(then, _EMPTY) / then.sum()
    q = np.maximum(now, _EMPTY) / now.sum()
    return float(np.sum((q - p) * np.log(q / p)))


def _joined(then: Counts, now: Counts) -> tuple[Counts, Counts]:
    """The two rarest bins become one until every bin is expected to hold enough rows."""
    fewest = min(then.sum(), now.sum()) / (then.sum() + now.sum())
    order = np.argsort(then + now, kind="stable")
    then, now = then[order], now[order]
    while len(then) > 1 and (then[0] + now[0]) * fewest < _FEWEST_EXPECTED:
        then = np.concatenate([[then[0] + then[1]], then[2:]])
        now = np.concatenate([[now[0] + now[1]], now[2:]])
        order = np.argsort(then + now, kind="stable")
        then, now = then[order], now[order]
    return then, now
