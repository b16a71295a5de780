"""The mart's DAG: whatever moves the pointer, PostgreSQL shows it.

Wiring only: nothing heavy is imported before a task runs.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow.sdk import DAG, Param, task
from airflow.sdk.exceptions import AirflowSkipException
from assets import MART, RELEASE
from shared import DATA_PLATFORM, HOME, START, due, task_defaults
from step_task import refusals

from jobs import config

DOC = """
### serve_postgres

**Owner**: data platform. **Impact**: what marketing and risk query. When this DAG fails, the mart
shows the release before; the warehouse is right, and `nightlist whitelist` shows it.

**When a task fails**, the database could not be reached, or somebody wrote into the mart: the last
log line says which and what to do. It is tried again for hours by itself. Nothing is copied twice.

It runs when a release is published. A rollback turns the mart as well; where the mart was away at
that moment, trigger this DAG by hand. Without `NIGHTLIST_POSTGRES` it is left out.
"""

with DAG(
    "serve_postgres",
    description="The release in force into the PostgreSQL mart",
    doc_md=DOC,
    schedule=[RELEASE],
    start_date=START,
    catchup=False,
    max_active_runs=1,
    tags=["nightlist", "release"],
    deadline=due(6, "the mart shows the release before: see whether the database can be reached, "
                 "and clear the task", since_schedule=False),
    default_args=task_defaults(DATA_PLATFORM, hours=3, pool=HOME, retries=6,
                               first_wait=dt.timedelta(minutes=1)),
    params={"release": Param("", type="string")},
) as dag:

    @task(inlets=[RELEASE], outlets=[MART])
    def serve(release: str) -> dict[str, Any]:
        """Bring what is missing and turn the views to the release in force."""
        from jobs.mart import address
        from jobs.mart.mart import NO_MART
        from jobs.mart.mart import serve as bring

        with refusals("serve"):
            said = address.address()
            if said is None:
                raise AirflowSkipException(NO_MART)
            served = bring(config.home_folder(), said, [release] if release else [])
        print(f"nightlist: {address.shown(said)} shows {served.release_id}, {served.rows:,} rows "
              "copied", flush=True)
        return {"shows": served.release_id, "rows": served.rows}

    serve("{{ params.release }}")
