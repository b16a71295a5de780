"""From margins to probabilities and points, and how far the probabilities are off.

Platt scaling (Platt, Probabilistic outputs for support vector machines, 1999) on out-of-fold
margins: one slope and one intercept. The slope is positive, so the ranking stays as it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from jobs.errors import TrainingRefused
from models.spec import ANCHOR_ODDS, ANCHOR_POINTS, POINTS_TO_DOUBLE_ODDS

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.bool_]

#: Nearest to certainty that points can express: odds of a million to one either way.
_FARTHEST = 1e-6


@dataclass(frozen=True)
class Calibration:
    """PD = 1 / (1 + exp(-(slope * margin + intercept))), strictly increasing in the margin."""

    slope: float
    intercept: float

    def pd(self, margins: Floats) -> Floats:
        """Probabilities of default in [0, 1] of raw margins (log-odds), same shape."""
        with np.errstate(over="ignore"):  # exp(800) is infinite and its PD zero, as it should be
            return 1.0 / (1.0 + np.exp(-(self.slope * margins + self.intercept)))


def fit(margins: Floats, labels: Labels) -> Calibration:
    """Fit slope and intercept by maximum likelihood, unpenalised.

    Args:
        margins: Raw scores (log-odds) of rows that the scoring model has not seen, shape (n,).
        labels: True where the loan defaulted, shape (n,).

    Raises:
        TrainingRefused: When the margins do not rise with the outcome: nothing was learned.
    """
    solver = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1_000)
    solver.fit(margins.reshape(-1, 1), labels)
    slope, intercept = float(solver.coef_[0, 0]), float(solver.intercept_[0])
    if not slope > 0:
        raise TrainingRefused("training_matrix", "features that tell bad from good out of fold",
                              f"a calibration slope of {slope:.3g}",
                              "check that labels and features belong to the same people and dates")
    return Calibration(slope, intercept)


def points(pd: Floats) -> npt.NDArray[np.int64]:
    """Score points of probabilities of default: more points, less risk.

    points = 600 + 50 * log2((1 - pd) / pd / 30), to the nearest point (see models/spec.py). A PD
    nearer to 0 or 1 than one in a million counts as one in a million.
    """
    kept = np.clip(pd, _FARTHEST, 1.0 - _FARTHEST)
    doublings = np.log2((1.0 - kept) / kept / ANCHOR_ODDS)
    return np.rint(ANCHOR_POINTS + POINTS_TO_DOUBLE_ODDS * doublings).astype(np.int64)


def expected_calibration_error(pd: Floats, labels: Labels, groups: int = 10) -> float:
    """Mean distance between expected and observed bad rate over groups of equal size.

    Rows are put in order of PD and cut into `groups` parts; each part counts by its rows
    (Naeini et al., Obtaining well calibrated probabilities, 2015; equal-mass bins).
    """
    parts = np.array_split(np.argsort(pd, kind="stable"), groups)
    gaps = [len(part) * abs(pd[part].mean() - labels[part].mean()) for part in parts if len(part)]
    return float(sum(gaps) / len(pd))
