"""What the law of a date allows of a consumer loan: `law/<currency>.yaml`, effective-dated.

A policy is a lender's own choice; this is not, so it stands apart, and no policy may go beyond it.
A file holds `highest_limit` (whole currency units; where no entry covers a date there was no such
rule) and `highest_rate_annual` (all-in cost a year; one for every date), each a list of
`effective_from`, `effective_to` (both included; null = open), `value`, `source`, `is_reported`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from jobs.errors import PolicyError

FOLDER = Path(__file__).parent / "law"
#: A year in the terms of the product: interest is charged by the day.
DAYS_PER_YEAR = 360
#: A year as it is lived, over which the all-in cost is counted: 24 % of 360 days are 24.33 % of
#: these, so a ceiling of the cost is one of these days.
CALENDAR_DAYS = 365
_KEYS = ("effective_from", "effective_to", "value", "source", "is_reported")
_RATE_STEP = Decimal("0.000001")


@dataclass(frozen=True)
class Law:
    """The ceilings of a date.

    Attributes:
        highest_limit: Of a credit line, whole currency units; None: the law names none.
        highest_rate_annual: All-in cost a year.
        limit_source: What says so; empty without a ceiling.
        rate_source: What says so.
        is_reported: Whether any of it is known from reports only.
    """

    highest_limit: int | None
    highest_rate_annual: Decimal
    limit_source: str
    rate_source: str
    is_reported: bool

    @property
    def highest_rate_daily(self) -> Decimal:
        """The ceiling of a rate a day, in six decimals, rounded down.

        The product charges no fee, so the cost of a year is its days times the rate; a fee would
        have to leave room here.
        """
        return (self.highest_rate_annual / CALENDAR_DAYS).quantize(_RATE_STEP, ROUND_DOWN)


def load(currency: str, as_of: dt.date) -> Law:
    """The law for loans in a currency as it stood on a date.

    Raises:
        PolicyError: When the file is missing or wrong, or says nothing of the cost on that date.
    """
    path = FOLDER / f"{currency.lower()}.yaml"
    where = f"law/{path.name}"
    if not path.is_file():
        raise PolicyError(where, f"the law for loans in {currency}", "no such file",
                          "add it beside those in jobs/policies/law")
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(said, dict) or set(said) != {"highest_limit", "highest_rate_annual"}:
        raise PolicyError(where, "highest_limit and highest_rate_annual", repr(said)[:80],
                          "mend the file")
    limit = _in_force(where, "highest_limit", said["highest_limit"], as_of)
    rate = _in_force(where, "highest_rate_annual", said["highest_rate_annual"], as_of)
    if rate is None:
        raise PolicyError(f"{where}.highest_rate_annual", f"an entry that covers {as_of}", "none",
                          "add what the law said then")
    return Law(_whole(where, limit["value"]) if limit else None, _share(where, rate["value"]),
               limit["source"] if limit else "", rate["source"],
               any(one["is_reported"] for one in (limit, rate) if one))


def _in_force(where: str, key: str, entries: Any, as_of: dt.date) -> dict[str, Any] | None:
    """The entry of a date, or None; entries are complete and do not overlap."""
    if not isinstance(entries, list) or not all(
            isinstance(one, dict) and sorted(one) == sorted(_KEYS) for one in entries):
        raise PolicyError(f"{where}.{key}", "a list of " + ", ".join(_KEYS), repr(entries)[:80],
                          "mend the file")
    covering = [one for one in entries if one["effective_from"] <= as_of
                and (one["effective_to"] is None or as_of <= one["effective_to"])]
    if len(covering) > 1:
        raise PolicyError(f"{where}.{key}", f"one entry on {as_of}", f"{len(covering)}",
                          "mend effective_from and effective_to")
    if covering and not str(covering[0]["source"]).strip():
        raise PolicyError(f"{where}.{key}", "a source", "none", "say which law it is")
    return covering[0] if covering else None


def _whole(where: str, value: Any) -> int:
    if type(value) is not int or value <= 0:
        raise PolicyError(f"{where}.highest_limit", "whole currency units above 0", repr(value),
                          "mend the file")
    return value


def _share(where: str, value: Any) -> Decimal:
    try:
        found = Decimal(value) if isinstance(value, str) else Decimal(0)
    except InvalidOperation:
        found = Decimal(0)
    if not 0 < found <= 1:
        raise PolicyError(f"{where}.highest_rate_annual", "a share a year as text, like \"0.24\"",
                          repr(value), "mend the file")
    return found
