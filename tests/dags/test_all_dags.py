"""Every DAG under Airflow's own DAG processor: none is broken or heavy, all say what they must."""

import importlib.util
import json
import sqlite3
import subprocess
import sys

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from jobs.contracts.feeds import FEEDS
from jobs.steps import STEPS
from tests.receiver import receiving

from .parsing import NAMES, ROOT, environment, parsed

pytestmark = pytest.mark.airflow

_AIRFLOW = "import sys; from airflow.__main__ import main; sys.argv[0] = 'airflow'; main()"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("airflow")
    (home / "airflow").mkdir()
    return home


@pytest.fixture(scope="module")
def processed(home):
    """The database of a new Airflow after its DAG processor has looked at the folder once."""
    for words in (["db", "migrate"], ["pools", "import", "dags/pools.json"],
                  ["dag-processor", "--num-runs", "1"]):
        done = subprocess.run([sys.executable, "-c", _AIRFLOW, *words], cwd=ROOT, text=True,
                              capture_output=True, env=environment(home))
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    with sqlite3.connect(home / "airflow" / "airflow.db") as database:
        yield database


def test_the_processor_finds_six_dags_and_no_import_error(processed):
    assert processed.execute("select filename, stacktrace from import_error").fetchall() == []
    rows = processed.execute("select dag_id, fileloc, last_parse_duration from dag").fetchall()
    assert sorted(name for name, _, _ in rows) == list(NAMES)
    for name, file, seconds in rows:
        assert file.endswith(f"dags/{name}.py")
        print(f"{name}: parsed in {seconds:.2f} s")


def test_every_asset_and_deadline_is_known_to_airflow(processed):
    names = {name for name, in processed.execute("select name from asset where name like '%/%' or "
                                                 "name in ('models', 'release', 'mart')")}
    assert names == {f"landing/{feed}" for feed in FEEDS} | {f"clean/{feed}" for feed in FEEDS} | {
        "models", "release", "mart"}
    assert processed.execute("select count(*) from deadline_alert").fetchone() == (len(NAMES),)


@pytest.mark.parametrize("name", NAMES)
def test_a_dag_says_who_owns_it_what_hangs_on_it_and_what_to_do(home, name):
    dag = parsed(name, home)
    assert dag["dag_id"] == name and dag["owner"] in ("data platform", "risk team")
    for word in ("**Owner**", "**Impact**", "**When a task fails**", f"### {name}", dag["owner"]):
        assert word in " ".join(dag["doc"].split())
    assert "nightlist" in dag["tags"] and len(dag["tags"]) == 2


@pytest.mark.parametrize("name", NAMES)
def test_a_dag_imports_nothing_heavy(home, name):
    dag = parsed(name, home)
    print(f"{name}: imported in {dag['seconds']:.2f} s")
    assert dag["heavy"] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_is_late_is_told_with_what_to_do(home, name):
    alert = parsed(name, home)["deadline"]
    assert alert["path"] == "jobs.alerts.deadline_missed" and len(alert["missed"]) > 40
    assert 1 < alert["hours"] <= 16
    by_assets = name in ("intake", "serve_postgres")
    assert ("Queued" in alert["from"]) == by_assets


@pytest.mark.parametrize("name", NAMES)
def test_tasks_end_are_tried_again_ever_later_and_tell_of_their_failure(home, name):
    dag, pools = parsed(name, home), json.loads((ROOT / "dags" / "pools.json").read_text())
    assert dag["at_once"] == 1 and not dag["catchup"]
    waits = set(dag["tasks"]) - {step.name for step in STEPS} if name == "nightly_whitelist" else ()
    for task_id, task in dag["tasks"].items():
        assert task["retries"] >= 2 or task_id in waits
        assert task["backoff"] == 2.0 and task["longest_wait"] == 3600
        assert 0 < task["hours"] <= 6 and task["pool"] in pools
        assert task["told"] == ["task_failed"] and task["owner"] == dag["owner"]


def test_assets_lead_from_landing_to_the_mart(home):
    night = parsed("nightly_whitelist", home)["tasks"]
    assert night["intake"]["inlets"] == sorted(f"landing/{feed}" for feed in FEEDS)
    assert night["release"]["inlets"] == night["intake"]["outlets"] == sorted(
        f"clean/{feed}" for feed in FEEDS)
    assert night["serve"]["inlets"] == night["release"]["outlets"] == ["release"]
    assert night["serve"]["outlets"] == ["mart"] and night["train"]["outlets"] == []
    assert parsed("train_models", home)["tasks"]["train"]["outlets"] == ["models"]
    assert parsed("serve_postgres", home)["tasks"]["serve"]["outlets"] == ["mart"]


@pytest.fixture(scope="module")
def told(home, processed):
    """Metrics that came to a collector, and events of lineage, of one run under Airflow."""
    events = home / "lineage.jsonl"
    with receiving() as collector:
        done = subprocess.run(
            [sys.executable, "-c", _AIRFLOW, "dags", "test", "serve_postgres", "2026-07-01"],
            cwd=ROOT, text=True, capture_output=True, env={
                **environment(home), "AIRFLOW__METRICS__OTEL_ON": "True",
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
                "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
                "AIRFLOW__METRICS__OTEL_INTERVAL_MILLISECONDS": "500",
                "AIRFLOW__OPENLINEAGE__NAMESPACE": "nightlist",
                "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(
                    {"type": "file", "log_file_path": str(events), "append": True})})
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    metrics = {metric.name for path, body in collector.posted if path == "/v1/metrics"
               for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics
               for scope in resource.scope_metrics for metric in scope.metrics}
    lines = events.read_text().splitlines() if events.is_file() else []
    return metrics, [json.loads(line) for line in lines]


def test_airflow_sends_its_own_metrics_to_a_collector(told):
    assert {"airflow.ti.start", "airflow.ti.finish",
            "airflow.ti.finish.serve_postgres.serve.skipped"} <= told[0]


@pytest.mark.skipif(not importlib.util.find_spec("airflow.providers.openlineage"),
                    reason="the extra lineage is not installed")
def test_lineage_events_tell_of_a_task_with_its_owner_and_assets(told):
    (start, *_) = [event for event in told[1] if event["job"]["name"] == "serve_postgres.serve"
                   and event["eventType"] == "START"]
    assert start["job"]["namespace"] == "nightlist"
    assert start["job"]["facets"]["ownership"]["owners"] == [{"name": "data platform"}]
    task = start["run"]["facets"]["airflow"]["task"]
    assert "nightlist://release" in task["inlets"] and "nightlist://mart" in task["outlets"]
