"""Logistic regression whose coefficients are never negative.

For columns that all mean "more risk": a coefficient below zero would turn one round.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import lsq_linear
from scipy.special import expit

from models.calibration import Floats, Labels

#: Newton's steps end where the last one moved no coefficient by more than this.
_STEP = 1e-8
_MOST_STEPS = 50
#: Of a fitted coefficient that are kept: what comes after is the processor's rounding.
_DECIMALS = 6


def fit(columns: Floats, labels: Labels, weights: Floats, penalty: float) -> tuple[float, Floats]:
    """Intercept, and coefficients of at least 0, by penalised maximum likelihood.

    Newton's method; every step solves its quadratic problem within the bounds (projected Newton,
    Bertsekas, SIAM Journal on Control and Optimization 20, 1982) and is halved while it overshoots.

    Args:
        columns: Shape (n, k); k may be 0.
        labels: True where the loan defaulted, shape (n,); both kinds occur.
        weights: Of the rows, above 0, shape (n,).
        penalty: Of half the squared coefficients, beside the weighted sum of the rows' losses;
            the intercept is free. Above 0.

    Returns:
        The intercept in log-odds, and the coefficients, shape (k,).
    """
    design = np.column_stack([np.ones(len(columns)), columns])
    penalties = np.append(0.0, np.full(columns.shape[1], penalty))

    def loss(point: Floats) -> float:
        odds = design @ point
        return float(weights @ (np.logaddexp(0.0, odds) - labels * odds)
                     + 0.5 * penalties @ point ** 2)

    average = float(np.average(labels, weights=weights))
    point = np.append(math.log(average / (1.0 - average)), np.zeros(columns.shape[1]))
    for _ in range(_MOST_STEPS):
        step, before = _aim(design, labels, weights, penalties, point) - point, loss(point)
        while np.abs(step).max() > _STEP and loss(point + step) > before:
            step = step / 2.0
        point = point + step
        if np.abs(step).max() <= _STEP:
            break
    return round(float(point[0]), _DECIMALS), np.round(np.maximum(point[1:], 0.0), _DECIMALS)


def _aim(design: Floats, labels: Labels, weights: Floats, penalties: Floats,
         point: Floats) -> Floats:
    """Where the loss, taken as quadratic around a point, is least within the bounds."""
    expected = expit(design @ point)
    gradient = design.T @ (weights * (expected - labels)) + penalties * point
    curvature = weights * expected * (1.0 - expected)
    hessian = (design * curvature[:, None]).T @ design + np.diag(penalties)
    root = np.linalg.cholesky(hessian).T
    lowest = np.append(-np.inf, np.zeros(len(point) - 1))
    return np.asarray(lsq_linear(root, np.linalg.solve(root.T, hessian @ point - gradient),
                                 (lowest, np.inf), method="bvls", tol=1e-14).x)
