"""Logistic regression of a few columns on a share from 0 to 1, unpenalised and weighted.

A share is a quasi-binomial outcome (Papke and Wooldridge, Econometric methods for fractional
response variables, Journal of Applied Econometrics 11, 1996): a row of share y and weight w stands
for a row of 1 with weight w y and one of 0 with weight w (1 - y). For 0 and 1 it is the logistic
regression itself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

Floats = npt.NDArray[np.float64]
#: Of a fitted coefficient that are kept: what comes after is the processor's rounding.
_DECIMALS = 9


def fit(columns: Floats, shares: Floats, weights: Floats) -> Floats:
    """Coefficients by maximum likelihood, without an intercept of their own.

    Args:
        columns: Shape (n, k), one of them constant where an intercept is wanted.
        shares: Outcomes from 0 to 1, shape (n,); not all 0 and not all 1.
        weights: Above zero, shape (n,).

    Returns:
        Shape (k,).
    """
    ones, zeros = shares > 0, shares < 1
    outcome = np.concatenate([np.ones(ones.sum()), np.zeros(zeros.sum())])
    counted = np.concatenate([(weights * shares)[ones], (weights * (1 - shares))[zeros]])
    # Columns of one size: the solver's steps are then of one size too.
    size = np.sqrt(np.mean(columns ** 2, axis=0))
    size[size == 0] = 1.0
    solver = LogisticRegression(C=np.inf, tol=1e-10, max_iter=2_000, fit_intercept=False)
    solver.fit(np.concatenate([columns[ones], columns[zeros]]) / size, outcome,
               counted / counted.mean())
    return np.round(solver.coef_[0] / size, _DECIMALS)


def fit_with_signs(columns: Floats, shares: Floats, weights: Floats,
                   signs: npt.NDArray[np.int64]) -> Floats:
    """As `fit`, but a coefficient whose sign is known and comes out wrong is zero.

    Args:
        columns: As in `fit`.
        shares: As in `fit`.
        weights: As in `fit`.
        signs: +1 not negative, -1 not positive, 0 free; shape (k,).
    """
    kept = np.ptp(columns, axis=0) > 0
    kept |= signs == 0
    fitted = np.zeros(columns.shape[1])
    while True:
        fitted[:] = 0.0
        fitted[kept] = fit(columns[:, kept], shares, weights)
        wrong = kept & (fitted * signs < 0)
        if not wrong.any():
            return fitted
        # The worst one first: without it the others may come right.
        kept[np.argmin(np.where(wrong, fitted * signs * np.std(columns, axis=0), 0.0))] = False
