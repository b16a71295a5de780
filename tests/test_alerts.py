"""Alerts: the record, the line and the post."""

import json
from types import SimpleNamespace

import pytest

from jobs import alerts
from jobs.errors import GateFailed
from tests.receiver import receiving


@pytest.fixture
def receiver():
    with receiving() as found:
        yield found


def test_a_failed_task_is_recorded_told_and_posted(tmp_path, receiver, monkeypatch, capsys):
    monkeypatch.setenv("NIGHTLIST_HOME", str(tmp_path))
    monkeypatch.setenv(alerts.WEBHOOK, receiver.address + "/hook")
    task = SimpleNamespace(dag_id="intake", run_id="r1", task_id="take_in")
    alerts.task_failed({"ti": task, "exception": GateFailed("scores", "0", "7", "mend it")})
    alerts.task_failed({"ti": task, "exception": ValueError("row of user 6222020200112233445")})
    first, second = map(json.loads, (tmp_path / alerts.ALERTS_FILE).read_text().splitlines())
    assert (first["kind"], first["dag"], first["task"]) == ("task_failed", "intake", "take_in")
    assert first["what"] == "scores: expected 0, found 7; mend it"
    assert second["what"] == "ValueError"
    assert [(path, json.loads(body)) for path, body in receiver.posted] == [
        ("/hook", first), ("/hook", second)]
    assert "nightlist: alert task_failed intake.take_in" in capsys.readouterr().err


def test_a_late_run_is_recorded_and_a_chat_that_is_away_fails_nothing(
        tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NIGHTLIST_HOME", str(tmp_path))
    monkeypatch.setenv(alerts.WEBHOOK, "http://127.0.0.1:9/hook")
    alerts.deadline_missed("tell marketing", {
        "dag_run": {"dag_id": "nightly_whitelist", "dag_run_id": "scheduled__x"},
        "deadline": {"id": "1", "deadline_time": "2026-07-01T06:00:00+08:00"}})
    record = json.loads((tmp_path / alerts.ALERTS_FILE).read_text())
    assert (record["kind"], record["dag_run"], record["remedy"]) == (
        "deadline_missed", "scheduled__x", "tell marketing")
    assert "06:00:00" in record["what"]
    assert f"alert not delivered to {alerts.WEBHOOK}" in capsys.readouterr().err


def test_a_backfill_is_never_late(tmp_path, monkeypatch):
    monkeypatch.setenv("NIGHTLIST_HOME", str(tmp_path))
    alerts.deadline_missed("tell marketing", {
        "dag_run": {"dag_id": "nightly_whitelist", "dag_run_id": "backfill__2026-01-01"},
        "deadline": {"id": "1", "deadline_time": "2026-01-02T06:00:00+08:00"}})
    assert not (tmp_path / alerts.ALERTS_FILE).exists()
