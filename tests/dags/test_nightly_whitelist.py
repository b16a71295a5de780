"""The DAG under Airflow itself: it derives from the steps, and a night through it publishes."""

import os
import subprocess
from pathlib import Path

import pytest

from jobs.steps import STEPS
from tests import leaks
from tests.adapters import bank

from .parsing import parsed

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
