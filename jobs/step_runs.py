"""Every attempt at a step: how long, how much it wrote, how it ended; and where that is told.

Output: `<home>/step_runs/<nights or trainings>-<as_of>.jsonl`, rows of the contract STEP_RUNS (any
engine reads all nights with one glob); the same as a line of the log (`logs.py`) and as metrics
(`metrics.py`). It lies outside the run's folder: nothing of it is frozen, hashed or replayed.

What a step wrote is measured, not said by it: files younger than its begin where it writes. Two
nights that build tiles at the same moment are both told of all of them.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jobs import logs, metrics
from jobs.config import Run
from jobs.errors import NightlistError, UsageError
from jobs.memory import peak_memory_mib, reset_peak_memory

FOLDER = "step_runs"
#: How an attempt ended.
DONE, FAILED, LEFT_OUT = "done", "failed", "left out"
#: Columns for a terminal.
SHOWN = ("run_id", "step", "attempt", "seconds", "rows", "bytes", "peak_mib", "outcome")
#: Where a step writes beside its run's folder, below the home.
WRITES = {"deliver": ("landing",), "intake": ("clean", "quarantine", "links"),
          "tiles": ("tiles",), "windows": ("windows",), "train": ("models",),
          "monitor": ("reports",), "release": ("warehouse",), "report": ("reports",)}


@dataclass
class Seen:
    """What is known of a step at work.

    Attributes:
        run: The run; the step that freezes it gives it its id.
        counts: What the step says it did.
        seconds: How long it took, once it has ended.
        peak_mib: Peak memory of the process meanwhile, MiB.
    """

    run: Run
    counts: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    peak_mib: int = 0


@contextmanager
def observed(run: Run, step: str) -> Iterator[Seen]:
    """Measure the block and tell of it, however it ends."""
    seen, path = Seen(run), file(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    # By the clock of the file system, which lags behind ours.
    since = path.stat().st_mtime_ns if _is_local(run.home) else 0
    began, start = dt.datetime.now(dt.UTC), time.perf_counter()
    outcome, error = DONE, None
    reset_peak_memory()
    try:
        yield seen
    except BaseException as raised:
        outcome, error = FAILED, raised
        raise
    finally:
        seen.seconds = round(time.perf_counter() - start, 2)
        seen.peak_mib = peak_memory_mib()
        rows, size = wrote(seen.run, step, since)
        _tell(seen, step, {"started_at": began.replace(tzinfo=None).isoformat(), "rows": rows,
                           "bytes": size, "outcome": outcome}, error)


def left_out(run: Run, step: str) -> None:
    """Tell of a step that the night has none of."""
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None).isoformat()
    _tell(Seen(run), step, {"started_at": now, "rows": 0, "bytes": 0, "outcome": LEFT_OUT}, None)


def _tell(seen: Seen, step: str, measured: dict[str, Any], error: BaseException | None) -> None:
    from jobs.contracts.operations import STEP_RUNS  # imports an engine: after the measuring

    run = seen.run
    attempts = [row for row in _lines(file(run))
                if (row["run_id"], row["step"]) == (run.run_id, step)]
    row = {"as_of_date": run.as_of.isoformat(), "kind": run.date_folder.parent.name,
           "run_id": run.run_id, "step": step, "attempt": len(attempts) + 1,
           "seconds": seen.seconds, "peak_mib": seen.peak_mib,
           "error": type(error).__name__ if error else "", **measured}
    with file(run).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({name: row[name] for name in STEP_RUNS.columns}) + "\n")
    told = {name: row[name] for name in ("attempt", "seconds", "rows", "bytes", "peak_mib")}
    if error:
        # Of what is not our own only the kind: its text may repeat a row.
        told |= {"error": row["error"],
                 "text": str(error) if isinstance(error, NightlistError) else ""}
    logs.say(run, step, row["outcome"], "error" if error else "info", counts=seen.counts, **told)
    metrics.emit(row)


def file(run: Run) -> Path:
    """Where the attempts of a date are."""
    return run.home / FOLDER / f"{run.date_folder.parent.name}-{run.as_of}.jsonl"


def wrote(run: Run, step: str, since: int) -> tuple[int | None, int | None]:
    """Rows and bytes of the files that a step wrote, from the files themselves.

    Args:
        run: The run.
        step: Name of the step.
        since: Files changed after it, nanoseconds of the file system's clock.

    Returns:
        None twice where the home is no folder of this machine.
    """
    if not _is_local(run.home):
        return None, None
    import pyarrow.parquet as pq

    roots = [run.home / name for name in WRITES.get(step, ())]
    roots += [run.folder] if run.run_id else []
    rows = size = 0
    for path, held in (found for root in roots for found in _younger(root, since)):
        size += held
        if path.endswith(".parquet"):
            rows += pq.read_metadata(path).num_rows
    return rows, size


def _is_local(home: Path) -> bool:
    """Whether it is a folder of this machine, and not in an object store."""
    return type(home) is type(Path())


def _younger(folder: Path | str, since: int) -> Iterator[tuple[str, int]]:
    """Files below a folder that were changed after a moment, with their bytes."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _younger(entry.path, since)
        elif (found := entry.stat(follow_symlinks=False)).st_mtime_ns > since:
            yield entry.path, found.st_size


def read(home: Path, as_of: dt.date) -> Any:
    """All attempts of a date as an Arrow table after STEP_RUNS, nights before trainings.

    Raises:
        UsageError: When no step ran.
    """
    import pyarrow as pa

    from jobs.contracts.operations import STEP_RUNS

    rows = [row for path in sorted((home / FOLDER).glob(f"*-{as_of}.jsonl"))
            for row in _lines(path)]
    if not rows:
        raise UsageError(f"--as-of {as_of}", "a date of which a step ran", "none",
                         f"run one: nightlist night --as-of {as_of}")
    for row in rows:
        row["as_of_date"] = dt.date.fromisoformat(row["as_of_date"])
        row["started_at"] = dt.datetime.fromisoformat(row["started_at"])
    return pa.Table.from_pylist(rows, STEP_RUNS.arrow_schema)


def _lines(path: Path) -> list[dict[str, Any]]:
    """The rows of a file; a line that a crash cut short is left out."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found
