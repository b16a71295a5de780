"""Roll rates: a loan's state at a month's end, and where it goes."""

import datetime as dt
from decimal import Decimal

import pytest

from jobs.contracts import feeds
from jobs.monitor.roll_rates import build, month_ends
from jobs.session import session

AS_OF = dt.date(2026, 6, 30)
APRIL, MAY, JUNE = dt.date(2026, 4, 30), dt.date(2026, 5, 31), dt.date(2026, 6, 30)


def row(loan, day, overdue=0, balance=1_000, lender="partner", delivered=None):
    day = dt.date.fromisoformat(day)
    return (loan, "anna", day, lender, 5_000, Decimal("0.000500"), 0, 0, balance, overdue,
            dt.date.fromisoformat(delivered) if delivered else day, None)


def rolled(*rows, as_of=AS_OF, months=6):
    frame = session().createDataFrame(list(rows), feeds.facts(feeds.LOAN_DAYS).spark_schema)
    return sorted(map(tuple, build(frame, as_of, months).collect()))


def test_ends_of_months_are_whole_months():
    assert month_ends(dt.date(2026, 6, 29), 2) == [APRIL, MAY]
    assert month_ends(AS_OF, 2) == [MAY, JUNE]


def test_a_loan_without_news_stays_as_it_is():
    assert rolled(row("a", "2026-05-10")) == [("partner", JUNE, "current", "current", 1)]


def test_arrears_go_on_counting_between_rows():
    # 5 days past due on 28 May is 8 at its end and 38 at the end of June.
    assert rolled(row("a", "2026-05-28", overdue=5)) == [("partner", JUNE, "1-29", "30-59", 1)]


@pytest.mark.parametrize(("overdue", "state"), [
    (0, "current"), (1, "1-29"), (29, "1-29"), (30, "30-59"), (60, "60-89"), (89, "60-89"),
    (90, "90+"), (4_000, "90+")])
def test_the_bounds_of_the_states(overdue, state):
    assert rolled(row("a", "2026-05-01"), row("a", "2026-06-30", overdue)) == [
        ("partner", JUNE, "current", state, 1)]


@pytest.mark.parametrize(("overdue", "state"), [(0, "repaid"), (120, "written_off")])
def test_a_loan_that_ended_is_counted_once(overdue, state):
    rows = [row("a", "2026-04-01"), row("a", "2026-05-20", overdue, balance=0)]
    assert rolled(*rows) == [("partner", MAY, "current", state, 1)]


def test_own_and_partner_loans_are_counted_apart():
    assert rolled(row("a", "2026-05-10"), row("b", "2026-05-10"),
                  row("c", "2026-05-10", lender="own")) == [
        ("own", JUNE, "current", "current", 1), ("partner", JUNE, "current", "current", 2)]


def test_a_correction_stands_in_for_the_day():
    rows = [row("a", "2026-05-10"), row("a", "2026-06-30", overdue=3),
            row("a", "2026-06-30", overdue=0, delivered="2026-07-02")]
    assert rolled(*rows) == [("partner", JUNE, "current", "1-29", 1)]
    assert rolled(*rows, as_of=dt.date(2026, 7, 2)) == [("partner", JUNE, "current", "current", 1)]


def test_only_the_last_months_are_told():
    assert [found[1] for found in rolled(row("a", "2026-01-10"), months=2)] == [MAY, JUNE]
