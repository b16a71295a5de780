"""Tiles: the measures of a day, worked by hand; of an event told twice the newest counts."""

import collections
import datetime as dt
import zlib

import pyarrow.parquet as pq

from jobs import store
from jobs.config import RUN_FILE, Run
from jobs.contracts import feeds
from jobs.contracts.night import LABELS
from jobs.features.families import money
from jobs.features.families.activity import SOURCE as LOGINS
from jobs.inputs import code_version
from jobs.session import session
from jobs.tiles.build import build, main

MONDAY, SUNDAY = dt.date(2026, 6, 29), dt.date(2026, 6, 28)
TUESDAY = dt.date(2026, 6, 30)


def frame(feed, *rows):
    return session().createDataFrame(rows, feeds.facts(feed).spark_schema)


def wanted(*rows):
    return session().createDataFrame(rows, "tile int, event_date date, "
                                     "delivery_date date, is_shared boolean")


def login(name, clock, seconds, user="anna", day=MONDAY, delivered=TUESDAY, device=None):
    at = dt.datetime.combine(day, dt.time.fromisoformat(clock))
    return (name, user, at, seconds, device, delivered, None)


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
        "weekend_login_count": 0, "longest_session_seconds": 30,
        **{f"device_cell_{number}": 0 for number in range(8)}}
    assert found[(1, "ben")]["login_count"] == 1


def test_log_ins_are_counted_by_the_hash_of_their_device():
    names = ("phone", "tablet", "phone")
    events = frame(feeds.LOGINS, *[login(str(number), "12:00:00", 1, device=name)
                                   for number, name in enumerate(names)],
                   login("of no device", "12:00:00", 1))
    found = tiles(LOGINS, events, ALONE)[(1, "anna")]
    expected = collections.Counter(zlib.crc32(name.encode()) % 8 for name in names)
    assert {number: found[f"device_cell_{number}"] for number in range(8)
            if found[f"device_cell_{number}"]} == expected and len(expected) == 2


def test_money_to_be_squared_is_in_whole_units_within_a_million():
    def flow(name, amount, balance):
        at = dt.datetime.combine(MONDAY, dt.time(12))
        return (name, "anna", at, None, amount, balance, "salary", TUESDAY, None)

    events = frame(feeds.ACCOUNT_FLOWS, flow("1", 20_050, 10**12), flow("2", 30_000, -10**12),
                   flow("3", 10**12, None))
    found = tiles(money.ACCOUNTS, events, ALONE)[(1, "anna")]
    assert (found["inflow_sum"], found["inflow_squares"]) == (
        200 + 300 + 10**6, 200**2 + 300**2 + 10**12)
    assert (found["balance_sum"], found["balance_squares"], found["balance_count"]) == (
        0, 2 * 10**12, 2)
    assert (found["salary_day_sum"], found["salary_day_squares"]) == (3 * 29, 3 * 29**2)


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


def test_what_a_killed_try_left_goes_even_where_no_tile_is_missing(tmp_path):
    run = Run(home=tmp_path, as_of=TUESDAY, run_id="aaa")
    store.write_json({"inputs": {"code_version": code_version(), "deliveries": []}},
                     run.folder / RUN_FILE)
    (run.folder / "labels").mkdir()
    pq.write_table(LABELS.arrow_schema.empty_table(), run.folder / "labels" / "0.parquet")
    left = tmp_path / "tiles" / LOGINS.name / ".tmp-2026-06-30-aaa" / "tile=0"
    other = tmp_path / "tiles" / LOGINS.name / ".tmp-2026-06-30-bbb"
    for folder in (left, other):
        folder.mkdir(parents=True)
    assert main(run) == {"tiles": 0, "built": 0, "rows": 0}
    assert [path.name for path in other.parent.iterdir()] == [other.name]  # may be at work
