"""Fairness figures worked by hand."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from models.fairness import adverse_impact, error_counts, wilson


def test_the_ratio_is_held_against_the_highest_rate():
    found = adverse_impact({"young": 30, "old": 50}, {"young": 100, "old": 100})
    assert found["young"].ratio == pytest.approx(0.6) and found["young"].against == "old"
    assert found["old"].ratio == 1 and found["old"].low is None


def test_the_interval_is_katz_on_the_logarithm():
    found = adverse_impact({"young": 30, "old": 50}, {"young": 100, "old": 100})["young"]
    spread = 1.959964 * math.sqrt(0.7 / 30 + 0.5 / 50)
    assert found.low == pytest.approx(0.6 * math.exp(-spread), abs=1e-6)
    assert found.high == pytest.approx(0.6 * math.exp(spread), abs=1e-6)


def test_a_tiny_group_sets_no_standard():
    found = adverse_impact({"few": 5, "young": 30, "old": 50},
                           {"few": 5, "young": 100, "old": 100})
    assert found["few"].ratio == pytest.approx(2.0) and found["young"].against == "old"


def test_nobody_selected_is_no_impact():
    assert adverse_impact({}, {"young": 100, "old": 100}) == {}


def test_a_group_without_anyone_selected_has_no_interval():
    young = adverse_impact({"old": 50}, {"young": 100, "old": 100})["young"]
    assert young.ratio == 0 and young.high is None


def test_the_interval_of_a_share_is_wilsons():
    expected = binomtest(7, 40).proportion_ci(method="wilson")
    assert wilson(7, 40) == pytest.approx((expected.low, expected.high))


def test_errors_are_counted_by_group_and_outcome():
    refused = np.array([True, False, True, False, True])
    labels = np.array([False, False, True, True, False])
    group = np.array(["a", "a", "a", "a", "b"])
    found = error_counts(refused, labels, group)
    assert found["a"] == {"false_positive_ratio": (1, 2), "false_negative_ratio": (1, 2)}
    assert found["b"] == {"false_positive_ratio": (1, 1), "false_negative_ratio": (0, 0)}
