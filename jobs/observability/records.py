"""The record of a night's steps: one entry an attempt, in steps.json of the run.

Before the inputs are frozen a night has no run: what its first steps did lies in opening.json of
the date until then. What is recorded here is no input of a run and in no release.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa

from jobs.config import Run
from jobs.contracts.operations import DONE, STEP_RUNS

OPENING_FILE, STEPS_FILE = "opening.json", "steps.json"
#: Columns of STEP_RUNS that fit a terminal.
SHOWN = ("as_of_date", "run_id", "step", "attempt", "outcome", "seconds", "rows", "bytes",
         "peak_mib")
Record = dict[str, Any]


def attempts_of(run: Run) -> list[Record]:
    """Every attempt at a step so far, oldest first; columns of STEP_RUNS, and `counts`."""
    from jobs.store import read_json

    records: list[Record] = read_json(_file(run), [])
    return records


def steps_of(run: Run) -> list[Record]:
    """The newest attempt at each step that ended well, in the order in which they ended."""
    done = {one["step"]: one for one in attempts_of(run) if one["outcome"] == DONE}
    return sorted(done.values(), key=lambda one: str(one["started_at"]))


def record(run: Run, one: Record) -> Record:
    """Add an attempt; returns it with its number, from 1."""
    from jobs.store import write_json

    before = attempts_of(run)
    numbered = {**one, "attempt": 1 + sum(old["step"] == one["step"] for old in before)}
    write_json([*before, numbered], _file(run))
    return numbered


def opened(run: Run) -> None:
    """Take over, into the run that was just frozen, what was recorded before it had a name."""
    from jobs.store import write_json

    opening = _file(dataclasses.replace(run, run_id=""))
    if opening.is_file():
        write_json([*attempts_of(run), *attempts_of(dataclasses.replace(run, run_id=""))],
                   _file(run))
        opening.unlink()


def table(home: Path, first: dt.date, last: dt.date) -> pa.Table:
    """The attempts of all nights of these dates, both included, as STEP_RUNS."""
    rows = []
    for folder in sorted((home / "nights").glob("????-??-??")):
        as_of = dt.date.fromisoformat(folder.name)
        if first <= as_of <= last:
            runs = [path.parent.name for path in sorted(folder.glob(f"*/{STEPS_FILE}"))]
            for run_id in ["", *runs]:
                rows += [{**one, "as_of_date": as_of, "run_id": run_id,
                          "started_at": dt.datetime.fromisoformat(one["started_at"])}
                         for one in attempts_of(Run(home=home, as_of=as_of, run_id=run_id))]
    rows.sort(key=lambda one: (one["as_of_date"], one["started_at"]))
    return pa.Table.from_pylist([{name: one.get(name) for name in STEP_RUNS.columns}
                                 for one in rows], schema=STEP_RUNS.arrow_schema)


def _file(run: Run) -> Path:
    return run.folder / STEPS_FILE if run.run_id else run.date_folder / OPENING_FILE
