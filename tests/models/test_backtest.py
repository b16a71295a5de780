"""The backtest of a vintage: observed over expected defaults."""

import numpy as np
import pytest
from scipy.stats import poisson

from models.backtest import backtest
from models.calibration import reliability


def of(bads, goods, pd):
    return np.full(bads + goods, pd), np.array([True] * bads + [False] * goods)


def test_twice_the_expected_defaults_are_a_ratio_of_two():
    found = backtest(*of(20, 80, 0.1))
    assert (found.ratio, found.bads) == (pytest.approx(2.0), 20)
    assert found.expected == pytest.approx(10.0)


def test_the_ends_of_the_interval_are_counts_that_are_just_possible():
    found = backtest(*of(20, 80, 0.1))
    assert poisson.sf(19, found.low * 10) == pytest.approx(0.025)
    assert poisson.cdf(20, found.high * 10) == pytest.approx(0.025)


def test_no_default_leaves_an_upper_end():
    found = backtest(*of(0, 100, 0.03))
    # exp(-x) = 0.025 at x = 3.689: over 3 expected.
    assert found.ratio == found.low == 0 and found.high == pytest.approx(3.689 / 3, abs=1e-3)


def test_nothing_expected_is_no_backtest():
    assert backtest(*of(0, 10, 0.0)) is None


def test_tenths_are_put_in_order_of_the_probability():
    pd = np.array([0.4, 0.1, 0.2, 0.3])
    labels = np.array([True, False, False, True])
    assert [tuple(part.values()) for part in reliability(pd, labels, groups=2)] == [
        (pytest.approx(0.15), 0.0, 2), (pytest.approx(0.35), 1.0, 2)]
