"""When nights run and how soon a task is tried again: the environment of Airflow's processes says.

Read when the DAG file is parsed: after a change, restart the DAG processor and the scheduler.
"""

from __future__ import annotations

import datetime as dt
import os

import pendulum
from shared import START, ZONE

#: NIGHTLIST_SCHEDULE: cron, local time. In the evening, when the day's feeds are in.
NIGHTLY = os.environ.get("NIGHTLIST_SCHEDULE") or "30 22 * * *"
#: NIGHTLIST_FIRST_NIGHT: as-of date from which on missed nights are caught up with, one by one;
#: without it only the newest due night runs.
FIRST_NIGHT = os.environ.get("NIGHTLIST_FIRST_NIGHT") or ""
START_DATE = (pendulum.instance(dt.datetime.fromisoformat(FIRST_NIGHT), tz=ZONE) if FIRST_NIGHT
              else START)
#: NIGHTLIST_RETRY_SECONDS: from a failed try to the next.
RETRY_DELAY = dt.timedelta(seconds=int(os.environ.get("NIGHTLIST_RETRY_SECONDS") or 30))
