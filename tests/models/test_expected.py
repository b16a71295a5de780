"""The AUC that calibrated probabilities promise."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from models.expected import expected_auc


def test_an_area_worked_by_hand():
    # 0.8 and 0.2: cut-offs give (0.2, 0.8) and (1, 1): 0.2 * 0.4 + 0.8 * 0.9 = 0.8.
    assert expected_auc(np.array([0.2, 0.8])) == pytest.approx(0.8)


def test_equal_probabilities_tell_nobody_apart():
    assert expected_auc(np.full(7, 0.3)) == pytest.approx(0.5)


def test_it_is_the_weighted_auc_of_everyone_as_both_outcomes():
    pd = np.random.default_rng(2).beta(1, 9, 400).round(2)
    weighted = roc_auc_score(np.repeat([1, 0], 400), np.tile(pd, 2),
                             sample_weight=np.concatenate([pd, 1 - pd]))
    assert expected_auc(pd) == pytest.approx(weighted, abs=1e-12)


def test_it_comes_true_where_the_probabilities_are_right():
    rng = np.random.default_rng(3)
    pd = rng.beta(1, 9, 40_000)
    assert expected_auc(pd) == pytest.approx(roc_auc_score(rng.random(40_000) < pd, pd), abs=0.01)


@pytest.mark.parametrize("pd", [[], [0.0, 0.0], [1.0, 1.0]])
def test_where_one_outcome_is_certain_there_is_none(pd):
    assert expected_auc(np.array(pd, dtype=float)) is None
