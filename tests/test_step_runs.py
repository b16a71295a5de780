"""What is told of a step: its row, its line of the log, its metrics; of alerts: record and post."""

import datetime as dt
import json
from types import SimpleNamespace

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs import alerts, logs, metrics, step_runs, steps
from jobs.__main__ import main
from jobs.config import Run
from jobs.errors import GateFailed, StepLeftOut
from jobs.steps import Step, run_step
from tests.receiver import receiving

AS_OF = dt.date(2026, 6, 30)
HERE = "tests.test_step_runs:"


def opens(run):
    """A step before the run has an id: three rows of clean data in one file, and a listing."""
    folder = run.home / "clean" / "logins" / "delivery_date=2026-06-30"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"a": [1, 2, 3]}), folder / "part-0.parquet")
    (folder / "_counts.json").write_text("{}", encoding="utf-8")
    return {"accepted": 3}


def freezes(run):
    steps_folder = run.date_folder / "abc"
    steps_folder.mkdir(parents=True, exist_ok=True)
    (steps_folder / "run.json").write_text('{"inputs": {"models": {"pd": "none"}}}', "utf-8")
    return {"run_id": "abc"}


def stops(run):
    raise GateFailed("scores", "0 nulls", "7", "mend the model")


def breaks(run):
    raise ValueError("row of user 6222020200112233445")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A night of small steps; what an earlier step wrote lies there already."""
    monkeypatch.setattr(steps, "STEPS", (
        Step("intake", HERE + "opens", ""), Step("freeze", HERE + "freezes", ""),
        Step("check_scores", HERE + "stops", ""), Step("tiles", HERE + "breaks", ""),
        Step("score", HERE + "opens", "", needs_model=True)))
    old = tmp_path / "clean" / "logins" / "delivery_date=2026-06-29"
    old.mkdir(parents=True)
    pq.write_table(pa.table({"a": [1]}), old / "part-0.parquet")
    return Run(home=tmp_path, as_of=AS_OF)


def rows(run):
    return step_runs.read(run.home, AS_OF).to_pylist()


def test_rows_and_bytes_are_those_of_the_files_that_the_step_wrote(run):
    run_step("intake", run)
    (row,) = rows(run)
    folder = run.home / "clean" / "logins" / "delivery_date=2026-06-30"
    assert row["rows"] == 3
    assert row["bytes"] == (folder / "part-0.parquet").stat().st_size + 2
    assert (row["run_id"], row["outcome"], row["attempt"], row["error"]) == ("", "done", 1, "")
    assert row["peak_mib"] > 10 and row["seconds"] >= 0
    assert abs(row["started_at"] - dt.datetime.now(dt.UTC).replace(tzinfo=None)
               ) < dt.timedelta(minutes=5)


def test_attempts_are_counted_and_any_engine_reads_all_nights_with_one_glob(run):
    for _ in range(2):
        run_step("intake", run)
    run = run_step("freeze", run)
    assert run.run_id == "abc"
    found = duckdb.sql("select step, attempt, run_id from read_json("
                       f"'{run.home}/step_runs/*.jsonl') order by all").fetchall()
    assert found == [("freeze", 1, "abc"), ("intake", 1, ""), ("intake", 2, "")]


def test_a_failed_step_keeps_its_row_and_its_words_but_not_those_of_an_engine(run):
    for step, error in (("check_scores", GateFailed), ("tiles", ValueError)):
        with pytest.raises(error):
            run_step(step, run)
    assert [(row["step"], row["outcome"], row["error"]) for row in rows(run)] == [
        ("check_scores", "failed", "GateFailed"), ("tiles", "failed", "ValueError")]
    ours, engines = map(json.loads, logs.log_file(run).read_text().splitlines())
    assert ours["level"] == "error" and ours["text"].startswith("scores: expected 0 nulls")
    assert engines["error"] == "ValueError" and engines["text"] == ""
    assert "6222020200112233445" not in logs.log_file(run).read_text()


def test_a_step_left_out_is_told_as_such(run):
    with pytest.raises(StepLeftOut):
        run_step("score", run_step("freeze", run))
    assert [row["outcome"] for row in rows(run)] == ["done", "left out"]


def test_the_log_says_the_step_as_json_in_the_home_and_where_it_is_wanted(
        run, monkeypatch, capsys):
    monkeypatch.setenv("NIGHTLIST_LOG", "json")
    monkeypatch.setenv("AIRFLOW_CTX_DAG_RUN_ID", "scheduled__2026-06-30")
    run_step("intake", run)
    (line,) = (run.home / "logs" / "nights-2026-06-30.jsonl").read_text().splitlines()
    said = json.loads(line)
    assert {name: said[name] for name in ("level", "event", "as_of", "step", "counts", "rows",
                                          "dag_run")} == {
        "level": "info", "event": "done", "as_of": "2026-06-30", "step": "intake",
        "counts": {"accepted": 3}, "rows": 3, "dag_run": "scheduled__2026-06-30"}
    assert dt.datetime.fromisoformat(said["time"]).tzinfo
    assert json.loads(capsys.readouterr().err)["counts"] == {"accepted": 3}


def test_the_command_shows_them_and_says_where_there_are_none(run, capsys):
    run_step("intake", run)
    capsys.readouterr()
    words = ["steps", "--as-of", "2026-06-30", "--home", str(run.home)]
    assert main([*words, "--format", "json"]) == 0
    (shown,) = json.loads(capsys.readouterr().out)
    assert (shown["step"], shown["rows"]) == ("intake", 3)
    assert main(words) == 0
    assert "intake" in capsys.readouterr().out
    words[2] = "2026-07-01"
    assert main(words) == 1
    assert "expected a date of which a step ran" in capsys.readouterr().err


@pytest.fixture
def receiver():
    with receiving() as found:
        yield found


def test_a_collector_hears_seconds_rows_bytes_and_memory_of_a_step(run, receiver, monkeypatch):
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
        ExportMetricsServiceRequest)

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.address)
    run_step("intake", run)
    ((path, body),) = receiver.posted
    (sent,) = ExportMetricsServiceRequest.FromString(body).resource_metrics
    assert path == "/v1/metrics"
    assert {one.key: one.value.string_value for one in sent.resource.attributes}[
        "service.name"] == "nightlist"
    (row,) = rows(run)
    points = {one.name: one.gauge.data_points[0] for one in sent.scope_metrics[0].metrics}
    assert {name: point.as_int or point.as_double for name, point in points.items()} == {
        "nightlist.step.duration": row["seconds"], "nightlist.step.rows": 3,
        "nightlist.step.written": row["bytes"], "nightlist.step.peak_memory": row["peak_mib"]}
    assert {one.key: one.value.string_value
            for one in points["nightlist.step.rows"].attributes} == {
        "step": "intake", "kind": "nights", "as_of_date": "2026-06-30", "run_id": "",
        "outcome": "done"}


def test_a_collector_that_is_away_fails_no_step_and_is_asked_once(run, monkeypatch, capsys):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(metrics, "_silent", set())
    for _ in range(2):
        run_step("intake", run)
    assert capsys.readouterr().err.count("metrics were not taken") == 1


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
