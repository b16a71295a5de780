"""One JSON line an event of a step, in `logs/steps-DATE.jsonl` of the home.

With `NIGHTLIST_LOG=json` it goes to standard error too, for whoever collects a container's output.
Keys: `timestamp` (UTC), `level`, `event` (step_started, step_done, step_failed, step_left_out),
`as_of`, `run_id`, `step`, `process`, under Airflow `dag_run` and `try`; then what the event knows
(attempt, seconds, rows, bytes, peak_mib, counts, error). A step that started and neither ended nor
failed was killed.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any, TextIO

import structlog

from jobs.config import Run

#: `json`: lines on standard error too.
LOG = "NIGHTLIST_LOG"
FOLDER = "logs"
#: Keys of a line -> variables that Airflow sets for a task.
_AIRFLOW = {"dag_run": "AIRFLOW_CTX_DAG_RUN_ID", "try": "AIRFLOW_CTX_TRY_NUMBER"}


def told(run: Run, level: str, event: str, **known: Any) -> None:
    """Write one line.

    Args:
        run: Whose step it is.
        level: info, warning or error.
        event: What happened.
        known: Further keys; JSON values, others as text.
    """
    said = {"as_of": run.as_of.isoformat(), "run_id": run.run_id or None,
            "process": os.getpid(), **known,
            **{key: os.environ[name] for key, name in _AIRFLOW.items() if name in os.environ}}
    path = file(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        getattr(_logger(stream), level)(event, **said)
    if os.environ.get(LOG) == "json":
        getattr(_logger(sys.stderr), level)(event, **said)


def file(run: Run) -> Path:
    """Where the lines of a date's nights, or of its trainings, lie."""
    kind = "training-steps" if run.training else "steps"
    return run.home / FOLDER / f"{kind}-{run.as_of.isoformat()}.jsonl"


def _logger(stream: TextIO) -> Any:
    """Apart from structlog's global settings: under Airflow those are Airflow's."""
    return structlog.wrap_logger(
        structlog.WriteLogger(stream), processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
