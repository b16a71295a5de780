"""The scheduler itself: nights by the schedule, killed, broken and late, and past dates."""

import datetime as dt
import json
import subprocess
import sys
import time

import psycopg
import pytest

from jobs import alerts
from tests.mart import server

from . import homes, story
from .airflow import ROOT, running
from .client import Client
from .story import APPROVAL, DAG, WAIT, Story

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
    if story.next_night_is_near(dt.datetime.now(dt.UTC)):
        pytest.skip(f"midnight in {story.ZONE} is near: the next night would begin in the middle")
    folder = tmp_path_factory.mktemp("nights")
    tale = Story(folder / "home", folder / "airflow", postgres)
    homes.grown(seed_home(tale.past[0]), tale.home, 5)
    homes.promote(tale.home, "draw", tale.today)
    undisturbed = homes.copied(tale.home, folder / "undisturbed")
    tale.hold_back()
    with running(tale.airflow_home, postgres, tale.environment()) as airflow:
        client = Client(airflow.address)
        client.make_pools(ROOT / "dags" / "pools.json")
        client.unpause(DAG)
        command = subprocess.Popen(
            [sys.executable, "-m", "jobs", "night", "--as-of", str(tale.nights[0]), "--home",
             str(undisturbed)], cwd=ROOT, env=homes.without_mart(), stdout=subprocess.DEVNULL)
        killed(tale, airflow, client)
        run = story.run_of(client, tale.nights[1])
        tale.seen["second"] = client.wait_for_run(DAG, run, story.NIGHT_SECONDS)
        run = story.run_of(client, tale.today)
        late(tale, airflow, client, run)
        broken(tale, client, run)
        asked(tale, client, run)
        without_mart(tale, client, run)
        given_up(tale, client)
        tale.seen["undisturbed"] = undisturbed, command.wait()
        tale.seen["runs"] = client.runs(DAG)
        yield tale


@pytest.mark.parametrize("utc, is_near", [
    ("15:19", False), ("15:21", True), ("15:59", True), ("16:00", False)])
def test_the_story_is_not_begun_shortly_before_midnight_where_nights_are_dated(utc, is_near):
    assert story.next_night_is_near(dt.datetime.fromisoformat(f"2026-06-30T{utc}+00:00")
                                    ) is is_near


def killed(tale, airflow, client):
    run = story.run_of(client, tale.nights[0])
    tale.seen["killed"] = story.watched(airflow, client, run)
    tale.seen["killed tasks"] = client.tasks(DAG, run)


def late(tale, airflow, client, run):
    """A delivery comes while the night waits; what waits dies meanwhile, and past dates run."""
    client.wait_for_task(DAG, run, WAIT, ["deferred"], story.NIGHT_SECONDS)
    airflow.kill("triggerer")
    airflow.restart_dead()
    first, last = (dt.datetime.combine(day, dt.time(0, 1), story.ZONE) for day in tale.past)
    client.backfill(DAG, first, last)
    tale.seen["past"] = [client.wait_for_run(
        DAG, story.run_of(client, day, "backfill"), story.NIGHT_SECONDS) for day in tale.past]
    tale.seen["waiting"] = client.tasks(DAG, run)["intake"]["state"]
    tale.seen["before"] = homes.moves(tale.home)
    tale.deliver()


def broken(tale, client, run):
    """A delivery is refused until it is mended."""
    tale.seen["refused"] = client.wait_for_task(DAG, run, "intake", ["failed"], 300)
    tale.seen["refused run"] = client.wait_for_run(DAG, run, 60)
    tale.mend()
    client.clear(DAG, run, ["intake"])


def asked(tale, client, run):
    """Another model scores than the night before: a person is asked."""
    client.wait_for_task(DAG, run, APPROVAL, ["awaiting_input"], story.NIGHT_SECONDS)
    tale.seen["asked"] = homes.moves(tale.home)
    tale.mart_is_up(False)
    time.sleep(2)  # within its first second a question takes no answer
    client.answer(DAG, run, APPROVAL, "Approve", reason="the model was promoted")


def without_mart(tale, client, run):
    """The list is published, and the mart comes back later."""
    tale.seen["mart down"] = client.wait_for_task(DAG, run, "serve", ["failed"],
                                                  story.NIGHT_SECONDS)
    client.wait_for_run(DAG, run, 60)
    tale.mart_is_up(True)
    client.clear(DAG, run, ["serve"])
    tale.seen["third"] = client.wait_for_run(DAG, run, 120)


def given_up(tale, client):
    """Somebody starts the night a second time and marks it failed in the middle."""
    tale.seen["published"] = homes.moves(tale.home)
    run = client.trigger(DAG, dt.datetime.combine(tale.today, dt.time(0, 0, 30), story.ZONE))
    client.wait_for_task(DAG, run, "check_intake", ["running"], 300)
    client.mark(DAG, run, "failed")
    client.wait_for_task(DAG, run, "check_intake", ["failed", "skipped"], 60)
    tale.seen["given up"] = client.tasks(DAG, run)["release"]["state"]


def test_the_schedule_fired_for_three_dates_one_after_another(told):
    runs = [run for run in told.seen["runs"] if run["run_type"] == "scheduled"][:3]
    assert [story.day_of(run) for run in runs] == told.nights
    tasks = [dt.datetime.fromisoformat(run["start_date"]) for run in runs]
    ends = [dt.datetime.fromisoformat(run["end_date"]) for run in runs]
    assert all(end <= start for end, start in zip(ends, tasks[1:], strict=False))


def test_a_night_with_every_step_killed_once_ends_and_is_published_once(told):
    state, dead = told.seen["killed"]
    assert state == "success"
    assert sorted(dead) == ["dag-processor", "scheduler"]
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


def test_a_night_waits_for_a_late_feed_also_when_what_waits_was_killed(told):
    assert told.seen["waiting"] in (None, "scheduled")
    assert told.seen["third"] == "success"


def test_a_delivery_that_is_refused_stops_the_night_at_once_and_is_not_tried_again(told):
    assert told.seen["refused"]["try_number"] == 1
    assert told.seen["refused run"] == "failed"


def test_nothing_is_published_before_somebody_has_answered(told):
    assert told.seen["asked"] == told.seen["before"]
    assert told.today not in [move.as_of_date for move in told.seen["asked"]]


def test_a_mart_that_is_down_is_tried_again_and_cleared_when_it_is_back(told):
    assert told.seen["mart down"]["try_number"] > 1
    with psycopg.connect(told.server.address(database="mart")) as mart:
        (shown,) = mart.execute("select distinct release_id from marketing.whitelist_current"
                                ).fetchone()
    assert shown == homes.moves(told.home)[-1].release_id


def test_a_run_marked_failed_in_the_middle_leaves_what_is_in_force(told):
    assert told.seen["given up"] != "success"
    assert homes.moves(told.home) == told.seen["published"]


def test_each_night_is_published_once_and_the_newest_is_in_force(told):
    moves = [move for move in homes.moves(told.home) if move.as_of_date in told.nights]
    assert [move.as_of_date for move in moves] == told.nights
    assert moves[-1].in_force_release_id == moves[-1].release_id
    for move in moves:
        rows = homes.visible_rows(told.home, move)
        assert {name: pair for name, pair in rows.items() if pair[0] != pair[1]} == {}
    assert homes.left_over(told.home) == []


def test_past_dates_are_computed_and_never_in_force(told):
    assert told.seen["past"] == ["success", "success"]
    for day in told.past:
        assert homes.published(told.home, day)
    assert [move.release_id for move in told.seen["before"] if move.in_force_release_id ==
            move.release_id and move.as_of_date in told.past] == []


def test_a_night_that_ends_after_its_deadline_is_told_as_late_and_a_backfill_is_not(told):
    lines = (told.home / alerts.ALERTS_FILE).read_text(encoding="utf-8").splitlines()
    late = [one["dag_run"] for one in map(json.loads, lines) if one["kind"] == "deadline_missed"]
    caught_up = [run["dag_run_id"] for run in told.seen["runs"] if run["run_type"] == "scheduled"
                 and story.day_of(run) in told.nights[:2]]
    assert len(caught_up) == 2 and set(caught_up) <= set(late)
    assert not [run for run in late if run.startswith("backfill")]
