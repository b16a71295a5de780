"""Training: rounds and calibration by folds of people, an out-of-time test, one final model.

The same rows in any order and the same seed give the same model text: rows are sorted by key
first, LightGBM runs deterministically on one thread, and the folds run side by side instead.

1. All rows in folds of people give the number of rounds and the calibration.
2. The model is judged out of time where the rows allow it, and out of fold (models/judging.py).
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
from models import rows as reading
from models import stability
from models.calibration import Calibrations
from models.judging import judge
from models.learning import cross_fitted, learn
from models.logit import Floats
from models.registry import Model
from models.rows import Rows
from models.spec import (ANCHOR_ODDS, ANCHOR_POINTS, PD, POINTS_TO_DOUBLE_ODDS,
                         REFERENCE_LIMIT_MINOR, REFERENCE_RATE_ANNUAL, Spec)


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
    learned = learn(rows, used, seed)
    out_of_fold = cross_fitted(rows, used, learned)
    verdict = judge(rows, used, seed, learned, out_of_fold)
    observed, rounds = rows.observed, learned.grown.rounds
    metadata: dict[str, Any] = {
        **_recipe(used, seed), "best_rounds": rounds,
        "left_out": sorted(set(spec.feature_names) - set(used.feature_names)),
        "calibration": learned.calibrations.to_json(),
        "terms": _terms(learned.calibrations, spec),
        "split": verdict.split, "metrics": verdict.metrics, "metrics_by_split": verdict.by_split,
        "challenger": verdict.challenger,
        **_for_monitoring(rows, used, out_of_fold),
        "rows": len(rows), "people": len(set(rows.people)),
        "bads": int(rows.target.sum()) if spec.objective == "binary" else None,
        "weights": {"sum": float(len(rows)),
                    "effective_sample_size": float(len(rows) / np.mean(rows.weights ** 2))},
        "as_of_date": (as_of or observed[-1]).isoformat(),
        "observed_from": observed[0].isoformat(), "observed_to": observed[-1].isoformat(),
        "data_sha256": rows.sha256(used.feature_names),
        "code_version": code_version, "lightgbm_version": lgb.__version__,
    }
    return Model(learned.forest.grow(rounds).model_to_string(), metadata)


def _for_monitoring(rows: Rows, spec: Spec, out_of_fold: Floats) -> dict[str, Any]:
    """What later nights are held against: distributions, and out-of-fold defaults by date."""
    kept = stability.reference(rows.values, spec.feature_names, rows.segments.tolist())
    for segment, own in stability.reference(out_of_fold.reshape(-1, 1), [spec.name],
                                            rows.segments.tolist()).items():
        kept[segment].update(own)
    days = np.unique(rows.dates)  # as days since 1970, in the order of rows.observed
    vintages = [{"observed_on": name.isoformat(), "rows": int((rows.dates == day).sum()),
                 "bads": int(rows.target[rows.dates == day].sum()),
                 "expected": round(float(out_of_fold[rows.dates == day].sum()), 9)}
                for day, name in zip(days, rows.observed, strict=True)]
    return {"reference": kept, "vintages": vintages if spec.objective == "binary" else []}


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
