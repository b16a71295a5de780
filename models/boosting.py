"""Growing trees: the number of rounds by cross-validation, then one model on all rows.

The folds grow side by side, a thread each, and stop together: after every `_STEP` rounds the mean
held-out loss is taken, so the same rows and seed give the same number of rounds on any machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np

from models.folds import Whole
from models.logit import Floats
from models.rows import Rows
from models.spec import Objective, Spec

#: Rounds between two looks at the held-out loss.
_STEP = 10
#: Few rows make smaller leaves: a 350th of them, but never fewer than ten rows.
_LEAVES, _LEAST_IN_LEAF = 350, 10
#: Features that a tree sees at least and at most, but never less than a tenth of them.
_FEW, _MANY, _LEAST_FRACTION = 8, 60, 0.1
#: Fewer cases of the rarer kind than this are learned from with random thresholds (Geurts et al.,
#: Extremely randomized trees, 2006), which take twice the patience. Measured on samples of three
#: credit sets: AUC +0.003 to +0.009 with 70 bads, +0.001 to +0.004 with 150, none with 300, -0.001
#: to -0.004 with 1,200.
_FEW_CASES = 250
_OBJECTIVES: dict[Objective, dict[str, str]] = {
    "binary": {"objective": "binary", "metric": "binary_logloss"},
    "fraction": {"objective": "cross_entropy", "metric": "cross_entropy"},
    "amount": {"objective": "regression", "metric": "l2"}}


@dataclass(frozen=True)
class Grown:
    """What a cross-validation found.

    Attributes:
        rounds: The number of trees with the least mean held-out loss.
        margins: Out of fold with that number, of the trees alone, shape (n,).
        gains: What each fold's trees gained by each feature, shape (folds, features).
    """

    rounds: int
    margins: Floats
    gains: Floats


class Forest:
    """Rows ready to grow trees on: binned once, cut into folds without a copy."""

    def __init__(self, rows: Rows, spec: Spec, seed: int, shifts: Floats | None = None) -> None:
        """Bin the rows.

        Args:
            rows: What to learn from.
            spec: The recipe; its features are the columns of the rows' values.
            seed: Of LightGBM.
            shifts: Margins that the trees start from, shape (n,); none unless given.
        """
        self._rows, self._spec = rows, spec
        self._parameters: dict[str, Any] = {
            **dict(spec.parameters), **_OBJECTIVES[spec.objective], "seed": seed,
            "monotone_constraints": [feature.monotone for feature in spec.features]}
        # In few rows a leaf of the full size would hide most of what there is to learn.
        self._parameters["min_data_in_leaf"] = min(
            self._parameters["min_data_in_leaf"], max(_LEAST_IN_LEAF, len(rows) // _LEAVES))
        # Of hundreds of features a smaller share a tree, in a third of the time; of a handful a
        # larger one, or no tree could set two of them against each other.
        share = self._parameters["feature_fraction"]
        self._parameters["feature_fraction"] = min(1.0, max(
            _LEAST_FRACTION, _FEW / len(spec.features), min(share, _MANY / len(spec.features))))
        target = np.log(rows.target) if spec.objective == "amount" else rows.target
        self._patience = spec.patience
        if _rarer_cases(rows, spec) < _FEW_CASES:
            self._parameters["extra_trees"] = True
            self._patience *= 2
        self._data = lgb.Dataset(rows.values, target, weight=rows.weights, init_score=shifts,
                                 feature_name=spec.feature_names, params=self._parameters)
        self._data.construct()

    def cross_validate(self, folds: Whole) -> Grown:
        """Grow a model without each fold until the held-out loss no longer falls.

        Args:
            folds: Fold of each row, shape (n,).
        """
        def start(fold: int) -> lgb.Booster:
            booster = lgb.Booster(self._parameters, self._part(folds != fold))
            return booster.add_valid(self._part(folds == fold), "held_out")

        def grow(booster: lgb.Booster) -> float:
            for _ in range(_STEP):
                booster.update()
            return float(booster.eval_valid()[0][2])

        def judge(fold: int) -> Floats:
            held_out = self._rows.values[folds == fold]
            return np.asarray(boosters[fold].predict(held_out, raw_score=True, num_threads=1,
                                                     num_iteration=best))

        numbers = range(self._spec.folds)
        shares = np.bincount(folds, weights=self._rows.weights)
        with _pool() as pool:
            boosters = list(pool.map(start, numbers))
            best, least = 0, np.inf
            for rounds in range(_STEP, self._spec.rounds + 1, _STEP):
                loss = np.average(list(pool.map(grow, boosters)), weights=shares)
                if loss < least:
                    best, least = rounds, loss
                if rounds - best >= self._patience:
                    break
            margins = np.zeros(len(self._rows))
            for fold, of_fold in enumerate(pool.map(judge, numbers)):
                margins[folds == fold] = of_fold
        gains = np.array([booster.feature_importance("gain", best) for booster in boosters])
        return Grown(best, margins, gains)

    def grow(self, rounds: int) -> lgb.Booster:
        """The model on all rows."""
        return lgb.train(self._parameters, self._data, rounds)

    def _part(self, chosen: Any) -> lgb.Dataset:
        return self._data.subset(np.flatnonzero(chosen).tolist(), self._parameters)


def _rarer_cases(rows: Rows, spec: Spec) -> int:
    """Of a binary target the rows of the rarer kind, else all rows."""
    if spec.objective != "binary":
        return len(rows)
    bads = int(rows.target.sum())
    return min(bads, len(rows) - bads)


@contextmanager
def _pool() -> Iterator[ThreadPoolExecutor]:
    """As many threads as cores; LightGBM lets go of Python's lock while it grows."""
    with ThreadPoolExecutor(cores(), initializer=_quiet) as pool:
        yield pool


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _quiet() -> None:
    """Set this thread's verbosity: it is a thread's own, and is set where a data set is built."""
    lgb.Dataset(np.zeros((2, 1)), np.zeros(2), params={"verbosity": -1}).construct()
