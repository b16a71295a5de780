"""Load a product policy: the version in force on a date, validated before anything uses it.

A policy is a YAML file in this folder (or in the folder that `NIGHTLIST_POLICIES` names) with
`product`, `currency` and a list of `versions`, each in force from `effective_from` to
`effective_to` (both included; null = open). A backfill therefore applies the policy of its date,
and of its rules those of that date. `languages` names those in which every rule has to have a text
beside English. What goes beyond the law of the date (`law.py`) is refused.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from jobs.errors import PolicyError
from jobs.policies import law
from jobs.policies.campaign import CampaignRules, campaign_rules
from jobs.policies.check import Check
from jobs.policies.feeds import FeedRule, feed_rules
from jobs.policies.guardrails import Guardrails, guardrails
from jobs.policies.law import Law
from jobs.policies.limits import LimitRules, limit_rules
from jobs.policies.monitoring import Monitoring, monitoring
from jobs.policies.outcomes import OutcomeRules, outcome_rules
from jobs.policies.retention import Retention, retention
from jobs.policies.rules import LANGUAGES, Rule, rules
from jobs.store import fingerprint

#: Interest is charged by the day; a year has 360 of them in the product's terms.
DAYS_PER_YEAR = law.DAYS_PER_YEAR
#: Bound of any amount in a policy, whole currency units: sums stay within 64 bits.
MOST_MONEY = 10**12
#: What a version may say.
VERSION_KEYS = {"version", "effective_from", "effective_to", "limit", "rate_daily",
                "offer_valid_days", "funding", "rules", "tiers", "feeds", "monitoring",
                "outcomes", "requires_champion", "limits", "campaign", "retention", "guardrails"}


@dataclass(frozen=True)
class Tier:
    """A row of the tier matrix: from `points_from` on, a rate and a limit a column."""

    tier: str
    points_from: int
    rate_daily: Decimal
    limits: tuple[int, ...]


@dataclass(frozen=True)
class Policy:
    """The policy in force. Money in whole currency units, rates a day.

    `rules` are those in force on the date; `law` is that of the date.
    `feeds` says of every feed until when nights wait for it and what a late one means (see
    `feeds.py`). `outcomes` says what counts as a
    default or an answer (see `outcomes.py`). With `requires_champion` a night scores with promoted
    models only; without it, one that was not is a warning.
    """

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
    feeds: Mapping[str, FeedRule]
    monitoring: Monitoring
    guardrails: Guardrails
    outcomes: OutcomeRules
    limits: LimitRules
    campaign: CampaignRules
    retention: Retention
    law: Law
    requires_champion: bool = False

    @property
    def mandatory_feeds(self) -> tuple[str, ...]:
        """Feeds before whose first delivery there is no night of the product.

        Without `loan_performance` among them a night may have nothing to learn from (see
        `jobs/inputs.py`).
        """
        return tuple(name for name, rule in self.feeds.items() if rule.mandatory)


def folder() -> Path:
    """Where policies lie: `NIGHTLIST_POLICIES`, else this package."""
    return Path(os.environ.get("NIGHTLIST_POLICIES") or Path(__file__).parent)


def load(name: str, as_of: dt.date) -> Policy:
    """The policy of that name as it stood on a date.

    Raises:
        PolicyError: When the file is missing or wrong, or no version was in force.
    """
    return read(name, document(name), as_of)


def document(name: str) -> Any:
    """What the file of that name says, not checked yet.

    Raises:
        PolicyError: When the file is missing, or no YAML.
    """
    path = folder() / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in folder().glob("*.yaml"))) or "none"
        raise PolicyError(f"policy {name}", f"one of {known}", "no such file",
                          "name one with --policy or add the file")
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise PolicyError(f"policy {name}", "valid YAML in UTF-8", str(error),
                          "mend the file") from None


def read(name: str, said: Any, as_of: dt.date) -> Policy:
    """The policy that a document of that name states for a date.

    Raises:
        PolicyError: When it is wrong, or no version was in force.
    """
    in_force = versions_in_force(name, said, as_of)
    if len(in_force) != 1:
        raise PolicyError(f"policy {name}", f"one version in force on {as_of}",
                          f"{len(in_force)}", "mend effective_from and effective_to")
    return _policy(name, said, in_force[0], as_of)


def versions_in_force(name: str, said: Any, as_of: dt.date) -> list[Any]:
    """The versions of a document that cover the date."""
    check = Check(name)
    return [one for one in check.get(said, "versions", list) if _covers(check, one, as_of)]


def _covers(check: Check, version: Any, as_of: dt.date) -> bool:
    start = check.get(version, "effective_from", dt.date)
    check.known(version, VERSION_KEYS)
    end = version.get("effective_to")
    if end is not None:
        end = check.get(version, "effective_to", dt.date)
    return bool(start <= as_of and (end is None or as_of <= end))


def _policy(name: str, document: Any, version: Any, as_of: dt.date) -> Policy:
    product, currency, languages = _head(Check(name), document)
    allowed = law.load(currency, as_of)
    check = Check(name, allowed.highest_rate_daily)
    matrix = check.get(version, "tiers", dict)
    columns = check.wholes(matrix, "card_limit_from")
    if not columns or columns[0] != 0 or list(columns) != sorted(set(columns)):
        check.fail("tiers.card_limit_from", "rising limits from 0", columns)
    funding = check.get(version, "funding", dict)
    stated = rules(check, version, languages)
    in_force = tuple(rule for rule in stated if rule.in_force(as_of))
    return Policy(
        name=check.name, product=product, currency=currency,
        version=check.text(version, "version"),
        sha256=fingerprint([product, currency, languages, version, asdict(allowed)]),
        rules=in_force,
        tiers=_tiers(check, version, len(columns)), card_limit_from=columns,
        offer_valid_days=check.whole(version, "offer_valid_days", 1, 366),
        funding=sum(check.whole(funding, key, 0, MOST_MONEY) for key in ("own", "interbank")),
        feeds=feed_rules(check, version, in_force),
        monitoring=monitoring(check, version), guardrails=guardrails(check, version),
        outcomes=outcome_rules(check, version),
        limits=limit_rules(check, version, [rule.name for rule in stated]),
        campaign=campaign_rules(check, version, {rule.name: rule.column for rule in stated},
                                languages),
        retention=retention(check, version), law=allowed,
        requires_champion="requires_champion" in version
        and check.get(version, "requires_champion", bool))


def _head(check: Check, document: Any) -> tuple[str, str, list[str]]:
    """Product, currency and languages."""
    check.known(document, {"product", "currency", "languages", "versions"})
    product, currency = check.text(document, "product"), check.text(document, "currency")
    if not re.fullmatch("[A-Z]{3}", currency):
        check.fail("currency", "an ISO 4217 code", currency)
    languages = document.get("languages", [])
    if type(languages) is not list or not set(map(str, languages)) <= set(LANGUAGES):
        check.fail("languages", "a list out of " + ", ".join(LANGUAGES), languages)
    return product, currency, languages


def _tiers(check: Check, version: Any, columns: int) -> tuple[Tier, ...]:
    limit, rates = check.get(version, "limit", dict), check.get(version, "rate_daily", dict)
    low = check.whole(limit, "minimum", 1, MOST_MONEY)
    high = check.whole(limit, "maximum", low, MOST_MONEY)
    step = check.whole(limit, "step", 1, MOST_MONEY)
    tiers = tuple(Tier(check.text(row, "tier"), check.get(row, "points_from", int),
                       check.rate(row, "rate_daily"), check.wholes(row, "limits"))
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
    rates_down = [tier.rate_daily for tier in tiers]
    if rates_down != sorted(rates_down):
        check.fail("tiers.rows", "rates that do not fall from the best tier down",
                   [str(rate) for rate in rates_down])
    return tiers
