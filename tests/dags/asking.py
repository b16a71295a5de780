"""A DAG of two tasks, the run's id and the question about it, answered through Airflow's own API.

Run as a program from a DAGs folder of its own, where Airflow's database is set up:
`asking.py HOME AS_OF RUN_ID ANSWERS`.
ANSWERS is JSON: a list of (option, reason), each given through the API as soon as somebody is
asked; without any it is a test of the DAG as `airflow dags test` runs it. Prints, as its last line,
the state of the question's task and what was asked.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import approval
from airflow.sdk import DAG, Param, task

from jobs.config import Run

HOME, AS_OF, RUN_ID, ANSWERS = sys.argv[1:5] if len(sys.argv) > 4 else ("", "2026-06-30", "", "[]")


def run_of(frozen_id: str) -> Run:
    """The night of the command line."""
    return Run(home=Path(HOME), as_of=dt.date.fromisoformat(AS_OF), run_id=frozen_id)


with DAG("asking", schedule=None, default_args={"retries": 1},
         params={"feeds": Param("landing", type="string")}) as dag:
    @task
    def freeze() -> str:
        """The run's id."""
        return RUN_ID

    approval.asks(run_of)(freeze())


def api() -> Any:
    """Airflow's API as its one user."""
    from airflow.api_fastapi.app import create_app
    from fastapi.testclient import TestClient

    client = TestClient(create_app(apps="core"))
    token = client.get("/auth/token").json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def answer(client: Any, given: list[tuple[str, str]], asked: list[dict[str, Any]]) -> None:
    """Wait for each question and answer it."""
    for option, reason in given:
        while not (waiting := [one for one in client.get(
                "/api/v2/dags/asking/dagRuns/~/hitlDetails").json()["hitl_details"]
                if not one["response_received"]
                and one["task_instance"]["state"] == "awaiting_input"]):
            time.sleep(0.3)
        asked.append({key: waiting[0][key] for key in ("subject", "body", "options", "params")})
        run_id = waiting[0]["task_instance"]["dag_run_id"]
        said = client.patch(
            f"/api/v2/dags/asking/dagRuns/{run_id}/taskInstances/approval/-1/hitlDetails",
            json={"chosen_options": [option], "params_input": {"reason": reason}})
        if said.status_code != 200:
            print(said.text, flush=True)
            os._exit(1)


def main() -> None:
    """Run the DAG, answering where somebody is asked."""
    given: list[tuple[str, str]] = json.loads(ANSWERS)
    asked: list[dict[str, Any]] = []
    if given:
        approval._TESTER = "nobody"
        threading.Thread(target=answer, args=(api(), given, asked), daemon=True).start()
    done = dag.test()
    (state,) = [str(one.state) for one in done.get_task_instances()
                if one.task_id == approval.TASK_ID]
    print(json.dumps({"state": state, "asked": asked}), flush=True)
    os._exit(0)  # clearing away Airflow's half million objects would take longer than all this


if __name__ == "__main__":
    main()
