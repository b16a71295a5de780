"""What all DAGs share: retries, pools, time limits, and who hears of a failure or a late run.

Alerts are made by `jobs/alerts.py`: a line in the task's log, a record in `<home>/alerts.jsonl`,
and a message to `NIGHTLIST_ALERT_WEBHOOK` where one is set. An alert changes no state: what
failed stays failed.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from typing import Any

import pendulum
from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from jobs import alerts

#: The lender's time zone: a DAG run's day is the as-of date.
ZONE = "Asia/Shanghai"
#: Before any night there are feeds for: Airflow runs no task of an earlier date.
START = pendulum.datetime(2000, 1, 1, tz=ZONE)
DATA_PLATFORM, RISK_TEAM = "data platform", "risk team"
#: Set in a program of one's own that calls `dag.test()`.
NO_DEADLINES = "NIGHTLIST_NO_DEADLINES"
#: Of `pools.json`, made by `airflow pools import dags/pools.json`: engines that hold whole tables
#: in memory, and whatever writes to landing, clean tables or the warehouse beside a night.
ENGINE, HOME = "nightlist_engine", "nightlist_home"


def task_defaults(owner: str, hours: float, pool: str = ENGINE, retries: int = 2,
                  first_wait: dt.timedelta = dt.timedelta(seconds=30)) -> dict[str, Any]:
    """The defaults of a DAG's tasks.

    Args:
        owner: The team that mends it.
        hours: A task's time limit.
        pool: Where its tasks take their slot.
        retries: What is refused (`NightlistError`) is not tried again, whatever this says.
        first_wait: Before the first retry; each later one waits twice as long, an hour at most.
    """
    return {"owner": owner, "retries": retries, "retry_delay": first_wait,
            "retry_exponential_backoff": 2.0, "max_retry_delay": dt.timedelta(hours=1),
            "execution_timeout": dt.timedelta(hours=hours), "pool": pool,
            "on_failure_callback": alerts.task_failed}


def due(hours: float, missed: str, since_schedule: bool = True) -> DeadlineAlert | None:
    """An alert where a run has not ended in time; it goes on.

    None in a process that tries a DAG out: nobody waits for that run, and Airflow 3.3.2 fails a
    run that succeeded, where its DAG has a deadline, under `airflow dags test` and `dag.test()`
    (known there, open).

    Args:
        hours: From its schedule, or from when it was queued.
        missed: What that means and what to do, in a sentence.
        since_schedule: Whether the run has a logical date; those that assets start have none.
    """
    if sys.argv[1:3] == ["dags", "test"] or os.environ.get(NO_DEADLINES):
        return None
    reference = (DeadlineReference.DAGRUN_LOGICAL_DATE if since_schedule
                 else DeadlineReference.DAGRUN_QUEUED_AT)
    return DeadlineAlert(reference, dt.timedelta(hours=hours),
                         SyncCallback(alerts.deadline_missed, {"missed": missed}))
