"""The question to a person under Airflow: asked only where something asks, answered by name.

Answers come through Airflow's own API; the whole way with a scheduler is in tests/scheduler.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.config import Run
from jobs.inputs import frozen, record
from jobs.release import release, switch, warehouse
from jobs.release.approval import GUARDRAILS, approve, asking, rejected
from tests.release.nights import JUNE, MAY, night

pytestmark = pytest.mark.airflow
ROOT = Path(__file__).parents[2]
JULY = dt.date(2026, 7, 1)
CHURN = {"name": "churn", "figure": 0.95, "unit": "share", "warn": 0.3, "ask": 0.9,
         "verdict": "asks", "before": None, "detail": ""}
#: Answers that no API is needed for: each event and what the operator makes of it.
_EVENTS = """
import datetime as dt, json, os, sys
import approval
from airflow.sdk.exceptions import AirflowFailException
from asking import run_of
task = approval.Approval(task_id="approval", run_of=run_of, frozen_id=sys.argv[3],
                         params=dict(approval.FORM))
for option, asked in json.loads(sys.argv[4]):
    event = ({"error": "late", "error_type": "timeout"} if option == "late" else {
        "chosen_options": [option], "params_input": {"reason": "the wrong model"},
        "responded_by_user": {"id": "1", "name": "Mei"}, "responded_at": dt.datetime.now(dt.UTC)})
    try:
        task.execute_complete({}, event, asked)
    except AirflowFailException:
        pass
os._exit(0)
"""

#: The step `release` as its task runs it.
_RELEASE = """
import os, sys
import step_task
from airflow.sdk.exceptions import AirflowFailException
from asking import run_of
try:
    step_task.run_or_fail("release", run_of(sys.argv[3]))
except AirflowFailException:
    print("no retry", flush=True)
os._exit(0)
"""


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Runs a program with the DAG's folder and Airflow's database; returns what it prints."""
    home = tmp_path_factory.mktemp("airflow")
    (home / "dags").mkdir()
    shutil.copy(ROOT / "tests" / "dags" / "asking.py", home / "dags")
    environment = {
        **os.environ, "AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "dags", home / "dags")))}

    def run(*words: str) -> str:
        return subprocess.run([sys.executable, *words], text=True, capture_output=True,
                              env=environment, timeout=300).stdout

    run("-m", "airflow", "db", "migrate")
    return run


@pytest.fixture()
def tonight(tmp_path: Path) -> Run:
    """A night after two releases, whose churn asks."""
    for day in (MAY, JUNE):
        release.publish(night(tmp_path, day))
    run = night(tmp_path, JULY, "bbb")
    record(run, GUARDRAILS, [CHURN])
    return run


def words(run: Run, answers: list[Any]) -> list[str]:
    return [str(run.home), run.as_of.isoformat(), run.run_id, json.dumps(answers)]


def asked(airflow: Callable[..., str], run: Run, *answers: tuple[str, str]) -> tuple[Any, str]:
    """What became of the task and was asked, and all that was printed."""
    program = str(ROOT / "tests" / "dags" / "asking.py")
    said = airflow(program, *words(run, list(answers)))
    return json.loads(said.splitlines()[-1]), said


def test_a_test_of_the_dag_fails_at_once_where_something_asks_and_passes_once_it_is_answered(
        airflow: Callable[..., str], tonight: Run) -> None:
    found, said = asked(airflow, tonight)
    assert found == {"state": "failed", "asked": []}
    assert "nightlist approve --as-of 2026-07-01 --by NAME --reason TEXT" in said
    assert "reports/2026-07-01/draft.html" in said
    approve(tonight, "Mei", "a new model")
    found, said = asked(airflow, tonight)
    assert found["state"] == "success" and "nothing asks; the night goes on" in said


def test_an_answer_without_a_reason_is_asked_again_and_one_with_it_is_kept_by_name(
        airflow: Callable[..., str], tonight: Run) -> None:
    found, said = asked(airflow, tonight, ("Approve", " "), ("Approve", "a new  model"))
    assert found["state"] == "success"
    first, again = found["asked"]
    assert first == again and first["options"] == ["Approve", "Reject", "Roll back"]
    assert list(first["params"]) == ["reason"]
    assert first["subject"] == "Night of 2026-07-01: 1 guardrail asks"
    assert "churn: 95.0% of the list before" in first["body"]
    assert "asks beyond 90.0%" in first["body"] and "draft.html" in first["body"]
    kept = frozen(tonight)["approvals"]["churn"]
    assert (kept["by"], kept["reason"]) == ("Anonymous", "a new model")
    assert "nightlist: approval: Approve by Anonymous: a new model" in said
    assert asking(frozen(tonight)) == []


def test_roll_back_rejects_the_night_and_takes_back_the_release_in_force(
        airflow: Callable[..., str], tonight: Run) -> None:
    found, said = asked(airflow, tonight, ("Roll back", "the wrong model"))
    assert found["state"] == "failed"
    assert "rolled back from 2026-06-30-aaa to 2026-05-31-aaa" in said
    move = warehouse.current(tonight.home)
    assert (move.as_of_date, move.moved_by, move.reason) == (MAY, "Anonymous", "the wrong model")
    assert rejected(frozen(tonight)).startswith("rejected by Anonymous on ")


def test_no_answer_in_time_approves_nothing_nor_does_one_to_other_figures_and_a_no_is_a_no(
        airflow: Callable[..., str], tonight: Run) -> None:
    other = [{**CHURN, "figure": 0.91}]
    said = airflow("-c", _EVENTS, *words(tonight, [["late", None], ["Approve", other]]))
    late, others = [line for line in said.splitlines()
                    if line.startswith("nightlist: approval") and "by Mei" not in line]
    assert "nobody answered within 9:00:00: nothing is published (timeout)" in late
    assert "expected the figures that were shown, found churn: 95.0%" in others
    assert asking(frozen(tonight)) == [CHURN] and not rejected(frozen(tonight))
    said = airflow("-c", _EVENTS, *words(tonight, [["Reject", [CHURN]]]))
    assert "rejected by Mei: the wrong model; nothing is published, the earlier release" in said
    assert rejected(frozen(tonight)).endswith(": the wrong model")
    assert warehouse.current(tonight.home).as_of_date == JUNE


def test_while_publication_is_stopped_the_release_fails_at_once_and_is_not_retried(
        airflow: Callable[..., str], tonight: Run) -> None:
    switch.stop(tonight.home, "Mei", "complaints")
    said = airflow("-c", _RELEASE, *words(tonight, []))
    failed, retried = said.splitlines()[-2:]
    assert failed.startswith("nightlist: release: release 2026-07-01-bbb: expected publication")
    assert "stopped by Mei on" in failed and retried == "no retry"
    assert warehouse.current(tonight.home).as_of_date == JUNE
