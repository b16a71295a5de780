"""Who hears that a task failed or a run is late.

Output: a line on standard error, a record in `<home>/alerts.jsonl`, and the same record as JSON to
the address in `NIGHTLIST_ALERT_WEBHOOK`, where one is set. Airflow calls these functions
(`dags/shared.py`); they change no state, and an alert that cannot be delivered is itself told and
fails nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jobs import config
from jobs.errors import NightlistError

ALERTS_FILE = "alerts.jsonl"
#: Set it to have every alert posted there, e.g. a chat's or a pager's address.
WEBHOOK = "NIGHTLIST_ALERT_WEBHOOK"
_WAIT_SECONDS = 10.0


def task_failed(context: Mapping[str, Any]) -> None:
    """Airflow's `on_failure_callback` of every task: it failed for good, retries and all."""
    task = context["ti"]
    error = context.get("exception")
    what = str(error) if isinstance(error, NightlistError) or _told(error) else (
        type(error).__name__ if error else "ended from outside")
    raise_alert("task_failed", task.dag_id, task.run_id, task.task_id, what,
                f"see its log, mend what it names and clear the task; doc of {task.dag_id} "
                "says more")


def deadline_missed(missed: str, context: Mapping[str, Any]) -> None:
    """Airflow's callback of a `DeadlineAlert`.

    Args:
        missed: What it means and what to do.
        context: Of Airflow: `dag_run` and `deadline`.
    """
    run = context["dag_run"]
    run_id = run.get("dag_run_id") or run["run_id"]
    if run_id.startswith("backfill__"):  # nobody waits for the past
        return
    raise_alert("deadline_missed", run["dag_id"], run_id, "",
                f"not ended by {context['deadline']['deadline_time']}", missed)


def raise_alert(kind: str, dag_id: str, run_id: str, task_id: str, what: str, remedy: str,
                home: Path | None = None) -> dict[str, str]:
    """Tell it everywhere, and return the record.

    Args:
        kind: `task_failed`, `deadline_missed` or `figure_beyond_limit`.
        dag_id: Of the DAG.
        run_id: Of the DAG run.
        task_id: Of the task, if it is about one.
        what: What happened.
        remedy: What to do.
        home: Where the record goes; default: the environment's.
    """
    record = {"time": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), "kind": kind,
              "dag": dag_id, "dag_run": run_id, "task": task_id, "what": what, "remedy": remedy}
    where = f"{dag_id}.{task_id}" if task_id else dag_id
    print(f"nightlist: alert {kind} {where}; {remedy}", file=sys.stderr, flush=True)
    text = json.dumps(record, ensure_ascii=False)
    home = home or config.home_folder()
    home.mkdir(parents=True, exist_ok=True)
    with (home / ALERTS_FILE).open("a", encoding="utf-8") as stream:
        stream.write(text + "\n")
    _post(text)
    return record


def _told(error: object) -> bool:
    """Whether it is what `dags/step_task.py` made of one of our own errors: its text is safe."""
    return isinstance(getattr(error, "__cause__", None), NightlistError)


def _post(text: str) -> None:
    address = os.environ.get(WEBHOOK)
    if not address:
        return
    try:
        request = urllib.request.Request(address, text.encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=_WAIT_SECONDS):
            pass
    except (urllib.error.URLError, OSError, ValueError) as error:
        print(f"nightlist: alert not delivered to {WEBHOOK}: {type(error).__name__}",
              file=sys.stderr, flush=True)
