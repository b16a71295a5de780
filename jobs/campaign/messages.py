"""Texts that a message fills in: amounts, rates and dates as customers read them.

In English `CNY 50,000`, `0.05%`, `29 July 2026`; in Chinese `50,000元`, `0.05%`, `2026年7月29日`.
A JSON object in one line, keys in order: the same offer gives the same bytes.
"""

from __future__ import annotations

import calendar
import datetime as dt
import json
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: How Chinese customers read an amount; of another currency its code stands before it.
_IN_CHINESE = {"CNY": "{}元", "TWD": "新台币{}元"}
_CENT = Decimal("0.01")


def variables(offers: pa.Table, currency: str, language: str) -> pa.Array:
    """The variables of each offer.

    Args:
        offers: With limit, rates and last day of the whitelist.
        currency: Of the limits.
        language: Of the policy's messages.
    """
    columns = (f"limit_{currency.lower()}", "rate_daily", "rate_annual", "all_in_cost_annual",
               "valid_to")
    if not offers.num_rows:
        return pa.array([], pa.string())
    # Few terms and days make many offers: each text is written once.
    coded = [pc.dictionary_encode(offers[name].combine_chunks()) for name in columns]
    codes = np.stack([one.indices.to_numpy() for one in coded], axis=1)
    kinds, place = np.unique(codes, axis=0, return_inverse=True)
    values = [one.dictionary.to_pylist() for one in coded]
    texts = [text(currency, language, *(values[column][code] for column, code in enumerate(kind)))
             for kind in kinds]
    return pa.array(texts, pa.string()).take(pa.array(place.reshape(-1)))


def text(currency: str, language: str, limit: int, rate_daily: Decimal, rate_annual: Decimal,
         all_in_cost_annual: Decimal, valid_to: dt.date) -> str:
    """The variables of one offer."""
    return json.dumps({
        "limit": amount(f"{limit:,}", currency, language),
        "rate_daily": percent(rate_daily), "rate_annual": percent(rate_annual),
        "all_in_cost_annual": percent(all_in_cost_annual),
        "interest_daily_per_1000": amount(exact(rate_daily * 1000), currency, language),
        "valid_to": day(valid_to, language)}, ensure_ascii=False, sort_keys=True,
        separators=(",", ":"))


def amount(number: str, currency: str, language: str) -> str:
    """Money in words of a language."""
    return (_IN_CHINESE[currency].format(number) if language == "zh" and currency in _IN_CHINESE
            else f"{currency} {number}")


def percent(rate: Decimal) -> str:
    """A rate in per cent."""
    return f"{exact(rate * 100)}%"


def exact(number: Decimal) -> str:
    """All decimals that a number has, two at least: a cost is never rounded down."""
    shown = number.normalize()
    return f"{shown if int(shown.as_tuple().exponent) < -2 else number.quantize(_CENT)}"


def day(date: dt.date, language: str) -> str:
    """A date in words of a language."""
    if language == "zh":
        return f"{date.year}年{date.month}月{date.day}日"
    return f"{date.day} {calendar.month_name[date.month]} {date.year}"
