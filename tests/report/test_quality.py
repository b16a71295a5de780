"""Feeds by their lateness and quarantine."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from jobs.contracts.feeds import FEEDS
from jobs.policies.feeds import UNSTATED
from jobs.report import quality

JULY = dt.date(2026, 7, 10)


def delivered(feed: str, day: str, received: int = 10, quarantined: int = 0,
              duplicates: int = 0) -> dict[str, Any]:
    return {"feed": feed, "delivery_date": day, "received": received, "quarantined": quarantined,
            "duplicates": duplicates, "accepted": received - quarantined - duplicates}


def row(feed: str, *deliveries: dict[str, Any], degraded: tuple[dict[str, Any], ...] = (),
        **said: Any) -> dict[str, Any]:
    rules = {**UNSTATED, feed: replace(UNSTATED[feed], **said)} if said else UNSTATED
    return {one["feed"]: one for one in quality.feed_rows(deliveries, JULY, rules, degraded)}[feed]


def test_a_daily_feed_is_late_from_the_third_day_on() -> None:
    # Expected every day, a day of grace: two days old is on time, three is two days too old.
    found = row("logins", delivered("logins", "2026-07-08"))
    assert (found["status"], found["age_days"], found["late_days"]) == ("on time", 2, 0)
    found = row("logins", delivered("logins", "2026-07-07"))
    assert (found["status"], found["age_days"], found["late_days"]) == ("late", 3, 2)


def test_a_monthly_feed_has_a_quarter_of_a_month_of_grace() -> None:
    # 31 days and round(0.25 x 31) = 8 more: 39 days old is on time, 40 is 9 too old.
    assert row("statements", delivered("statements", "2026-06-01"))["status"] == "on time"
    found = row("statements", delivered("statements", "2026-05-31"))
    assert (found["status"], found["late_days"]) == ("late", 9)


def test_a_feed_that_never_came_is_missing_where_nights_need_it() -> None:
    assert row("logins")["status"] == "none yet"
    assert row("logins", mandatory=True)["status"] == "missing"
    assert [one["feed"] for one in quality.feed_rows([], JULY)] == list(FEEDS)


def test_a_daily_feed_that_is_waited_for_is_late_on_the_first_day_without_it() -> None:
    waits = {"deadline": dt.timedelta(hours=24)}
    assert row("logins", delivered("logins", "2026-07-10"), **waits)["status"] == "on time"
    found = row("logins", delivered("logins", "2026-07-08"), **waits)
    assert (found["status"], found["late_days"]) == ("late", 1)


def test_a_feed_left_out_shows_the_delivery_that_it_had() -> None:
    found = row("rides", degraded=({"feed": "rides", "newest": "2026-07-01.2", "age_days": 9,
                                    "action": "without", "why": "…"},))
    assert (found["status"], found["newest"], found["age_days"], found["late_days"]) == (
        "left out", "2026-07-01.2", 9, 8)
    assert (found["deliveries"], found["received"]) == (0, 0)


def test_the_quarantine_is_that_of_the_newest_delivery_without_copies() -> None:
    # Of 10 rows 2 are copies: 1 of 8 is in quarantine, more than the 5 % that stop a night.
    found = row("logins", delivered("logins", "2026-07-10", 10, 1, 2),
                delivered("logins", "2026-07-09", 1_000, 900))
    assert (found["share"], found["tone"], found["newest"]) == (0.125, "bad", "2026-07-10")
    assert (found["received"], found["quarantined"], found["duplicates"]) == (1_010, 901, 2)
    assert row("logins", delivered("logins", "2026-07-10", 100, 1))["tone"] == "warn"
    assert row("logins", delivered("logins", "2026-07-10", 200, 1))["tone"] == ""


def test_a_delivery_that_does_not_add_up_is_named() -> None:
    wrong = {**delivered("cards", "2026-06-30"), "accepted": 7}
    assert row("cards", wrong)["reconciles"] is False
    assert row("cards", delivered("cards", "2026-06-30"))["reconciles"] is True
