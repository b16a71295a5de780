"""From margins to probabilities, shares and amounts, to points, and how far off they are.

Platt scaling (Platt, Probabilistic outputs for support vector machines, 1999) on out-of-fold
margins: one slope and one intercept for everyone, and of their own for a segment with enough
cases. The slope is positive, so the ranking within a segment stays as it was. A share is
calibrated by the same likelihood, an amount by least squares on its logarithm and then moved so
that the mean is right (Duan, Smearing estimate, JASA 78, 1983).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from jobs.errors import TrainingRefused
from models import logit
from models.logit import Floats
from models.spec import (ANCHOR_ODDS, ANCHOR_POINTS, MINIMUM_CASES, POINTS_TO_DOUBLE_ODDS,
                         Objective)

Labels = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_]

#: Nearest to certainty that points can express: odds of a million to one either way.
_FARTHEST = 1e-6
_DECIMALS = 9


@dataclass(frozen=True)
class Calibration:
    """PD = 1 / (1 + exp(-(slope * margin + intercept))), strictly increasing in the margin."""

    slope: float
    intercept: float

    def line(self, margins: Floats) -> Floats:
        """Calibrated margins (log-odds, or the logarithm of an amount), same shape."""
        return self.slope * margins + self.intercept

    def pd(self, margins: Floats) -> Floats:
        """Probabilities of default in [0, 1] of raw margins (log-odds), same shape."""
        return logistic(self.line(margins))


@dataclass(frozen=True)
class Calibrations:
    """One line for everyone, and lines of their own for segments with enough cases.

    Attributes:
        everyone: Of a row whose segment has no line of its own.
        segments: Segment to its line; empty where all rows are of one segment.
        terms: Coefficients of the offer's terms in calibrated log-odds, by the term's name.
    """

    everyone: Calibration
    segments: dict[str, Calibration] = field(default_factory=dict)
    terms: dict[str, float] = field(default_factory=dict)

    def line(self, margins: Floats, segments: Texts | None = None) -> Floats:
        """Calibrated margins at the reference terms, shape (n,).

        Args:
            margins: Raw margins of the trees, shape (n,).
            segments: Segment of each row; None where the model has no segments.
        """
        lines = self.everyone.line(margins)
        for name, own in self.segments.items():
            if segments is not None:
                lines = np.where(segments == name, own.line(margins), lines)
        return lines

    def to_json(self) -> dict[str, Any]:
        """As `calibration` in the metadata; the terms stand there by themselves."""
        return {"all": vars(self.everyone),
                "segments": {name: vars(own) for name, own in self.segments.items()}}

    @classmethod
    def from_json(cls, content: dict[str, Any], terms: dict[str, float]) -> Calibrations:
        """The metadata's `calibration` and the coefficients of its `terms`."""
        return cls(Calibration(**content["all"]),
                   {name: Calibration(**own) for name, own in content["segments"].items()}, terms)


def logistic(margins: Floats) -> Floats:
    """1 / (1 + exp(-margin)), same shape."""
    with np.errstate(over="ignore"):  # exp(800) is infinite and its PD zero, as it should be
        return 1.0 / (1.0 + np.exp(-margins))


def fit(margins: Floats, target: Floats | Labels, weights: Floats | None = None,
        objective: Objective = "binary") -> Calibration:
    """Fit slope and intercept of everyone.

    Args:
        margins: Raw scores of rows that the scoring model has not seen, shape (n,).
        target: What came of them (true: the loan defaulted), shape (n,).
        weights: Above zero, shape (n,); 1 each unless given.
        objective: Which of the three likelihoods.

    Raises:
        TrainingRefused: When the margins do not rise with the outcome: nothing was learned.
    """
    return fit_segments(margins, target, weights, objective).everyone


def fit_segments(margins: Floats, target: Floats | Labels, weights: Floats | None = None,
                 objective: Objective = "binary", segments: Texts | None = None,
                 terms: Floats | None = None, signs: Sequence[int] = (),
                 names: Sequence[str] = ()) -> Calibrations:
    """Fit the line of everyone, those of the segments, and the coefficients of the terms.

    A segment gets its own line where it has 50 cases of either kind (of shares and amounts: 50
    rows) and its margins rise with the outcome. Terms have the same coefficients in all segments.

    Args:
        margins: As in `fit`.
        target: As in `fit`.
        weights: As in `fit`.
        objective: As in `fit`.
        segments: Segment of each row, shape (n,); all the same unless given.
        terms: The offer's terms less the reference, shape (n, t).
        signs: Of the coefficients of the terms, shape (t,).
        names: Of the terms, shape (t,).

    Raises:
        TrainingRefused: When the margins do not rise with the outcome: nothing was learned.
    """
    outcome = np.asarray(target, dtype=np.float64)
    counted = np.ones(len(outcome)) if weights is None else weights
    shifts = np.zeros((len(outcome), 0)) if terms is None else terms
    groups = np.full(len(outcome), -1)
    lines, coefficients = _fit_groups(margins, outcome, counted, groups, objective, shifts, signs)
    everyone = lines[-1]
    if not everyone.slope > 0:
        raise TrainingRefused("training_matrix", "features that tell bad from good out of fold",
                              f"a calibration slope of {everyone.slope:.3g}",
                              "check that labels and features belong to the same people and dates")
    found = [] if segments is None else sorted(set(segments.tolist()))
    if segments is None or len(found) < 2:
        return Calibrations(everyone, {}, dict(zip(names, coefficients.tolist(), strict=True)))
    own = [name for name in found if carries(outcome[segments == name], objective)]
    while own:
        for number, name in enumerate(own):
            groups[segments == name] = number
        lines, coefficients = _fit_groups(margins, outcome, counted, groups, objective, shifts,
                                          signs)
        falling = [name for number, name in enumerate(own) if not lines[number].slope > 0]
        if not falling:
            break
        own = [name for name in own if name not in falling]
        groups[:] = -1
    return Calibrations(everyone, {name: lines[number] for number, name in enumerate(own)},
                        dict(zip(names, coefficients.tolist(), strict=True)))


def carries(outcome: Floats, objective: Objective) -> bool:
    """Whether a segment of these outcomes has cases enough for a line or figures of its own."""
    if objective == "binary":
        return min(outcome.sum(), len(outcome) - outcome.sum()) >= MINIMUM_CASES
    return len(outcome) >= MINIMUM_CASES and float(np.ptp(outcome)) > 0


def _fit_groups(margins: Floats, outcome: Floats, weights: Floats, groups: npt.NDArray[np.int64],
                objective: Objective, terms: Floats,
                signs: Sequence[int]) -> tuple[dict[int, Calibration], Floats]:
    """A line for each group, and common coefficients of the terms."""
    numbers = sorted(set(groups.tolist()))
    if objective == "amount":
        parts = {number: groups == number for number in numbers}
        return {number: _amount_line(margins[part], outcome[part], weights[part])
                for number, part in parts.items()}, np.zeros(0)
    member = groups[:, None] == np.array(numbers)
    columns = np.concatenate([member * margins[:, None], member * 1.0, terms], axis=1)
    known = np.array([0] * (2 * len(numbers)) + list(signs), dtype=np.int64)
    fitted = logit.fit_with_signs(columns, outcome, weights, known)
    of_lines = fitted[:2 * len(numbers)].reshape(2, -1).T.tolist()
    return ({number: Calibration(*line) for number, line in zip(numbers, of_lines, strict=True)},
            fitted[2 * len(numbers):])


def _amount_line(margins: Floats, amounts: Floats, weights: Floats) -> Calibration:
    """Weighted least squares of the logarithm on the margin, then the mean amount made right."""
    share = weights / weights.sum()
    centre, logarithms = margins - share @ margins, np.log(amounts)
    spread = share @ centre ** 2
    slope = float(share @ (centre * logarithms) / spread) if spread > 0 else 0.0
    shift = np.log((share @ amounts) / (share @ np.exp(slope * margins)))
    return Calibration(round(slope, _DECIMALS), round(float(shift), _DECIMALS))


def points(pd: Floats) -> npt.NDArray[np.int64]:
    """Score points of probabilities of default: more points, less risk.

    points = 600 + 50 * log2((1 - pd) / pd / 30), to the nearest point (see models/spec.py). A PD
    nearer to 0 or 1 than one in a million counts as one in a million.
    """
    kept = np.clip(pd, _FARTHEST, 1.0 - _FARTHEST)
    doublings = np.log2((1.0 - kept) / kept / ANCHOR_ODDS)
    return np.rint(ANCHOR_POINTS + POINTS_TO_DOUBLE_ODDS * doublings).astype(np.int64)


def reliability(expected: Floats, observed: Floats | Labels, weights: Floats | None = None,
                groups: int = 10) -> list[dict[str, float]]:
    """Expected beside observed in groups of equal size: the reliability plot's points.

    Returns:
        For each group that has rows, lowest first, `expected` and `observed` (weighted means) and
        `rows`.
    """
    counted = np.ones(len(expected)) if weights is None else weights
    group = group_of_rows(expected, groups)
    total = np.bincount(group, counted)
    means = [np.bincount(group, counted * values) / total for values in (expected, observed)]
    return [{"expected": float(low), "observed": float(seen), "rows": int(rows)}
            for low, seen, rows in zip(*means, np.bincount(group), strict=True)]


def group_of_rows(expected: Floats, groups: int = 10) -> npt.NDArray[np.int64]:
    """Group of each row, from 0: rows in order of what was expected, cut into equal parts."""
    group = np.zeros(len(expected), dtype=np.int64)
    order = np.argsort(expected, kind="stable")
    for number, part in enumerate(np.array_split(order, min(groups, len(order)))):
        group[part] = number
    return group


def expected_calibration_error(pd: Floats, labels: Floats | Labels, weights: Floats | None = None,
                               groups: int = 10,
                               group: npt.NDArray[np.int64] | None = None) -> float:
    """Mean distance between expected and observed over groups of equal size.

    Each group counts by its weight (Naeini et al., Obtaining well calibrated probabilities, 2015;
    equal-mass bins). `group` is what `group_of_rows` gives, where it is known already.
    """
    counted = np.ones(len(pd)) if weights is None else weights
    place = group_of_rows(pd, groups) if group is None else group
    return float(np.abs(np.bincount(place, counted * (pd - labels))).sum() / counted.sum())
