"""The DAG under Airflow itself: it derives from the steps, and a night through it publishes."""

import datetime as dt
import json
import os
import sqlite3
import subprocess
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from jobs.contracts import feeds
from jobs.release import warehouse
from jobs.steps import STEPS
from tests import leaks
from tests.adapters import bank
from tests.campaign import sends
from tests.mart.asking import ask
from tests.mart.server import running

from .parsing import parsed, run_python

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.airflow


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("airflow")


def airflow(home, as_of, feeds, data=""):
    return subprocess.run(
        [str(ROOT / "dags" / "test_night"), as_of, feeds, str(data), "5000", "7"], text=True,
        capture_output=True, env={**os.environ, "NIGHTLIST_HOME": str(home)})


@pytest.fixture(scope="module")
def published(home):
    done = airflow(home, "2026-06-30", "simulated")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_the_night_shows_each_step_and_ends_in_the_summary(home, published):
    for number, step in enumerate(STEPS, start=1):
        assert f"nightlist {number:>2}/{len(STEPS)}  {step.name} " in published
    for word in ("Waterfall of 2026-06-30-", "invited ", "committed ", "table ", "report "):
        assert word in published
    assert (home / "reports" / "2026-06-30" / "index.html").is_file()


def test_no_raw_identifier_gets_into_logs_xcom_or_what_is_printed(home, published):
    raw = leaks.raw_identifiers(home)
    assert leaks.leaked(home, raw) == {}
    assert any(path.suffix == ".db" for path in home.rglob("*")), "Airflow's own database is there"
    assert not [one for one in raw if one in published]


def test_a_night_that_fails_says_why_in_one_line_and_exits_non_zero(home, published):
    done = airflow(home, "2025-01-01", "landing")
    assert done.returncode != 0
    (line,) = [line for line in done.stdout.splitlines() if "expected" in line]
    assert line.startswith("nightlist: intake: landing/bound_cards: expected a delivery by")


def test_a_night_without_outcomes_ends_after_eligibility_and_publishes_nothing(tmp_path):
    data = bank.write(tmp_path / "data")
    done = airflow(tmp_path / "home", "2019-07-01", "cmb", data)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "nightlist: train left out: no outcome to learn from" in done.stdout
    assert "eligible 1, rules left open 1" in done.stdout
    assert "published  nothing" in done.stdout
    assert not (tmp_path / "home" / "warehouse").exists()


def test_the_dag_has_the_steps_in_their_order_and_imports_nothing_heavy(home):
    found = parsed("nightly_whitelist", home)
    steps = [step.name for step in STEPS]
    assert [name for name in found["order"] if name in steps] == steps
    assert found["order"][found["order"].index("intake") - 1] == "wait_for_feeds"
    assert found["order"][found["order"].index("check_release") - 1] == "approval"
    assert found["heavy"] == [] and found["owner"] == "data platform"
    assert "When a task fails" in found["doc"] and "Impact" in found["doc"]


_TRIED = """
import json, sys
sys.path.insert(0, 'dags')
import pendulum
found = {}
for name, moment, conf in json.loads(sys.argv[1]):
    dag = __import__(name).dag
    run = dag.test(logical_date=pendulum.parse(moment, tz='Asia/Shanghai'), run_conf=conf)
    found[name] = [str(run.state), sorted(
        [ti.task_id, ti.map_index, str(ti.state)] for ti in run.get_task_instances())]
print(json.dumps(found))
"""
JULY = dt.date(2026, 7, 1)


@pytest.fixture(scope="module")
def mart():
    """The address of an empty database, or an empty text where PostgreSQL is not installed."""
    with ExitStack() as stack:
        try:
            yield stack.enter_context(running()).address()
        except LookupError:
            yield ""


@pytest.fixture(scope="module")
def others(home, published, mart):
    """States of the other DAGs' tasks, each run once on the home with the night.

    Two feeds have something new: one delivery as it should be, one that is cut short.
    """
    sends.deliver(home, feeds.SUPPRESSIONS, JULY, sends.listed(JULY, "u-new"))
    sends.deliver(home, feeds.CONSENTS, JULY, sends.consent("u-new", JULY))
    (cut,) = (home / "landing" / "consents" / JULY.isoformat()).glob("[!_]*")
    cut.write_bytes(cut.read_bytes()[:-1])
    left = home / "nights" / "2026-06-30" / ".tmp-left"
    left.mkdir()
    os.utime(left, (0, 0))
    found, _ = run_python(
        home, _TRIED, json.dumps([["intake", "2026-07-01T12:00", {}],
                                  ["monitor", "2026-06-30T23:50", {}],
                                  ["serve_postgres", "2026-07-01T12:00", {}],
                                  ["maintenance", "2026-07-05T12:00", {}]]),
        NIGHTLIST_POSTGRES=mart, NIGHTLIST_NO_DEADLINES="1")
    return found


def test_intake_takes_in_each_feed_and_one_that_is_refused_holds_up_no_other(home, others):
    state, tasks = others["intake"]
    assert state == "failed"
    assert sorted(state for task, _, state in tasks if task == "take_in") == ["failed", "success"]
    assert (home / "clean" / "suppressions" / f"delivery_date={JULY}").is_dir()
    assert not (home / "clean" / "consents" / f"delivery_date={JULY}").exists()
    (told,) = [one for one in map(json.loads, (home / "alerts.jsonl").read_text().splitlines())
               if one["dag"] == "intake"]
    assert told["kind"] == "task_failed" and told["what"].startswith(f"landing/consents/{JULY}")


def test_assets_tell_which_tables_are_new(home, others):
    with sqlite3.connect(home / "airflow" / "airflow.db") as database:
        rows = database.execute(
            "select asset.name, source_dag_id from asset_event join asset on asset.id = asset_id"
        ).fetchall()
    assert ("release", "nightly_whitelist") in rows
    assert {name for name, dag in rows if dag == "intake"} == {"clean/suppressions"}


def test_monitoring_says_what_became_of_loans_and_publishes_nothing(home, others):
    assert others["monitor"][0] == "success"
    (path,) = (home / "trainings" / "2026-06-30").glob("*/monitoring/monitoring.parquet")
    shares = defaultdict(float)
    for row in pq.read_table(path).to_pylist():
        if row["metric"] == "roll_rate":
            shares[row["segment"], row["subject"].partition(" to ")[0]] += row["value"]
    assert len(shares) > 3 and all(abs(share - 1) < 1e-9 for share in shares.values())
    assert len(list((home / "reports").glob("????-??-??"))) == 1


def test_the_mart_shows_the_release(home, others, mart):
    if not mart:
        assert others["serve_postgres"] == ["success", [["serve", -1, "skipped"]]]
        pytest.skip("PostgreSQL is not installed: the task was left out")
    assert others["serve_postgres"][0] == "success"
    shown = ask(mart, "select user_id from marketing.whitelist_current order by user_id")
    assert [who for who, in shown] == warehouse.read(
        home, "whitelist", warehouse.current(home).release_id)["user_id"].to_pylist()


def test_maintenance_takes_what_was_left_and_the_release_stays(home, others):
    assert others["maintenance"] == ["success", [["compact", -1, "success"],
                                                 ["expire", -1, "success"]]]
    assert not (home / "nights" / "2026-06-30" / ".tmp-left").exists()
    assert warehouse.read(home, "whitelist", warehouse.current(home).release_id).num_rows > 0
