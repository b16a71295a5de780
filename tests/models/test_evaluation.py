"""What evaluation reports of each kind of target, by segment, with people drawn whole."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import brier_score_loss, mean_absolute_error, r2_score

from models.evaluation import evaluate
from models.ranking import auc_interval


@pytest.fixture(scope="module")
def scored():
    rng = np.random.default_rng(11)
    pd = rng.uniform(0.05, 0.6, 600)
    return pd, rng.random(600) < pd


def test_brier_score_equals_scikit_learn(scored):
    pd, labels = scored
    assert evaluate(pd, labels)["brier"] == pytest.approx(brier_score_loss(labels, pd))


def test_rows_that_weigh_the_same_have_delongs_interval(scored):
    metrics = evaluate(*scored)
    assert (metrics["auc"], metrics["auc_low"], metrics["auc_high"]) == pytest.approx(
        auc_interval(*scored))


def test_every_metric_lies_in_its_interval_but_the_calibration_error_may_lie_below(scored):
    metrics = evaluate(*scored)
    for name in ("auc", "gini", "ks", "h_measure", "brier"):
        assert metrics[f"{name}_low"] < metrics[name] < metrics[f"{name}_high"], name
    assert metrics["ece_low"] < metrics["ece_high"]


def test_people_with_four_rows_each_leave_a_wider_interval(scored):
    pd, labels = (np.repeat(one[:150], 4) for one in scored)
    people = [f"user-{number // 4}" for number in range(600)]
    apart = evaluate(pd, labels)
    whole = evaluate(pd, labels, people=people)
    width = [one["auc_high"] - one["auc_low"] for one in (apart, whole)]
    # Four copies of a row tell no more than one: the variance is four times, the width twice.
    assert width[1] / width[0] == pytest.approx(2.0, rel=0.25)


def test_effective_sample_size_by_hand(scored):
    weights = np.where(np.arange(600) < 300, 3.0, 1.0)
    # (300 * 3 + 300)^2 / (300 * 9 + 300) = 1,440,000 / 3,000
    assert evaluate(*scored, weights=weights)["effective_sample_size"] == 480.0


def test_reliability_has_ten_groups_of_sixty_rows(scored):
    pd, labels = scored
    groups = evaluate(pd, labels)["reliability"]
    lowest = np.sort(pd)[:60]
    assert [group["rows"] for group in groups] == [60] * 10
    assert groups[0]["expected"] == pytest.approx(lowest.mean())
    assert groups[0]["observed"] == pytest.approx(labels[pd <= lowest[-1]].mean())


def test_segments_with_enough_cases_stand_apart(scored):
    pd, labels = scored
    segments = np.array(["thick_file"] * 400 + ["thin_file"] * 180 + ["new"] * 20)
    metrics = evaluate(pd, labels, segments=segments)
    assert sorted(metrics["segments"]) == ["thick_file", "thin_file"]
    assert metrics["segments"]["thin_file"] == {
        name: value for name, value in evaluate(pd[400:580], labels[400:580]).items()
        if name != "segments"}


def test_shares_and_amounts_equal_scikit_learn_and_scipy():
    rng = np.random.default_rng(4)
    observed = rng.lognormal(1.0, 0.4, 300)
    foretold = observed * rng.lognormal(0.0, 0.2, 300)
    metrics = evaluate(foretold, observed, "amount")
    assert metrics["mae"] == pytest.approx(mean_absolute_error(observed, foretold))
    assert metrics["r2"] == pytest.approx(r2_score(observed, foretold))
    assert metrics["rank_correlation"] == pytest.approx(
        spearmanr(observed, foretold).statistic)
    assert metrics["mean_ratio"] == pytest.approx(foretold.mean() / observed.mean())
