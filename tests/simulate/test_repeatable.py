"""The same city gives the same bytes: in one go or day by day, by one worker or more."""

import dataclasses
import datetime as dt
import shutil

import pyarrow as pa
import pytest

from jobs.errors import DeliveryRefused, UsageError
from jobs.intake import outgoing
from jobs.simulate import city, truth
from jobs.simulate.blocks import City

START = dt.date(2026, 6, 26)
#: Two blocks, the second one smaller; a month begins on the sixth day.
SMALL = City(500, START, 7, block_people=300)


def day(number):
    return START + dt.timedelta(days=number - 1)


def files(home, *left_out):
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*")
            if path.is_file() and path.relative_to(home).parts[0] not in left_out}


@pytest.fixture(scope="module")
def eight_days(tmp_path_factory):
    home = tmp_path_factory.mktemp("eight")
    city.simulate(home, SMALL, day(8), workers=1)
    return home


def test_another_seed_gives_other_people(eight_days, tmp_path):
    city.simulate(tmp_path, dataclasses.replace(SMALL, seed=8), day(8), workers=1)
    one, other = files(eight_days), files(tmp_path)
    same = [name for name in one.keys() & other.keys() if one[name] == other[name]]
    assert all("funding_lines" in name for name in same)


def test_two_workers_give_the_same_bytes_as_one(eight_days, tmp_path):
    city.simulate(tmp_path, SMALL, day(8), workers=2)
    assert files(tmp_path) == files(eight_days)


def test_days_that_are_appended_are_those_of_one_go(eight_days, tmp_path):
    city.simulate(tmp_path, SMALL, day(3), workers=1)
    city.simulate(tmp_path, SMALL, day(4), workers=1)
    city.simulate(tmp_path, SMALL, day(8), workers=1)
    assert files(tmp_path) == files(eight_days)


def test_a_crash_before_the_truth_moved_on_is_made_good_by_the_next_call(eight_days, tmp_path,
                                                                         monkeypatch):
    city.simulate(tmp_path, SMALL, day(3), workers=1)
    with monkeypatch.context() as patched:
        patched.setattr(truth, "reach", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            city.simulate(tmp_path, SMALL, day(8), workers=1)
    shutil.rmtree(tmp_path / "landing" / "logins" / day(8).isoformat())  # as if half had landed
    city.simulate(tmp_path, SMALL, day(8), workers=1)
    assert files(tmp_path) == files(eight_days)


def test_a_crash_before_landing_leaves_nothing_that_counts(eight_days, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(outgoing, "land", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            city.simulate(tmp_path, SMALL, day(2), workers=1)
    assert not [path for path in (tmp_path / "landing").glob("*/[!.]*")]
    city.simulate(tmp_path, SMALL, day(8), workers=1)
    assert files(tmp_path) == files(eight_days)


def test_a_later_night_appends_and_an_earlier_one_within_the_city_changes_nothing(tmp_path):
    city.deliver(tmp_path, day(3), 300, 7)
    before = files(tmp_path)
    assert city.deliver(tmp_path, day(2), 300, 7) == [] and files(tmp_path) == before
    new = city.deliver(tmp_path, day(4), 300, 7)
    assert {folder.name for folder in new} == {day(4).isoformat()}
    landed = files(tmp_path, "truth")
    assert all(landed[name] == before[name] for name in before if name in landed)


def test_a_night_before_the_city_is_refused(tmp_path):
    city.deliver(tmp_path, day(3), 300, 7)
    with pytest.raises(DeliveryRefused, match="a night from 2026-06-22 on"):
        city.deliver(tmp_path, dt.date(2026, 6, 1), 300, 7)


@pytest.mark.parametrize("other", [{"seed": 8}, {"users": 501}, {"start": day(2)},
                                   {"block_people": 100}])
def test_another_city_in_the_same_home_is_refused(eight_days, other):
    with pytest.raises(DeliveryRefused, match="use another --home"):
        city.simulate(eight_days, dataclasses.replace(SMALL, **other), day(9), workers=1)


def test_other_offers_than_were_noted_for_a_day_are_refused(tmp_path):
    offers = pa.table({"user_id": ["u0000001"], "limit_cny": [20_000], "rate_daily": [0.0003]})
    city.simulate(tmp_path, SMALL, day(1), workers=1, offers=offers)
    with pytest.raises(UsageError, match="days after 2026-06-26 to lend on"):
        city.simulate(tmp_path, SMALL, day(1), workers=1, offers=offers)
