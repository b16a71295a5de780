"""The order of a night's steps: the one place that says it.

The command line (`nightlist night`) and the DAG (`dags/nightly_whitelist.py`) both walk `STEPS`;
`nightlist train` and `dags/train_models.py` walk those of them that end in models.
This module imports nothing heavy: a step's module is imported when the step runs.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs import step_runs
from jobs.config import DECIDING_MODEL, NO_MODEL, RUN_FILE, Run
from jobs.errors import StepLeftOut, UsageError
from jobs.lock import locked

OPENING_FILE, STEPS_FILE, OPEN_RUN_FILE = "opening.json", "steps.json", "open.json"
#: Steps before this one work on landing and clean tables, not on a run.
FREEZE = "freeze"
#: How long a step waits for another night's step in its place.
LOCK_WAIT_SECONDS = 3600.0


@dataclass(frozen=True)
class Step:
    """A step: its name, `module:function` taking a Run, and what it does.

    One that `needs_model` is left out of a night that has none (see `jobs/inputs.py`).
    """

    name: str
    target: str
    does: str
    needs_model: bool = False


STEPS: tuple[Step, ...] = (
    Step("deliver", "jobs.adapters.deliver:main", "bring feeds of the chosen source to landing"),
    Step("intake", "jobs.intake.intake:main", "verify deliveries; clean tables and quarantine"),
    Step(FREEZE, "jobs.inputs:main", "fix the deliveries, policy, code and seed of the run"),
    Step("check_intake", "expectations.gates:after_intake", "gate: clean tables"),
    Step("labels", "jobs.labels.labels:main", "known outcomes to learn from"),
    Step("tiles", "jobs.tiles.build:main", "days of events, aggregated where new is known"),
    Step("windows", "jobs.features.roll:main",
         "windows over the tiles, moved on from an earlier night's"),
    Step("features", "jobs.features.matrix:main", "point-in-time features to learn and to score"),
    Step("check_features", "expectations.gates:after_features", "gate: feature matrices"),
    Step("train", "jobs.scores.train:main",
         "train and calibrate models, or take those named or promoted", needs_model=True),
    Step("score", "jobs.scores.score:main", "what the models say of everyone considered",
         needs_model=True),
    Step("check_scores", "expectations.gates:after_scores", "gate: scores",
         needs_model=True),
    Step("facts", "jobs.offers.facts:main",
         "what rules look at beside features: permission, loans, open offers"),
    Step("eligibility", "jobs.offers.eligibility:main", "policy rules, all that fail"),
    Step("candidates", "jobs.offers.candidates:main",
         "who may be offered something, and how much at most", needs_model=True),
    Step("limits", "jobs.limits.limits:main",
         "limit and rate that earn the most within money and risk, with a proof",
         needs_model=True),
    Step("offers", "jobs.offers.offers:main", "whitelist, decisions and waterfall",
         needs_model=True),
    Step("records", "jobs.release.records:main",
         "changes since the release before, criteria, and the texts they rest on",
         needs_model=True),
    Step("monitor", "jobs.monitor.monitor:main",
         "stability, calibration, roll rates, fairness; stops where the policy says so",
         needs_model=True),
    Step("check_release", "expectations.gates:before_release", "gate: the audit before release",
         needs_model=True),
    Step("release", "jobs.release.release:main", "into Iceberg, then move the pointer",
         needs_model=True),
    Step("report", "jobs.report.page:main", "the page of the night",
         needs_model=True),
    Step("serve", "jobs.mart.mart:main", "into the PostgreSQL mart, where one is named",
         needs_model=True),
)
#: The first and the last step of a training run, which ends with candidates in the registry.
FIRST_TRAINING_STEP, LAST_TRAINING_STEP = "intake", "train"


def training_steps() -> tuple[Step, ...]:
    """The steps of a training run: those of a night from the feeds in landing to the models."""
    return STEPS[find(FIRST_TRAINING_STEP)[1] - 1:find(LAST_TRAINING_STEP)[1]]


def run_step(name: str, run: Run) -> Run:
    """Run one step, print its line, record its seconds and memory, and return the run.

    Args:
        name: A name in STEPS.
        run: With `run_id` from the step `freeze` on.

    Returns:
        The run; after `freeze` with its id.

    Raises:
        StepLeftOut: For a step that needs a model, in a night that has none.
    """
    walked = _walked(run)
    step, number = find(name, walked)
    if left_out(step, run):
        step_runs.left_out(run, name)
        raise StepLeftOut(f"step {name} of {run.as_of}", "a model to score with",
                          "no outcome to learn from, no champion and none named",
                          "nothing is published; to score, name one with --model pd/VERSION")
    module, _, function = step.target.partition(":")
    with locked(_lock_file(run), LOCK_WAIT_SECONDS, f"step {name} of {run.as_of}"):
        with step_runs.observed(run, name) as seen:
            main: Callable[[Run], dict[str, Any]] = getattr(
                importlib.import_module(module), function)
            counts = seen.counts = main(run)
            if name == FREEZE:
                seen.run = run = dataclasses.replace(run, run_id=counts["run_id"])
                _open(run)
        record = {"step": name, "seconds": seen.seconds, "peak_mib": seen.peak_mib,
                  "counts": counts}
        _record(run, record)
    said = ", ".join(f"{key.replace('_', ' ')} {_show(value)}" for key, value in counts.items())
    print(f"nightlist {number:>2}/{len(walked)}  {name:<14} {seen.seconds:>6.1f} s  "
          f"{seen.peak_mib:>5} MiB  {said}", flush=True)
    return run


def run_all(run: Run) -> Run:
    """Run every step of the night, or of the training, in order in this process."""
    walked = _walked(run)
    for number, step in enumerate(walked, start=1):
        if left_out(step, run):
            step_runs.left_out(run, step.name)
            print(f"nightlist {number:>2}/{len(walked)}  {step.name:<14} left out: no model",
                  flush=True)
        else:
            run = run_step(step.name, run)
    return run


def left_out(step: Step, run: Run) -> bool:
    """Whether the night has no PD model and the step needs it; before `freeze` no one knows."""
    from jobs.store import read_json

    if run.training or not (step.needs_model and run.run_id):
        return False
    frozen = read_json(run.folder / RUN_FILE, {}).get("inputs", {}).get("models", {})
    return bool(frozen.get(DECIDING_MODEL) == NO_MODEL)


def find(name: str, among: Sequence[Step] = STEPS) -> tuple[Step, int]:
    """The step of that name and its place, from 1.

    Raises:
        UsageError: When there is none.
    """
    for number, step in enumerate(among, start=1):
        if step.name == name:
            return step, number
    raise UsageError(f"step {name}", "one of " + ", ".join(s.name for s in among), repr(name),
                     "see: nightlist steps")


def _walked(run: Run) -> tuple[Step, ...]:
    return training_steps() if run.training else STEPS


def open_run(home: Path, as_of: dt.date) -> Run:
    """The run that was frozen last for that date, to go on with one of its steps.

    Raises:
        UsageError: When none was frozen.
    """
    from jobs.store import read_json

    night = Run(home=home, as_of=as_of)
    path = night.date_folder / OPEN_RUN_FILE
    if not path.is_file():
        raise UsageError(f"nights/{as_of}", "a run with frozen inputs", "none",
                         f"start one: nightlist run {FREEZE} --as-of {as_of}")
    known = read_json(path)
    return dataclasses.replace(night, seed=known["seed"], policy=known["policy"],
                               run_id=known["run_id"])


def _lock_file(run: Run) -> Path:
    """Landing and clean tables are the home's, everything later is its night's.

    Each step therefore runs alone where it writes, and two nights of one home never mix.
    """
    return (run.date_folder if run.run_id else run.home) / ".lock"


def steps_of(run: Run) -> list[dict[str, Any]]:
    """The records of the steps run so far: seconds, peak memory (MiB), counts."""
    from jobs.store import read_json

    path = _record_file(run)
    records: list[dict[str, Any]] = read_json(path, [])
    return records


def _record_file(run: Run) -> Path:
    return run.folder / STEPS_FILE if run.run_id else run.date_folder / OPENING_FILE


def _record(run: Run, record: dict[str, Any]) -> None:
    from jobs.store import write_json

    records = [one for one in steps_of(run) if one["step"] != record["step"]]
    write_json([*records, record], _record_file(run))


def _open(run: Run) -> None:
    """Remember the run as its date's newest, and take over what was recorded before it."""
    from jobs.store import read_json, write_json

    opening = _record_file(dataclasses.replace(run, run_id=""))
    if opening.is_file():
        write_json(read_json(opening), _record_file(run))
        opening.unlink()
    write_json({"run_id": run.run_id, "seed": run.seed, "policy": run.policy},
               run.date_folder / OPEN_RUN_FILE)


def _show(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
