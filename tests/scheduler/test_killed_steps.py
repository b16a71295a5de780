"""Each step of a night is killed again and again, and the night is what it would have been."""

import json
import subprocess
import sys

import pytest

from . import homes
from .airflow import ROOT
from .conftest import NIGHT

pytestmark = pytest.mark.scheduler

#: A step that is through sooner dies at more of its changes.
QUICK_SECONDS, QUICK_DEATHS, SLOW_DEATHS = 1.0, 3, 1


def dying(home, plan):
    """Run a night whose steps die as planned; what is said of each try."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.scheduler.dying", str(home), str(NIGHT), json.dumps(plan)],
        cwd=ROOT, text=True, capture_output=True, env=homes.without_mart())
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def spread(step):
    """Changes of a step to die at, from the first to the last, and half of its time."""
    changes, seconds = len(step["changes"]), step["seconds"]
    deaths = min(QUICK_DEATHS if seconds < QUICK_SECONDS else SLOW_DEATHS, changes)
    return [round(changes * (number + 1) / deaths) for number in range(deaths)] + [seconds / 2]


@pytest.fixture(scope="module")
def undisturbed(seed_home, tmp_path_factory):
    home = homes.grown(seed_home(NIGHT), tmp_path_factory.mktemp("undisturbed") / "home", 1)
    tries = dying(home, {})
    assert [one["code"] for one in tries] == [0] * len(homes.all_steps())
    return home, tries


@pytest.fixture(scope="module")
def killed(seed_home, undisturbed, tmp_path_factory):
    home = homes.grown(seed_home(NIGHT), tmp_path_factory.mktemp("killed") / "home", 1)
    tries = dying(home, {one["step"]: spread(one) for one in undisturbed[1]})
    return home, tries


def test_each_step_was_killed_and_got_through_in_the_end(killed):
    died = {one["step"]: 0 for one in killed[1]}
    for one in killed[1]:
        assert one["code"] == (0 if one["moment"] is None else one["code"]), one
        died[one["step"]] += one["code"] == -9
    assert list(died) == homes.all_steps()
    # What a killed try has finished, the next one keeps: it has fewer changes to die at.
    assert min(died.values()) >= 1 and sum(died.values()) >= 2 * len(died)


def test_a_night_whose_steps_were_killed_has_the_bytes_of_an_undisturbed_one(killed, undisturbed):
    assert homes.published(killed[0], NIGHT) == homes.published(undisturbed[0], NIGHT)


def test_it_is_published_once_and_each_row_of_it_once(killed):
    (release,) = homes.moves(killed[0])
    assert release.release_id == release.in_force_release_id
    rows = homes.visible_rows(killed[0], release)
    assert rows["whitelist"][0] == release.invited > 0
    assert {name: pair for name, pair in rows.items() if pair[0] != pair[1]} == {}


def test_every_step_is_recorded_in_its_order(killed):
    assert homes.recorded(killed[0], NIGHT) == homes.all_steps()


def test_nothing_half_written_is_left_over(killed):
    assert homes.left_over(killed[0]) == []


def test_a_night_command_killed_and_given_again_ends_like_an_undisturbed_one(
        seed_home, undisturbed, tmp_path):
    home = homes.grown(seed_home(NIGHT), tmp_path / "home", 1)
    command = [sys.executable, "-m", "jobs", "night", "--as-of", str(NIGHT), "--home", str(home)]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=homes.without_mart()) as night:
        for line in night.stdout:
            if " windows " in line:  # the next step, the longest, has begun
                night.kill()
                break
    assert night.wait() == -9
    assert homes.recorded(home, NIGHT) == homes.all_steps()[:7]
    homes.nightlist(home, "night", "--as-of", str(NIGHT))
    assert homes.published(home, NIGHT) == homes.published(undisturbed[0], NIGHT)
    assert len(homes.moves(home)) == 1 and homes.left_over(home) == []
