"""The frozen inputs of a night: which deliveries, policy, code and seed it is a function of.

Written once by the step `freeze` as `run.json`; every later step reads only these deliveries, so
that one arriving in the middle of the night changes nothing. The fingerprint of the inputs is the
run's id: the same inputs are the same run.

`models` says what the night scores with: of each model the version and hash (named, or the date's
champion), `trained` where one is to be trained tonight, if the rows can carry it, or `none` (see
`jobs/scores/choice.py`). Without a PD model the steps that need one are left out and nothing is
published. A training run is frozen the same way.

`degraded` names each feed that is late for the night, what follows of it by the policy and why
(see `jobs/intake/lateness.py`); one that is left out has no deliveries in `deliveries`. Where that
is one of the bureau's files, `bureau_files` are the deliveries from which it is known whom the
bureau has a file of (see `jobs/offers/unseen.py`).

`previous` names the release before the night (see `jobs/release/previous.py`), or is null.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import expectations
import jobs
import models
from jobs import store
from jobs.config import RUN_FILE, Run
from jobs.contracts import feeds
from jobs.contracts.table import Table
from jobs.errors import NightlistError, PolicyError
from jobs.intake import history, lateness
from jobs.intake.intake import LINKS, all_taken_in, check_currency, clean_partition, taken_in
from jobs.policies.feeds import BUREAU_FILES, WITHOUT
from jobs.policies.policy import Policy, load
from jobs.release.previous import previous
from jobs.scores import choice

#: What is frozen of each delivery, beside its name and date.
COUNTED = ("received", "accepted", "quarantined", "duplicates", "fingerprint", "currency",
           "replaces")
#: Another version of these may give other digits. The engine is left out: all give the same.
LIBRARIES = ("lightgbm", "numpy", "pyarrow", "scikit-learn", "scipy")
#: Keys of the frozen inputs; see the module.
DEGRADED, BUREAU_FILES_KEY = "degraded", "bureau_files"
#: Characters of the fingerprint that name a run.
RUN_ID_LENGTH = 12


def main(run: Run) -> dict[str, Any]:
    """Freeze the night's inputs and return the run's id."""
    inputs = gather(run)
    run_id = store.fingerprint(inputs)[:RUN_ID_LENGTH]
    folder = run.date_folder / run_id
    if not (folder / RUN_FILE).is_file():
        store.write_json({"run_id": run_id, "inputs": inputs}, folder / RUN_FILE)
    said = {name: model if isinstance(model, str) else model["version"]
            for name, model in inputs["models"].items()}
    late = ", ".join(f"{one['feed']} {one['action']}" for one in inputs[DEGRADED])
    return {"run_id": run_id, "deliveries": len(inputs["deliveries"]),
            **({DEGRADED: late} if late else {}),
            "policy": f"{run.policy} {inputs['policy']['version']}",
            "models": " ".join(f"{name}/{model}" for name, model in said.items())}


def gather(run: Run) -> dict[str, Any]:
    """Everything the night is a function of, as JSON content.

    Raises:
        DeliveryRefused: When a delivery's amounts are not in the policy's currency, or a feed is
            late without which there is no night.
        ModelMismatch: When there is no model of the name given, or its features are others.
        NoChampion: When the policy wants one and there is none.
    """
    policy = load(run.policy, run.as_of)
    known = {feed: in_force(run, feed, policy.currency) for feed in feeds.FEEDS}
    late = lateness.late(policy.feeds, {feed: rows[-1]["delivery"] for feed, rows in known.items()
                                        if rows}, run.as_of)
    lateness.refuse_stops(late, policy.feeds, run.as_of)
    left_out = {one.feed for one in late if one.action == WITHOUT}
    deliveries = [row for feed, rows in known.items() if feed not in left_out for row in rows]
    tells = {feeds.LOAN_PERFORMANCE.name,
             *([feeds.LOAN_DAYS.name] if policy.outcomes.default else [])}
    learns = any(row["feed"] in tells for row in deliveries)
    training = {"training": asdict(run.training)} if run.training else {}
    return {"as_of": run.as_of.isoformat(), "seed": run.seed, **training,
            "policy": {"name": policy.name, "version": policy.version, "sha256": policy.sha256,
                       "currency": policy.currency},
            "models": choice.choose(run, learns, policy.requires_champion),
            "deliveries": deliveries, DEGRADED: [asdict(one) for one in late],
            BUREAU_FILES_KEY: [row for feed in BUREAU_FILES for row in known[feed]
                               ] if left_out & set(BUREAU_FILES) else [],
            "previous": (None if run.training
                         else previous(run.home, run.as_of, policy.name,
                                       run.backfill is not None)),
            "code_version": code_version(),
            "libraries": {name: version(name) for name in LIBRARIES}}


def in_force(run: Run, feed: str, currency: str) -> list[dict[str, Any]]:
    """The deliveries of a feed that count for a night or a day, oldest first; frozen or not.

    Raises:
        DeliveryRefused: When amounts of one are in another currency.
    """
    known = all_taken_in(run.home, feed, run.as_of)
    names = history.in_force(known)
    void = history.voided({name: known[name].get("replaces", []) for name in names})
    for name in names:
        check_currency(feed, name, known[name].get("currency"), run.policy, currency)
    return [{"feed": feed, "delivery": str(name), "delivery_date": name.day.isoformat(),
             "voided_on": void[name.day].isoformat() if name.day in void else None,
             **{key: known[name].get(key) for key in COUNTED}} for name in names]


@cache
def code_version() -> str:
    """Fingerprint of the source that computes a night: it needs no git and sees every edit."""
    roots = [Path(str(package.__file__)).parent for package in (jobs, models, expectations)]
    sources = {f"{root.name}/{path.relative_to(root)}": store.file_sha256(path)
               for root in roots for path in sorted(root.rglob("*.py"))}
    return store.fingerprint(sources)[:RUN_ID_LENGTH]


def frozen(run: Run) -> dict[str, Any]:
    """The contents of the run's run.json.

    Raises:
        NightlistError: When the night was not frozen.
    """
    path = run.folder / RUN_FILE
    if not path.is_file():
        raise NightlistError(f"nights/{run.as_of}/{run.run_id}", RUN_FILE, "no such file",
                             f"run the step first: nightlist run freeze --as-of {run.as_of}")
    content: dict[str, Any] = store.read_json(path)
    return content


def unchanged(run: Run) -> dict[str, Any]:
    """The frozen inputs of a run that computes on: with the code it was frozen with.

    Raises:
        NightlistError: When the code is another by now.
    """
    inputs: dict[str, Any] = frozen(run)["inputs"]
    if inputs["code_version"] != code_version():
        raise NightlistError(f"run {run.run_id} of {run.as_of}", "code version "
                             + inputs["code_version"], code_version(),
                             "the code changed since: start a run of its own with nightlist run "
                             f"freeze --as-of {run.as_of}")
    return inputs


def frozen_policy(run: Run) -> Policy:
    """The policy that the run was frozen with.

    Raises:
        PolicyError: When its file says something else by now.
        NightlistError: When the code is another by now.
    """
    said = unchanged(run)["policy"]
    policy = load(said["name"], run.as_of)
    if policy.sha256 != said["sha256"]:
        raise PolicyError(f"policy {policy.name}", f"sha256 {said['sha256'][:12]} as frozen",
                          policy.sha256[:12], "the policy changed since: start a run of its own "
                          f"with nightlist run freeze --as-of {run.as_of}")
    return policy


def record(run: Run, key: str, content: Any) -> None:
    """Add what the night wrote (hashes of tables, the model) to its run.json."""
    store.write_json({**frozen(run), key: content}, run.folder / RUN_FILE)


def clean_table(spark: SparkSession, run: Run, feed: Table) -> DataFrame:
    """The clean rows of a feed from the frozen deliveries only, as they are stored."""
    folders = [clean_partition(run.home, feed.name, row["delivery"])
               for row in _frozen_of(run, feed)]
    return store.read(spark, folders, feeds.clean(feed))


def feed_deliveries(run: Run, feed: Table) -> list[dict[str, Any]]:
    """The frozen deliveries of a feed, each with the `event_dates` that its rows tell of."""
    return [{**row, "event_dates": (taken_in(run.home, feed.name, row["delivery"])
                                    or {})["event_dates"]} for row in _frozen_of(run, feed)]


def facts(spark: SparkSession, run: Run, feed: Table,
          days: Collection[dt.date] | None = None) -> DataFrame:
    """The clean rows of a feed as jobs read them; columns: `feeds.facts`.

    `days` reads the deliveries of these dates only.

    Each row says from when on a later delivery stood in for its own, and identifiers that were
    made tokens under several keys have the token of the oldest one.
    """
    return facts_of(spark, run.home, feed, [
        row for row in _frozen_of(run, feed) if days is None
        or dt.date.fromisoformat(row["delivery_date"]) in days])


def facts_of(spark: SparkSession, home: Path, feed: Table,
             deliveries: Collection[dict[str, Any]]) -> DataFrame:
    """The clean rows of these deliveries, as `facts` gives them; of each what `in_force` says."""
    void = {row["delivery_date"]: row["voided_on"] for row in deliveries if row["voided_on"]}
    voided_on = F.lit(None).cast("date")
    for day, since in sorted(void.items()):
        voided_on = F.when(F.col("delivery_date") == F.lit(day).cast("date"),
                           F.lit(since).cast("date")).otherwise(voided_on)
    df = store.read(spark, [clean_partition(home, feed.name, row["delivery"])
                            for row in deliveries], feeds.clean(feed))
    df = df.withColumn("voided_on", voided_on)
    folders = [home / LINKS / feed.name / f"delivery_date={row['delivery']}"
               for row in deliveries]
    if linked := [folder for folder in folders if folder.is_dir()]:
        links = spark.read.parquet(*map(str, linked)).distinct()
        for name in feed.identifiers:
            df = (df.join(links.withColumnRenamed("token", name), on=name, how="left")
                  .withColumn(name, F.coalesce("first_token", name)).drop("first_token"))
    return df.select(feeds.facts(feed).columns)


def _frozen_of(run: Run, feed: Table) -> list[dict[str, Any]]:
    return [row for row in unchanged(run)["deliveries"] if row["feed"] == feed.name]
