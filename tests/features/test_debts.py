"""Debts at the bureau and what they are served from, worked by hand."""

import datetime as dt

import pytest

from jobs.contracts import feeds
from jobs.features import debts, windows
from jobs.features.families.activity import SOURCE as LOGINS
from jobs.features.families.money import ACCOUNTS, WALLET
from jobs.features.matrix import build
from jobs.features.point_in_time import visible
from jobs.session import session

AS_OF, DELIVERED = dt.date(2026, 6, 30), dt.date(2026, 6, 1)
MAY, APRIL = dt.date(2026, 5, 31), dt.date(2026, 4, 30)


def frame(feed, rows):
    return session().createDataFrame(list(rows), feeds.facts(feed).spark_schema)


def line(name, kind="credit_card", status=0, balance=0, limit=None, instalment=None, opened=None,
         month=MAY):
    return ("anna", name, month, kind, status, balance, limit, instalment, opened, DELIVERED, None)


def spine():
    return session().createDataFrame([("anna", AS_OF)], "user_id string, as_of_date date")


def owed(*rows):
    told = visible(spine(), frame(feeds.BUREAU_TRADELINES, rows), feeds.BUREAU_TRADELINES.key)
    (found,) = debts.build(told).collect()
    return found.asDict()


LINES = [
    line("a", balance=30_000, limit=100_000, instalment=1_000, opened=dt.date(2020, 6, 30)),
    line("a", balance=99_000, limit=100_000, instalment=9_000, opened=dt.date(2020, 6, 30),
         month=APRIL),
    line("b", status=2, balance=45_000, limit=50_000, instalment=500, opened=dt.date(2026, 1, 1)),
    line("house", "mortgage", balance=900_000, limit=1_000_000, instalment=5_000,
         opened=dt.date(2016, 6, 30))]


@pytest.mark.parametrize(("name", "value"), [
    ("debt_line_count", 3), ("overdue_line_count", 1), ("debt_minor", 975_000),
    ("credit_card_debt_minor", 75_000), ("mortgage_debt_minor", 900_000),
    ("car_loan_debt_minor", 0), ("credit_card_line_count", 2), ("consumer_loan_line_count", 0),
    ("overdue_debt_minor", 45_000), ("monthly_obligation_minor", 6_500),
    ("bureau_utilization_ratio", 0.5), ("fullest_card_ratio", 0.9),
    ("file_age_days", 3_652),                        # ten years with the leap days of 2020, 2024
    ("newest_line_days", 180), ("opened_line_count_180d", 0), ("opened_line_count_365d", 1)])
def test_of_each_line_the_latest_month_counts(name, value):
    assert owed(*LINES)[name] == value


def test_what_the_lender_owes_is_no_debt_taken_off_another():
    found = owed(line("a", balance=-5_000, limit=10_000), line("b", balance=4_000, limit=10_000))
    assert (found["debt_minor"], found["bureau_utilization_ratio"]) == (4_000, 0.2)


def test_what_the_bureau_does_not_tell_is_not_known():
    found = owed(line("a", balance=None))
    assert (found["debt_minor"], found["monthly_obligation_minor"], found["file_age_days"],
            found["opened_line_count_365d"], found["fullest_card_ratio"]) == (None,) * 5


def windowed(source, **values):
    """Anna's windows of a source: 0 where nothing is said."""
    schema = windows.table(source).spark_schema
    row = tuple({"user_id": "anna", **values}.get(name, 0) for name in schema.names)
    return source.name, session().createDataFrame([(*row, AS_OF)],
                                                  schema.add("as_of_date", "date"))


def of_anna(lines=(), records=None, *sources):
    told = None if records is None else frame(feeds.BUREAU_PUBLIC_RECORDS, records)
    (found,) = build(spine(), frame(feeds.BOUND_CARDS, []), frame(feeds.STATEMENTS, []),
                     frame(feeds.BUREAU_TRADELINES, lines), dict(sources), records=told).collect()
    return found.asDict()


def test_no_record_is_known_only_of_whom_the_bureau_knows():
    record = ("r1", "anna", MAY, "judgement", 7_000, DELIVERED, None)
    both = ("public_record_count", "public_record_minor")
    assert [of_anna(LINES, [record])[name] for name in both] == [1, 7_000]
    assert [of_anna(LINES, [])[name] for name in both] == [0, 0]
    assert [of_anna([], [])[name] for name in both] == [None, None]
    assert [of_anna(LINES, None)[name] for name in both] == [None, None]


def test_income_is_the_salary_and_debts_weigh_against_it():
    found = of_anna(LINES, None, windowed(ACCOUNTS, salary_minor_90d=900_001))
    assert found["inferred_income_minor"] == 300_000     # a third, in whole 1/100
    assert found["obligation_to_income_ratio"] == 6_500 / 300_000
    assert found["debt_to_income_ratio"] == 3.25


def test_without_a_salary_income_is_the_least_of_what_came_in_regularly():
    inflows = {"account_in_minor_30d": 50_000, "account_in_minor_90d": 120_000,
               "account_in_minor_180d": 600_000}
    assert of_anna([], None, windowed(ACCOUNTS, **inflows))["inferred_income_minor"] == 40_000
    paid = windowed(WALLET, wallet_salary_minor_90d=600_000)
    assert of_anna([], None, windowed(ACCOUNTS, **inflows), paid)[
        "inferred_income_minor"] == 200_000


def test_a_thin_file_says_what_else_is_known():
    found = of_anna([], None, windowed(ACCOUNTS), windowed(LOGINS, logins_recency_days=None))
    assert (found["is_thin_file"], found["known_source_count"]) == (1, 1)
    assert of_anna(LINES)["is_thin_file"] == 0
