"""Waiting under Airflow: the trigger against files that appear, and the task in a DAG run."""

import asyncio
import datetime as dt
import importlib
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pendulum
import pytest
import yaml

import jobs.policies
from jobs.config import Run
from tests.intake.landed import SAID, put

ROOT = Path(__file__).parents[2]
SHIPPED = Path(jobs.policies.__file__).parent
pytestmark = pytest.mark.airflow


@pytest.fixture(scope="module")
def airflow(tmp_path_factory):
    """The trigger's module; Airflow writes into a folder of its own when it is imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        patch.syspath_prepend(str(ROOT / "dags"))
        yield importlib.import_module("jobs.intake.feed_trigger")


ZONE = "Asia/Shanghai"


@pytest.fixture()
def tonight(airflow, tmp_path, monkeypatch):
    """A home of the night of today, which waits for log-ins till tomorrow, and its trigger."""
    today = dt.datetime.now(ZoneInfo(ZONE)).date()
    document = yaml.safe_load((SHIPPED / "wallet_loan_cny.yaml").read_text(encoding="utf-8"))
    document["versions"][0]["feeds"] = {**SAID, "logins": {"deadline": "47:59"}}
    document["versions"][0]["feeds"] |= {name: {} for name in ("payments", "loan_days")}
    (tmp_path / "wallet_loan_cny.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    monkeypatch.setenv("NIGHTLIST_POLICIES", str(tmp_path))
    put(tmp_path, "bound_cards", today.isoformat())
    put(tmp_path, "logins", (today - dt.timedelta(days=1)).isoformat())
    return tmp_path, today, airflow.FeedsTrigger(str(tmp_path), today.isoformat(),
                                                 "wallet_loan_cny", ZONE, poll_seconds=0.2)


def fired(trigger, later, seconds):
    """Let the trigger run, do something after so many seconds; when it fired, and with what."""
    async def both():
        start = time.monotonic()
        task = asyncio.create_task(anext(trigger.run()))
        await asyncio.sleep(seconds)
        assert not task.done()
        later()
        event = await asyncio.wait_for(task, 10)
        return time.monotonic() - start, event.payload
    return asyncio.run(both())


def test_the_trigger_fires_when_the_feed_has_come(airflow, tonight):
    home, today, trigger = tonight
    airflow.look(str(home), today, "wallet_loan_cny", ZONE)  # what it imports, it imports here
    after, said = fired(trigger, lambda: put(home, "logins", today.isoformat()), 0.6)
    assert 0.6 <= after < 5 and said == {"as_of": today.isoformat()}


def test_the_trigger_of_a_past_night_fires_at_once(airflow, tonight):
    past = airflow.FeedsTrigger(str(tonight[0]), "2026-06-30", "wallet_loan_cny", ZONE)

    async def first():
        return await asyncio.wait_for(anext(past.run()), 10)
    assert asyncio.run(first()).payload == {"as_of": "2026-06-30"}


def test_the_trigger_sleeps_no_longer_than_to_the_next_deadline(airflow, tonight):
    home, today, _ = tonight
    found, seconds = airflow.look(str(home), today, "wallet_loan_cny", ZONE)
    midnight = dt.datetime.combine(today, dt.time(), ZoneInfo(ZONE))
    left = midnight + dt.timedelta(hours=47, minutes=59) - dt.datetime.now(ZoneInfo(ZONE))
    assert [one.feed for one in found] == ["logins"]
    assert abs(seconds - left.total_seconds()) < 5


def test_airflow_makes_the_trigger_again_from_what_it_stores(tonight):
    _, _, trigger = tonight
    path, arguments = trigger.serialize()
    module, _, name = path.rpartition(".")
    again = getattr(importlib.import_module(module), name)(**json.loads(json.dumps(arguments)))
    assert again.serialize() == trigger.serialize()


def test_the_triggerer_needs_no_dag_folder_to_import_it():
    done = subprocess.run([sys.executable, "-c", "import jobs.intake.feed_trigger, sys; "
                           "print([one for one in ('pyspark', 'duckdb') if one in sys.modules])"],
                          capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr[-500:]


@pytest.fixture()
def wait(airflow, tonight):
    """The task of the night, and of another."""
    home, today, _ = tonight
    task = importlib.import_module("feed_wait")

    def of(as_of=today, **said):
        run = Run(home=home, as_of=as_of, **said)
        return task.FeedWait(run_of=lambda run_id: run, task_id="wait_for_feeds")
    return of


CONTEXT = {"dag": SimpleNamespace(timezone=pendulum.timezone(ZONE))}


def test_the_task_defers_with_the_trigger_of_its_night_and_says_for_what(wait, tonight, capsys):
    home, today, _ = tonight
    with pytest.raises(BaseException) as deferred:
        wait().execute(CONTEXT)
    assert type(deferred.value).__name__ == "TaskDeferred"
    assert deferred.value.trigger.serialize()[1] | {"poll_seconds": 0} == {
        "home": str(home), "as_of": today.isoformat(), "policy": "wallet_loan_cny", "zone": ZONE,
        "poll_seconds": 0}
    assert deferred.value.method_name == "resume"
    tomorrow = today + dt.timedelta(days=1)
    assert (f"nightlist: waiting for logins of wallet team until {tomorrow:%m-%d} 23:59 ({ZONE}), "
            "else last_known") in capsys.readouterr().out


def test_the_task_goes_on_at_once_in_a_past_night_and_for_a_source_of_its_own(wait, capsys):
    wait(as_of=dt.date(2026, 6, 30)).execute(CONTEXT)
    wait(source="simulated").execute(CONTEXT)
    assert "waiting" not in capsys.readouterr().out


def test_the_task_goes_on_after_a_deadline_and_says_what_is_late(wait, capsys):
    wait().resume(CONTEXT, {})
    assert "nightlist: logins: late, the last known delivery stands in (of " in (
        capsys.readouterr().out)


def test_the_task_fails_after_a_deadline_where_there_is_no_night_and_names_the_owner(
        wait, tonight, capsys):
    shutil.rmtree(tonight[0] / "landing" / "bound_cards")
    with pytest.raises(Exception, match="landing/bound_cards: expected a delivery by") as failed:
        wait().resume(CONTEXT, {})
    assert type(failed.value).__name__ == "AirflowFailException"      # and is not tried again
    assert "ask the feed's owner, wallet team, to deliver" in capsys.readouterr().out
