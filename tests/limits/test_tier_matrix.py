"""The tier matrix and its funding, worked by hand."""

import dataclasses
import datetime as dt
from decimal import Decimal

from jobs.contracts.night import ELIGIBILITY, FEATURE_MATRIX, SCORES
from jobs.limits.tier_matrix import build
from jobs.policies.policy import Tier, load
from jobs.session import session

DAY = dt.date(2026, 6, 30)
NOTHING_ELSE_IS_KNOWN = {"is_thin_file": 1, "known_source_count": 0, "coverage_ratio": 0.0}
POLICY = dataclasses.replace(
    load("wallet_loan_cny", DAY), card_limit_from=(0, 30_000), funding=100_000,
    expected_draw_ratio=0.5,
    tiers=(Tier("A", 700, Decimal("0.000195"), (60_000, 120_000)),
           Tier("B", 0, Decimal("0.000500"), (20_000, 40_000))))


def priced(*people, policy=POLICY):
    """People as (user, points, card limit in CNY, eligible)."""
    def matrix_row(user, limit):
        row = {name: None for name in FEATURE_MATRIX.columns}
        row |= {"user_id": user, "as_of_date": DAY, "segment": "thin_file",
                "statement_months": 6, "bureau_months": 0, "card_limit_minor": limit * 100,
                **NOTHING_ELSE_IS_KNOWN}
        return tuple(row[name] for name in FEATURE_MATRIX.columns)

    spark = session()
    eligible = spark.createDataFrame([(u, ok, [] if ok else ["adult"]) for u, _, _, ok in people],
                                     ELIGIBILITY.spark_schema)
    others = (None,) * (len(SCORES.columns) - 5)
    scores = spark.createDataFrame(
        [(u, DAY, 0.01, points, "v1", *others) for u, points, _, _ in people], SCORES.spark_schema)
    matrix = spark.createDataFrame([matrix_row(u, limit) for u, _, limit, _ in people],
                                   FEATURE_MATRIX.spark_schema)
    rows = build(eligible, scores, matrix, policy).collect()
    return {row["user_id"]: row for row in rows}


def test_the_tier_sets_the_rate_and_the_card_sets_the_column():
    found = priced(("anna", 700, 30_000, True), ("ben", 699, 29_999, True))
    assert (found["anna"]["limit_minor"], found["anna"]["rate_daily"]) == (
        12_000_000, Decimal("0.000195"))
    assert (found["ben"]["limit_minor"], found["ben"]["score_tier"]) == (2_000_000, "B")


def test_nobody_ineligible_is_priced():
    assert set(priced(("anna", 700, 0, True), ("ben", 700, 0, False))) == {"anna"}


def test_money_goes_to_the_best_scores_until_it_is_spent():
    # Expected draws 60,000 + 30,000 of 100,000; the third would bring 20,000 more.
    found = priced(("anna", 750, 30_000, True), ("ben", 720, 0, True), ("carl", 600, 30_000, True))
    assert {user: row["is_funded"] for user, row in found.items()} == {
        "anna": True, "ben": True, "carl": False}


def test_the_last_yuan_of_funding_is_lent():
    exact = dataclasses.replace(POLICY, funding=60_000)
    assert priced(("anna", 750, 30_000, True), policy=exact)["anna"]["is_funded"]


def test_equal_scores_are_funded_in_order_of_id():
    one = dataclasses.replace(POLICY, funding=30_000)
    found = priced(("ben", 720, 0, True), ("anna", 720, 0, True), policy=one)
    assert (found["anna"]["is_funded"], found["ben"]["is_funded"]) == (True, False)
