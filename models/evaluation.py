"""How well a score tells bad from good, and how sure we are of it."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import brier_score_loss, roc_curve

from models.calibration import Floats, Labels, expected_calibration_error

#: Two-sided 95 % of the normal distribution.
_Z_95 = 1.959963984540054


def evaluate(pd: Floats, labels: Labels) -> dict[str, float]:
    """Metrics of out-of-sample probabilities.

    Args:
        pd: Probabilities of default of rows the model has not seen, shape (n,).
        labels: True where the loan defaulted, shape (n,); both kinds must occur.

    Returns:
        `auc` with its 95 % interval `auc_low`, `auc_high`; `gini` = 2 auc - 1; `ks` (largest
        distance between the cumulated shares of bads and goods); `ece` (see
        calibration.expected_calibration_error); `brier` (mean squared error).
    """
    auc, low, high = auc_interval(pd, labels)
    false_rate, true_rate, _ = roc_curve(labels, pd, drop_intermediate=False)
    return {
        "auc": auc, "auc_low": low, "auc_high": high, "gini": 2.0 * auc - 1.0,
        "ks": float(np.max(np.abs(true_rate - false_rate))),
        "ece": expected_calibration_error(pd, labels),
        "brier": float(brier_score_loss(labels, pd)),
    }


def auc_interval(scores: Floats, labels: Labels) -> tuple[float, float, float]:
    """Area under the ROC curve with a 95 % interval, kept within [0, 1].

    Variance after DeLong, DeLong and Clarke-Pearson (Biometrics 44, 1988), by midranks as in Sun
    and Xu (IEEE Signal Processing Letters 21, 2014).
    """
    ranks = midranks(scores)
    bads, goods = int(labels.sum()), int((~labels).sum())
    # Of each bad the share of goods below it; of each good the share of bads above it.
    of_bads = (ranks[labels] - midranks(scores[labels])) / goods
    of_goods = 1.0 - (ranks[~labels] - midranks(scores[~labels])) / bads
    auc = float(of_bads.mean())
    spread = _Z_95 * float(np.sqrt(of_bads.var(ddof=1) / bads + of_goods.var(ddof=1) / goods))
    return auc, max(0.0, auc - spread), min(1.0, auc + spread)


def midranks(values: Floats) -> Floats:
    """Ranks from 1; equal values share the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2.0)[place]
