"""Tiles: the measures of a day, worked by hand; of an event told twice the newest counts."""

import datetime as dt

from jobs.contracts import feeds
from jobs.features.families import money
from jobs.features.families.activity import SOURCE as LOGINS
from jobs.session import session
from jobs.tiles.build import build

MONDAY, SUNDAY = dt.date(2026, 6, 29), dt.date(2026, 6, 28)
TUESDAY = dt.date(2026, 6, 30)


def frame(feed, *rows):
    return session().createDataFrame(rows, feeds.facts(feed).spark_schema)


def wanted(*rows):
    return session().createDataFrame(rows, "tile int, event_date date, "
                                     "delivery_date date, is_shared boolean")


def login(name, clock, seconds, user="anna", day=MONDAY, delivered=TUESDAY):
    at = dt.datetime.combine(day, dt.time.fromisoformat(clock))
    return (name, user, at, seconds, None, delivered, None)


def tiles(source, events, *rows):
    found = build(events, source, wanted(*rows)).collect()
    return {(row["tile"], row["user_id"]): row.asDict() for row in found}


ALONE = (1, MONDAY, TUESDAY, False)


def test_a_day_of_a_person_is_counted_summed_and_ranked():
    events = frame(feeds.LOGINS, login("1", "05:59:59", 10), login("2", "06:00:00", 30),
                   login("3", "18:00:00", 20), login("4", "12:00:00", 5, user="ben"))
    found = tiles(LOGINS, events, ALONE)
    assert found[(1, "anna")] == {
        "tile": 1, "user_id": "anna", "event_date": MONDAY, "login_count": 3,
        "online_seconds": 60, "night_login_count": 1, "evening_login_count": 1,
        "weekend_login_count": 0, "longest_session_seconds": 30}
    assert found[(1, "ben")]["login_count"] == 1


def test_sunday_is_at_the_weekend():
    events = frame(feeds.LOGINS, login("1", "12:00:00", 10, day=SUNDAY))
    found = tiles(LOGINS, events, (7, SUNDAY, TUESDAY, False))
    assert found[(7, "anna")]["weekend_login_count"] == 1


def test_days_and_deliveries_that_are_not_wanted_are_left_out():
    events = frame(feeds.LOGINS, login("1", "12:00:00", 10), login("2", "12:00:00", 10, day=SUNDAY),
                   login("3", "12:00:00", 10, delivered=TUESDAY + dt.timedelta(days=1)))
    assert tiles(LOGINS, events, ALONE)[(1, "anna")]["login_count"] == 1


def test_of_an_event_told_twice_the_newest_counts_where_both_are_known():
    late = TUESDAY + dt.timedelta(days=1)
    events = frame(feeds.LOGINS, login("1", "12:00:00", 10),
                   login("1", "12:00:00", 70, delivered=late),
                   login("2", "13:00:00", 5, delivered=late))
    found = tiles(LOGINS, events, ALONE, (2, MONDAY, TUESDAY, True),
                  (2, MONDAY, late, True))
    assert found[(1, "anna")]["online_seconds"] == 10
    assert (found[(2, "anna")]["login_count"],
            found[(2, "anna")]["online_seconds"]) == (2, 75)


def booking(name, amount, category, balance=None):
    at = dt.datetime.combine(MONDAY, dt.time(9))
    return (name, "anna", at, None, amount, balance, category, TUESDAY, None)


def test_money_in_and_out_is_kept_apart():
    events = frame(feeds.ACCOUNT_FLOWS, booking("1", 500_000, "salary", 600_000),
                   booking("2", -200_000, "rent", 400_000), booking("3", -30, "fee"),
                   booking("4", 100, "transfer", 400_070))
    (row,) = tiles(money.ACCOUNTS, events, ALONE).values()
    assert (row["account_in_minor"], row["account_out_minor"]) == (500_100, 200_030)
    assert (row["salary_minor"], row["salary_count"], row["rent_minor"], row["fee_minor"],
            row["loan_minor"]) == (500_000, 1, 200_000, 30, 0)
    assert (row["balance_lowest_minor"], row["balance_highest_minor"]) == (400_000, 600_000)
    assert (row["largest_inflow_minor"], row["largest_outflow_minor"]) == (500_000, 200_000)
