"""PD and points: values worked by hand, order kept."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from jobs.errors import TrainingRefused
from models.calibration import (Calibration, Calibrations, expected_calibration_error, fit,
                                fit_segments, points)


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


def test_calibration_error_counts_groups_by_their_weight():
    # The same two groups, the upper one with three times the weight: (0.1 + 3 * 0.2) / 4.
    pd = np.array([0.1, 0.1, 0.7, 0.7])
    labels = np.array([False, False, True, False])
    assert expected_calibration_error(pd, labels, np.array([1.0, 1.0, 3.0, 3.0]),
                                      groups=2) == pytest.approx(0.175)


def two_segments(thin_people=2_000):
    margins, labels = drawn(people=2_000 + thin_people)
    rng = np.random.default_rng(6)
    # Thin files default at the same margin with odds e times as high.
    labels[2_000:] = rng.random(thin_people) < 1 / (1 + np.exp(-(2 * margins[2_000:] + 2)))
    return margins, labels, np.array(["thick_file"] * 2_000 + ["thin_file"] * thin_people)


def test_a_segments_line_is_that_of_its_rows_alone():
    margins, labels, segments = two_segments()
    found = fit_segments(margins, labels, segments=segments)
    for number, name in enumerate(("thick_file", "thin_file")):
        part = slice(2_000 * number, 2_000 * (number + 1))
        alone = fit(margins[part], labels[part])
        assert found.segments[name].slope == pytest.approx(alone.slope, rel=1e-4)
        assert found.segments[name].intercept == pytest.approx(alone.intercept, rel=1e-4)


def test_rows_take_the_line_of_their_segment_and_strangers_that_of_everyone():
    lines = Calibrations(Calibration(1.0, 0.0), {"thin_file": Calibration(1.0, 0.5)})
    found = lines.line(np.zeros(3), np.array(["thin_file", "thick_file", "new"]))
    assert found.tolist() == [0.5, 0.0, 0.0]


def test_a_segment_of_few_bads_takes_the_line_of_everyone():
    margins, labels, segments = two_segments(thin_people=60)
    assert labels[2_000:].sum() < 50
    assert set(fit_segments(margins, labels, segments=segments).segments) == {"thick_file"}


def test_a_segment_whose_margins_fall_with_the_outcome_takes_the_line_of_everyone():
    margins, labels, segments = two_segments()
    margins[2_000:] = -margins[2_000:]
    assert "thin_file" not in fit_segments(margins, labels, segments=segments).segments


def test_shares_are_calibrated_to_their_mean():
    margins, _ = drawn()
    shares = np.clip(1 / (1 + np.exp(-(0.5 * margins - 0.3)))
                     + np.random.default_rng(1).normal(0, 0.1, 2_000), 0, 1)
    fitted = fit(margins, shares, objective="fraction")
    assert fitted.pd(margins).mean() == pytest.approx(shares.mean(), rel=1e-5)
    assert [fitted.slope, fitted.intercept] == pytest.approx([0.5, -0.3], abs=0.05)


def test_amounts_are_calibrated_to_their_mean_and_not_to_their_median():
    rng = np.random.default_rng(1)
    margins = rng.normal(9, 0.5, 5_000)
    amounts = np.exp(0.8 * margins + 2 + rng.normal(0, 0.6, 5_000))
    fitted = fit(margins, amounts, objective="amount")
    assert np.exp(fitted.line(margins)).mean() == pytest.approx(amounts.mean(), rel=1e-6)
    # A log-normal's mean is exp(variance / 2) times its median: at 9, 0.8 * 9 + 2 + 0.18.
    assert fitted.line(np.array([9.0])) == pytest.approx([9.38], abs=0.03)
