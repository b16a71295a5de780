"""From the policy's words to rows: units, signs, and a straight line around the chance."""

import dataclasses
import datetime as dt
from decimal import Decimal
from math import sqrt

import numpy as np
import pytest

from jobs.limits.problem import DRAW, LOSS, PEOPLE, VARIANCE, Group, Term
from jobs.limits.setting import FundingLine, funding, policy_lines, problem
from jobs.policies.limits import RowRule
from jobs.policies.policy import load

RULES = load("wallet_loan_cny", dt.date(2026, 6, 30)).limits
NO_CEILING = Decimal("1")


def rules(*rows, **changes):
    return dataclasses.replace(RULES, rows=rows, **changes)


def row(**said):
    return RowRule("one", "A row.", **{"measure": "people", "is_minimum": False, **said})


def of(rule, lines=None):
    found = problem(rules(rule), lines or policy_lines(RULES), {}, NO_CEILING)
    return found, found.rows[-1]


def test_a_cap_on_people_counts_people():
    _, found = of(row(amount=50_000.0))
    assert (found.terms, found.capacity, found.unit) == ((Term(PEOPLE, 1.0),), 50_000, "people")


def test_a_cap_on_money_is_in_minor_units():
    _, found = of(row(measure="expected_loss", amount=1_000.0))
    assert (found.terms, found.capacity) == ((Term(LOSS, 1.0),), 100_000)


def test_a_minimum_share_of_a_group_is_the_maximum_of_the_negative():
    whole, found = of(row(is_minimum=True, ratio=0.1, of="people", column="segment",
                          values=("thin_file",)))
    assert whole.groups[1] == Group("segment", ("thin_file",))
    assert found.terms == (Term(PEOPLE, -1.0, 1), Term(PEOPLE, 0.1, 0))
    assert found.capacity == 0


def test_rows_about_one_group_share_it():
    one = row(amount=1.0, column="region", values=("north",))
    found = problem(rules(one, dataclasses.replace(one, name="two")), policy_lines(RULES), {},
                    NO_CEILING)
    assert len(found.groups) == 2


def test_the_menu_has_every_limit_with_every_rate_by_limit_then_rate():
    found = problem(rules(limits=(20_000, 30_000),
                          rates_daily=(Decimal("0.0002"), Decimal("0.0005"))),
                    policy_lines(RULES), {}, NO_CEILING).menu
    assert found.limit_minor.tolist() == [2_000_000, 2_000_000, 3_000_000, 3_000_000]
    assert found.rate_daily.tolist() == [0.0002, 0.0005, 0.0002, 0.0005]


def test_rates_above_the_law_are_no_entries():
    found = problem(rules(limits=(20_000,), rates_daily=(Decimal("0.0002"), Decimal("0.0005"))),
                    policy_lines(RULES), {}, Decimal("0.0004"))
    assert found.menu.rate_daily.tolist() == [0.0002]


def test_the_cheapest_line_is_the_first_step_at_its_cost_over_the_horizon():
    lines = [FundingLine("bank", 500, Decimal("0.06")), FundingLine("own", 300, Decimal("0.03"))]
    cost = problem(rules(horizon_days=180), lines, {}, NO_CEILING).rows[1]
    assert [(step.name, step.amount) for step in cost.steps] == [("own", 300), ("bank", 500)]
    assert [step.price for step in cost.steps] == pytest.approx([0.015, 0.03])


@pytest.mark.parametrize("spread", [0.0, 0.1, 0.4])
@pytest.mark.parametrize("millions", [1, 100, 5_000])
def test_no_draws_that_keep_the_chance_cross_the_line(spread, millions):
    """At the corner of the largest variance and of none the line is met exactly."""
    lines = [FundingLine("own", millions * 100_000_000, Decimal("0.03"))]
    found = funding(rules(draw_spread=spread), lines, max(RULES.limits) * 100)
    weight = {term.measure: term.weight for term in found.terms}
    chance, highest = found.chance, max(RULES.limits) * 100.0

    def line(mean, variance):
        return mean * weight[DRAW] + variance / 100**2 * weight[VARIANCE]

    def left(mean, variance):
        return (chance.available_minor - mean
                - chance.z * sqrt((spread * mean)**2 + variance))
    rng = np.random.default_rng(7)
    for mean in rng.uniform(0, chance.available_minor, 500):
        variance = rng.uniform(0, highest * mean)
        if left(mean, variance) >= 0:
            assert line(mean, variance) <= found.capacity * (1 + 1e-12)
    alone = chance.available_minor / (1 + chance.z * spread)
    assert line(alone, 0) == pytest.approx(found.capacity)
    means = np.linspace(0, alone, 100_001)
    tight = next(mean for mean in means[::-1] if left(mean, highest * mean) >= 0)
    assert line(tight, highest * tight) == pytest.approx(found.capacity, rel=1e-4)


def test_an_offer_above_the_menu_moves_the_line_outward():
    """V <= H m: at the same draws a larger limit may vary more, and the line must leave room."""
    lines = [FundingLine("own", 10_000_000_000, Decimal("0.03"))]
    near, far = (problem(rules(), lines, {}, NO_CEILING, limit).rows[0]
                 for limit in (0, 50_000_000))
    assert near.capacity == far.capacity
    assert far.terms[1].weight < near.terms[1].weight


def test_without_money_nothing_may_be_drawn():
    found = funding(RULES, [FundingLine("own", 0, Decimal("0.03"))], 20_000_000)
    assert found.capacity == 0
