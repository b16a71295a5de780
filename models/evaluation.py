"""How good a model is on rows that it has not seen, and how sure we are of it.

Intervals are 95 %. They come from drawing people anew, with all their rows (percentiles of the
bootstrap; Efron and Tibshirani, An introduction to the bootstrap, 1993); that of the AUC is
DeLong's where every row weighs the same and is another person's. Drawn with replacement, groups
are rougher than in life: the interval of the calibration error lies a little high.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import rankdata

from models.calibration import (Labels, Texts, carries, expected_calibration_error, group_of_rows,
                                reliability)
from models.folds import Whole, numbered
from models.logit import Floats
from models.ranking import Ranking, auc_interval
from models.spec import Objective

#: Draws of the bootstrap.
DRAWS = 200
_SEED = 20_140_101
#: Of a published metric: more are the processor's rounding.
_DECIMALS = 9


def evaluate(values: Floats, target: Floats | Labels, objective: Objective = "binary",
             weights: Floats | None = None, people: list[str] | None = None,
             segments: Texts | None = None) -> dict[str, Any]:
    """Metrics of out-of-sample values, in all and by segment.

    Args:
        values: Probabilities, shares or amounts of rows the model has not seen, shape (n,).
        target: What came of them, shape (n,); it must not be the same everywhere.
        objective: What kind of target it is.
        weights: Above zero, shape (n,); 1 each unless given.
        people: Whose row it is; another person's each unless given.
        segments: Segment of each row, shape (n,); one for all unless given.

    Returns:
        Each metric, its interval as `…_low` and `…_high`; `reliability` (see
        calibration.reliability), `rows`, `effective_sample_size`; `segments` with the same by
        name, of segments with enough cases where there are two or more.

        binary: `auc`, `gini` = 2 auc - 1, `ks` (largest distance between the cumulated shares of
        bads and goods), `h_measure`, `ece` (expected calibration error), `brier` (mean squared
        error), `bads`. fraction and amount: `mae` (mean absolute error), `r2` (share of the
        variance explained), `rank_correlation` (Spearman's), `mean_ratio` (mean foretold over
        mean observed).
    """
    observed = np.asarray(target, dtype=np.float64)
    counted = np.ones(len(values)) if weights is None else weights
    person = np.arange(len(values)) if people is None else numbered(people)[0]
    known = _evaluate(values, observed, objective, counted, person)
    names = [] if segments is None else sorted(set(segments.tolist()))
    if segments is None or len(names) < 2:
        return {**known, "segments": {}}
    parts = {name: segments == name for name in names}
    return {**known, "segments": {
        name: _evaluate(values[part], observed[part], objective, counted[part], person[part])
        for name, part in parts.items() if carries(observed[part], objective)}}


def _evaluate(values: Floats, observed: Floats, objective: Objective, weights: Floats,
              person: Whole) -> dict[str, Any]:
    people, person = np.unique(person, return_inverse=True)
    measure = (_binary(values, observed > 0) if objective == "binary"
               else _continuous(values, observed))
    found = measure(weights)
    generator = np.random.default_rng(_SEED)
    evenly = np.full(len(people), 1.0 / len(people))
    draws = []
    for _ in range(DRAWS):
        drawn = weights * generator.multinomial(len(people), evenly)[person]
        if _both_kinds(observed, drawn):
            draws.append(measure(drawn))
    for name in list(found):
        low, high = np.percentile([draw[name] for draw in draws], [2.5, 97.5])
        found |= {f"{name}_low": float(low), f"{name}_high": float(high)}
    if objective == "binary" and len(people) == len(values) and np.ptp(weights) == 0:
        _, low, high = auc_interval(values, observed > 0)
        found |= {"auc_low": low, "auc_high": high, "gini_low": 2 * low - 1,
                  "gini_high": 2 * high - 1}
    rounded: dict[str, Any] = {name: round(value, _DECIMALS) for name, value in found.items()}
    if objective == "binary":
        rounded["bads"] = int((observed > 0).sum())
    return {**rounded, "rows": len(values),
            "effective_sample_size": round(float(weights.sum() ** 2 / (weights ** 2).sum()), 3),
            "reliability": [{name: round(value, _DECIMALS) for name, value in part.items()}
                            for part in reliability(values, observed, weights)]}


def _both_kinds(observed: Floats, weights: Floats) -> bool:
    drawn = observed[weights > 0]
    return bool(len(drawn)) and float(np.ptp(drawn)) > 0


def _binary(values: Floats, bad: Labels) -> Callable[[Floats], dict[str, float]]:
    """A function from weights to metrics; what does not depend on the weights is done once."""
    ranking, error, group = Ranking(values, bad), (values - bad) ** 2, group_of_rows(values)

    def measure(weights: Floats) -> dict[str, float]:
        return {**ranking.metrics(weights),
                "ece": expected_calibration_error(values, bad, weights, group=group),
                "brier": float(np.average(error, weights=weights))}

    return measure


def _continuous(values: Floats, observed: Floats) -> Callable[[Floats], dict[str, float]]:
    ranks = rankdata(values), rankdata(observed)

    def measure(weights: Floats) -> dict[str, float]:
        share = weights / weights.sum()
        of_values, of_observed = (rank - share @ rank for rank in ranks)
        together = np.sqrt((share @ of_values ** 2) * (share @ of_observed ** 2))
        spread = share @ (observed - share @ observed) ** 2
        return {"mae": float(share @ np.abs(values - observed)),
                "r2": float(1.0 - share @ (values - observed) ** 2 / spread),
                "rank_correlation": float(share @ (of_values * of_observed) / together)
                if together > 0 else 0.0,
                "mean_ratio": float(share @ values / (share @ observed))}

    return measure
