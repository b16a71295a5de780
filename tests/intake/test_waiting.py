"""What a night waits for: by landing, by the policy's deadlines and by the clock."""

import datetime as dt
import shutil
from dataclasses import replace

import pytest

from jobs.intake.waiting import missing
from jobs.policies.check import Check
from jobs.policies.feeds import feed_rules
from jobs.policies.policy import load
from tests.intake.landed import SAID, put

NIGHT = dt.date(2026, 6, 30)
WALLET = load("wallet_loan_cny", NIGHT)
POLICY = replace(WALLET, feeds=feed_rules(Check("p"), {"feeds": SAID}, ()))


def at(text):
    return dt.datetime.fromisoformat(text)


@pytest.fixture()
def home(tmp_path):
    """Everything came yesterday, and bound cards today."""
    for feed in ("logins", "payments", "loan_days"):
        put(tmp_path, feed, "2026-06-29")
    put(tmp_path, "bound_cards", "2026-06-30")
    return tmp_path


def awaited(home, now):
    return [one.feed for one in missing(home, NIGHT, POLICY, at(now))]


def test_a_night_waits_for_what_has_not_come_until_each_deadline(home):
    found = missing(home, NIGHT, POLICY, at("2026-06-30T22:30"))
    assert [(one.feed, one.until, one.action) for one in found] == [
        ("logins", at("2026-07-01T00:30"), "last_known"),
        ("payments", at("2026-06-30T23:00"), "last_known"),
        ("loan_days", at("2026-07-01T01:00"), "last_known")]
    assert found[0].owner == "wallet team"
    assert awaited(home, "2026-06-30T23:00") == ["logins", "loan_days"]
    assert awaited(home, "2026-07-01T00:59") == ["loan_days"]
    assert awaited(home, "2026-07-01T01:00") == []


def test_a_past_night_waits_for_nothing(home):
    assert awaited(home, "2026-11-25T12:00") == []


def test_a_delivery_counts_when_its_manifest_and_every_file_is_there(home):
    folder = put(home, "logins", "2026-06-30", files=())
    put(home, "payments", "2026-06-30", manifest='{"files": [{"na')   # half written
    assert awaited(home, "2026-06-30T22:30") == ["logins", "payments", "loan_days"]
    (folder / "a.csv").write_text("rows")
    assert awaited(home, "2026-06-30T22:30") == ["payments", "loan_days"]


def test_what_no_waiting_mends_is_left_to_intake(home):
    put(home, "logins", "2026-06-30", manifest="[]")
    put(home, "payments", "yesterday")
    assert awaited(home, "2026-06-30T22:30") == ["loan_days"]


def test_nobody_waits_on_once_a_feed_that_stops_the_night_has_missed_its_deadline(home):
    shutil.rmtree(home / "landing" / "loan_days")
    put(home, "loan_days", "2026-06-27")      # three days old: no night without a newer one
    early = replace(POLICY, feeds={**POLICY.feeds, "loan_days": replace(
        POLICY.feeds["loan_days"], deadline=dt.timedelta(hours=23))})
    assert "logins" in [one.feed for one in missing(home, NIGHT, early, at("2026-06-30T22:59"))]
    assert missing(home, NIGHT, early, at("2026-06-30T23:00")) == []
