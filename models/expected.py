"""What a model's performance should be where nobody knows the outcomes yet.

Confidence-based performance estimation (CBPE): if the probabilities are calibrated, each person is
a default with just that probability, and the elements of the confusion matrix at any cut-off are
sums of probabilities (Kivimäki et al., Performance Estimation in Binary Classification Using
Calibrated Confidence, arXiv:2505.05295, 2025; so does NannyML). It sees a population that became
easier or harder to tell apart; it cannot see that the relation of features and outcome changed, for
which outcomes are needed.
"""

from __future__ import annotations

import numpy as np

from models.logit import Floats


def expected_auc(pd: Floats) -> float | None:
    """Area under the expected ROC curve of calibrated probabilities, shape (n,).

    At a cut-off t the expected true-positive rate is sum(pd where pd >= t) / sum(pd), the expected
    false-positive rate sum(1 - pd where pd >= t) / sum(1 - pd); the area is taken by trapezoids, so
    that equal probabilities count one half.

    Returns:
        The area; None where no defaults, or nothing but defaults, are expected.
    """
    if not len(pd) or pd.sum() <= 0 or (1.0 - pd).sum() <= 0:
        return None
    # One point of the curve for each different probability, from the highest down.
    levels, people = np.unique(pd, return_counts=True)
    levels, people = levels[::-1], people[::-1]
    true_rate = np.concatenate([[0.0], np.cumsum(levels * people)]) / np.sum(levels * people)
    bads_missed = (1.0 - levels) * people
    false_rate = np.concatenate([[0.0], np.cumsum(bads_missed)]) / np.sum(bads_missed)
    return float(np.trapezoid(true_rate, false_rate))
