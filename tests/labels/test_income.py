"""Verified income: salaries of the months before, as known on the label's date."""

import datetime as dt

import pytest

from jobs.contracts import feeds
from jobs.features import catalogue
from jobs.labels.income import LEAKS_INCOME, build
from jobs.session import session

AS_OF = dt.date(2026, 6, 10)
FEBRUARY, MARCH, APRIL, MAY = (dt.date(2026, month, 15) for month in (2, 3, 4, 5))


def booked(on, amount=600_000, category="salary", flow_id=None, delivered=None, voided=None):
    return (flow_id or f"f{on}{category}", "anna", dt.datetime.combine(on, dt.time(9)), None,
            amount, None, category, delivered or on + dt.timedelta(days=1), voided)


def income(*flows, as_of=AS_OF):
    spine = session().createDataFrame([("anna", as_of)], "user_id string, as_of_date date")
    facts = session().createDataFrame(list(flows), feeds.facts(feeds.ACCOUNT_FLOWS).spark_schema)
    rows = build(spine, facts, as_of, as_of).collect()
    return rows[0]["income_minor"] if rows else None


def test_income_is_the_mean_of_the_months_with_a_salary():
    assert income(booked(MARCH, 600_000), booked(APRIL, 600_000), booked(MAY, 700_001)) == 633_334


def test_two_months_verify_nothing():
    assert income(booked(APRIL), booked(MAY)) is None


def test_two_salaries_of_a_month_are_one_month_s_income():
    halves = [booked(MAY, 300_000), booked(MAY, 300_000, flow_id="second")]
    assert income(booked(MARCH), booked(APRIL), *halves) == 600_000


@pytest.mark.parametrize(("on", "is_in"), [
    (dt.date(2026, 1, 31), False), (dt.date(2026, 2, 1), True), (dt.date(2026, 5, 31), True),
    (dt.date(2026, 6, 1), False)])
def test_the_four_calendar_months_before_the_label_s_own_count(on, is_in):
    rest = [booked(MARCH), booked(APRIL)]
    assert (income(*rest, booked(on)) is not None) == is_in


@pytest.mark.parametrize("other", [
    {"category": "transfer"}, {"amount": -600_000},
    {"delivered": AS_OF + dt.timedelta(days=1)}, {"voided": AS_OF}],
    ids=["a transfer", "paid back", "told of later", "replaced"])
def test_what_is_no_salary_known_by_then_verifies_nothing(other):
    assert income(booked(MARCH), booked(APRIL), booked(MAY, **other)) is None


def test_a_correction_may_say_that_a_booking_was_no_salary():
    flows = [booked(MARCH), booked(APRIL), booked(MAY, flow_id="f1"),
             booked(MAY, category="transfer", flow_id="f1", delivered=dt.date(2026, 6, 1))]
    assert income(*flows) is None
    assert income(*flows, as_of=dt.date(2026, 6, 1)) is None


def test_a_correction_that_comes_later_changes_nothing():
    flows = [booked(MARCH), booked(APRIL), booked(MAY, flow_id="f1"),
             booked(MAY, category="transfer", flow_id="f1", delivered=dt.date(2026, 6, 11))]
    assert income(*flows) == 600_000


def test_every_feature_of_incoming_money_is_named_as_a_leak():
    telling = ("salar", "income", "booked in")
    named = [entry.field.name for entry in catalogue.ENTRIES
             if any(word in entry.field.meaning.lower() for word in telling)]
    assert named and [name for name in named if not name.startswith(LEAKS_INCOME)] == []
