"""AUC, KS and the H-measure against scikit-learn, scipy and costs integrated one by one."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta, ks_2samp, rankdata
from sklearn.metrics import roc_auc_score

from models.ranking import Ranking, auc_interval, h_measure, midranks


@pytest.fixture(scope="module")
def scored():
    rng = np.random.default_rng(11)
    labels = rng.random(400) < 0.25
    # Two decimals, so that there are ties.
    return np.clip(np.round(0.2 + 0.15 * labels + rng.normal(0, 0.15, 400), 2), 0, 1), labels


def h_by_integration(scores, labels):
    """Hand and Anagnostopoulos 2014 as it is written: the best threshold for every cost."""
    bads, goods = labels.mean(), 1 - labels.mean()
    thresholds = np.concatenate([[-np.inf], np.unique(scores)])
    missed = np.array([(scores[labels] <= one).mean() for one in thresholds])
    refused = np.array([(scores[~labels] > one).mean() for one in thresholds])
    costs = beta(1 + bads, 1 + goods)

    def least(c):
        return (c * goods * refused + (1 - c) * bads * missed).min() * costs.pdf(c)

    def worst(c):
        return min(c * goods, (1 - c) * bads) * costs.pdf(c)

    edges = np.linspace(0, 1, 201)
    pieces = list(zip(edges[:-1], edges[1:], strict=True))
    return 1 - sum(quad(least, *piece)[0] for piece in pieces) / sum(
        quad(worst, *piece)[0] for piece in pieces)


def test_metrics_equal_scikit_learn_and_scipy(scored):
    pd, labels = scored
    metrics = Ranking(pd, labels).metrics(np.ones(400))
    assert metrics["auc"] == pytest.approx(roc_auc_score(labels, pd))
    assert metrics["gini"] == pytest.approx(2 * roc_auc_score(labels, pd) - 1)
    assert metrics["ks"] == pytest.approx(ks_2samp(pd[labels], pd[~labels]).statistic)


def test_h_measure_is_the_integral_over_costs(scored):
    assert Ranking(*scored).metrics(np.ones(400))["h_measure"] == pytest.approx(
        h_by_integration(*scored), abs=1e-5)


def test_h_measure_of_a_perfect_order_is_one_and_of_none_is_zero():
    bads, goods = np.array([0.0, 1.0]), np.array([1.0, 0.0])
    assert h_measure(bads, goods, 0.3) == pytest.approx(1.0)
    assert h_measure(np.array([0.5, 0.5]), np.array([0.5, 0.5]), 0.3) == pytest.approx(0.0)


def test_a_weight_of_two_is_the_row_twice(scored):
    pd, labels = scored
    weights = np.where(np.arange(400) < 100, 2.0, 1.0)
    twice = np.concatenate([np.arange(400), np.arange(100)])
    assert Ranking(pd, labels).metrics(weights) == pytest.approx(
        Ranking(pd[twice], labels[twice]).metrics(np.ones(500)))


def test_weighted_auc_equals_scikit_learn(scored):
    pd, labels = scored
    weights = np.random.default_rng(2).uniform(0.5, 4.0, 400)
    assert Ranking(pd, labels).metrics(weights)["auc"] == pytest.approx(
        roc_auc_score(labels, pd, sample_weight=weights))


def test_interval_is_delongs_pair_by_pair(scored):
    pd, labels = scored
    bads, goods = pd[labels], pd[~labels]
    wins = (bads[:, None] > goods) + 0.5 * (bads[:, None] == goods)
    variance = (wins.mean(1).var(ddof=1) / len(bads) + wins.mean(0).var(ddof=1) / len(goods))
    auc, low, high = auc_interval(pd, labels)
    assert (low, high) == (pytest.approx(auc - 1.959964 * variance ** 0.5),
                           pytest.approx(auc + 1.959964 * variance ** 0.5))


def test_perfect_order_has_no_width_and_stays_in_range():
    assert auc_interval(np.array([0.1, 0.2, 0.8, 0.9]),
                        np.array([False, False, True, True])) == (1.0, 1.0, 1.0)


def test_midranks_share_ties():
    values = np.array([3.0, 1.0, 3.0, 2.0])
    assert midranks(values).tolist() == [3.5, 1.0, 3.5, 2.0]
    assert midranks(values).tolist() == rankdata(values).tolist()
