"""Every DAG under Airflow's own DAG processor: none is broken or heavy, all say what they must."""

import json
import sqlite3
import subprocess
import sys

import pytest

from jobs.contracts.feeds import FEEDS

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
    for task in dag["tasks"].values():
        assert task["retries"] >= 2 and task["backoff"] == 2.0 and task["longest_wait"] == 3600
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
