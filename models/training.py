"""Training: rounds and calibration by folds of people, an out-of-time test, one final model.

The same rows in any order and the same seed give the same model text: rows are sorted by key
first, LightGBM runs deterministically on one thread, and the folds run side by side instead.

1. Out of time: where the newest observation date has enough cases, a model of the earlier dates,
   its rounds and calibration found within them, is judged on the newest date. Headline are the
   people of whom it has seen nothing, as the night decides about such; all people stand beside.
2. Out of fold: all rows in folds of people give the number of rounds, the calibration and, where
   there is one date only, the headline metrics; each fold is calibrated by the other folds.
3. The final model grows on all rows with that number of rounds.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa

from jobs.errors import TrainingRefused
from models import logit
from models import rows as reading
from models.boosting import Forest
from models.calibration import Calibrations, Labels, fit_segments
from models.evaluation import evaluate
from models.folds import Whole, numbered, person_folds
from models.logit import Floats
from models.prediction import target_values
from models.registry import Model
from models.rows import Rows
from models.spec import (ANCHOR_ODDS, ANCHOR_POINTS, PD, POINTS_TO_DOUBLE_ODDS,
                         REFERENCE_LIMIT_MINOR, REFERENCE_RATE_ANNUAL, Spec)

#: People that the first turn of a model with terms looks at: its coefficients are few.
_TERM_PEOPLE = 20_000


@dataclasses.dataclass(frozen=True)
class Learned:
    """What the rows of one cross-validation gave.

    Attributes:
        rounds: With the least held-out loss.
        shifts: Margins that the trees started from, shape (n,); None without terms.
        margins: Out of fold, of the trees alone, shape (n,).
        calibrations: Fitted on all of them.
    """

    rounds: int
    shifts: Floats | None
    margins: Floats
    calibrations: Calibrations


def train(matrix: pa.Table, seed: int, as_of: dt.date | None = None,
          code_version: str = "unknown", spec: Spec = PD) -> Model:
    """Train, calibrate and judge a model.

    Args:
        matrix: Rows after the contract TRAINING_MATRIX: key, target and the spec's features;
            `segment`, `weight` and the columns of the spec's terms where there are any.
        seed: Of the folds and of LightGBM.
        as_of: The night that trains; the newest row's date unless given.
        code_version: Of the code that trains, for the record.
        spec: The recipe.

    Returns:
        The model; its metrics are those of rows that the judged model has not seen.

    Raises:
        ModelMismatch: When columns are missing or features are not numbers.
        TrainingRefused: When the rows cannot carry a model; see models/rows.py.
    """
    rows = reading.read(matrix, spec)
    reading.check_cases(rows, spec)
    rows, used = _without_constants(rows, spec)
    later = _out_of_time(rows, used, seed)
    folds = person_folds(rows.people, rows.cases, spec.folds, seed)
    learned, forest = _learn(rows, used, folds, seed)
    out_of_fold = _evaluated(_cross_fitted(rows, used, folds, learned), rows, used)
    observed = rows.observed
    metadata: dict[str, Any] = {
        **_recipe(used, seed), "best_rounds": learned.rounds, "rounds": learned.rounds,
        "left_out": sorted(set(spec.feature_names) - set(used.feature_names)),
        "calibration": learned.calibrations.to_json(),
        "terms": _terms(learned.calibrations, spec),
        "split": later["split"] if later else {"headline": "out_of_fold"},
        "metrics": later["headline"] if later else out_of_fold,
        "metrics_by_split": {
            "out_of_fold": out_of_fold, "out_of_time": later["everyone"] if later else None,
            "out_of_time_not_seen": later["not_seen"] if later else None},
        "rows": len(rows), "people": len(set(rows.people)),
        "bads": int(rows.target.sum()) if spec.objective == "binary" else None,
        "weights": {"sum": float(len(rows)),
                    "effective_sample_size": float(len(rows) / np.mean(rows.weights ** 2))},
        "as_of_date": (as_of or observed[-1]).isoformat(),
        "observed_from": observed[0].isoformat(), "observed_to": observed[-1].isoformat(),
        "data_sha256": rows.sha256(used.feature_names),
        "code_version": code_version, "lightgbm_version": lgb.__version__,
    }
    return Model(forest.grow(learned.rounds).model_to_string(), metadata)


def _without_constants(rows: Rows, spec: Spec) -> tuple[Rows, Spec]:
    """Rows and recipe without features that are null everywhere, or constant and never null."""
    # fmax and fmin pass over NaN, and copy nothing.
    differs = np.fmax.reduce(rows.values, axis=0) > np.fmin.reduce(rows.values, axis=0)
    unknown = np.isnan(rows.values)
    varying = differs | (unknown.any(axis=0) & ~unknown.all(axis=0))
    if not varying.any():
        raise TrainingRefused(reading.MATRIX, "features that differ from row to row", "none",
                              "check that labels and features belong to the same people and dates")
    features = tuple(feature for feature, one in zip(spec.features, varying, strict=True) if one)
    return (dataclasses.replace(rows, values=rows.values[:, varying]),
            dataclasses.replace(spec, features=features))


def _learn(rows: Rows, spec: Spec, folds: Whole, seed: int) -> tuple[Learned, Forest]:
    """Rounds and calibration by folds, and the rows ready to grow the model on.

    With terms in turns: coefficients beside the trees of some rows, then trees beside these
    coefficients, which the calibration fits once more.
    """
    shifts = _first_shifts(rows, spec, seed) if spec.terms else None
    forest = Forest(rows, spec, seed, shifts)
    rounds, margins = forest.cross_validate(folds)
    calibrations = _calibrate(rows, spec, margins, np.ones(len(rows), dtype=bool))
    return Learned(rounds, shifts, margins, calibrations), forest


def _first_shifts(rows: Rows, spec: Spec, seed: int) -> Floats:
    """Margins of the terms alone, with an intercept, from trees of at most _TERM_PEOPLE people."""
    person, count = numbered(rows.people)
    some = rows.take(person % (1 + count // _TERM_PEOPLE) == 0)
    folds = person_folds(some.people, some.cases, spec.folds, seed)
    known = np.array([term.sign for term in spec.terms], dtype=np.int64)
    margins, fitted = np.zeros((len(some), 0)), np.zeros(0)
    for turn in range(2):
        columns = np.concatenate([some.terms, np.ones((len(some), 1)), margins], axis=1)
        signs = np.concatenate([known, np.zeros(columns.shape[1] - len(known), dtype=np.int64)])
        fitted = logit.fit_with_signs(columns, some.target, some.weights, signs)
        start = columns[:, :len(known) + 1] @ fitted[:len(known) + 1]
        if not turn:
            margins = Forest(some, spec, seed, start).cross_validate(folds)[1][:, None]
    shifts: Floats = rows.terms @ fitted[:len(known)] + fitted[len(known)]
    return shifts


def _calibrate(rows: Rows, spec: Spec, margins: Floats, chosen: Labels) -> Calibrations:
    return fit_segments(
        margins[chosen], rows.target[chosen], rows.weights[chosen], spec.objective,
        rows.segments[chosen], rows.terms[chosen], [term.sign for term in spec.terms],
        [term.name for term in spec.terms])


def _foretold(rows: Rows, spec: Spec, margins: Floats, calibrations: Calibrations) -> Floats:
    """Values of the target at each row's own terms, shape (n,)."""
    coefficients = np.array([calibrations.terms[term.name] for term in spec.terms])
    lines = calibrations.line(margins, rows.segments) + rows.terms @ coefficients
    return target_values(lines, spec.objective)


def _cross_fitted(rows: Rows, spec: Spec, folds: Whole, learned: Learned) -> Floats:
    """Out-of-fold values, each fold calibrated by the others, shape (n,)."""
    values = np.zeros(len(rows))
    for fold in range(spec.folds):
        held_out = folds == fold
        calibrations = _calibrate(rows, spec, learned.margins, ~held_out)
        values[held_out] = _foretold(rows.take(held_out), spec, learned.margins[held_out],
                                     calibrations)
    return values


def _out_of_time(rows: Rows, spec: Spec, seed: int) -> dict[str, Any] | None:
    """How a model of the earlier dates does on the newest; None where rows do not allow it."""
    newest = rows.dates == rows.dates.max()
    if newest.all():
        return None
    earlier, later = rows.take(~newest), rows.take(newest)
    if not (reading.enough(earlier, spec) and reading.enough(later, spec)):
        return None
    folds = person_folds(earlier.people, earlier.cases, spec.folds, seed)
    learned, forest = _learn(earlier, spec, folds, seed)
    booster = forest.grow(learned.rounds)
    margins = np.asarray(booster.predict(later.values, raw_score=True))
    values = _foretold(later, spec, margins, learned.calibrations)
    seen = set(earlier.people)
    unseen = np.array([person not in seen for person in later.people])
    everyone = _evaluated(values, later, spec)
    strangers = later.take(unseen) if unseen.any() else None
    apart = (_evaluated(values[unseen], strangers, spec)
             if strangers is not None and reading.enough(strangers, spec) else None)
    return {
        "split": {"headline": "out_of_time",
                  "learned_from": [day.isoformat() for day in earlier.observed],
                  "judged_on": later.observed[0].isoformat(), "rounds": learned.rounds,
                  "people": "not_seen" if apart else "all"},
        "headline": apart or everyone, "everyone": everyone, "not_seen": apart}


def _evaluated(values: Floats, rows: Rows, spec: Spec) -> dict[str, Any]:
    return evaluate(values, rows.target, spec.objective, rows.weights, rows.people, rows.segments)


def _recipe(spec: Spec, seed: int) -> dict[str, Any]:
    """What was decided before the data were seen."""
    return {
        "name": spec.name, "target": spec.target, "objective": spec.objective, "seed": seed,
        "folds": spec.folds, "most_rounds": spec.rounds, "parameters": dict(spec.parameters),
        "features": [{"name": feature.name, "monotone": feature.monotone,
                      "reason_code": feature.reason_code} for feature in spec.features],
        "scale": {"anchor_points": ANCHOR_POINTS, "anchor_odds": ANCHOR_ODDS,
                  "points_to_double_odds": POINTS_TO_DOUBLE_ODDS},
    }


def _terms(calibrations: Calibrations, spec: Spec) -> dict[str, Any]:
    """The coefficients, and the terms at which they add nothing; empty without terms."""
    if not spec.terms:
        return {}
    return {"coefficients": calibrations.terms, "reference_limit_minor": REFERENCE_LIMIT_MINOR,
            "reference_rate_annual": REFERENCE_RATE_ANNUAL}
