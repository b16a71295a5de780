"""PD and points: values worked by hand, order kept."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from jobs.errors import TrainingRefused
from models.calibration import Calibration, expected_calibration_error, fit, points


def drawn(sign=1.0, people=2_000):
    rng = np.random.default_rng(5)
    margins = rng.normal(-1, 1, people)
    return margins, rng.random(people) < 1 / (1 + np.exp(-sign * (2 * margins + 1)))


def test_odds_of_30_to_1_are_600_points_and_double_odds_50_more():
    assert points(np.array([1 / 31, 1 / 61, 1 / 16])).tolist() == [600, 650, 550]


def test_certainty_has_points_too():
    # log2(1e6 / 30) = 15.0247 doublings from the anchor, log2(30e6) = 24.8385 the other way
    assert points(np.array([0.0, 1.0])).tolist() == [1351, -642]


def test_even_margin_with_no_shift_is_one_half():
    assert Calibration(0.7, 0.0).pd(np.zeros(1)).tolist() == [0.5]


def test_pd_rises_strictly_with_the_margin_and_stays_a_probability():
    pd = Calibration(0.9, -0.1).pd(np.linspace(-20, 20, 4_001))
    assert (np.diff(pd) > 0).all()
    assert 0 < pd[0] and pd[-1] < 1


def test_margins_out_of_range_end_at_zero_and_one():
    assert Calibration(1.0, 0.0).pd(np.array([-1e4, 1e4])).tolist() == [0.0, 1.0]


def test_fit_finds_what_the_outcomes_were_drawn_with():
    margins, labels = drawn()
    fitted = fit(margins, labels)
    weak = LogisticRegression(C=1e12, tol=1e-10).fit(margins[:, None], labels)
    assert fitted.slope == pytest.approx(weak.coef_[0, 0], rel=1e-4)
    assert fitted.intercept == pytest.approx(weak.intercept_[0], rel=1e-4)
    assert [fitted.slope, fitted.intercept] == pytest.approx([2, 1], abs=0.3)
    # The likelihood's own condition: expected bads are the bads seen.
    assert fitted.pd(margins).sum() == pytest.approx(labels.sum(), rel=1e-5)


def test_margins_that_fall_with_the_outcome_are_refused():
    with pytest.raises(TrainingRefused, match="calibration slope of -"):
        fit(*drawn(sign=-1.0))


def test_calibration_error_by_hand():
    # Lower half: expected 0.1, seen 0; upper half: expected 0.6, seen 0.5. Mean gap 0.1.
    pd = np.array([0.6, 0.1, 0.6, 0.1])
    labels = np.array([True, False, False, False])
    assert expected_calibration_error(pd, labels, groups=2) == pytest.approx(0.1)
