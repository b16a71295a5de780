"""The campaign and the retention that a policy states."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from jobs.errors import PolicyError
from jobs.policies.campaign import CampaignRules, FrequencyCap
from jobs.policies.policy import Policy, document, read
from jobs.policies.retention import Retention

JUNE = dt.date(2026, 6, 30)


def edited(edit: Callable[[dict[str, Any]], object]) -> Policy:
    """The wallet loan's policy after an edit of its version."""
    said = copy.deepcopy(document("wallet_loan_cny"))
    edit(said["versions"][0])
    return read("wallet_loan_cny", said, JUNE)


def test_every_key_is_read():
    said = {"daily_capacity": 10, "channels": ["sms", "push"], "language": "en",
            "frequency_caps": [{"days": 30, "at_most": 2}],
            "quiet": {"weekdays": ["sunday", "friday"], "dates": [dt.date(2026, 10, 1)]},
            "holdouts": {"universal_ratio": 0.01, "cell_ratio": 0.5},
            "honour_unless": ["adult"], "recheck": ["not_suppressed"]}
    assert edited(lambda v: v.update(campaign=said)).campaign == CampaignRules(
        10, ("sms", "push"), "en", (FrequencyCap(30, 2),), (4, 6), (dt.date(2026, 10, 1),), 0.01,
        0.5, ("adult",), ("not_suppressed",))


def test_without_a_campaign_all_are_one_wave_and_every_rule_takes_an_offer_back():
    found = edited(lambda v: v.pop("campaign")).campaign
    assert found == CampaignRules(language="zh", recheck=(
        "account_consent", "not_opted_out", "not_suppressed", "not_student"))
    assert found.honour_unless is None and found.daily_capacity is None


def test_a_quiet_day_is_a_weekday_or_a_date():
    rules = CampaignRules(quiet_weekdays=(6,), quiet_dates=(dt.date(2026, 10, 1),))
    assert [rules.is_quiet(day) for day in (
        dt.date(2026, 10, 1), dt.date(2026, 10, 2), dt.date(2026, 10, 4))] == [True, False, True]


@pytest.mark.parametrize(("said", "message"), [
    ({"capacity": 3}, "capacity: expected one of"),
    ({"daily_capacity": 0}, "daily_capacity: expected a whole number from 1"),
    ({"channels": []}, "channels: expected different ones of"),
    ({"channels": ["push", "push"]}, "channels"),
    ({"channels": ["pigeon"]}, "channels"),
    ({"language": "la"}, "language: expected en or zh"),
    ({"frequency_caps": [{"days": 30}]}, "at_most"),
    ({"quiet": {"weekdays": ["sonntag"]}}, "quiet.weekdays"),
    ({"quiet": {"weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
                             "sunday"]}}, "quiet.weekdays: .* not all"),
    ({"quiet": {"dates": ["2026-10-01"]}}, "quiet.dates"),
    ({"holdouts": {"universal_ratio": 1.0}}, "universal_ratio: expected a share"),
    ({"honour_unless": ["nobody"]}, "honour_unless"),
    ({"recheck": ["adult"]}, "recheck: .* not_suppressed"),
])
def test_what_is_wrong_is_named(said, message):
    with pytest.raises(PolicyError, match=message):
        edited(lambda v: v.update(campaign=said))


@pytest.mark.parametrize(("said", "message"), [
    ({"criteria_years": 2}, "criteria_years: expected a whole number from 3"),
    ({"criteria_years": 4, "releases_years": 5}, "no less than releases_years"),
    ({"years": 5}, "years: expected one of"),
])
def test_criteria_are_kept_three_years_at_least(said, message):
    with pytest.raises(PolicyError, match=message):
        edited(lambda v: v.update(retention=said))
    assert edited(lambda v: v.pop("retention")).retention == Retention(5, 5, 90)
