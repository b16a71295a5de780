"""Probabilities against what came of them: the backtest of a vintage."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import chi2

from models.calibration import Labels
from models.logit import Floats

#: Two-sided 95 %.
_TAIL = 0.025


@dataclass(frozen=True)
class Backtest:
    """Observed against expected defaults.

    Attributes:
        ratio: Observed over expected defaults; above 1 the probabilities were too low.
        low, high: Its 95 % interval.
        bads: Defaults observed.
        expected: Sum of the probabilities.
    """

    ratio: float
    low: float
    high: float
    bads: int
    expected: float


def backtest(pd: Floats, labels: Labels) -> Backtest | None:
    """Observed over expected defaults with the exact interval of a Poisson count.

    The interval is Garwood's (Fiducial limits for the Poisson distribution, Biometrika 28, 1936),
    from quantiles of chi-squared; a sum of unequal rare events is nearly Poisson and varies a
    little less (Le Cam), so the interval errs on the wide side. Defaults of one economy are
    correlated besides, which no interval of one vintage knows (BCBS working paper 14, 2005).

    Args:
        pd: Probabilities given, shape (n,).
        labels: True where the loan defaulted, shape (n,).

    Returns:
        The backtest; None where none are expected.
    """
    return of_counts(int(labels.sum()), float(pd.sum()))


def of_counts(bads: int, expected: float) -> Backtest | None:
    """The same from the number of defaults and the sum of the probabilities."""
    if expected <= 0:
        return None
    low = float(chi2.ppf(_TAIL, 2 * bads)) / 2.0 if bads else 0.0
    high = float(chi2.ppf(1.0 - _TAIL, 2 * bads + 2)) / 2.0
    return Backtest(bads / expected, low / expected, high / expected, bads, expected)
