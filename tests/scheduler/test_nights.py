"""The scheduler itself: nights by the schedule, killed, broken and late, and past dates."""

import datetime as dt
import subprocess
import sys

import psycopg
import pytest

from tests.mart import server

from . import homes, story
from .airflow import ROOT, running
from .client import Client
from .story import APPROVAL, BROKEN_FEED, DAG, LATE_FEED, WAIT, Story

pytestmark = pytest.mark.scheduler


@pytest.fixture(scope="module")
def postgres():
    if server.programs() is None:
        pytest.skip("no PostgreSQL: apt-get install postgresql, or put initdb on PATH")
    with server.running() as found:
        with psycopg.connect(found.address(), autocommit=True) as admin:
            admin.execute("create database mart")
        yield found


@pytest.fixture(scope="module")
def told(seed_home, postgres, tmp_path_factory):
    """Everything that happens, in its order; the tests look at what was seen and what is left."""
    folder = tmp_path_factory.mktemp("nights")
    tale = Story(folder / "home", folder / "airflow", postgres)
    homes.grown(seed_home(tale.past[0]), tale.home, 5)
    homes.promote(tale.home, "draw", tale.nights[1])
    undisturbed = homes.copied(tale.home, folder / "undisturbed")
    tale.hold_back()
    with running(tale.airflow_home, postgres, tale.environment()) as airflow:
        client = Client(airflow.address)
        client.unpause(DAG)
        command = subprocess.Popen(
            [sys.executable, "-m", "jobs", "night", "--as-of", str(tale.nights[0]), "--home",
             str(undisturbed)], cwd=ROOT, env=homes.without_mart(), stdout=subprocess.DEVNULL)
        killed(tale, airflow, client)
        broken(tale, client)
        late(tale, airflow, client)
        tale.seen["undisturbed"] = undisturbed, command.wait()
        tale.seen["runs"] = client.runs(DAG)
        yield tale


def killed(tale, airflow, client):
    run = story.run_of(client, tale.nights[0])
    tale.seen["killed"] = story.watched(airflow, client, run)
    tale.seen["killed tasks"] = client.tasks(DAG, run)


def broken(tale, client):
    """A delivery is refused until it is mended; somebody is asked; the mart is down."""
    run = story.run_of(client, tale.nights[1])
    tale.seen["refused"] = client.wait_for_task(DAG, run, "intake", ["failed"], 300)
    tale.seen["refused run"] = client.wait_for_run(DAG, run, 60)
    tale.seen["meanwhile"] = homes.moves(tale.home)
    tale.mend()
    tale.mart_is_up(False)
    client.clear(DAG, run, ["intake"])
    client.wait_for_task(DAG, run, APPROVAL, ["deferred", "awaiting_input"], story.NIGHT_SECONDS)
    tale.seen["asked"] = homes.moves(tale.home)
    client.answer(DAG, run, APPROVAL, "Approve", reason="the new model was promoted")
    tale.seen["mart down"] = client.wait_for_task(DAG, run, "serve", ["failed"],
                                                  story.NIGHT_SECONDS)
    client.wait_for_run(DAG, run, 60)
    tale.mart_is_up(True)
    client.clear(DAG, run, ["serve"])
    tale.seen["broken"] = client.wait_for_run(DAG, run, 120)


def late(tale, airflow, client):
    """A delivery comes while the night waits, and a run in the middle is given up."""
    run = story.run_of(client, tale.nights[2])
    client.wait_for_task(DAG, run, WAIT, ["deferred"], story.NIGHT_SECONDS)
    airflow.kill("triggerer")
    airflow.restart_dead()
    tale.seen["waiting"] = client.tasks(DAG, run)["intake"]["state"]
    tale.deliver()
    tale.seen["late"] = client.wait_for_run(DAG, run, story.NIGHT_SECONDS)


def test_the_schedule_fired_for_three_dates_one_after_another(told):
    runs = [run for run in told.seen["runs"] if run["run_type"] == "scheduled"]
    assert [story.day_of(run) for run in runs][:3] == told.nights
    ends = [dt.datetime.fromisoformat(run["end_date"]) for run in runs[:3]]
    starts = [dt.datetime.fromisoformat(run["start_date"]) for run in runs[:3]]
    assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))


def test_a_night_with_every_step_killed_once_ends_and_is_published_once(told):
    state, dead = told.seen["killed"]
    assert state == "success"
    assert sorted(dead) == ["api-server", "dag-processor", "scheduler"]
    assert {path.stem for path in told.airflow_home.glob("*.died")} == set(homes.all_steps())
    assert len([move for move in homes.moves(told.home)
                if move.as_of_date == told.nights[0]]) == 1


def test_its_bytes_are_those_of_an_undisturbed_night_of_the_command_line(told):
    home, code = told.seen["undisturbed"]
    assert code == 0
    assert homes.published(told.home, told.nights[0]) == homes.published(home, told.nights[0])


def test_each_killed_task_was_tried_again_by_airflow_itself(told):
    tries = {name: task["try_number"] for name, task in told.seen["killed tasks"].items()}
    by_itself = set(homes.all_steps()) - set(story.VICTIMS)
    assert {name: tries[name] for name in by_itself if tries[name] != 2} == {}


def test_a_delivery_that_is_refused_stops_the_night_at_once_and_is_not_tried_again(told):
    assert told.seen["refused"]["try_number"] == 1
    assert told.seen["refused run"] == "failed"


def test_until_it_is_mended_the_earlier_release_stays_in_force(told):
    assert [move.as_of_date for move in told.seen["meanwhile"]] == [told.nights[0]]


def test_nothing_is_published_before_somebody_has_answered(told):
    assert [move.as_of_date for move in told.seen["asked"]] == [told.nights[0]]


def test_a_mart_that_is_down_is_tried_again_and_cleared_when_it_is_back(told):
    assert told.seen["mart down"]["try_number"] > 1
    assert told.seen["broken"] == "success"


def test_a_night_waits_for_a_late_feed_and_goes_on_when_it_is_there(told):
    assert told.seen["waiting"] in (None, "scheduled")
    assert told.seen["late"] == "success"


def test_each_night_is_published_once_and_the_newest_is_in_force(told):
    moves = homes.moves(told.home)
    assert [move.as_of_date for move in moves] == told.nights
    assert moves[-1].in_force_release_id == moves[-1].release_id
    for move in moves:
        rows = homes.visible_rows(told.home, move)
        assert {name: pair for name, pair in rows.items() if pair[0] != pair[1]} == {}
    assert homes.left_over(told.home) == []
    assert BROKEN_FEED and LATE_FEED
