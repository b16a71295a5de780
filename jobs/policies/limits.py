"""The part of a policy that limits and rates follow: menu, economics, coupling rows, strategies.

    limits:
      method: optimiser              # or tier_matrix, flat, greedy (jobs/limits/strategies.py)
      menu: {limits: [20000, 50000], rates_daily: ["0.000195", "0.000500"]}
      horizon_days: 365
      planning: {response_ratio: 0.5, draw_ratio: 0.35, lgd_ratio: 0.65, income: 5000}
      risk: {term_factor: 1.0, elasticity: 0.25, reference_limit: 10000}
      invitation_cost: "0.50"
      affordability: {income_months: 12, card_limit_multiple: 3.0}
      funding: {confidence: 0.99, draw_spread: 0.10, cost_annual: {own: "0.03", interbank: "0.045"}}
      rows:
        - {name: invitations, text: "…", measure: people, at_most: 50000}
        - {name: loss_rate, text: "…", measure: expected_loss, at_most_ratio: 0.02,
           of: expected_draw}
        - {name: thin_share, text: "…", measure: people, where: {column: segment,
           values: [thin_file]}, at_least_ratio: 0.1, of: people}
      open_offers: {honour: true, change_price: 20}
      exploration: {share_ratio: 0.005, loss_budget: 20000, pass_over: [pd_appetite],
                    limits: [20000, 30000], rates_daily: ["0.000390"]}
      challengers: [{name: tiers, method: tier_matrix, share_ratio: 0.05}]

Amounts in whole currency units. `planning` stands in for a model the night does not have;
`risk` is explained in jobs/limits/economics.py. `rows`, `exploration` and `challengers` may be
left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from statistics import NormalDist
from typing import Any

from jobs.policies.check import Check

#: Strategies that decide about everyone alike; see jobs/limits/strategies.py.
STRATEGIES = ("optimiser", "tier_matrix", "flat", "greedy")
#: What a row may measure, by the policy's word; whole currency units where it is money.
ROW_MEASURES = ("people", "limit", "expected_draw", "expected_loss")
#: Columns of the candidates by which a row may say who counts.
GROUP_COLUMNS = ("segment", "region", "partner")
#: Rows that every problem has.
FUNDING_ROWS = ("funding", "funding_cost")
_KEYS = {"method", "menu", "horizon_days", "planning", "risk", "invitation_cost",
         "affordability", "funding", "rows", "open_offers", "exploration", "challengers"}
MOST_ENTRIES = 1_000


@dataclass(frozen=True)
class RowRule:
    """A row as the policy states it: measure (of a group) at most, or at least, so much.

    `amount` is absolute (people, whole currency units); `ratio` is of `of`, over everyone.
    """

    name: str
    text: str
    measure: str
    is_minimum: bool
    amount: float | None = None
    ratio: float | None = None
    of: str = ""
    column: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exploration:
    """A random slice: everyone is in it with the same small probability, within a loss budget.

    Attributes:
        share_ratio: Probability to be in it, at most.
        loss_budget: Expected loss of the slice at most, whole currency units.
        pass_over: Rules that people in it may fail.
        limits: Drawn from these, whole currency units.
        rates_daily: Drawn from these.
    """

    share_ratio: float
    loss_budget: float
    pass_over: tuple[str, ...]
    limits: tuple[int, ...]
    rates_daily: tuple[Decimal, ...]


@dataclass(frozen=True)
class Challenger:
    """A share of the people, by stable hash, about whom another strategy decides."""

    name: str
    method: str
    share_ratio: float


@dataclass(frozen=True)
class LimitRules:
    """All of it; see the module's docstring. Money in whole currency units."""

    method: str
    limits: tuple[int, ...]
    rates_daily: tuple[Decimal, ...]
    horizon_days: int
    response_ratio: float
    draw_ratio: float
    lgd_ratio: float
    income: float
    term_factor: float
    elasticity: float
    reference_limit: int
    invitation_cost: Decimal
    income_months: float
    card_limit_multiple: float
    confidence: float
    draw_spread: float
    funding: dict[str, int]
    cost_annual: dict[str, Decimal]
    rows: tuple[RowRule, ...]
    honours_offers: bool
    change_price: Decimal
    exploration: Exploration | None
    challengers: tuple[Challenger, ...]


def limit_rules(check: Check, version: Any, rule_names: list[str]) -> LimitRules:
    """The limits of a version.

    Raises:
        PolicyError: For what is missing, unknown or out of bounds.
    """
    said = check.get(version, "limits", dict)
    check.known(said, _KEYS)
    bounds, rates = version["limit"], version["rate_daily"]
    menu = check.get(said, "menu", dict)
    limits, rates_daily = _menu(check, menu, bounds, rates)
    planning, risk = check.get(said, "planning", dict), check.get(said, "risk", dict)
    afford, funding = check.get(said, "affordability", dict), check.get(said, "funding", dict)
    offers = said.get("open_offers") or {"honour": True, "change_price": 0}
    lines = check.get(version, "funding", dict)
    costs = {name: _amount(check, check.get(funding, "cost_annual", dict), name, 1)
             for name in lines}
    return LimitRules(
        method=_one_of(check, said, "method", STRATEGIES), limits=limits,
        rates_daily=rates_daily, horizon_days=check.whole(said, "horizon_days", 1, 3_660),
        response_ratio=_ratio(check, planning, "response_ratio"),
        draw_ratio=_ratio(check, planning, "draw_ratio"),
        lgd_ratio=_ratio(check, planning, "lgd_ratio"),
        income=_number(check, planning, "income", 1, 1e9),
        term_factor=_number(check, risk, "term_factor", 0.001, 1_000),
        elasticity=_number(check, risk, "elasticity", 0, 5),
        reference_limit=check.whole(risk, "reference_limit", 1, 10**9),
        invitation_cost=_amount(check, said, "invitation_cost", 10_000),
        income_months=_number(check, afford, "income_months", 0, 1_000),
        card_limit_multiple=_number(check, afford, "card_limit_multiple", 0, 1_000),
        confidence=_number(check, funding, "confidence", 0.5, 0.9999),
        draw_spread=_spread(check, funding),
        funding={name: int(lines[name]) for name in lines}, cost_annual=costs,
        rows=_rows(check, said.get("rows") or []),
        honours_offers=check.get(offers, "honour", bool),
        change_price=_amount(check, offers, "change_price", 10**6),
        exploration=_exploration(check, said, bounds, rates, rule_names),
        challengers=_challengers(check, said.get("challengers") or []))


def _menu(check: Check, menu: Any, bounds: Any, rates: Any
          ) -> tuple[tuple[int, ...], tuple[Decimal, ...]]:
    """Rising limits in policy steps and rising rates, both within the version's bounds."""
    limits = check.wholes(menu, "limits")
    low, high, step = (check.whole(bounds, key, 1, 10**12)
                       for key in ("minimum", "maximum", "step"))
    if not limits or list(limits) != sorted(set(limits)) or any(
            not low <= one <= high or one % step for one in limits):
        check.fail("limits.menu.limits", f"rising limits from {low} to {high} in steps of {step}",
                   limits)
    given = check.get(menu, "rates_daily", list)
    found = tuple(check.rate({"rates_daily": one}, "rates_daily") for one in given)
    lowest, highest = check.rate(rates, "minimum"), check.rate(rates, "maximum")
    if not found or list(found) != sorted(set(found)) or not lowest <= found[0] \
            or found[-1] > highest:
        check.fail("limits.menu.rates_daily", f"rising rates from {lowest} to {highest}", given)
    if len(limits) * len(found) > MOST_ENTRIES:
        check.fail("limits.menu", f"at most {MOST_ENTRIES} entries", len(limits) * len(found))
    return limits, found


def _spread(check: Check, funding: Any) -> float:
    """The common factor's deviation; its quantile below the mean, as `setting.funding` needs."""
    spread = _number(check, funding, "draw_spread", 0, 0.4)
    if NormalDist().inv_cdf(float(funding["confidence"])) * spread > 0.95:
        check.fail("limits.funding.draw_spread", "a quantile of the confidence times draw_spread "
                   "of 0.95 at most", spread)
    return spread


def _rows(check: Check, rows: Any) -> tuple[RowRule, ...]:
    if type(rows) is not list:
        check.fail("limits.rows", "a list", rows)
    found = tuple(_row(check, row) for row in rows)
    names = [row.name for row in found]
    if len(set(names)) != len(names) or set(names) & set(FUNDING_ROWS):
        check.fail("limits.rows", "different names, none of " + ", ".join(FUNDING_ROWS), names)
    return found


def _row(check: Check, row: Any) -> RowRule:
    name = check.text(row, "name")
    check.known(row, {"name", "text", "measure", "where", "at_most", "at_least", "at_most_ratio",
                      "at_least_ratio", "of"})
    given = [key for key in ("at_most", "at_least", "at_most_ratio", "at_least_ratio")
             if key in row]
    if len(given) != 1 or ("of" in row) != given[0].endswith("_ratio"):
        check.fail(f"limits.rows.{name}", "one of at_most and at_least, or of at_most_ratio and "
                   "at_least_ratio with `of`", given)
    bound = _number(check, row, given[0], 0, 1e12)
    where = row.get("where") or {}
    values: tuple[str, ...] = ()
    if where:
        check.known(where, {"column", "values"})
        values = tuple(map(str, check.get(where, "values", list)))
        if not values:
            check.fail(f"limits.rows.{name}.where.values", "at least one", values)
    is_ratio = given[0].endswith("_ratio")
    return RowRule(
        name, check.text(row, "text"), _one_of(check, row, "measure", ROW_MEASURES),
        given[0].startswith("at_least"), None if is_ratio else bound, bound if is_ratio else None,
        _one_of(check, row, "of", ROW_MEASURES) if is_ratio else "",
        _one_of(check, where, "column", GROUP_COLUMNS) if where else "", values)


def _exploration(check: Check, said: Any, bounds: Any, rates: Any,
                 rule_names: list[str]) -> Exploration | None:
    if said.get("exploration") is None:
        return None
    given = check.get(said, "exploration", dict)
    check.known(given, {"share_ratio", "loss_budget", "pass_over", "limits", "rates_daily"})
    passed = tuple(map(str, given.get("pass_over") or []))
    if odd := sorted(set(passed) - set(rule_names)):
        check.fail("limits.exploration.pass_over", "names of rules", odd)
    limits, found = _menu(check, given, bounds, rates)
    return Exploration(_number(check, given, "share_ratio", 0, 0.5),
                       _number(check, given, "loss_budget", 0, 1e12), passed, limits, found)


def _challengers(check: Check, rows: Any) -> tuple[Challenger, ...]:
    if type(rows) is not list:
        check.fail("limits.challengers", "a list", rows)
    found = tuple(Challenger(check.text(row, "name"), _one_of(check, row, "method", STRATEGIES),
                             _number(check, row, "share_ratio", 0, 0.5)) for row in rows)
    names = [one.name for one in found]
    if len(set(names)) != len(names) or sum(one.share_ratio for one in found) > 0.5:
        check.fail("limits.challengers", "different names, half of the people at most", names)
    return found


def _number(check: Check, mapping: Any, key: str, low: float, high: float) -> float:
    value = check.get(mapping, key, (int, float))
    if not (math.isfinite(value) and low <= value <= high):
        check.fail(key, f"a number from {low:g} to {high:g}", value)
    return float(value)


def _ratio(check: Check, mapping: Any, key: str) -> float:
    return _number(check, mapping, key, 0.0001, 0.9999)


def _amount(check: Check, mapping: Any, key: str, most: int) -> Decimal:
    """An exact amount or rate, given as text or a whole number."""
    found = mapping.get(key) if isinstance(mapping, dict) else None
    try:
        value = Decimal(str(found))
    except ArithmeticError:
        value = Decimal(-1)
    if type(found) in (int, str) and value.is_finite() and 0 <= value <= most:
        return value
    check.fail(key, f"an amount from 0 to {most}, as \"0.50\" or a whole number", found)


def _one_of(check: Check, mapping: Any, key: str, known: tuple[str, ...]) -> str:
    value = check.text(mapping, key)
    if value not in known:
        check.fail(key, "one of " + ", ".join(known), value)
    return value
