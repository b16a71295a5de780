"""The plan of a campaign: who is in which wave, and why others are in none."""

import dataclasses
import datetime as dt
import hashlib
import time

import numpy as np
import pyarrow as pa
import pytest

from jobs.campaign.plan import build, cells, channels, holdouts, wave_days
from jobs.contracts import release
from jobs.policies.campaign import CampaignRules
from jobs.policies.limits import Challenger
from jobs.policies.policy import load
from tests.campaign.rows import offers

NIGHT = dt.date(2026, 6, 29)          # a Monday; the list is valid from Tuesday on
POLICY = load("wallet_loan_cny", NIGHT)
TUESDAY = dt.date(2026, 6, 30)


def policy(valid_days=4, challengers=(), **campaign):
    return dataclasses.replace(
        POLICY, offer_valid_days=valid_days, campaign=CampaignRules(**campaign),
        limits=dataclasses.replace(POLICY.limits, challengers=challengers))


def plan(*people, said=None):
    found = build(offers(*people), said or policy(), NIGHT)
    assert found.schema.names == release.whitelist("CNY").columns
    return {row["user_id"]: row for row in found.to_pylist()}


def told(found, *names):
    return {user: tuple(row[name] for name in names) for user, row in found.items()}


def worth(user, value, **given):
    return {"user_id": user, "expected_value_minor": value, **given}


def test_each_day_takes_the_best_that_are_left_and_equals_go_by_id():
    people = [worth("anna", 10), worth("ben", 30), worth("cem", 30), worth("dora", 50),
              worth("eva", -5)]
    found = told(plan(*people, said=policy(daily_capacity=2)), "priority", "wave", "send_on")
    wednesday, thursday = (TUESDAY + dt.timedelta(days=number) for number in (1, 2))
    assert found == {"dora": (1, 1, TUESDAY), "ben": (2, 1, TUESDAY), "cem": (3, 2, wednesday),
                     "anna": (4, 2, wednesday), "eva": (5, 3, thursday)}


def test_who_finds_no_place_before_the_list_ends_is_in_no_wave():
    found = plan(*[worth(f"u{number}", -number) for number in range(5)],
                 said=policy(daily_capacity=1))         # Tuesday to Thursday; Friday is its last
    assert [row["wave"] for row in found.values()] == [1, 2, 3, None, None]
    assert [row["send_status"] for row in found.values()] == [
        "planned", "planned", "planned", "no_capacity", "no_capacity"]
    assert found["u4"]["send_on"] is None


def test_nothing_is_sent_on_quiet_days():
    rules = CampaignRules(quiet_weekdays=(6,), quiet_dates=(dt.date(2026, 7, 1),))
    days = wave_days(rules, TUESDAY, dt.date(2026, 7, 8))
    assert [day.isoformat()[5:] for day in days] == [
        "06-30", "07-02", "07-03", "07-04", "07-06", "07-07"]    # neither the 1st nor Sunday
    assert wave_days(CampaignRules(), TUESDAY, TUESDAY) == [TUESDAY]


def test_a_list_of_quiet_days_only_sends_nothing():
    said = policy(valid_days=2, quiet_dates=(TUESDAY,))
    assert told(plan(worth("anna", 1), said=said), "send_status", "wave") == {
        "anna": ("no_capacity", None)}


def test_a_cap_lets_a_person_wait_and_leaves_the_day_to_others():
    thursday = TUESDAY + dt.timedelta(days=2)
    found = told(plan(worth("anna", 9, may_be_sent_from=thursday), worth("ben", 5), worth("cem", 4),
                      worth("dora", 3, may_be_sent_from=TUESDAY + dt.timedelta(days=3)),
                      said=policy(daily_capacity=1)), "send_status", "wave")
    assert found == {"anna": ("planned", 3), "ben": ("planned", 1), "cem": ("planned", 2),
                     "dora": ("frequency_cap", None)}


def test_a_cap_that_has_run_out_by_the_first_day_does_not_matter():
    assert plan(worth("anna", 1, may_be_sent_from=NIGHT))["anna"]["wave"] == 1


def test_the_channel_is_the_first_of_the_policy_s_that_is_open():
    closed = pa.array([[], ["push"], ["in_app", "push"], ["in_app", "push", "sms"]])
    assert channels(("push", "sms"), closed).to_pylist() == ["push", "sms", "sms", None]
    assert channels(("push",), closed).to_pylist() == ["push", None, None, None]


def test_who_has_no_open_channel_stays_on_the_list_and_is_in_no_wave():
    found = told(plan(worth("anna", 1, closed_channel_names=["in_app"]),
                      said=policy(channels=("in_app",))), "send_status", "channel", "wave")
    assert found == {"anna": ("no_channel", None, None)}


def hashed(text):
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64


def test_holdouts_are_a_hash_of_the_person_the_universal_ones_of_any_product():
    users = pa.array([f"u{number:04}" for number in range(3_000)])
    said = policy(universal_ratio=0.1, cell_ratio=0.2,
                  challengers=(Challenger("tiers", "tier_matrix", 0.5),))
    cell = cells(said, users)
    universal, of_cell = holdouts(said, users, cell)
    names = users.to_pylist()
    assert universal.tolist() == [hashed(f"nightlist|holdout|{one}") < 0.1 for one in names]
    assert of_cell.tolist() == [
        hashed(f"wallet_loan|{mine}|holdout|{one}") < 0.2
        for one, mine in zip(names, cell.to_pylist())]
    other = dataclasses.replace(said, product="another_loan")
    assert holdouts(other, users, cell)[0].tolist() == universal.tolist()
    assert (holdouts(other, users, cell)[1] != of_cell).any()
    assert 0.05 < (universal & of_cell).mean() / universal.mean() < 0.35     # independent


def test_the_cell_is_that_of_the_strategy_s_share():
    users = pa.array([f"u{number:04}" for number in range(1_000)])
    said = policy(challengers=(Challenger("tiers", "tier_matrix", 0.3),))
    assert cells(said, users).to_pylist() == [
        "tiers" if hashed(f"wallet_loan|tiers|{one}") < 0.3 else "champion"
        for one in users.to_pylist()]
    assert set(cells(policy(), users).to_pylist()) == {"champion"}


def some(hold, ratio, count=200):
    """Users, and those of them whom a hold-out of this ratio takes."""
    users = [f"u{number:03}" for number in range(count)]
    prefix = {"universal": "nightlist|holdout|", "cell": "wallet_loan|champion|holdout|"}[hold]
    return users, [one for one in users if hashed(prefix + one) < ratio]


@pytest.mark.parametrize("hold", ["universal", "cell"])
def test_who_is_held_out_is_never_sent_and_takes_nobody_s_place(hold):
    users, held = some(hold, 0.1)
    found = plan(*[worth(one, 1) for one in users],
                 said=policy(valid_days=1, daily_capacity=200 - len(held),
                             **{f"{hold}_ratio": 0.1}))
    assert held and {user for user, row in found.items()
                     if row["send_status"] == f"{hold}_holdout"} == set(held)
    assert all((row["wave"] is None) == (user in held) for user, row in found.items())


def test_of_several_reasons_the_first_is_told():
    users, universal = some("universal", 0.3)
    _, of_cell = some("cell", 0.3)
    both = next(iter(set(universal) & set(of_cell)))
    late = {"closed_channel_names": ["in_app"], "may_be_sent_from": dt.date(2027, 1, 1)}
    said = policy(channels=("in_app",), universal_ratio=0.3, cell_ratio=0.3)
    only_cell = next(iter(set(of_cell) - set(universal)))
    free = next(iter(set(users) - set(of_cell) - set(universal)))
    found = plan(worth(both, 1, **late), worth(only_cell, 1, **late), worth(free, 1, **late),
                 said=said)
    assert found[both]["is_universal_holdout"] and found[both]["is_cell_holdout"]
    assert told(found, "send_status") == {both: ("universal_holdout",),
                                          only_cell: ("cell_holdout",), free: ("no_channel",)}
    assert plan(worth(both, 1, is_sent=True, **late), said=said)[both]["send_status"] == "sent"


def test_a_million_people_are_planned_in_seconds():
    number = 1_000_000
    users = pa.array(np.char.add("u", np.char.zfill(np.arange(number).astype(str), 8)))
    one = offers(worth("anna", 1))
    rows = pa.table({name: pa.repeat(one[name][0], number) for name in one.schema.names}).cast(
        one.schema)
    values = np.random.default_rng(7).integers(0, 10_000, number)
    rows = rows.set_column(0, "user_id", users).set_column(
        rows.schema.names.index("expected_value_minor"), "expected_value_minor",
        pa.array(values))
    start = time.process_time()
    found = build(rows, policy(valid_days=30, daily_capacity=20_000, universal_ratio=0.01,
                               cell_ratio=0.02), NIGHT)
    assert time.process_time() - start < 30
    sent = found["send_status"].to_pylist().count("planned")
    assert sent == 29 * 20_000
