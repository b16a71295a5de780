"""Judging a model on rows that it has not seen: out of fold, out of time, beside the challenger.

Out of time a model of the earlier dates, its rounds and calibration found within them, is judged
on the newest date. Headline are the people of whom it has seen nothing, as the night decides about
such; all people stand beside.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from models import scorecard
from models.boosting import cores
from models.calibration import Labels, logistic
from models.evaluation import evaluate
from models.learning import Learned, foretold, learn
from models.logit import Floats
from models.rows import Rows, enough
from models.spec import Spec

#: Features that a challenger chooses from: those that the trees gained most by in the same rows.
_OFFERED = 120


@dataclass(frozen=True)
class Verdict:
    """Metrics of the model and its challenger, each split by its name.

    Attributes:
        split: `headline`: `out_of_time` or `out_of_fold`; out of time also `learned_from` and
            `judged_on` (dates), `rounds`, and `people`: `not_seen` or `all`.
        metrics: Of the headline, see evaluation.evaluate.
        by_split: Of `out_of_fold`, `out_of_time` and `out_of_time_not_seen`; None where the rows
            do not allow it.
        challenger: The scorecard's, on the rows of the headline; None where it is not binary.
    """

    split: dict[str, Any]
    metrics: dict[str, Any]
    by_split: dict[str, dict[str, Any] | None]
    challenger: dict[str, Any] | None


def judge(rows: Rows, spec: Spec, seed: int, learned: Learned, cross_fitted: Floats) -> Verdict:
    """Judge what was learned from the rows: out of time where they allow it, and out of fold.

    Args:
        rows: What was learned from.
        spec: The recipe.
        seed: Of LightGBM and of the folds.
        learned: What the rows gave.
        cross_fitted: Their out-of-fold values, see `learning.cross_fitted`.
    """
    out_of_fold = _evaluate(cross_fitted, rows, spec)
    newest = rows.dates == rows.dates.max()
    if not newest.all():
        earlier, later = rows.take(~newest), rows.take(newest)
        if enough(earlier, spec) and enough(later, spec):
            return _out_of_time(earlier, later, spec, seed, out_of_fold)
    challenger = _challenger_out_of_fold(rows, spec, learned)
    return Verdict({"headline": "out_of_fold"}, out_of_fold,
                   {"out_of_fold": out_of_fold, "out_of_time": None, "out_of_time_not_seen": None},
                   challenger)


def _out_of_time(earlier: Rows, later: Rows, spec: Spec, seed: int,
                 out_of_fold: dict[str, Any]) -> Verdict:
    learned = learn(earlier, spec, seed)
    booster = learned.forest.grow(learned.grown.rounds)
    margins = np.asarray(booster.predict(later.values, raw_score=True))
    values = foretold(later, spec, margins, learned.calibrations)
    seen = set(earlier.people)
    unseen = np.array([person not in seen for person in later.people])
    is_apart = bool(unseen.any()) and enough(later.take(unseen), spec)
    judged = unseen if is_apart else np.ones(len(later), dtype=bool)
    everyone = _evaluate(values, later, spec)
    apart = _evaluate(values[unseen], later.take(unseen), spec) if is_apart else None
    challenger = None
    if spec.objective == "binary":
        cards = _card(earlier, spec, np.ones(len(earlier), dtype=bool),
                      learned.grown.gains.sum(axis=0), later.values[judged])
        challenger = _evaluate(cards, later.take(judged), spec)
    split = {"headline": "out_of_time", "judged_on": later.observed[0].isoformat(),
             "learned_from": [day.isoformat() for day in earlier.observed],
             "rounds": learned.grown.rounds, "people": "not_seen" if is_apart else "all"}
    return Verdict(split, apart or everyone, {
        "out_of_fold": out_of_fold, "out_of_time": everyone, "out_of_time_not_seen": apart},
        challenger)


def _challenger_out_of_fold(rows: Rows, spec: Spec, learned: Learned) -> dict[str, Any] | None:
    if spec.objective != "binary":
        return None

    def foretell(fold: int) -> Floats:
        held_out = learned.folds == fold
        return _card(rows, spec, ~held_out, learned.grown.gains[fold], rows.values[held_out])

    values = np.zeros(len(rows))
    with ThreadPoolExecutor(cores()) as pool:
        for fold, of_fold in enumerate(pool.map(foretell, range(spec.folds))):
            values[learned.folds == fold] = of_fold
    return _evaluate(values, rows, spec)


def _card(rows: Rows, spec: Spec, chosen: Labels, gains: Floats, unseen: Floats) -> Floats:
    """Probabilities of a scorecard of the chosen rows, for the values of others.

    A card takes a few dozen features; cutting hundreds to find them costs more than the trees.
    """
    offered = np.sort(np.argsort(-gains, kind="stable")[:_OFFERED])
    fitted = scorecard.fit(
        rows.values[np.ix_(chosen, offered)], rows.target[chosen] > 0,
        [spec.feature_names[place] for place in offered],
        [spec.features[place].monotone for place in offered], rows.weights[chosen])
    return logistic(fitted.margins(unseen[:, offered]))


def _evaluate(values: Floats, rows: Rows, spec: Spec) -> dict[str, Any]:
    return evaluate(values, rows.target, spec.objective, rows.weights, rows.people, rows.segments)
