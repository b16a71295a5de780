"""Logistic regression on shares: hand-worked odds, and signs that are kept."""

import numpy as np
import pytest

from models import logit


def columns(people):
    return np.column_stack([np.repeat([0.0, 1.0], people // 2), np.ones(people)])


def test_two_groups_have_the_log_odds_of_their_shares():
    shares = np.repeat([0.25, 0.75], 2)  # log-odds -ln 3 and ln 3
    fitted = logit.fit(columns(4), shares, np.ones(4))
    assert fitted == pytest.approx([2 * np.log(3), -np.log(3)], abs=1e-6)


def test_weights_count_as_rows():
    outcome = np.array([0.0, 1.0, 0.0, 1.0])
    # Shares by weight: 1 of 4 in the first group, 3 of 4 in the second.
    fitted = logit.fit(columns(4), outcome, np.array([3.0, 1.0, 1.0, 3.0]))
    assert fitted == pytest.approx([2 * np.log(3), -np.log(3)], abs=1e-6)


def test_a_coefficient_against_its_sign_is_zero_and_the_rest_is_fitted_without_it():
    shares = np.repeat([0.25, 0.75], 2)
    fitted = logit.fit_with_signs(columns(4), shares, np.ones(4), np.array([-1, 0]))
    assert fitted == pytest.approx([0.0, 0.0], abs=1e-6)  # half in all: even odds


def test_a_signed_column_that_never_differs_is_zero():
    same = np.column_stack([np.full(4, 5.0), np.ones(4)])
    fitted = logit.fit_with_signs(same, np.repeat([0.25, 0.25], 2), np.ones(4), np.array([1, 0]))
    assert fitted == pytest.approx([0.0, -np.log(3)], abs=1e-6)
