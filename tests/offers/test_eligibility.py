"""Eligibility: every failing rule, the edges, and what is missing."""

import datetime as dt

import pytest

from jobs.contracts.night import FEATURE_MATRIX, SCORES
from jobs.offers.eligibility import build
from jobs.policies.policy import Rule
from jobs.session import session

DAY = dt.date(2026, 6, 30)
NOTHING_ELSE_IS_KNOWN = {"is_thin_file": 1, "known_source_count": 0, "coverage_ratio": 0.0}
ADULT = Rule("adult", "AGE", "", "age_years", at_least=18)
WORKING = Rule("working_age", "AGE", "", "age_years", at_least=18, at_most=60)
RISK = Rule("pd_appetite", "PD", "", "pd", at_most=0.03)
CLEAN = Rule("clean", "LATE", "", "overdue_months_1", at_most=0, missing_passes=True)


def test_without_scores_the_rules_that_need_none_are_judged():
    row = {name: None for name in FEATURE_MATRIX.columns}
    row |= {"user_id": "anna", "as_of_date": DAY, "age_years": 61, "segment": "thin_file",
            "statement_months": 6, "bureau_months": 0, **NOTHING_ELSE_IS_KNOWN}
    matrix = session().createDataFrame([tuple(row[name] for name in FEATURE_MATRIX.columns)],
                                       FEATURE_MATRIX.spark_schema)
    found = build(matrix, None, [ADULT, WORKING]).collect()[0]
    assert (found["is_eligible"], found["failing_rules"]) == (False, ["working_age"])


def failing(rules, age=30, pd=0.01, late=None):
    row = {name: None for name in FEATURE_MATRIX.columns}
    row |= {"user_id": "anna", "as_of_date": DAY, "age_years": age, "segment": "thin_file",
            "statement_months": 6, "bureau_months": 0, "overdue_months_1": late,
            **NOTHING_ELSE_IS_KNOWN}
    matrix = session().createDataFrame([tuple(row[name] for name in FEATURE_MATRIX.columns)],
                                       FEATURE_MATRIX.spark_schema)
    scores = session().createDataFrame([("anna", DAY, pd, 600, "v1", *[None] * 4)],
                                       SCORES.spark_schema)
    found = build(matrix, scores, rules).collect()[0]
    assert found["is_eligible"] == (found["failing_rules"] == [])
    return found["failing_rules"]


@pytest.mark.parametrize(("age", "expected"), [(17, ["working_age"]), (18, []), (60, []),
                                               (61, ["working_age"])])
def test_both_bounds_are_inside(age, expected):
    assert failing([WORKING], age=age) == expected


def test_all_failing_rules_are_kept_in_policy_order():
    assert failing([ADULT, RISK], age=17, pd=0.5) == ["adult", "pd_appetite"]


def test_a_missing_value_fails():
    assert failing([ADULT], age=None) == ["adult"]


def test_a_missing_value_passes_where_the_rule_says_so():
    assert failing([CLEAN], late=None) == []


def test_a_known_value_is_judged_where_missing_would_pass():
    assert failing([CLEAN], late=1) == ["clean"]
