"""Metrics agree with scikit-learn, scipy and a jackknife that shares no code with ours."""

import numpy as np
import pytest
from scipy.stats import ks_2samp, rankdata
from sklearn.metrics import brier_score_loss, roc_auc_score

from models.evaluation import evaluate
from models.ranking import auc_interval, midranks


@pytest.fixture(scope="module")
def scored():
    rng = np.random.default_rng(11)
    labels = rng.random(400) < 0.25
    # Two decimals, so that there are ties.
    return np.clip(np.round(0.2 + 0.15 * labels + rng.normal(0, 0.15, 400), 2), 0, 1), labels


def test_metrics_equal_scikit_learn(scored):
    pd, labels = scored
    metrics = evaluate(pd, labels)
    assert metrics["auc"] == pytest.approx(roc_auc_score(labels, pd))
    assert metrics["gini"] == pytest.approx(2 * roc_auc_score(labels, pd) - 1)
    assert metrics["ks"] == pytest.approx(ks_2samp(pd[labels], pd[~labels]).statistic)
    assert metrics["brier"] == pytest.approx(brier_score_loss(labels, pd))


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
