"""When a feed is late and what follows: by hand, at the borders."""

import datetime as dt

import pytest

from jobs.errors import DeliveryRefused
from jobs.intake import lateness
from jobs.policies.check import Check
from jobs.policies.feeds import feed_rules
from jobs.policies.rules import Rule

NIGHT = dt.date(2026, 6, 30)
RULES = feed_rules(Check("p"), {"feeds": {
    "logins": {"deadline": "24:00", "late": "last_known", "max_age_days": 3},
    "payments": {"late": "without"},
    "rides": {"deadline": "24:00", "late": "without"},
    "statements": {"deadline": "25:00", "late": "stop"},
    "suppressions": {"max_age_days": 1},
    "bureau_tradelines": {"mandatory": False, "then": "without"},
}}, [Rule("seen", "X", "…", "bureau_unseen", at_most=0)])


def of(feed, newest):
    found = lateness.of_feed(RULES[feed], newest, NIGHT)
    return found and found.action


@pytest.mark.parametrize(("feed", "newest", "action"), [
    # A daily feed that is waited for is due on the night's own date.
    ("logins", "2026-06-30", None), ("logins", "2026-06-30.2", None),
    ("logins", "2026-06-29", "last_known"), ("logins", "2026-06-27", "last_known"),
    ("logins", "2026-06-26", "without"),
    ("rides", "2026-06-29", "without"),
    # One that is not has a day of grace.
    ("payments", "2026-06-28", None), ("payments", "2026-06-27", "without"),
    # A month and a quarter of one, 31 + 8 days: the 22nd of May; waited for or not.
    ("statements", "2026-05-22", None), ("statements", "2026-05-21", "stop"),
    ("bureau_tradelines", "2026-05-22", None), ("bureau_tradelines", "2026-05-21", "last_known"),
    # 62 days before the night is the 29th of April.
    ("bureau_tradelines", "2026-04-29", "last_known"),
    ("bureau_tradelines", "2026-04-28", "without"),
    # An age that is shorter than the grace counts.
    ("suppressions", "2026-06-29", None), ("suppressions", "2026-06-28", "stop"),
    # What never came is missed only where the product cannot be without it.
    ("bound_cards", None, "stop"), ("suppressions", None, None), ("bureau_tradelines", None, None),
], ids=str)
def test_what_follows_of_the_newest_delivery(feed, newest, action):
    assert of(feed, newest) == action


def test_late_feeds_come_in_the_order_of_the_contracts_with_age_and_reason():
    newest = {name: "2026-06-30" for name in RULES} | {"rides": "2026-06-20",
                                                       "logins": "2026-06-28"}
    found = lateness.late(RULES, newest, NIGHT)
    assert [(one.feed, one.newest, one.age_days, one.action) for one in found] == [
        ("logins", "2026-06-28", 2, "last_known"), ("rides", "2026-06-20", 10, "without")]
    assert lateness.sentence(found[0]) == (
        "logins: late, the last known delivery stands in (of 2026-06-28, 2 days old; the last "
        "known one may be 3 days old)")
    assert lateness.sentence(found[1].__dict__) == (
        "rides: late, left out (of 2026-06-20, 10 days old; the policy says without where it is "
        "late)")
    lateness.refuse_stops(found, RULES, NIGHT)


def test_a_feed_without_which_there_is_no_night_is_named_with_its_owner_and_the_others():
    newest = {name: "2026-06-30" for name in RULES} | {"statements": "2026-05-01",
                                                       "suppressions": "2026-06-01"}
    with pytest.raises(DeliveryRefused) as caught:
        lateness.refuse_stops(lateness.late(RULES, newest, NIGHT), RULES, NIGHT)
    assert str(caught.value) == (
        "landing/statements: expected a delivery by 2026-06-30, found the newest of 2026-05-01, 60 "
        "days old (the policy says stop where it is late); ask the feed's owner, wallet team, to "
        "deliver, and run the night again; late as well: suppressions")
