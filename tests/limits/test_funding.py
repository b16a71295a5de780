"""Funding: the treasury's newest day that the night knows, else the policy's plan."""

import datetime as dt
from decimal import Decimal

import pytest

from jobs.config import Run
from jobs.contracts import feeds
from jobs.labels.known import known
from jobs.limits import funding
from jobs.limits.setting import FundingLine
from jobs.policies.policy import load
from jobs.session import session

NIGHT = dt.date(2026, 6, 30)


def day(number):
    return dt.date(2026, 6, number)


def line(funder, on, available, delivered=None, voided=None, cost="0.030000"):
    return (funder, on, available, Decimal(cost), delivered or on, voided)


def facts(*rows):
    return session().createDataFrame(list(rows), feeds.facts(feeds.FUNDING_LINES).spark_schema)


def amounts(*rows):
    told = known(facts(*rows), feeds.FUNDING_LINES.key, NIGHT)
    return {one.name: one.available_minor for one in funding.newest(told)}


def test_the_newest_day_counts_whole():
    assert amounts(line("own", day(29), 10), line("interbank", day(29), 20),
                   line("own", day(30), 7)) == {"own": 7}


def test_a_line_that_was_told_of_after_the_night_is_not_known():
    assert amounts(line("own", day(29), 10),
                   line("own", day(30), 99, delivered=dt.date(2026, 7, 1))) == {"own": 10}


def test_a_line_told_anew_counts_as_told_last():
    assert amounts(line("own", day(28), 10), line("own", day(28), 3, delivered=day(30))) == {
        "own": 3}


def test_what_was_taken_back_does_not_count():
    assert amounts(line("own", day(29), 10), line("own", day(30), 9, voided=day(30))) == {
        "own": 10}


def test_lines_have_their_cost_and_stand_by_funder():
    told = known(facts(line("own", day(30), 5), line("interbank", day(30), 4, cost="0.045000")),
                 feeds.FUNDING_LINES.key, NIGHT)
    assert funding.newest(told) == [FundingLine("interbank", 4, Decimal("0.045000")),
                                    FundingLine("own", 5, Decimal("0.030000"))]


@pytest.mark.parametrize(("told", "expected"), [
    ([], {"own": 300_000_000_000, "interbank": 200_000_000_000}),
    ([line("own", day(30), 5)], {"own": 5})])
def test_the_policy_s_plan_holds_only_where_no_line_was_ever_told(monkeypatch, tmp_path, told,
                                                                  expected):
    monkeypatch.setattr(funding, "facts", lambda *_: facts(*told))
    rules = load("wallet_loan_cny", NIGHT).limits
    found = funding.lines(session(), Run(tmp_path, NIGHT), rules)
    assert {one.name: one.available_minor for one in found} == expected
