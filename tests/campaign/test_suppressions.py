"""Suppressions applied: who is on which list, and whom it kept off the whitelist."""

import dataclasses
import datetime as dt

import pyarrow as pa

from jobs.campaign.suppressions import build
from jobs.contracts.campaign import BARRIERS, SUPPRESSIONS_APPLIED
from jobs.contracts.release import DECISIONS
from jobs.policies.policy import load

NIGHT, SINCE = dt.date(2026, 6, 30), dt.date(2026, 6, 9)
POLICY = load("wallet_loan_cny", NIGHT)


def applied(lists, failing, invited=(), by=POLICY):
    """`lists`: of each person; `failing`: the rules of everyone considered."""
    barred = pa.Table.from_pylist(
        [{"user_id": user, "list_name": name, "listed_on": SINCE}
         for user, names in lists.items() for name in names], BARRIERS.arrow_schema)
    columns = ("user_id", "as_of_date", "release_id", "is_invited", "failing_rules")
    decided = pa.Table.from_pylist(
        [{"user_id": user, "as_of_date": NIGHT, "release_id": "r1", "is_invited": user in invited,
          "failing_rules": rules} for user, rules in failing.items()],
        pa.schema([DECISIONS.arrow_schema.field(name) for name in columns]))
    return build(barred, decided, by)


def barred(lists, failing, **given):
    return {(row["user_id"], row["list_name"]): row["is_barred"]
            for row in applied(lists, failing, **given).to_pylist()}


def test_each_list_of_everyone_considered_is_told_with_its_day():
    found = applied({"anna": ["fraud"], "nobody": ["fraud"]},
                    {"ben": [], "anna": ["not_suppressed"]})
    assert found.schema.equals(SUPPRESSIONS_APPLIED.arrow_schema)
    assert found.to_pylist() == [{
        "user_id": "anna", "as_of_date": NIGHT, "release_id": "r1", "list_name": "fraud",
        "listed_on": SINCE, "is_barred": True}]


def test_a_list_bars_by_the_rule_that_looks_at_it():
    found = barred({"anna": ["fraud", "student", "opt_out_sms"]},
                   {"anna": ["not_student", "adult"]})
    assert found == {("anna", "fraud"): False, ("anna", "student"): True,
                     ("anna", "opt_out_sms"): False}


def test_a_closed_channel_bars_when_no_other_is_open():
    channels = [f"opt_out_{name}" for name in ("in_app", "push", "sms")]
    found = barred({"anna": channels, "ben": channels[:1]},
                   {"anna": ["not_opted_out"], "ben": []}, invited=("ben",))
    assert [key for key, is_barred in found.items() if is_barred] == [
        ("anna", name) for name in channels]


def test_a_list_that_takes_no_sent_offer_back_did_not_bar_whose_offer_stands():
    assert barred({"anna": ["complaint"]}, {"anna": ["not_suppressed"]}, invited=("anna",)) == {
        ("anna", "complaint"): False}


def test_without_such_a_rule_nobody_is_barred():
    without = dataclasses.replace(POLICY, rules=tuple(
        rule for rule in POLICY.rules if rule.column != "suppressions"))
    assert barred({"anna": ["fraud"]}, {"anna": ["adult"]}, by=without) == {
        ("anna", "fraud"): False}


def test_nobody_is_on_a_list():
    assert applied({}, {"anna": []}).num_rows == 0
