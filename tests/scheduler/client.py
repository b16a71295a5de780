"""What tests ask of Airflow's REST API."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from .airflow import until

#: States of a DAG run or a task instance that has come to its end.
ENDED = ("success", "failed", "skipped", "upstream_failed", "removed")


class Client:
    """The API of one Airflow, as an administrator."""

    def __init__(self, address: str) -> None:
        token = httpx.get(f"{address}/auth/token").raise_for_status().json()["access_token"]
        self._http = httpx.Client(base_url=f"{address}/api/v2", timeout=30,
                                  headers={"Authorization": f"Bearer {token}"})

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The answer's JSON; an error says what the server said."""
        answer = self._http.request(method, path, json=body, params=query)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        return answer.json() if answer.content else None

    def make_pools(self, file: Path) -> None:
        """What `airflow pools import FILE` does: without its pool a task waits for good."""
        for name, said in json.loads(file.read_text(encoding="utf-8")).items():
            self.ask("POST", "/pools", {"name": name, **said})

    def unpause(self, dag: str, paused: bool = False) -> None:
        """Let a DAG's schedule fire, or hold it; once its file has been read."""
        until(f"the DAG {dag}", lambda: self._http.get(f"/dags/{dag}").is_success, 120)
        self.ask("PATCH", f"/dags/{dag}", {"is_paused": paused})

    def trigger(self, dag: str, logical_date: dt.datetime, conf: dict[str, Any] | None = None
                ) -> str:
        """Start a run of a date by hand; its id."""
        return str(self.ask("POST", f"/dags/{dag}/dagRuns", {
            "logical_date": logical_date.isoformat(), "conf": conf or {}})["dag_run_id"])

    def runs(self, dag: str) -> list[dict[str, Any]]:
        """All runs of a DAG, by logical date."""
        found: list[dict[str, Any]] = self.ask(
            "GET", f"/dags/{dag}/dagRuns", limit=100, order_by="logical_date")["dag_runs"]
        return found

    def run(self, dag: str, run_id: str) -> dict[str, Any]:
        """One run."""
        found: dict[str, Any] = self.ask("GET", f"/dags/{dag}/dagRuns/{run_id}")
        return found

    def tasks(self, dag: str, run_id: str) -> dict[str, dict[str, Any]]:
        """Its task instances by task id."""
        found = self.ask("GET", f"/dags/{dag}/dagRuns/{run_id}/taskInstances", limit=100)
        return {one["task_id"]: one for one in found["task_instances"]}

    def task(self, dag: str, run_id: str, task: str) -> dict[str, Any]:
        """One task instance."""
        found: dict[str, Any] = self.ask(
            "GET", f"/dags/{dag}/dagRuns/{run_id}/taskInstances/{task}")
        return found

    def clear(self, dag: str, run_id: str, tasks: Sequence[str], downstream: bool = True) -> None:
        """Have tasks run again, as somebody does who mended what was wrong."""
        self.ask("POST", f"/dags/{dag}/clearTaskInstances", {
            "dry_run": False, "dag_run_id": run_id, "task_ids": list(tasks),
            "only_failed": False, "include_downstream": downstream})

    def mark(self, dag: str, run_id: str, state: str) -> None:
        """Set the state of a run."""
        self.ask("PATCH", f"/dags/{dag}/dagRuns/{run_id}", {"state": state})

    def answer(self, dag: str, run_id: str, task: str, option: str, **params: Any) -> None:
        """Answer a task that asks a person; it takes no answer in its first second."""
        self.ask("PATCH", f"/dags/{dag}/dagRuns/{run_id}/taskInstances/{task}/-1/hitlDetails",
                 {"chosen_options": [option], "params_input": params})

    def backfill(self, dag: str, first: dt.datetime, last: dt.datetime) -> int:
        """Have past dates run; its id."""
        return int(self.ask("POST", "/backfills", {
            "dag_id": dag, "from_date": first.isoformat(), "to_date": last.isoformat(),
            "max_active_runs": 1})["id"])

    def log(self, dag: str, run_id: str, task: str, number: int = 1) -> str:
        """The log of a try of a task, as one text."""
        said = self.ask("GET", f"/dags/{dag}/dagRuns/{run_id}/taskInstances/{task}/logs/{number}")
        return "\n".join(str(line.get("event", line)) if isinstance(line, dict) else str(line)
                         for line in said["content"])

    def wait_for_run(self, dag: str, run_id: str, seconds: float) -> str:
        """Until a run has ended; its state."""
        def ended() -> str | None:
            state = self.run(dag, run_id)["state"]
            return state if state in ENDED else None

        return until(f"the end of {run_id}", ended, seconds)

    def wait_for_task(self, dag: str, run_id: str, task: str, states: Sequence[str],
                      seconds: float) -> dict[str, Any]:
        """Until a task instance is in one of these states; what is said of it."""
        def found() -> dict[str, Any] | None:
            said = self.task(dag, run_id, task)
            return said if said["state"] in states else None

        return until(f"{task} of {run_id} {' or '.join(states)}", found, seconds)
