"""The law of a date: ceilings by date, and nothing beyond them in a policy."""

import datetime as dt
from decimal import Decimal

import pytest

from jobs.errors import PolicyError
from jobs.policies import law


@pytest.mark.parametrize(("day", "highest"), [
    (dt.date(2020, 7, 16), None), (dt.date(2020, 7, 17), 200_000),
    (dt.date(2025, 3, 13), 200_000), (dt.date(2025, 3, 14), 300_000)])
def test_the_ceiling_of_a_credit_line_is_that_of_the_date(day, highest):
    found = law.load("CNY", day)
    assert (found.highest_limit, bool(found.limit_source)) == (highest, highest is not None)


@pytest.mark.parametrize(("currency", "day", "highest"), [
    ("CNY", dt.date(2015, 9, 1), "0.36"), ("CNY", dt.date(2025, 9, 30), "0.36"),
    ("CNY", dt.date(2025, 10, 1), "0.24"), ("TWD", dt.date(2005, 11, 1), "0.20"),
    ("TWD", dt.date(2021, 7, 19), "0.20"), ("TWD", dt.date(2021, 7, 20), "0.16")])
def test_the_ceiling_of_the_cost_is_that_of_the_date(currency, day, highest):
    assert law.load(currency, day).highest_rate_annual == Decimal(highest)


def test_what_is_known_from_reports_only_says_so():
    assert law.load("CNY", dt.date(2026, 6, 30)).is_reported
    assert not law.load("CNY", dt.date(2021, 1, 1)).is_reported


def test_a_daily_ceiling_never_exceeds_the_annual_one():
    # 0.24 / 365 = 0.000657 and a rest that would be beyond the law.
    assert law.load("CNY", dt.date(2026, 6, 30)).highest_rate_daily == Decimal("0.000657")


@pytest.fixture()
def written(tmp_path, monkeypatch):
    def write(limits, rates):
        (tmp_path / "xau.yaml").write_text(
            f"highest_limit: {limits}\nhighest_rate_annual: {rates}\n")
        monkeypatch.setattr(law, "FOLDER", tmp_path)
        return law.load("XAU", dt.date(2026, 6, 30))
    return write


def entry(value='"0.2"', start="2000-01-01", source="Act 1"):
    return (f"{{effective_from: {start}, effective_to: null, value: {value}, source: \"{source}\", "
            "is_reported: false}")


HIGH = '"24"'


@pytest.mark.parametrize(("limits", "rates", "message"), [
    ("[]", "[]", "an entry that covers 2026-06-30"),
    ("[]", f"[{entry()}, {entry(start='2010-01-01')}]", "one entry on 2026-06-30, found 2"),
    ("[]", f"[{entry(value='0.2')}]", "as text"), ("[]", f"[{entry(HIGH)}]", "a share"),
    (f"[{entry()}]", f"[{entry()}]", "whole currency units"),
    ("[]", f"[{entry(source=' ')}]", "a source"),
    ("[]", "[{value: 1}]", "a list of effective_from"),
])
def test_a_law_that_is_not_sound_is_refused(written, limits, rates, message):
    with pytest.raises(PolicyError, match=message):
        written(limits, rates)


def test_a_currency_without_a_law_is_refused():
    with pytest.raises(PolicyError, match="the law for loans in EUR"):
        law.load("EUR", dt.date(2026, 6, 30))
