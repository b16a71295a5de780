"""Runbook: a feed is late. What the page says, on feeds that are held back and come after all."""

import shutil

import pytest

from jobs.__main__ import main
from jobs.config import Run
from jobs.inputs import gather
from tests.runbook.conftest import NIGHT
from tests.runbook.pages import do, newest_inputs

DATE = NIGHT.isoformat()
#: 63 days after the newest bureau delivery that is left: one day beyond its age.
LATE_NIGHT = "2026-07-03"


@pytest.fixture()
def home(city, tmp_path):
    return shutil.copytree(city, tmp_path / "home")


@pytest.fixture()
def held_back(home):
    """Take a delivery out of landing; call what is returned to let it come."""
    def hold(feed, *days):
        def come():
            for day in days:
                (home / f"{feed}-{day}").rename(home / "landing" / feed / day)
        for day in days:
            (home / "landing" / feed / day).rename(home / f"{feed}-{day}")
        return come
    return hold


def line(printed, feed):
    (found,) = [one for one in printed.splitlines() if one.strip().startswith(f"{feed} ")]
    return found.split()


def degraded(home, date=DATE):
    """What the newest run of the date has frozen: feed -> action."""
    late = newest_inputs(home, date)["degraded"]
    return {one["feed"]: (one["action"], one["newest"], one["age_days"]) for one in late}


def test_a_late_optional_feed_degrades_the_night_until_it_comes(home, held_back, capsys):
    come = held_back("logins", DATE)
    assert do("late_feed", 0, home, DATE=DATE) == 0
    said = line(capsys.readouterr().out, "logins")
    assert said[1:7] == ["late", "2026-06-29", "1", "07-01", "00:30", "last_known"]
    assert do("late_feed", 1, home, DATE=DATE) == 0
    assert degraded(home)["logins"] == ("last_known", "2026-06-29", 1)
    assert "degraded logins last_known" in capsys.readouterr().out
    come()
    assert do("late_feed", 1, home, last="freeze", DATE=DATE) == 0
    assert "logins" not in degraded(home)
    assert do("late_feed", 0, home, DATE=DATE) == 0
    assert line(capsys.readouterr().out, "logins")[1:4] == ["on", "time", DATE]


def test_a_late_bureau_stands_in_within_its_age_and_stops_the_night_beyond(
        home, held_back, capsys):
    shutil.rmtree(home / "clean" / "bureau_tradelines" / "delivery_date=2026-06-01")
    come = held_back("bureau_tradelines", "2026-06-01", "2026-07-01")
    assert do("late_feed", 1, home, last="freeze", DATE=DATE) == 0
    assert degraded(home)["bureau_tradelines"] == ("last_known", "2026-05-01", 60)
    capsys.readouterr()
    assert do("late_feed", 1, home, DATE=LATE_NIGHT) == 1
    assert capsys.readouterr().err == (
        "nightlist: landing/bureau_tradelines: expected a delivery by 2026-07-03, found the newest "
        "of 2026-05-01, 63 days old (older than 62 days); ask the feed's owner, risk data team, to "
        "deliver, and run the night again\n")
    assert not list((home / "nights" / LATE_NIGHT).glob("*/run.json"))
    come()
    assert do("late_feed", 1, home, last="freeze", DATE=LATE_NIGHT) == 0
    assert "bureau_tradelines" not in degraded(home, LATE_NIGHT)


def test_the_same_deliveries_degrade_a_backfill_as_they_did_the_night(home, held_back):
    held_back("rides", DATE)

    def taken_in(date):
        assert main(["run", "intake", "--as-of", date, "--home", str(home)]) == 0
        return gather(Run(home, NIGHT))
    first = taken_in(DATE)
    # Days later more is known, but not of what that night could see.
    assert taken_in("2026-07-02") == first
    assert [one["action"] for one in first["degraded"] if one["feed"] == "rides"] == ["last_known"]
