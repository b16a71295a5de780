"""Bins of one feature and their weight of evidence, the building stone of a scorecard.

Weight of evidence of a bin is ln((its bads / all bads) / (its goods / all goods)): how much the
log-odds of default in the bin lie above those of everyone (Siddiqi, Credit Risk Scorecards, 2006,
chapter 6; his sign is the opposite one, as he counts goods over bads). Information value is the
sum over bins of (share of bads - share of goods) * weight of evidence (the same chapter).

What is not known is a bin of its own. A feature that is constant, or known of nobody, has one
bin beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2
from sklearn import config_context
from sklearn.isotonic import isotonic_regression
from sklearn.tree import DecisionTreeClassifier

from models.calibration import Floats, Labels

#: A bin holds at least this share of the rows that are known, and at least so many of them. One
#: in a hundred is few, but the worst past-due counts are no more and tell the most.
MINIMUM_SHARE = 0.01
_MINIMUM_ROWS = 30
MAXIMUM_BINS = 8
#: Cut points that the tree may choose from: quantiles, as a tree over the rows themselves costs
#: their number once more for every feature.
_CANDIDATES = 100
#: Rows at the average bad rate that are added to every bin: a small bin says little.
_PRIOR_ROWS = 20.0
#: Chance that the information value of a feature without any lies above the bound.
_FALSE_ALARM = 0.01
#: A cut that was searched for costs as much as three given ones (Friedman, Multivariate adaptive
#: regression splines, Annals of Statistics 19, 1991, section 3.6); kept to a sign, as one. Of
#: features of pure noise one in a hundred passes, at 5 % bads seven, which the least information
#: value of a scorecard keeps out.
_FREEDOM_OF_A_CUT = 3
_WOE_DECIMALS = 6


@dataclass(frozen=True)
class Bins:
    """One feature, cut.

    Attributes:
        edges: Upper ends, inclusive, ascending; the last bin has none. Shape (bins - 1,).
        woe: Weight of evidence of each bin in log-odds of default, then that of "not known";
            shape (bins + 1,).
        information_value: Of the bins of the training rows, "not known" among them.
        least_information_value: What a feature without information exceeds once in a hundred
            times.
    """

    edges: Floats
    woe: Floats
    information_value: float
    least_information_value: float

    def place(self, values: Floats) -> npt.NDArray[np.intp]:
        """Index into `woe` of each value; NaN is "not known"."""
        return _place(values, self.edges)


def cut(values: Floats, labels: Labels, weights: Floats, sign: int = 0) -> Bins:
    """Bins by a classification tree, and their weight of evidence.

    The weight of evidence is smoothed by 20 rows at the average bad rate. Where the sign is known
    the tree keeps to it, and so does the weight of evidence after smoothing. Where it is not, the
    bins are those of rising, falling and free ones whose information value exceeds most what chance
    gives: a hump must show more than noise to be one.

    Args:
        values: One feature, NaN where not known, shape (n,).
        labels: True where the loan defaulted, shape (n,); both kinds occur.
        weights: Of the rows, above 0, shape (n,).
        sign: 1 where more means more risk, -1 where less, 0 where it is not known.
    """
    candidates = _candidates(values)
    place = _place(values, candidates)
    cases = _cases(place, len(candidates) + 2, labels, weights)
    over = sum(float((weights[kind] ** 2).sum() / weights[kind].sum() ** 2)
               for kind in (labels, ~labels))
    # scikit-learn checks its own parameters for longer than it cuts these few cases.
    with config_context(skip_parameter_validation=True):
        found = [_bins(candidates, cases, over, one) for one in ([sign] if sign else (1, -1, 0))]
    return max(found, key=lambda bins: bins.information_value - bins.least_information_value)


def _bins(candidates: Floats, cases: Floats, over: float, sign: int) -> Bins:
    """The bins of one sign, from the goods and bads of the candidates' bins and "not known".

    Args:
        candidates: Where may be cut, shape (c,).
        cases: Weighted goods (row 0) and bads (row 1), shape (2, c + 2).
        over: 1 / bads + 1 / goods.
        sign: As in `cut`.
    """
    chosen = _chosen(cases[:, :-1], sign)
    starts = np.concatenate([[0], chosen + 1, [cases.shape[1] - 1]])
    counted = np.add.reduceat(cases, starts, axis=1)
    woe = smoothed_woe(counted)
    if sign and len(chosen):
        woe[:-1] = isotonic_regression(woe[:-1], sample_weight=counted[:, :-1].sum(axis=0),
                                       increasing=sign > 0)
    freedom = (1 if sign else _FREEDOM_OF_A_CUT) * len(chosen) + int(counted[:, -1].any())
    return Bins(candidates[chosen], np.round(woe, _WOE_DECIMALS) + 0.0,
                information_value(counted, woe), _least_information_value(freedom, over))


def smoothed_woe(counted: Floats) -> Floats:
    """Weight of evidence of bins; 0 where a bin is empty.

    Args:
        counted: Weighted goods (row 0) and bads (row 1) of each bin, shape (2, bins).
    """
    of_all = counted.sum(axis=1, keepdims=True)
    prior = _PRIOR_ROWS * of_all / of_all.sum()
    goods, bads = (counted + prior) / of_all
    return np.asarray(np.log(bads / goods))


def information_value(counted: Floats, woe: Floats) -> float:
    """Sum over bins of (share of bads - share of goods) * weight of evidence.

    Args:
        counted: Weighted goods (row 0) and bads (row 1) of each bin, shape (2, bins).
        woe: Of the same bins.
    """
    goods, bads = counted / counted.sum(axis=1, keepdims=True)
    return float(((bads - goods) * woe).sum())


def _least_information_value(freedom: int, over: float) -> float:
    """Information value that chance alone exceeds less than once in a hundred times.

    Under the null, information value / (1 / bads + 1 / goods) of given bins is about chi-square,
    as for the population stability index, which has the same formula (Yurdakul and Naranjo,
    Journal of Risk Model Validation 14, 2020). Weighted cases count by their effective number
    (Kish, Survey Sampling, 1965).

    Args:
        freedom: Degrees of freedom of the bins; 0 of a single one.
        over: 1 / bads + 1 / goods.
    """
    return _chance(freedom) * over if freedom else 0.0


@lru_cache
def _chance(freedom: int) -> float:
    return float(chi2.ppf(1.0 - _FALSE_ALARM, freedom))


def _candidates(values: Floats) -> Floats:
    """Where to cut at most: values that occur, without the largest."""
    known = np.sort(values[~np.isnan(values)])
    if not len(known):
        return known
    is_first = np.append(True, known[1:] != known[:-1])
    if is_first.sum() <= _CANDIDATES:
        return known[is_first][:-1]
    quantiles = np.unique(known[np.arange(1, _CANDIDATES) * len(known) // _CANDIDATES])
    return quantiles[quantiles < known[-1]]


def _place(values: Floats, edges: Floats) -> npt.NDArray[np.intp]:
    return np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, "left"))


def _cases(place: npt.NDArray[np.intp], bins: int, labels: Labels, weights: Floats) -> Floats:
    """Weighted goods and bads of each bin, shape (2, bins)."""
    return np.asarray(np.bincount(place + bins * labels, weights, 2 * bins).reshape(2, bins))


def _chosen(cases: Floats, sign: int) -> npt.NDArray[np.int64]:
    """Which candidates a tree over their cases cuts at, ascending."""
    bins = cases.shape[1]
    if bins < 2:
        return np.zeros(0, dtype=np.int64)
    place = np.tile(np.arange(bins, dtype=np.float32), 2).reshape(-1, 1)
    share = min(0.5, max(MINIMUM_SHARE, _MINIMUM_ROWS / cases.sum()))
    tree = DecisionTreeClassifier(
        criterion="entropy", max_leaf_nodes=MAXIMUM_BINS, min_weight_fraction_leaf=share,
        monotonic_cst=[sign], random_state=0)
    counted = cases.ravel() > 0
    tree.fit(place[counted], np.repeat([0.0, 1.0], bins)[counted],
             sample_weight=cases.ravel()[counted], check_input=False)
    is_split = tree.tree_.feature >= 0
    return np.sort(np.floor(tree.tree_.threshold[is_split]).astype(np.int64))
