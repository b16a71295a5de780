"""Labels: only outcomes that were known, and no more refusals than are wanted."""

import datetime as dt

import pytest

from jobs.contracts import feeds
from jobs.labels.known import known
from jobs.labels.labels import borrowers, build
from jobs.labels.observations import OBSERVATIONS
from jobs.session import session
from tests.labels.rows import AS_OF, MAY, frame, loan, observed, outcome

JUNE, JULY = dt.date(2026, 6, 1), dt.date(2026, 7, 1)


def defaults(*outcomes, as_of=JUNE):
    return {key: row["is_default"]
            for key, row in observed(outcomes=outcomes, as_of=as_of).items()}


def observation(user, **known):
    values = {"user_id": user, "as_of_date": MAY, "weight": 1.0, **known}
    return tuple(values.get(column) for column in OBSERVATIONS.columns)


def labels(*rows, incomes=None, refusals=0, at_most=10):
    observations = session().createDataFrame(list(rows), OBSERVATIONS.spark_schema)
    told = None if incomes is None else session().createDataFrame(
        incomes, "user_id string, as_of_date date, income_minor long")
    return {row["user_id"]: row.asDict()
            for row in build(observations, told, refusals, at_most).collect()}


def test_a_label_is_dated_by_the_opening_of_its_window():
    assert defaults(outcome(True)) == {("anna", MAY): True}


def test_an_outcome_delivered_after_the_night_is_not_known():
    assert defaults(outcome(True, delivered=JULY)) == {}


def test_a_corrected_outcome_replaces_the_earlier_one():
    assert defaults(outcome(True), outcome(False, delivered=JULY), as_of=JULY) == {
        ("anna", MAY): False}


@pytest.mark.parametrize(("as_of", "known"), [(JUNE, {("anna", MAY): True}), (JULY, {})])
def test_an_outcome_whose_delivery_was_replaced_is_gone_from_then_on(as_of, known):
    assert defaults(outcome(True, voided=JULY), as_of=as_of) == known


def test_what_has_only_open_windows_is_no_label():
    rows = [observation("open", response_window="open"), observation("no", is_accepted=False)]
    assert set(labels(*rows)) == {"no"}


def test_an_income_is_put_beside_what_is_known_and_makes_no_row():
    found = labels(observation("anna", is_accepted=False), observation("ben", is_accepted=True),
                   observation("cem"),
                   incomes=[("anna", MAY, 500_000), ("cem", MAY, 700_000)])
    assert {user: row["income_minor"] for user, row in found.items()} == {
        "anna": 500_000, "ben": None}


def test_of_many_refusals_a_sample_stands_for_all():
    rows = [observation(f"u{n:04d}", is_accepted=False, weight=2.0) for n in range(2_000)]
    rows += [observation(f"b{n}", is_accepted=True, weight=2.0) for n in range(100)]
    found = labels(*rows, refusals=2_000, at_most=500)
    kept = [row["weight"] for row in found.values() if not row["is_accepted"]]
    assert abs(len(kept) - 500) < 4 * (2_000 * 0.25 * 0.75) ** 0.5  # four standard errors
    assert set(kept) == {8.0}
    assert [row["weight"] for row in found.values() if row["is_accepted"]] == [2.0] * 100


def test_the_sample_is_the_same_whatever_the_order():
    rows = [observation(f"u{n:04d}", is_accepted=False) for n in range(200)]
    assert labels(*rows, refusals=200, at_most=50).keys() == labels(
        *rows[::-1], refusals=200, at_most=50).keys()


def test_refusals_with_a_known_default_are_never_sampled_away():
    rows = [observation(f"u{n:04d}", is_accepted=False, is_default=True) for n in range(50)]
    assert len(labels(*rows, refusals=2_000, at_most=1)) == 50


def test_without_loan_days_borrowers_are_those_whose_performance_is_known():
    rows = session().createDataFrame([("anna", True), ("anna", None), ("ben", None),
                                      ("cem", False)], "user_id string, is_default boolean")
    assert sorted(row["user_id"] for row in borrowers(rows).collect()) == ["anna", "cem"]


def owing(*days, as_of=AS_OF):
    labels = session().createDataFrame([("dora", True)], "user_id string, is_default boolean")
    rows = known(frame(feeds.LOAN_DAYS, days), feeds.LOAN_DAYS.key, as_of)
    return sorted(row["user_id"] for row in borrowers(labels, rows).collect())


def test_with_loan_days_borrowers_are_those_who_owe_us():
    assert owing(loan(MAY, drawn=9, owed=9, lender="own", user="anna", loan_id="o1"),
                 loan(MAY, drawn=9, owed=9, user="ben", loan_id="p1")) == ["anna"]


def test_who_has_paid_our_loan_back_is_no_borrower_but_by_another_loan():
    lent = [loan(MAY, drawn=9, owed=9, lender="own"), loan(JUNE, repaid=9, lender="own")]
    assert owing(*lent) == []
    assert owing(*lent, loan(MAY, drawn=5, owed=5, lender="own", loan_id="o2")) == ["anna"]


def test_a_repayment_that_is_told_after_the_night_is_not_known():
    lent = [loan(MAY, drawn=9, owed=9, lender="own"),
            loan(JUNE, repaid=9, lender="own", delivered=JULY)]
    assert (owing(*lent), owing(*lent, as_of=JULY)) == (["anna"], [])
