"""Eligibility: every failing rule, the edges, and what is missing."""

import pytest

from jobs.contracts.limits import RULE_FACTS
from jobs.contracts.night import FEATURE_MATRIX, SCORES
from jobs.offers.eligibility import build
from jobs.policies.policy import load
from jobs.policies.rules import Rule
from tests.offers.rows import DAY, matrix, rule_facts, scores

ADULT = Rule("adult", "AGE", "", "age_years", at_least=18)
WORKING = Rule("working_age", "AGE", "", "age_years", at_least=18, at_most=60)
RISK = Rule("pd_appetite", "PD", "", "pd", at_most=0.03)
CLEAN = Rule("clean", "LATE", "", "overdue_months_1", at_most=0, missing_passes=True)
LISTED = Rule("not_suppressed", "LIST", "", "suppressions", at_most=0)
BURDEN = Rule("debt_burden", "DEBT", "", "debt_to_income_months", at_most=12, missing_passes=True)


def test_without_scores_the_rules_that_need_none_are_judged():
    found = build(matrix({"user_id": "anna", "age_years": 61}), None,
                  rule_facts({"user_id": "anna"}), [ADULT, WORKING, BURDEN]).collect()[0]
    assert (found["is_eligible"], found["failing_rules"]) == (False, ["working_age"])


def failing(rules, age=30, pd=0.01, late=None, **facts):
    found = build(matrix({"user_id": "anna", "age_years": age, "overdue_months_1": late}),
                  scores({"user_id": "anna", "pd": pd}),
                  rule_facts({"user_id": "anna", **facts}), rules).collect()[0]
    assert found["is_eligible"] == (found["failing_rules"] == [])
    return found["failing_rules"]


@pytest.mark.parametrize(("age", "expected"), [(17, ["working_age"]), (18, []), (60, []),
                                               (61, ["working_age"])])
def test_both_bounds_are_inside(age, expected):
    assert failing([WORKING], age=age) == expected


def test_all_failing_rules_are_kept_in_policy_order():
    rules = [LISTED, ADULT, RISK]
    assert failing(rules, age=17, pd=0.5, suppressions=2) == [
        "not_suppressed", "adult", "pd_appetite"]
    assert failing(rules[::-1], age=17, pd=0.5, suppressions=2) == [
        "pd_appetite", "adult", "not_suppressed"]


SERVED = Rule("served", "REGION", "", "region", one_of=("north", "east"))
BARRED = Rule("barred", "REGION", "", "region", none_of=("west",), missing_passes=True)


@pytest.mark.parametrize(("region", "expected"), [
    ("north", []), ("west", ["served", "barred"]), ("south", ["served"]), (None, ["served"])])
def test_a_code_is_one_of_a_list_or_none_of_it(region, expected):
    assert failing([SERVED, BARRED], region=region) == expected


def test_a_missing_value_fails():
    assert failing([ADULT], age=None) == ["adult"]


def test_a_missing_value_passes_where_the_rule_says_so():
    assert failing([CLEAN], late=None) == []


def test_a_known_value_is_judged_where_missing_would_pass():
    assert failing([CLEAN], late=1) == ["clean"]


def test_no_column_that_a_rule_may_name_stands_in_two_tables():
    columns = [set(table.columns) - {"user_id", "as_of_date"}
               for table in (FEATURE_MATRIX, SCORES, RULE_FACTS)]
    assert len(set.union(*columns)) == sum(map(len, columns))


@pytest.mark.parametrize(("fact", "value", "rule"), [
    ("suppressions", 1, "not_suppressed"), ("student_lists", 1, "not_student"),
    ("closed_channels", 3, "not_opted_out"), ("closed_channels", 2, None),
    ("verified_names", 0, "real_name"), ("verified_names", None, "real_name"),
    ("card_age_days", 29, "card_seasoned"), ("card_age_days", 30, None),
    ("debt_to_income_months", 12.1, "debt_burden"), ("debt_to_income_months", None, None),
    ("obligation_ratio", 0.56, "obligations"), ("obligation_ratio", 0.55, None),
    ("refused_days", 29, "cool_off"), ("refused_days", 30, None), ("refused_days", None, None),
    ("evidence_sources", 0, "evidence"), ("evidence_sources", 1, None)])
def test_a_person_fails_the_wallet_loan_s_rule_alone(fact, value, rule):
    """Somebody who passes every rule over facts, but for one fact."""
    rules = [one for one in load("wallet_loan_cny", DAY).rules
             if one.column in RULE_FACTS.columns]
    person = {"verified_names": 1, "card_age_days": 400, fact: value}
    assert failing(rules, **person) == ([rule] if rule else [])
