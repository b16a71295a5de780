"""Benchmark of the social features: what very many friends cost, and what friends tell.

Run it with `make bench-social` (USERS=N people in the city).

- skew: as many edges once spread evenly, once with five people of 100,000 each
- lift: a city that has lived for months; the night's training matrix, five folds, plain LightGBM
  with and without the social features, beside bureau and statements alone; AUC out of fold, by
  decile of how much of the other features is known (1: thinnest file). Intervals: 95 %, bootstrap.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb
import lightgbm as lgb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from jobs.__main__ import main as nightlist
from jobs.contracts.night import FEATURE_NAMES
from jobs.features import catalogue, social
from jobs.session import session
from jobs.steps import open_run, peak_memory_mib, reset_peak_memory

AS_OF, FIRST_DAY = dt.date(2026, 6, 30), dt.date(2026, 3, 1)
PEOPLE, EDGES, HUBS, HUB_EDGES = 200_000, 4_000_000, 5, 100_000
SOCIAL = [field.name for field in social.FIELDS]


def edges(folder: Path, hubs: int) -> None:
    """Edges of a week; hubs deal with HUB_EDGES people each, who deal with them too."""
    of_hubs = 2 * hubs * HUB_EDGES
    friend = f"'u' || (hash(i, 7) % {PEOPLE})"
    duckdb.sql(f"""copy (
        with pairs as (
          select 'u' || (hash(i) % {PEOPLE}) as user_id, {friend} as friend_user_id
          from range({EDGES - of_hubs}) t(i)
          union all select 'u' || (i % {max(hubs, 1)}), 'u' || (i // {max(hubs, 1)} + 100)
          from range({of_hubs // 2}) t(i)
          union all select 'u' || (i // {max(hubs, 1)} + 100), 'u' || (i % {max(hubs, 1)})
          from range({of_hubs // 2}) t(i))
        select user_id, friend_user_id, date '{AS_OF}' as event_date,
          (hash(user_id, friend_user_id) % 50 + 1)::bigint as contacts,
          date '{AS_OF}' as delivery_date, null::date as voided_on
        from pairs) to '{folder}' (format parquet, compression zstd)""")


def outcomes(path: Path) -> None:
    """Of every tenth person; 2 % defaulted."""
    duckdb.sql(f"""copy (
        select 'u' || i as user_id, date '{AS_OF}' as event_date, date '{FIRST_DAY}' as observed_on,
          hash(i, 3) % 50 = 0 as is_default, date '{AS_OF}' as delivery_date,
          null::date as voided_on
        from range(0, {PEOPLE}, 10) t(i)) to '{path}' (format parquet)""")


def skew(home: Path) -> None:
    """Print seconds and memory of both networks."""
    spark = session()
    outcomes(home / "outcomes.parquet")
    took = {}
    print(f"{EDGES:,} edges of {PEOPLE:,} people     seconds  peak MiB")
    for label, hubs in (("spread evenly", 0), (f"{HUBS} people of {HUB_EDGES:,}", HUBS)):
        path = home / f"edges-{hubs}.parquet"
        edges(path, hubs)
        reset_peak_memory()
        start = time.perf_counter()
        social.build(
            social.as_of(spark, [AS_OF]), spark.read.parquet(str(path)),
            spark.read.parquet(str(home / "outcomes.parquet")), None).write.mode(
                "overwrite").parquet(str(home / "social"))
        took[hubs] = time.perf_counter() - start
        print(f"{label:<34} {took[hubs]:>9.2f} {peak_memory_mib():>9,}", flush=True)
    print(f"ratio {took[HUBS] / took[0]:.2f}")


def city(home: Path, users: int) -> pd.DataFrame:
    """Rows of the training matrix as of the last date, in a city that has lived since FIRST_DAY."""
    days = (AS_OF - FIRST_DAY).days + 1
    words = ["--home", str(home)]
    assert nightlist(["simulate", "--users", str(users), "--from", FIRST_DAY.isoformat(), "--days",
                      str(days), "--seed", "7", *words]) == 0
    for step in ("intake", "freeze", "labels", "tiles", "windows", "features"):
        assert nightlist(["run", step, "--as-of", AS_OF.isoformat(), *words]) == 0
    rows = pq.read_table(open_run(home, AS_OF).folder / "training_matrix",
                         partitioning=None).to_pandas().sort_values("user_id")
    # One row a person: with several, folds would share people.
    return rows[rows["as_of_date"] == rows["as_of_date"].max()].reset_index(drop=True)


def scores(people: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Out-of-fold scores of plain LightGBM."""
    model = lgb.LGBMClassifier(n_estimators=150, learning_rate=0.04, num_leaves=15,
                               min_child_samples=100, colsample_bytree=0.5, verbose=-1, n_jobs=2,
                               random_state=7, deterministic=True)
    folds = StratifiedKFold(5, shuffle=True, random_state=7)
    values = people[list(names)].astype("float64").to_numpy()
    return cross_val_predict(model, values, people["is_default"], cv=folds,
                             method="predict_proba")[:, 1]


def gain(bad: np.ndarray, base: np.ndarray, more: np.ndarray) -> str:
    """Both AUC and the difference with its interval."""
    if bad.sum() < 5:
        return f"{int(bad.sum()):>5} too few defaults to say"
    rng, found = np.random.default_rng(7), []
    for _ in range(300):
        drawn = rng.integers(0, len(bad), len(bad))
        if 0 < bad[drawn].sum() < len(bad):
            found.append(roc_auc_score(bad[drawn], more[drawn])
                         - roc_auc_score(bad[drawn], base[drawn]))
    low, high = np.quantile(found, (0.025, 0.975))
    first, second = roc_auc_score(bad, base), roc_auc_score(bad, more)
    return (f"{int(bad.sum()):>5} {first:>8.3f} {second:>8.3f} {second - first:>+8.3f} "
            f"({low:+.3f} to {high:+.3f})")


def lift(people: pd.DataFrame) -> None:
    """Print the AUC with and without friends, for all and by decile of thinness."""
    names = [entry.field.name for entry in catalogue.ENTRIES]
    others = [name for name in names if name not in SOCIAL]
    bad = people["is_default"].to_numpy(dtype=bool)
    known = people[others].notna().sum(axis=1)
    decile = (known.rank(method="first") * 10 / len(people)).clip(upper=9.999).astype(int) + 1
    print(f"{len(people):,} people of known outcome, {int(bad.sum()):,} defaults; a friend's "
          f"outcome is known of {people['friend_risk_90d_ratio'].notna().mean():.0%}")
    few = list(FEATURE_NAMES)
    known_risk = people["two_step_risk_90d_ratio"].notna().to_numpy()
    alone = roc_auc_score(bad[known_risk], people["two_step_risk_90d_ratio"][known_risk])
    print(f"two_step_risk_90d_ratio alone, where known: AUC {alone:.3f}")
    for title, base in (("bureau and statements", few), ("all other features", others)):
        without, with_ = scores(people, base), scores(people, [*base, *SOCIAL])
        print(f"{title:<23} bads  without     with     lift", flush=True)
        print(f"  {'everyone':<20} {gain(bad, without, with_)}")
        for number in range(1, 11):
            some = (decile == number).to_numpy()
            name = f"decile {number}, {known[some].median():.0f} known"
            print(f"  {name:<20} {gain(bad[some], without[some], with_[some])}")


def main() -> int:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=40_000)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        skew(Path(name))
    with tempfile.TemporaryDirectory() as name:
        lift(city(Path(name), words.users))
    return 0


if __name__ == "__main__":
    sys.exit(main())
