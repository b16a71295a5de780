"""What a message is filled with: as customers read amounts, rates and dates."""

import datetime as dt
import json
from decimal import Decimal

import pyarrow as pa
import pytest

from jobs.campaign.messages import exact, variables

TERMS = {"rate_daily": [Decimal("0.000390")], "rate_annual": [Decimal("0.140400")],
         "all_in_cost_annual": [Decimal("0.142350")], "valid_to": [dt.date(2026, 7, 9)]}


def of_one(currency, language):
    offers = pa.table({f"limit_{currency.lower()}": [50_000], **TERMS})
    (text,) = variables(offers, currency, language).to_pylist()
    return text


def test_in_english():
    assert json.loads(of_one("CNY", "en")) == {
        "limit": "CNY 50,000", "rate_daily": "0.039%", "rate_annual": "14.04%",
        "all_in_cost_annual": "14.235%", "interest_daily_per_1000": "CNY 0.39",
        "valid_to": "9 July 2026"}


def test_in_chinese():
    assert json.loads(of_one("CNY", "zh")) == {
        "limit": "50,000元", "rate_daily": "0.039%", "rate_annual": "14.04%",
        "all_in_cost_annual": "14.235%", "interest_daily_per_1000": "0.39元",
        "valid_to": "2026年7月9日"}
    assert json.loads(of_one("TWD", "zh"))["limit"] == "新台币50,000元"
    assert json.loads(of_one("USD", "zh"))["limit"] == "USD 50,000"


def test_the_text_is_one_line_of_json_in_order_of_keys():
    text = of_one("CNY", "zh")
    keys = list(json.loads(text))
    assert keys == sorted(keys) and "\n" not in text and ": " not in text and "50,000元" in text


@pytest.mark.parametrize(("number", "shown"), [
    ("0.195", "0.195"), ("0.50", "0.50"), ("0.5", "0.50"), ("18", "18.00"), ("7.02", "7.02"),
    ("7.1175", "7.1175"), ("100", "100.00")])
def test_a_cost_keeps_all_its_decimals(number, shown):
    assert exact(Decimal(number)) == shown


def test_each_offer_has_its_own_terms():
    offers = pa.table({
        "limit_cny": [20_000, 30_000, 20_000], "rate_daily": [Decimal("0.0005")] * 3,
        "rate_annual": [Decimal("0.18")] * 3, "all_in_cost_annual": [Decimal("0.1825")] * 3,
        "valid_to": [dt.date(2026, 7, 9), dt.date(2026, 7, 9), dt.date(2026, 7, 1)]})
    found = [json.loads(text) for text in variables(offers, "CNY", "en").to_pylist()]
    assert [(one["limit"], one["valid_to"]) for one in found] == [
        ("CNY 20,000", "9 July 2026"), ("CNY 30,000", "9 July 2026"), ("CNY 20,000", "1 July 2026")]
    assert variables(offers.slice(0, 0), "CNY", "en").to_pylist() == []
