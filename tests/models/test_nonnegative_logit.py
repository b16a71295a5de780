"""Coefficients never below zero: the free optimum where it is allowed, the edge where not."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from models.nonnegative_logit import fit


def drawn(slopes, rows=2_000, seed=8):
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(rows, len(slopes)))
    labels = rng.random(rows) < 1 / (1 + np.exp(1 - columns @ np.array(slopes)))
    return columns, labels, rng.uniform(0.5, 2.0, rows)


def test_where_no_bound_is_met_it_is_the_free_regression():
    columns, labels, weights = drawn([0.8, 0.3])
    intercept, coefficients = fit(columns, labels, weights, penalty=4.0)
    free = LogisticRegression(C=1 / 4.0, tol=1e-10).fit(columns, labels, weights)
    assert intercept == pytest.approx(free.intercept_[0], abs=1e-5)
    assert coefficients == pytest.approx(free.coef_[0], abs=1e-5)


def test_a_column_that_lowers_the_risk_gets_nothing():
    columns, labels, weights = drawn([0.8, -0.5])
    intercept, coefficients = fit(columns, labels, weights, penalty=4.0)
    alone = LogisticRegression(C=1 / 4.0, tol=1e-10).fit(columns[:, :1], labels, weights)
    assert [intercept, *coefficients] == pytest.approx(
        [alone.intercept_[0], alone.coef_[0, 0], 0.0], abs=1e-5)


def test_many_columns_end_where_another_solver_does():
    columns, labels, weights = drawn([0.5, -0.4, 0.2, 0.0, -0.1, 0.3])
    columns[:, 5] += columns[:, 0]

    def loss(point):
        odds = columns @ point[1:] + point[0]
        return weights @ (np.logaddexp(0, odds) - labels * odds) + 2.0 * (point[1:] ** 2).sum()

    other = minimize(loss, np.zeros(7), method="L-BFGS-B", bounds=[(None, None)] + [(0, None)] * 6,
                     options={"ftol": 1e-15, "gtol": 1e-9, "maxfun": 100_000})
    intercept, coefficients = fit(columns, labels, weights, penalty=4.0)
    assert loss(np.array([intercept, *coefficients])) <= other.fun + 1e-6
    assert [intercept, *coefficients] == pytest.approx(other.x, abs=2e-3)


def test_without_columns_it_is_the_average():
    labels, weights = np.array([True, False, False]), np.array([2.0, 1.0, 1.0])
    assert fit(np.zeros((3, 0)), labels, weights, 1.0)[0] == 0.0  # two for, two against
