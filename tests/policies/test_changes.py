"""Changes of a policy by dotted paths."""

import datetime as dt
from decimal import Decimal

import pytest

from jobs.errors import PolicyError, UsageError
from jobs.policies.changes import changed
from jobs.policies.policy import load

DAY, NAME = dt.date(2026, 6, 30), "wallet_loan_cny"


def test_nothing_set_is_the_policy_itself():
    assert changed(NAME, DAY, []).sha256 == load(NAME, DAY).sha256


def test_values_are_set_by_path():
    found = changed(NAME, DAY, ["funding.own=4000000000", "rules.pd_appetite.at_most=0.02",
                                "limits.method=tier_matrix", "tiers.rows.A.rate_daily=\"0.000210\"",
                                "limits.rows.loss_rate.at_most_ratio=0.011"])
    assert found.limits.funding["own"] == 4_000_000_000
    assert {rule.name: rule.at_most for rule in found.rules}["pd_appetite"] == 0.02
    assert found.limits.method == "tier_matrix"
    assert found.tiers[0].rate_daily == Decimal("0.000210")
    assert {row.name: row.ratio for row in found.limits.rows}["loss_rate"] == 0.011
    assert found.sha256 != load(NAME, DAY).sha256


def test_null_takes_an_entry_away():
    found = changed(NAME, DAY, ["limits.rows.loss_rate=null", "rules.working_age=null"])
    assert "loss_rate" not in [row.name for row in found.limits.rows]
    assert "working_age" not in [rule.name for rule in found.rules]


def test_a_place_in_a_list_may_be_a_number():
    assert changed(NAME, DAY, ["limits.menu.limits.0=21000"]).limits.limits[0] == 21_000


def test_what_is_checked_on_reading_may_be_added():
    found = changed(NAME, DAY, ["limits.challengers=[{name: t, method: flat, share_ratio: 0.1}]"])
    assert found.limits.challengers[0].method == "flat"


@pytest.mark.parametrize(("setting", "message"), [
    ("funding.owm=1", "funding has own, interbank"),
    ("rules.pd.at_most=1", "rules has account_consent"),
    ("fundings=1", "a policy has version, effective_from"),
    ("limits.method.x=1", "limits.method is 'optimiser'"),
    ("limits.horizon_days", "expected PATH=VALUE, found no value"),
    ("=3", "no path"),
    ("limits.menu=[", "a value in YAML")])
def test_a_path_that_leads_nowhere_says_what_there_is(setting, message):
    with pytest.raises(UsageError, match=message):
        changed(NAME, DAY, [setting])


@pytest.mark.parametrize("setting", ["limits.method=best", "limits.chalengers=1",
                                     "rules.adult.at_leest=3", "funding.own=-1",
                                     "limits.rows.loss_rate.at_least=3"])
def test_what_comes_out_is_checked_like_a_file(setting):
    with pytest.raises(PolicyError):
        changed(NAME, DAY, [setting])
