"""What nights say, as JSON: one line an event, for whoever collects logs.

Output: `<home>/logs/<nights or trainings>-<as_of>.jsonl`, and with `NIGHTLIST_LOG=json` standard
error. Every line has time, level, event, as_of, run_id and step. Of an error that is not our own
only its kind is written: an engine's text may repeat a row.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, TextIO

import structlog

from jobs.config import Run

#: Set it to `json` to have every line on standard error, too.
VARIABLE = "NIGHTLIST_LOG"


def log_file(run: Run) -> Path:
    """The file of the run's date."""
    return run.home / "logs" / f"{run.date_folder.parent.name}-{run.as_of}.jsonl"


def say(run: Run, step: str, event: str, level: str = "info", **fields: Any) -> None:
    """Write one event.

    Args:
        run: The night or training.
        step: The step that says it.
        event: What happened, e.g. `done`.
        level: As logging names them.
        fields: What else to say, as JSON.
    """
    said = {"as_of": run.as_of.isoformat(), "run_id": run.run_id, "step": step, **fields}
    if dag_run := os.environ.get("AIRFLOW_CTX_DAG_RUN_ID"):
        said["dag_run"] = dag_run
    path = log_file(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        _write(stream, level, event, said)
    if os.environ.get(VARIABLE, "").strip().lower() == "json":
        _write(sys.stderr, level, event, said)


def _write(stream: TextIO, level: str, event: str, said: dict[str, Any]) -> None:
    logger = structlog.wrap_logger(
        structlog.WriteLogger(stream), wrapper_class=structlog.BoundLogger, processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False, default=str)])
    getattr(logger, level)(event, **said)
