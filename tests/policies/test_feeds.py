"""What a policy says about feeds: its defaults, its bounds, and what no policy may say."""

import datetime as dt

import pytest

from jobs.contracts.feeds import FEEDS
from jobs.errors import PolicyError
from jobs.policies.check import Check
from jobs.policies.feeds import UNSTATED, feed_rules
from jobs.policies.rules import Rule

BUREAU_SEEN = Rule("bureau_seen", "BUREAU_UNSEEN", "…", "bureau_unseen", at_most=0)
PROTECTING = ["loan_performance", "consents", "marketing_opt_outs", "suppressions", "loan_days",
              "funding_lines", "invitations"]


def stated(feeds, rules=()):
    return feed_rules(Check("p"), {"feeds": feeds}, rules)


def test_a_policy_that_says_nothing_takes_the_contracts_ages_and_stops_where_it_must():
    found = feed_rules(Check("p"), {}, ())
    assert found == UNSTATED and list(found) == list(FEEDS)
    bureau, rides = found["bureau_tradelines"], found["rides"]
    assert (bureau.mandatory, bureau.late, bureau.max_age_days, bureau.then) == (
        True, "last_known", 62, "stop")
    assert (rides.mandatory, rides.late, rides.max_age_days, rides.then) == (
        False, "last_known", 7, "without")
    assert found["social_edges"].max_age_days == 14     # two weeks of a weekly feed
    assert {one.deadline for one in found.values()} == {None}


def test_what_is_stated_of_a_feed_holds_and_the_rest_is_the_contracts():
    found = stated({"rides": {"deadline": "26:30", "max_age_days": 2},
                    "payments": {"late": "without"}})
    assert found["rides"].until(dt.date(2026, 6, 30)) == dt.datetime(2026, 7, 1, 2, 30)
    assert (found["rides"].max_age_days, found["rides"].ends) == (2, "without")
    assert found["payments"].ends == "without"
    assert found["logins"] == UNSTATED["logins"]


@pytest.mark.parametrize("feed", PROTECTING)
@pytest.mark.parametrize("said", [{"late": "without"}, {"then": "without"}], ids=str)
def test_what_protects_people_or_money_is_never_left_out(feed, said):
    with pytest.raises(PolicyError, match=f"feeds.{feed}: expected stop, or last_known and then"):
        stated({feed: said})


def test_all_feeds_that_protect_are_these_and_none_of_them_may_be_of_any_age():
    assert sorted(name for name, feed in FEEDS.items() if feed.protects) == sorted(PROTECTING)
    assert all(FEEDS[name].max_age_days for name in PROTECTING)


@pytest.mark.parametrize("feed", ["bureau_tradelines", "bureau_public_records"])
def test_the_bureau_is_left_out_only_where_a_rule_keeps_out_whom_it_knows(feed):
    said = {feed: {"mandatory": False, "then": "without"}}
    with pytest.raises(PolicyError, match="a rule in force by which bureau_unseen is at_most 0"):
        stated(said)
    with pytest.raises(PolicyError, match="a rule in force"):
        stated(said, [Rule("lax", "X", "…", "bureau_unseen", at_most=1)])
    assert stated(said, [BUREAU_SEEN])[feed].ends == "without"


def test_a_mandatory_feed_is_not_left_out():
    with pytest.raises(PolicyError, match="the feed is mandatory"):
        stated({"statements": {"then": "without"}})
    assert stated({"statements": {"mandatory": False, "then": "without"}})[
        "statements"].ends == "without"


@pytest.mark.parametrize(("feeds", "message"), [
    ({"horoscopes": {}}, "expected one of account_flows"),
    ({"rides": {"dead_line": "23:00"}}, "dead_line"),
    ({"rides": {"deadline": "7:30"}}, 'feeds.rides.deadline: expected a time like "23:30"'),
    ({"rides": {"deadline": "48:00"}}, "feeds.rides.deadline"),
    ({"rides": {"late": "never"}}, "feeds.rides.late: expected one of stop, last_known, without"),
    ({"rides": {"then": "last_known"}}, "feeds.rides.then: expected one of stop, without"),
    ({"rides": {"late": "stop", "max_age_days": 3}}, "max_age_days: expected nothing, unless"),
    ({"bureau_tradelines": {"max_age_days": 63}}, "a whole number from 0 to 62"),
    ({"statements": {"every_days": 7}}, "every_days: expected a whole number from 31"),
    ({"bound_cards": {"mandatory": False}}, "bound_cards.mandatory: expected true"),
    ({"rides": "23:00"}, "rides: expected dict"),
    ([], "feeds: expected dict"),
], ids=str)
def test_a_wrong_entry_is_named(feeds, message):
    with pytest.raises(PolicyError, match=message):
        stated(feeds)
