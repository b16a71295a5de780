"""The maintenance DAG: what was kept long enough goes, and the warehouse forgets earlier states.

Wiring only: nothing heavy is imported before a task runs.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow.sdk import DAG, Param, get_current_context, task
from shared import DATA_PLATFORM, HOME, START, due, task_defaults
from step_task import logical_day, refusals

from jobs import config

DOC = """
### maintenance

**Owner**: data platform. **Impact**: disk, and the promise to keep nothing longer than the policies
say. Nights and releases do not wait for it. Never taken away is what a kept release needs, the
release in force and the one before it.

**When a task fails**, its last log line says why: mostly a publisher held the warehouse, and the
next try goes on. A file that is missing from the warehouse stops it before anything is deleted:
restore the folder `warehouse` from a backup, then clear the task.

See what would go with `nightlist expire --dry-run`, or trigger it with `dry_run`. Airflow's own
database is its own: `airflow db clean --clean-before-timestamp DATE`.
"""

with DAG(
    "maintenance",
    description="Retention by the policies, leftovers, and the warehouse's own files",
    doc_md=DOC,
    # On Sundays at noon: no night is at work, and publishing is hours away.
    schedule="0 12 * * 0",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    tags=["nightlist", "maintenance"],
    deadline=due(6, "it may run into the night, which then waits a minute for the warehouse: see "
                 "which task is at work"),
    default_args=task_defaults(DATA_PLATFORM, hours=3, pool=HOME),
    params={"dry_run": Param(False, type="boolean")},
) as dag:

    @task
    def expire() -> dict[str, int]:
        """Take away what was kept long enough, by kind; each thing with its reason in the log."""
        from jobs.release import expiry, retention

        home, today = config.home_folder(), min(logical_day(), dt.date.today())
        with refusals("expire"):
            found = retention.plan(home, today)
            for one in found:
                print(f"nightlist: {one.kind} {one.name}, {one.size:,} bytes: {one.why}",
                      flush=True)
            if get_current_context()["params"]["dry_run"]:
                return {"things": len(found), "bytes": 0}
            gone, records = expiry.carry_out(home, found, today)
        return {"things": len(found), "bytes": gone + records}

    @task
    def compact() -> dict[str, Any]:
        """Fewer manifests and metadata files in the warehouse; no row is touched."""
        from jobs.release.compaction import compact as run

        if get_current_context()["params"]["dry_run"]:
            return {}
        with refusals("compact"):
            return run(config.home_folder())

    expire() >> compact()
