"""Switches by date: what they change, and what a wrong word is told."""

import datetime as dt

import duckdb
import pytest

from jobs.errors import UsageError
from jobs.intake.landing import delivery_names
from jobs.simulate import city, world
from jobs.simulate.blocks import City
from jobs.simulate.world import Drift, Outage, Shock, World

START = dt.date(2026, 6, 27)
LAST = dt.date(2026, 7, 1)
HARD = World((Shock(dt.date(2026, 1, 1), LAST, 2.0),),
             (Outage("logins", dt.date(2026, 6, 28), dt.date(2026, 6, 29)),),
             (Drift("third_party_scores", dt.date(2026, 6, 15), 40.0),
              Drift("payments", dt.date(2026, 6, 29), 2.0)))


def days(home, feed, as_of):
    return [name.day for name in delivery_names(home, feed, as_of)]


def simulated(tmp_path_factory, chosen):
    home = tmp_path_factory.mktemp("world")
    city.simulate(home, City(2_000, START, 7, chosen), LAST, workers=1)
    return home


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    return simulated(tmp_path_factory, World())


@pytest.fixture(scope="module")
def hard(tmp_path_factory):
    return simulated(tmp_path_factory, HARD)


def one(home, query, feed, day="*"):
    return duckdb.sql(query + f" from '{home}/landing/{feed}/{day}/*.parquet'").fetchall()[0][0]


def test_an_outage_stops_its_feed_and_no_other(hard):
    assert days(hard, "logins", LAST) == [START, dt.date(2026, 6, 30), LAST]
    assert len(days(hard, "payments", LAST)) == 5


def test_a_drift_begins_on_its_day(calm, hard):
    score = "select sum(score) filter (score <= 1000) / count(*) filter (score <= 1000)"
    for day, shift in (("2026-06-01", 0), ("2026-07-01", 40)):
        found = one(hard, score, "third_party_scores", day) - one(calm, score,
                                                                  "third_party_scores", day)
        assert found == pytest.approx(shift, abs=0.1)
    for day, factor in (("2026-06-28", 1.0), ("2026-06-29", 2.0)):
        paid = [one(home, "select sum(amount_minor)", "payments", day) for home in (hard, calm)]
        assert paid[0] == pytest.approx(factor * paid[1], rel=1e-3)


def test_a_shock_makes_more_people_late_and_default(calm, hard):
    late = "select avg((repayment_status >= 1)::int)"
    bad = "select avg(is_default::int)"
    assert one(hard, late, "bureau_tradelines") > 2 * one(calm, late, "bureau_tradelines")
    assert one(hard, bad, "loan_performance") > 2 * one(calm, bad, "loan_performance")


def test_seasons_are_off_unless_switched_on():
    singles_day, june_5 = dt.date(2026, 11, 11), dt.date(2026, 5, 5)
    festive = World(has_seasons=True)
    assert festive.spending(singles_day) == pytest.approx(1.5 * World().spending(singles_day))
    assert festive.spending(june_5) == World().spending(june_5)


def test_the_clock_runs_faster_in_a_shock_by_hand():
    shock = World((Shock(dt.date(2026, 6, 2), dt.date(2026, 6, 2), 1.0),))
    assert shock.clock(dt.date(2026, 6, 1), 4) == pytest.approx(
        [0.25, 0.25 + 2.71828 / 4, 0.5 + 2.71828 / 4, 0.75 + 2.71828 / 4], abs=1e-5)


def test_a_world_is_read_as_it_was_written():
    assert World.read(HARD.said()) == HARD and World.read(World().said()) == World()


@pytest.mark.parametrize(("read", "text", "message"), [
    (world.shock, "2026-06-10:0.5", "--shock: expected FIRST:LAST:SIZE like"),
    (world.shock, "2026-06-10:2026-06-01:0.5", "a last day from 2026-06-10 on"),
    (world.shock, "2026-06-10:2026-06-11:much", "a size from 0 to 5"),
    (world.outage, "login:2026-06-05:2026-06-08", "one of bound_cards"),
    (world.outage, "logins:june:2026-06-08", "a date like"),
    (world.drift, "rides:2026-06-15:0", "a size from 0.1 to 10"),
    (world.drift, "bound_cards:2026-06-15:2", "one of third_party_scores"),
])
def test_a_wrong_switch_says_the_form(read, text, message):
    with pytest.raises(UsageError, match=message):
        read(text)
