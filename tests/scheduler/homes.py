"""Homes that are ready for nights without training, and what of them must be the same."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pyiceberg.expressions import EqualTo

from jobs import store
from jobs.config import RUN_FILE
from jobs.contracts.release import PROOF
from jobs.lock import locked
from jobs.release import warehouse
from jobs.release.pointer import Release
from jobs.steps import STEPS

from .airflow import ROOT

USERS, SEED_DAYS = 5_000, 9
#: The record of a run's steps, in its folder.
STEPS_FILE = "steps.json"
#: What is left over of a crash would be called so.
STAGED = (".tmp-*", ".new-*", ".part-*", ".intake-*")


def nightlist(home: Path, *words: str) -> str:
    """A command in a process of its own, as a person gives it; what it printed."""
    done = subprocess.run([sys.executable, "-m", "jobs", *words, "--home", str(home)], cwd=ROOT,
                          text=True, capture_output=True)
    assert done.returncode == 0, f"{words}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


def seed(folder: Path, first_night: dt.date) -> Path:
    """A home with deliveries, clean tables and champions up to the day before its first night.

    Made once for all workers of the tests: who comes second finds it.
    """
    home = folder / f"seed-{first_night}"
    with locked(folder / "seed.lock", 600, "the seed of the nights"):
        if not home.is_dir():
            making = folder / "seed-making"
            shutil.rmtree(making, ignore_errors=True)
            start = first_night - dt.timedelta(days=SEED_DAYS)
            nightlist(making, "simulate", "--users", str(USERS), "--from", str(start), "--days",
                      str(SEED_DAYS))
            nightlist(making, "train", "--as-of", str(first_night - dt.timedelta(days=1)))
            for model in ("pd", "response"):
                promote(making, model, first_night)
            making.rename(home)
    return home


def promote(home: Path, model: str, since: dt.date) -> None:
    """Make the only version of a model the champion from a date on."""
    (version,) = [path.name for path in (home / "models" / model).iterdir() if path.is_dir()]
    nightlist(home, "models", "promote", f"{model}/{version}", "--from", str(since), "--by",
              "Ann Li", "--approved-by", "Bo Chen", "--reason", "the first")


def copied(seeded: Path, home: Path) -> Path:
    """A copy of a home that has no warehouse yet: only such a one may be copied."""
    assert not (seeded / "warehouse").exists()
    shutil.copytree(seeded, home)
    return home


def grown(seeded: Path, home: Path, days: int) -> Path:
    """A copy of a seed whose feeds have gone on for so many days."""
    copied(seeded, home)
    nightlist(home, "simulate", "--days", str(days))
    return home


def run_folder(home: Path, as_of: dt.date) -> Path:
    """The folder of the date's only run."""
    (folder,) = [path.parent for path in (home / "nights" / str(as_of)).glob(f"*/{RUN_FILE}")]
    return folder


def published(home: Path, as_of: dt.date) -> dict[str, Any]:
    """The bytes that a night is: run.json and every file of the tables it names."""
    folder = run_folder(home, as_of)
    record = store.read_json(folder / RUN_FILE)
    found = {name: store.file_sha256(folder / name / f"{name}.parquet")
             for name in record["tables"]}
    assert found == record["tables"], "run.json tells other hashes than the files have"
    return {"run_id": folder.name, RUN_FILE: store.file_sha256(folder / RUN_FILE), **found}


def moves(home: Path) -> list[Release]:
    """Every move of the pointer."""
    with warehouse.opened(home) as catalog:
        return warehouse.moves(catalog)


def visible_rows(home: Path, release: Release) -> dict[str, tuple[int, int]]:
    """Of each released table the rows under the release's name, and those of the run's file."""
    folder = run_folder(home, release.as_of_date)
    found = {}
    with warehouse.opened(home) as catalog:
        for name, contract in warehouse.tables(release.currency).items():
            table = warehouse.iceberg_table(catalog, contract)
            rows = table.scan(EqualTo("release_id", release.release_id)).count()
            found[name] = rows, pq.read_metadata(folder / name / f"{name}.parquet").num_rows
    assert set(PROOF) <= set(found)
    return found


def left_over(home: Path) -> list[str]:
    """What a crash left lying about."""
    return sorted(str(path.relative_to(home)) for pattern in STAGED
                  for path in home.rglob(pattern))


def recorded(home: Path, as_of: dt.date) -> list[str]:
    """The steps that the run's record tells of, in the order of their first attempts."""
    records = store.read_json(run_folder(home, as_of) / STEPS_FILE)
    return list(dict.fromkeys(one["step"] for one in records))


def all_steps() -> list[str]:
    """The steps of a night that has a model."""
    return [step.name for step in STEPS]


def without_mart() -> dict[str, str]:
    """The environment of a program that is not to find somebody's mart."""
    return {name: value for name, value in os.environ.items() if name != "NIGHTLIST_POSTGRES"}
