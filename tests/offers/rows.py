"""Rows of the tables that rules and offers are made from: what a test does not say is usual."""

import datetime as dt

from jobs.contracts.limits import RULE_FACTS
from jobs.contracts.night import ELIGIBILITY, FEATURE_MATRIX, SCORES
from jobs.session import session

DAY = dt.date(2026, 6, 30)
_MATRIX = {"as_of_date": DAY, "age_years": 30, "segment": "thin_file", "statement_months": 6,
           "bureau_months": 0, "is_thin_file": 1, "known_source_count": 0, "coverage_ratio": 0.0}
_SCORES = {"as_of_date": DAY, "pd": 0.01, "score_points": 600, "model_version": "v1"}
_FACTS = {"suppressions": 0, "student_lists": 0, "closed_channels": 0, "closed_channel_names": [],
          "own_balance_minor": 0, "bureau_unseen": 0,
          "evidence_sources": 3}


def _frame(table, usual, rows):
    return session().createDataFrame(
        [tuple({**usual, **row}.get(name) for name in table.columns) for row in rows],
        table.spark_schema)


def matrix(*rows):
    return _frame(FEATURE_MATRIX, _MATRIX, rows)


def scores(*rows):
    return _frame(SCORES, _SCORES, rows)


def rule_facts(*rows):
    return _frame(RULE_FACTS, _FACTS, rows)


def eligibility(**failing):
    """`user_id` = the rules that the person fails."""
    return _frame(ELIGIBILITY, {}, [{"user_id": user, "is_eligible": not rules,
                                     "failing_rules": rules} for user, rules in failing.items()])
