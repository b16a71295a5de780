"""The night's problem of limits: what the policy says, with the night's funding and models.

Sources: the policy in force, the funding lines known by the night, the coefficients of the
response and draw models. No person is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import NormalDist

import numpy as np

from jobs.limits.problem import (DRAW, EVERYONE, LIMIT, LOSS, MINOR, PEOPLE, VARIANCE, Chance,
                                 Economics, Group, Menu, Problem, Row, Step, Term)
from jobs.policies.limits import FUNDING_ROWS, LimitRules, RowRule
from jobs.policies.policy import DAYS_PER_YEAR

_MEASURES = {"people": PEOPLE, "limit": LIMIT, "expected_draw": DRAW, "expected_loss": LOSS}


@dataclass(frozen=True)
class FundingLine:
    """Money of one funder: how much (minor units), and what it costs a year."""

    name: str
    available_minor: int
    cost_annual: Decimal


def policy_lines(rules: LimitRules) -> list[FundingLine]:
    """The lines as the policy plans them, where no feed tells of today's."""
    return [FundingLine(name, amount * MINOR, rules.cost_annual[name])
            for name, amount in rules.funding.items()]


def problem(rules: LimitRules, lines: Sequence[FundingLine],
            terms: Mapping[str, dict[str, float]], highest_rate_daily: Decimal,
            fixed_limit_minor: int = 0) -> Problem:
    """The problem of a night.

    Args:
        rules: Of the policy in force.
        lines: Money to lend.
        terms: Coefficients of the models `response` and `draw`, empty without such a model.
        highest_rate_daily: That the law of the date allows; dearer entries are left out.
        fixed_limit_minor: Highest limit among offers decided before, where above the menu's.
    """
    rates = [rate for rate in rules.rates_daily if rate <= highest_rate_daily]
    menu = Menu(np.repeat(np.array(rules.limits, np.int64) * MINOR, len(rates)),
                np.tile(np.array([float(rate) for rate in rates]), len(rules.limits)))
    economics = Economics(
        rules.horizon_days, rules.term_factor, rules.elasticity, rules.reference_limit * MINOR,
        round(rules.invitation_cost * MINOR), round(rules.change_price * MINOR),
        dict(terms.get("response", {})), dict(terms.get("draw", {})))
    groups = [Group()]
    highest = max(rules.limits[-1] * MINOR, fixed_limit_minor)
    rows = [funding(rules, lines, highest), funding_cost(rules, lines)]
    for rule in rules.rows:
        group = Group(rule.column, rule.values)
        if group not in groups:
            groups.append(group)
        rows.append(_row(rule, groups.index(group)))
    return Problem(economics, menu, tuple(groups), tuple(rows))


def funding(rules: LimitRules, lines: Sequence[FundingLine], highest_limit_minor: int) -> Row:
    """Draws exceed the lines with a probability of 1 - confidence at most.

    Of mean m and variance V of the draws: m + z sqrt(spread^2 m^2 + V) <= F. Where V = 0 that is
    m <= m0 = F / (1 + z spread). A draw never exceeds the highest limit H, so V <= H m, and with
    V = H m the chance ends at m1 < m0. What keeps the chance lies below the line through (m0, 0)
    and (m1, H m1), as V <= (F - m)^2 / z^2 - spread^2 m^2 is convex in m while z spread < 1:

        m + V (m0 - m1) / (H m1) <= m0

    (chance constraint with one common factor: Vasicek, Loan portfolio value, 2002; the line is
    ours).
    """
    available = sum(line.available_minor for line in lines)
    z, spread = NormalDist().inv_cdf(rules.confidence), rules.draw_spread
    alone = available / (1.0 + z * spread)
    highest = float(highest_limit_minor)
    # (F - m)^2 = z^2 (spread^2 m^2 + H m), the smaller root.
    a = 1.0 - (z * spread)**2
    b = 2.0 * available + z * z * highest
    least = (b - math.sqrt(b * b - 4.0 * a * available * available)) / (2.0 * a)
    weight = (alone - least) / (highest * least) if least else 0.0
    return Row(FUNDING_ROWS[0], "Draws stay within the funding lines, but for one night in "
               f"{1 / (1 - rules.confidence):.0f}.", "1/100 currency",
               (Term(DRAW, 1.0), Term(VARIANCE, weight * MINOR**2)), alone, (),
               Chance(available, z, spread))


def funding_cost(rules: LimitRules, lines: Sequence[FundingLine]) -> Row:
    """Each unit drawn is bought from a line, the cheapest first, at its cost over the horizon."""
    dearest_last = sorted(lines, key=lambda line: (line.cost_annual, line.name))
    return Row(FUNDING_ROWS[1], "What is drawn is paid for at the cost of its funding line.",
               "1/100 currency", (Term(DRAW, 1.0),), 0.0,
               tuple(Step(line.name, float(line.available_minor),
                          float(line.cost_annual) * rules.horizon_days / DAYS_PER_YEAR)
                     for line in dearest_last))


def _row(rule: RowRule, group: int) -> Row:
    """A minimum is the maximum of the negative; a ratio moves the other measure to the left."""
    sign = -1.0 if rule.is_minimum else 1.0
    measure = _MEASURES[rule.measure]
    unit = "people" if measure == PEOPLE else "1/100 currency"
    terms, capacity = [Term(measure, sign, group)], 0.0
    if rule.ratio is not None:
        terms.append(Term(_MEASURES[rule.of], -sign * rule.ratio, EVERYONE))
    else:
        capacity = sign * float(rule.amount or 0) * (1 if measure == PEOPLE else MINOR)
    return Row(rule.name, rule.text, unit, tuple(terms), capacity)
