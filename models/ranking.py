"""How well a score tells bad from good: AUC, KS and the H-measure, of weighted rows.

Rows are sorted once; every draw of the bootstrap only brings other weights.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import betainc
from sklearn.isotonic import isotonic_regression

from models.calibration import Labels
from models.logit import Floats

#: Two-sided 95 % of the normal distribution.
_Z_95 = 1.959963984540054


class Ranking:
    """Scores in order, equal ones together."""

    def __init__(self, scores: Floats, labels: Labels) -> None:
        """Sort the rows by score, lowest first.

        Args:
            scores: More is worse, shape (n,).
            labels: True where the row is bad, shape (n,).
        """
        self._order = np.argsort(scores, kind="stable")
        ordered = scores[self._order]
        self._starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        self._is_bad = labels[self._order]

    def counts(self, weights: Floats) -> tuple[Floats, Floats]:
        """Weights of bads and of goods at each distinct score, lowest score first."""
        ordered = weights[self._order]
        bads = np.where(self._is_bad, ordered, 0.0)
        return (np.add.reduceat(bads, self._starts),
                np.add.reduceat(ordered - bads, self._starts))

    def metrics(self, weights: Floats) -> dict[str, float]:
        """`auc`, `gini`, `ks` and `h_measure`; both kinds must have weight."""
        bads, goods = self.counts(weights)
        bads, goods = bads / bads.sum(), goods / goods.sum()
        below = np.cumsum(goods) - goods
        auc = float(bads @ (below + goods / 2.0))
        share = float(weights[self._order][self._is_bad].sum() / weights.sum())
        return {"auc": auc, "gini": 2.0 * auc - 1.0,
                "ks": float(np.abs(np.cumsum(goods) - np.cumsum(bads)).max()),
                "h_measure": h_measure(bads, goods, share)}


def h_measure(bads: Floats, goods: Floats, bad_share: float) -> float:
    """Share of the worst expected loss that the score saves, over a spread of relative costs.

    Hand, Measuring classifier performance (Machine Learning 77, 2009), with the costs' density
    Beta(1 + share of bads, 1 + share of goods) of Hand and Anagnostopoulos, A better Beta for the
    H measure (Pattern Recognition Letters 40, 2014): c is the cost of taking a good one for bad,
    1 - c of taking a bad one for good. The best threshold for a c lies on a corner of the ROC
    curve's convex hull, and the hull's edges are the steps of the isotonic regression of bad on
    the score: a step of bad rate c is where costs of c do not care.

    Args:
        bads: Share of the bads at each distinct score, lowest score first; sums to 1.
        goods: The same of the goods.
        bad_share: Of bads in all, between 0 and 1.
    """
    prior, rest = bad_share, 1.0 - bad_share
    mass = prior * bads + rest * goods
    held = mass > 0
    bads, goods, mass = bads[held], goods[held], mass[held]
    rates = isotonic_regression(prior * bads / mass, sample_weight=mass)
    starts = np.flatnonzero(np.concatenate([[True], np.diff(rates) > 0]))
    edges = np.concatenate([[0.0], rates[starts], [1.0]])
    # Between two edges those below are taken for good: the share of bads among them is missed,
    # the share of goods above them is refused.
    missed = np.concatenate([[0.0], np.cumsum(np.add.reduceat(bads, starts))])
    refused = 1.0 - np.concatenate([[0.0], np.cumsum(np.add.reduceat(goods, starts))])
    of_good, of_bad = _costs(edges, prior)
    loss = float(rest * refused @ of_good + prior * missed @ of_bad)
    of_good, of_bad = _costs(np.array([0.0, prior, 1.0]), prior)
    worst = float(rest * of_good[0] + prior * of_bad[1])
    return 1.0 - loss / worst


def _costs(edges: Floats, prior: float) -> tuple[Floats, Floats]:
    """Integrals of c and of 1 - c under the costs' density, between neighbouring edges."""
    first, second = 1.0 + prior, 2.0 - prior
    mean = first / (first + second)
    of_good = mean * np.diff(betainc(first + 1.0, second, edges))
    of_bad = (1.0 - mean) * np.diff(betainc(first, second + 1.0, edges))
    return of_good, of_bad


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


def midranks(values: npt.NDArray[np.float64]) -> Floats:
    """Ranks from 1; equal values share the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2.0)[place]
