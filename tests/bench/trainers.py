"""Benchmark of the PD trainer: four real credit sets, one configuration, the same folds for all.

Run it with `make bench-models` (`make bench-models FULL=--full` scores a million rows). Each
contender learns from the rows outside a fold and is judged on the fold; of card approval it learns
from the earlier dates and is judged on the newest. Ours finds its rounds and calibration inside
the rows that it learns from, by `models.training`'s own path. ECE: mean distance between expected
and observed bad rate of tenths. Intervals are 95 % (see models/evaluation.py).

- **ours**: the default Spec of the PD, no parameter chosen for a set
- **lightgbm**: LightGBM's defaults, untuned, without signs, on one core
- **woe card**: logistic regression on weights of evidence (models/scorecard.py)
- **optbinning**: its Scorecard with its defaults, signs as monotonic trends; left out where it is
  not installed

"Broken signs" counts rows whose margin moves against a declared sign when that one feature takes
its 5 %, 25 %, 50 %, 75 % and 95 % value and all else stays.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Callable
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import pyarrow as pa

from models import scorecard
from models.calibration import Labels, logistic
from models.evaluation import evaluate
from models.folds import person_folds
from models.learning import foretold, learn
from models.logit import Floats
from models.prediction import calibrated_margins, predict
from models.registry import Model
from models.rows import Rows, read
from models.spec import PD, Spec
from models.training import train
from tests.bench.credit_sets import SETS, CreditSet

SEED, FOLDS = 7, 5
#: Rows whose features are moved one by one.
MOVED_ROWS = 500

Contender = Callable[[Rows, Floats, Spec], Floats]


def ours(rows: Rows, unseen: Floats, spec: Spec) -> Floats:
    """The trainer's path: rounds and calibration by folds of these rows, then all of them."""
    learned = learn(rows, spec, SEED)
    margins = np.asarray(learned.forest.grow(learned.grown.rounds).predict(unseen, raw_score=True))
    strangers = dataclasses.replace(
        rows, people=[""] * len(unseen), target=np.zeros(len(unseen)),
        segments=np.full(len(unseen), ""), terms=np.zeros((len(unseen), 0)))
    return foretold(strangers, spec, margins, learned.calibrations)


def untuned(rows: Rows, unseen: Floats, spec: Spec) -> Floats:
    """LightGBM as it comes."""
    booster = lgb.train({"objective": "binary", "verbosity": -1, "num_threads": 1},
                        lgb.Dataset(rows.values, rows.target))
    return np.asarray(booster.predict(unseen))


def woe_card(rows: Rows, unseen: Floats, spec: Spec) -> Floats:
    """The challenger, from all features."""
    card = scorecard.fit(rows.values, rows.target > 0, spec.feature_names,
                         [feature.monotone for feature in spec.features])
    return logistic(card.margins(unseen))


def optbinning_card(rows: Rows, unseen: Floats, spec: Spec) -> Floats:
    """The optbinning scorecard: optimal bins, then a logistic regression."""
    from optbinning import BinningProcess, Scorecard
    from sklearn.linear_model import LogisticRegression

    trends = {1: "ascending", 0: "auto", -1: "descending"}
    binning = BinningProcess(spec.feature_names, binning_fit_params={
        feature.name: {"monotonic_trend": trends[feature.monotone]} for feature in spec.features})
    card = Scorecard(binning, LogisticRegression(max_iter=1_000))
    card.fit(pd.DataFrame(rows.values, columns=spec.feature_names), rows.target.astype(int))
    return np.asarray(card.predict_proba(
        pd.DataFrame(unseen, columns=spec.feature_names))[:, 1])


def contenders() -> dict[str, Contender]:
    """By name, ours first."""
    found: dict[str, Contender] = {"ours": ours, "lightgbm": untuned, "woe card": woe_card}
    try:
        import optbinning  # noqa: F401
    except ImportError:
        return found
    return {**found, "optbinning": optbinning_card}


def splits(one: CreditSet, rows: Rows) -> list[tuple[Labels, Labels]]:
    """What is learned from and what is judged, as masks of the rows."""
    if one.is_out_of_time:
        newest = rows.dates == rows.dates.max()
        return [(~newest, newest)]
    folds = person_folds(rows.people, rows.cases, FOLDS, seed=1)
    return [(folds != fold, folds == fold) for fold in range(FOLDS)]


def judge(one: CreditSet) -> None:
    """All contenders on one set, a line each."""
    spec = dataclasses.replace(PD, features=one.features)
    rows = read(one.matrix, spec)
    parts = splits(one, rows)
    how = "out of time" if one.is_out_of_time else f"{FOLDS} folds of people"
    print(f"\n{one.name}: {len(rows):,} rows, {len(spec.features)} features, "
          f"{rows.target.mean():.1%} bad, {how}")
    for name, contender in contenders().items():
        start, values = time.perf_counter(), np.zeros(len(rows))
        for learned_from, judged in parts:
            values[judged] = contender(rows.take(learned_from), rows.values[judged], spec)
        seconds = time.perf_counter() - start
        judged = np.any([held_out for _, held_out in parts], axis=0)
        metrics = evaluate(values[judged], rows.target[judged],
                           people=rows.take(judged).people)
        print(f"  {name:<11}" + "".join(f"{_with_interval(metrics, key):>26}" for key in (
            "auc", "ks", "h_measure", "ece")) + f"{seconds:>9.1f} s", flush=True)


def _with_interval(metrics: dict[str, Any], key: str) -> str:
    return f"{metrics[key]:.4f} [{metrics[f'{key}_low']:.4f}, {metrics[f'{key}_high']:.4f}]"


def broken_signs(model: Model, matrix: pa.Table) -> int:
    """Rows and features of which the margin moves against the sign."""
    some = matrix.slice(0, MOVED_ROWS)
    broken = 0
    for feature in model.metadata["features"]:
        if not feature["monotone"]:
            continue
        place = some.schema.get_field_index(feature["name"])
        known = matrix[feature["name"]].drop_null().to_numpy()
        moved = [calibrated_margins(model, some.set_column(
            place, feature["name"], pa.array(np.full(len(some), value))))
            for value in np.quantile(known, [0.05, 0.25, 0.5, 0.75, 0.95])]
        broken += int((np.diff(moved, axis=0) * feature["monotone"] < 0).any(axis=0).sum())
    return broken


def throughput(model: Model, matrix: pa.Table, rows: int) -> None:
    """Scoring in Arrow batches, as the engine's workers do, beside the bare booster."""
    many = pa.concat_tables([matrix] * (1 + rows // len(matrix))).slice(0, rows).combine_chunks()
    values = many.select(model.feature_names).to_pandas().to_numpy(dtype=np.float64)
    booster, batches = lgb.Booster(model_str=model.text), many.to_batches(max_chunksize=10_000)

    def bare() -> None:
        booster.predict(values, num_threads=1)

    def scored() -> None:
        for batch in batches:
            predict(model, batch)

    scored()  # parses the trees
    best = {one: min(_seconds(one) for _ in range(3)) for one in (bare, scored)}
    print(f"\nscoring, one core, {rows:,} rows of {len(model.feature_names)} features, "
          f"{model.metadata['best_rounds']} trees: {rows / best[bare]:,.0f} rows a second by the "
          f"bare booster, {rows / best[scored]:,.0f} with checks, calibration and points = "
          f"{best[scored] / best[bare]:.2f} times its time (aim 1.3)")


def _seconds(work: Callable[[], None]) -> float:
    """Of this thread on its core, whatever else the machine does."""
    start = time.thread_time()
    work()
    return time.thread_time() - start


def main() -> None:
    """Judge every set, then signs and throughput."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="score a million rows")
    parser.add_argument("--only", default="", help="sets by name, with commas between")
    words = parser.parse_args()
    found = [make() for make in SETS]
    chosen = [one for one in found if not words.only or one.name in words.only.split(",")]
    print("  " + " " * 11 + "".join(f"{name:>26}" for name in ("AUC", "KS", "H-measure", "ECE"))
          + "    seconds")
    for one in chosen:
        judge(one)
    for one in chosen:
        start = time.perf_counter()
        model = train(one.matrix, SEED, spec=dataclasses.replace(PD, features=one.features))
        signed = sum(1 for feature in model.metadata["features"] if feature["monotone"])
        print(f"\n{one.name}: trained, judged and challenged in {time.perf_counter() - start:.1f} "
              f"s; broken signs: {broken_signs(model, one.matrix)} of {signed * MOVED_ROWS:,}")
    throughput(model, one.matrix, 1_000_000 if words.full else 200_000)


if __name__ == "__main__":
    main()
