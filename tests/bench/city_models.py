"""Benchmark of the PD model in a simulated city, whose truth is known.

Run it with `make bench-models`. A city lives for four months; the model learns
from the earlier cohorts of partners' loans and foretells the newest one (out of time).

- best attainable: the same loans ranked by their true probability of default, from hidden traits
- lift: behaviour over the bureau alone, friends over everything else; by decile of how much is
  known of a person without friends (1: the thinnest file)
- segments: one model for thick and thin files beside a model for each

Intervals: 95 %, bootstrap over people.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.metrics import roc_auc_score

from jobs import store
from jobs.__main__ import main as nightlist
from jobs.contracts import feeds
from jobs.contracts.night import TRAINING_MATRIX
from jobs.features import catalogue, social
from jobs.simulate import credit, lending, loans, truth
from jobs.simulate import people as city_people
from jobs.simulate.blocks import month_first, month_of
from jobs.simulate.columns import numbered
from jobs.steps import open_run
from models import training
from models.prediction import feature_values, predict
from models.spec import PD, Spec

AS_OF, FIRST_DAY, SEED = dt.date(2026, 6, 30), dt.date(2026, 3, 1), 7
#: Draws of the share drawn over which the true probability is averaged.
DRAWS = 16
SOCIAL = {field.name for field in social.FIELDS}
BUREAU = {entry.field.name for entry in catalogue.ENTRIES
          if {feed.purpose for feed in entry.feeds} == {feeds.BUREAU_TRADELINES.purpose}}


def city(home: Path, users: int) -> pa.Table:
    """Rows of known outcome in a city that has lived since FIRST_DAY."""
    days = (AS_OF - FIRST_DAY).days + 1
    words = ["--home", str(home)]
    assert nightlist(["simulate", "--users", str(users), "--from", FIRST_DAY.isoformat(), "--days",
                      str(days), "--seed", str(SEED), *words]) == 0
    for step in ("intake", "freeze", "labels", "tiles", "windows", "features"):
        assert nightlist(["run", step, "--as-of", AS_OF.isoformat(), *words]) == 0
    rows = store.read_arrow(open_run(home, AS_OF).folder / TRAINING_MATRIX.name, TRAINING_MATRIX)
    return rows.filter(pc.is_valid(rows["is_default"]))


def true_probabilities(home: Path, rows: pa.Table) -> np.ndarray:
    """Of each row's loan, over the luck of the share drawn and of the default."""
    reached = truth.reached(home)
    assert reached
    known: dict[tuple[str, dt.date], float] = {}
    for day in rows["as_of_date"].unique().to_pylist():
        month = month_of(day)
        for block in reached.city.blocks():
            people = city_people.draw(block)
            terms = loans.partner_terms(block, people)
            strain = credit.strain(credit.life(block, people, month), month,
                                   people.card_limit_cny)
            clock = reached.city.world.clock(month_first(month), loans.PARTNER_TERM_DAYS)
            rng, mean = np.random.default_rng(SEED), np.zeros(len(people))
            for _ in range(DRAWS):
                luck = lending.Luck(terms.accept, rng.standard_normal(len(people)),
                                    np.ones(len(people)))
                found = lending.outcome(people, strain, luck, terms.limit_cny, terms.rate_daily,
                                        clock)
                mean += (1.0 - np.exp(-found.hazard * clock[-1])) / DRAWS
            ids = numbered("u", people.number, people.id_digits).to_pylist()
            known.update(zip(((user, day) for user in ids), mean.tolist(), strict=True))
    return np.array([known[key] for key in zip(
        rows["user_id"].to_pylist(), rows["as_of_date"].to_pylist(), strict=True)])


def foretold(earlier: pa.Table, later: pa.Table, spec: Spec) -> np.ndarray:
    """PD of the later rows by a model of the earlier ones."""
    return predict(training.train(earlier, SEED, spec=spec), later)[0]


def without(names: set[str]) -> Spec:
    """The PD model's recipe but for some features."""
    return dataclasses.replace(PD, features=tuple(
        field for field in PD.features if field.name not in names))


def interval(bad: np.ndarray, *scores: np.ndarray) -> str:
    """AUC of the last score, or what it gains on the first, with its interval."""
    if min(bad.sum(), (~bad).sum()) < 10:
        return f"{int(bad.sum()):>5} too few to say"
    rng, found = np.random.default_rng(SEED), []
    for _ in range(300):
        some = rng.integers(0, len(bad), len(bad))
        if 0 < bad[some].sum() < len(bad):
            each = [roc_auc_score(bad[some], one[some]) for one in scores]
            found.append(each[-1] - (each[0] if len(each) > 1 else 0.0))
    low, high = np.quantile(found, (0.025, 0.975))
    each = [roc_auc_score(bad, one) for one in scores]
    told = " ".join(f"{one:>7.3f}" for one in each)
    gained = f" {each[-1] - each[0]:>+7.3f}" if len(each) > 1 else ""
    return f"{int(bad.sum()):>5} {told}{gained} ({low:+.3f} to {high:+.3f})"


def deciles(rows: pa.Table) -> np.ndarray:
    """1 to 10 by how many features are known, friends left out; ties in the rows' order."""
    names = [entry.field.name for entry in catalogue.ENTRIES if entry.field.name not in SOCIAL]
    known = (~np.isnan(feature_values(rows, names, "training_matrix"))).sum(axis=1)
    place = np.argsort(np.argsort(known, kind="stable"), kind="stable")
    return place * 10 // len(known) + 1


def report(title: str, columns: str, groups: Sequence[tuple[str, np.ndarray]], bad: np.ndarray,
           *scores: np.ndarray) -> None:
    """Print a line a group."""
    print(f"\n{title:<30} bads {columns}", flush=True)
    for name, some in groups:
        print(f"  {name:<28} {interval(bad[some], *(one[some] for one in scores))}", flush=True)


def main() -> int:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=30_000)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        rows = city(home, words.users)
        newest = pc.equal(rows["as_of_date"], pc.max(rows["as_of_date"]))
        earlier, later = rows.filter(pc.invert(newest)), rows.filter(newest)
        best = true_probabilities(home, later)
    bad = later["is_default"].to_numpy()
    thin = pc.equal(later["segment"], "thin_file").to_numpy(zero_copy_only=False)
    groups = [("everyone", np.ones(len(bad), dtype=bool)), ("thick files", ~thin),
              ("thin files", thin)]
    decile = deciles(later)
    by_decile = [(f"decile {number}", decile == number) for number in range(1, 11)]
    print(f"\n{earlier.num_rows:,} loans to learn from, {len(bad):,} of the newest cohort to "
          f"foretell, {int(bad.sum()):,} of these defaulted")
    everything = foretold(earlier, later, PD)
    others = foretold(earlier, later, without(SOCIAL))
    bureau = foretold(earlier, later, without(set(PD.feature_names) - BUREAU))
    report("best attainable", "  model    best    left", groups, bad, everything, best)
    report("behaviour over bureau", " bureau    more    lift", [*groups, *by_decile], bad, bureau,
           others)
    report("friends over the rest", "without    with    lift", [*groups, *by_decile], bad, others,
           everything)
    apart = np.zeros(len(bad))
    for segment, some in (("thick_file", ~thin), ("thin_file", thin)):
        apart[some] = foretold(earlier.filter(pc.equal(earlier["segment"], segment)),
                               later.filter(pa.array(some)), PD)
    report("a model for each segment", "    one     two    lift", groups, bad, everything, apart)
    return 0


if __name__ == "__main__":
    sys.exit(main())
