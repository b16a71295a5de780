"""Load a product policy: the version in force on a date, validated before anything uses it.

A policy is a YAML file in this folder (or in the folder that `NIGHTLIST_POLICIES` names) with
`product`, `currency` and a list of `versions`, each in force from `effective_from` to
`effective_to` (both included; null = open). A backfill therefore applies the policy of its date.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from jobs.contracts.night import FEATURE_MATRIX, SCORES
from jobs.errors import PolicyError
from jobs.store import fingerprint

#: Interest is charged by the day; a year has 360 of them in the product's terms.
DAYS_PER_YEAR = 360
#: Columns a rule may look at.
RULE_COLUMNS = {f.name: f.type for f in (*FEATURE_MATRIX.fields, *SCORES.fields)
                if f.type in ("integer", "double")}


@dataclass(frozen=True)
class Rule:
    """A person passes when `at_least` <= column <= `at_most`; a missing value fails unless told."""

    name: str
    reason_code: str
    text: str
    column: str
    at_least: float | None = None
    at_most: float | None = None
    missing_passes: bool = False


@dataclass(frozen=True)
class Tier:
    """A row of the tier matrix: from `points_from` on, a rate and a limit a column."""

    tier: str
    points_from: int
    rate_daily: Decimal
    limits: tuple[int, ...]


@dataclass(frozen=True)
class Policy:
    """The policy in force. Money in whole currency units, rates a day."""

    name: str
    product: str
    currency: str
    version: str
    sha256: str
    rules: tuple[Rule, ...]
    tiers: tuple[Tier, ...]
    card_limit_from: tuple[int, ...]
    offer_valid_days: int
    funding: int
    expected_draw_ratio: float


def folder() -> Path:
    """Where policies lie: `NIGHTLIST_POLICIES`, else this package."""
    return Path(os.environ.get("NIGHTLIST_POLICIES") or Path(__file__).parent)


def load(name: str, as_of: dt.date) -> Policy:
    """The policy of that name as it stood on a date.

    Raises:
        PolicyError: When the file is missing or wrong, or no version was in force.
    """
    path = folder() / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in folder().glob("*.yaml"))) or "none"
        raise PolicyError(f"policy {name}", f"one of {known}", "no such file",
                          "name one with --policy or add the file")
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise PolicyError(f"policy {name}", "valid YAML", str(error), "mend the file") from None
    check = _Check(name)
    versions = check.get(document, "versions", list)
    in_force = [v for v in versions if _covers(check, v, as_of)]
    if len(in_force) != 1:
        raise PolicyError(f"policy {name}", f"one version in force on {as_of}",
                          f"{len(in_force)}", "mend effective_from and effective_to")
    return _policy(check, document, in_force[0])


class _Check:
    """Typed access to the document with errors that name the policy and the key."""

    def __init__(self, name: str) -> None:
        self.name = name

    def get(self, mapping: Any, key: str, kind: type | tuple[type, ...]) -> Any:
        value = mapping.get(key) if isinstance(mapping, dict) else None
        if value is None or not isinstance(value, kind) or isinstance(value, bool):
            kinds = kind if isinstance(kind, tuple) else (kind,)
            self.fail(key, " or ".join(k.__name__ for k in kinds), value)
        return value

    def rate(self, mapping: Any, key: str) -> Decimal:
        try:
            return Decimal(str(mapping[key])).quantize(Decimal("0.000001"))
        except (KeyError, InvalidOperation, TypeError):
            self.fail(key, "a daily rate like \"0.000500\"", mapping)
            raise

    def fail(self, key: str, expected: str, found: Any) -> None:
        raise PolicyError(f"policy {self.name}.{key}", expected, repr(found),
                          "mend the policy file")


def _covers(check: _Check, version: Any, as_of: dt.date) -> bool:
    start = check.get(version, "effective_from", dt.date)
    end = version.get("effective_to")
    if end is not None and not isinstance(end, dt.date):
        check.fail("effective_to", "a date or null", end)
    return bool(start <= as_of and (end is None or as_of <= end))


def _policy(check: _Check, document: Any, version: Any) -> Policy:
    currency = check.get(document, "currency", str)
    if len(currency) != 3 or not currency.isupper():
        check.fail("currency", "an ISO 4217 code", currency)
    matrix = check.get(version, "tiers", dict)
    columns = tuple(check.get(matrix, "card_limit_from", list))
    if not columns or columns[0] != 0 or list(columns) != sorted(set(columns)):
        check.fail("tiers.card_limit_from", "rising limits from 0", columns)
    funding = check.get(version, "funding", dict)
    draw = float(check.get(version, "expected_draw_ratio", (int, float)))
    if not 0 < draw <= 1:
        check.fail("expected_draw_ratio", "a share above 0, at most 1", draw)
    return Policy(
        name=check.name, product=check.get(document, "product", str), currency=currency,
        version=check.get(version, "version", str),
        sha256=fingerprint([document["product"], currency, version]),
        rules=_rules(check, version), tiers=_tiers(check, version, len(columns)),
        card_limit_from=columns, offer_valid_days=check.get(version, "offer_valid_days", int),
        funding=check.get(funding, "own", int) + check.get(funding, "interbank", int),
        expected_draw_ratio=draw)


def _rules(check: _Check, version: Any) -> tuple[Rule, ...]:
    rules = []
    for row in check.get(version, "rules", list):
        try:
            rule = Rule(**row)
        except TypeError as error:
            raise PolicyError(f"policy {check.name}.rules", "name, reason_code, text, column, "
                              "at_least, at_most, missing_passes", str(error),
                              "mend the policy file") from None
        if rule.column not in RULE_COLUMNS:
            check.fail(f"rules.{rule.name}.column", "a number of feature_matrix or scores",
                       rule.column)
        if rule.at_least is None and rule.at_most is None:
            check.fail(f"rules.{rule.name}", "at_least or at_most", row)
        rules.append(rule)
    if len({rule.name for rule in rules}) != len(rules):
        check.fail("rules", "different names", [rule.name for rule in rules])
    return tuple(rules)


def _tiers(check: _Check, version: Any, columns: int) -> tuple[Tier, ...]:
    limit, rates = check.get(version, "limit", dict), check.get(version, "rate_daily", dict)
    low, high, step = (check.get(limit, key, int) for key in ("minimum", "maximum", "step"))
    tiers = tuple(Tier(check.get(row, "tier", str), check.get(row, "points_from", int),
                       check.rate(row, "rate_daily"), tuple(check.get(row, "limits", list)))
                  for row in check.get(check.get(version, "tiers", dict), "rows", list))
    floors = [tier.points_from for tier in tiers]
    if not floors or floors[-1] != 0 or floors != sorted(set(floors), reverse=True):
        check.fail("tiers.rows", "falling points_from that end at 0", floors)
    for tier in tiers:
        if len(tier.limits) != columns or any(
                not low <= amount <= high or amount % step for amount in tier.limits):
            check.fail(f"tiers.{tier.tier}.limits", f"{columns} limits from {low} to {high} in "
                       f"steps of {step}", tier.limits)
        if not check.rate(rates, "minimum") <= tier.rate_daily <= check.rate(rates, "maximum"):
            check.fail(f"tiers.{tier.tier}.rate_daily", "a rate within rate_daily",
                       str(tier.rate_daily))
    return tiers
