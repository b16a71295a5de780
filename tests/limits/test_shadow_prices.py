"""Shadow prices: what a step earns, how far a price holds, what a row costs, and in words."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np
import pytest

from jobs.contracts.limits import SHADOW_PRICES, VALUE_CURVES
from jobs.limits import shadow_prices
from jobs.limits.bounds import Bounds, capacities
from jobs.limits.problem import DRAW, PEOPLE, Chance, Row, Sums, Term
from jobs.limits.shadow_prices import (GRID, holds, price_of, relaxed, size_of, step_of,
                                       tables)
from tests.limits.proofs import drawn_candidates, people_of, problem, solved, sums
from tests.limits.proofs import dual as dual_at
from tests.limits.test_bounds import COST, FUNDING, INVITATIONS, city, exact


@functools.cache
def priced(people: int = 200) -> tuple[dict[str, dict[str, Any]], Any, Any]:
    about, who = city(people)
    found, prices = Bounds(about, who, 1.0).least(capacities(about))
    entry = dual_at(about, who, prices)[1]
    solution = solved(prices, found, 0, sums(about, who, entry))
    found = tables(about, who, Sums.zero(about), solution, 1.0)["shadow_prices"]
    return {row["row_name"]: row for row in found.to_pylist()}, about, who


def test_a_step_earns_what_the_linear_programme_says_it_does() -> None:
    rows, about, who = priced()
    now = capacities(about).capacity
    more = now.copy()
    more[INVITATIONS] += rows["invitations"]["step"]
    earned = exact(about, who, more) - exact(about, who, now)
    assert rows["invitations"]["step"] == 10 and earned > 0
    assert rows["invitations"]["step_value_minor"] == pytest.approx(earned, rel=0.02)
    # A concave bound: a step earns no more than its price says.
    assert earned <= rows["invitations"]["step"] * rows["invitations"]["price"] * (1 + 1e-6)


def test_a_row_costs_what_is_earned_without_it() -> None:
    rows, about, who = priced()
    now = capacities(about).capacity
    without = exact(about, who, now, without=INVITATIONS) - exact(about, who, now)
    assert rows["invitations"]["cost_minor"] == pytest.approx(without, rel=0.02)


def test_a_row_that_does_not_bind_earns_and_costs_nothing() -> None:
    about = problem(invitations=1e6)
    who = people_of(drawn_candidates(50), about)
    found, prices = Bounds(about, who, 1.0).least(capacities(about))
    entry = dual_at(about, who, prices)[1]
    made = tables(about, who, Sums.zero(about), solved(prices, found, 0, sums(about, who, entry)),
                  1.0)
    assert {name: table.schema for name, table in made.items()} == {
        table.name: table.arrow_schema for table in (SHADOW_PRICES, VALUE_CURVES)}
    free = {row["row_name"]: row for row in made["shadow_prices"].to_pylist()}["invitations"]
    assert (free["price"], free["step_value_minor"], free["cost_minor"]) == (0.0, 0.0, 0.0)
    assert free["holds_to"] is None
    curve = [row for row in made["value_curves"].to_pylist() if row["row_name"] == "invitations"]
    assert [row["capacity"] for row in curve] == pytest.approx(
        [1e6 * (1 + extra) for extra in GRID])
    assert [row["bound_minor"] for row in curve] == pytest.approx([found] * len(GRID), rel=1e-5)


def test_where_nobody_may_be_offered_anything_more_earns_nothing() -> None:
    about = problem(funding=10**9)
    nobody = people_of(drawn_candidates(3), about).take(np.zeros(0, np.int64))
    solution = solved(np.zeros(4), 0.0, 0, Sums.zero(about))
    rows = tables(about, nobody, Sums.zero(about), solution, 0.0)["shadow_prices"].to_pylist()
    assert {(row["step_value_minor"], row["cost_minor"]) for row in rows} == {(0.0, 0.0)}


def test_of_many_people_some_are_asked_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    about, who = city(200)
    found, prices = Bounds(about, who, 1.0).least(capacities(about))
    solution = solved(prices, found, 0, sums(about, who, dual_at(about, who, prices)[1]))
    whole = tables(about, who, Sums.zero(about), solution, 1.0)["value_curves"]
    # Everyone twice, each for half a person; every second is asked, so the same are.
    monkeypatch.setattr(shadow_prices, "MOST_PEOPLE", 200)
    twice = who.take(np.repeat(np.arange(200), 2))
    half = tables(about, twice, Sums.zero(about), solution, 0.5)["value_curves"]
    assert half["bound_minor"].to_pylist() == pytest.approx(whole["bound_minor"].to_pylist())


def test_a_curve_goes_through_tonight_and_never_rises_faster() -> None:
    about, who = city(200)
    found, prices = Bounds(about, who, 1.0).least(capacities(about))
    solution = solved(prices, found, 0, sums(about, who, dual_at(about, who, prices)[1]))
    curve = [(row["capacity"], row["bound_minor"]) for row in tables(
        about, who, Sums.zero(about), solution, 1.0)["value_curves"].to_pylist()
        if row["row_name"] == "funding"]
    tonight = dict(curve)[float(about.rows[FUNDING].chance.available_minor)]
    assert tonight == pytest.approx(found, rel=1e-5)
    slopes = np.diff([value for _, value in curve]) / np.diff([money for money, _ in curve])
    assert slopes[0] > 0 and (np.diff(slopes) <= slopes[0] * 1e-3).all()


def test_more_to_lend_is_more_in_the_last_line_and_more_in_the_chance() -> None:
    about = problem(funding=1_200)
    more = relaxed(about, capacities(about), FUNDING, 120.0)
    # z 2, spread 0.1: 1,200 carry 1,000 of draws, 1,320 carry 1,100.
    assert more.capacity[FUNDING] == pytest.approx(1_100)
    assert more.amounts[COST] == pytest.approx((720.0, 480.0 + 120.0))
    less = relaxed(about, capacities(about), FUNDING, -600.0)
    assert less.amounts[COST] == pytest.approx((600.0, 0.0))
    prices = np.array([0.06, 0.055, 0.0, 0.0])
    # 0.06 / 1.2 for the chance, and 0.055 less the last line's 0.045.
    assert price_of(about, prices, FUNDING) == pytest.approx(0.06)


def test_a_price_holds_until_it_is_a_tenth_off() -> None:
    # Slopes 12, 10, 10, 8 per unit between capacities; they stand at -3, -1, 1 and 3.
    bounds = [(-4.0, 0.0), (-2.0, 24.0), (0.0, 44.0), (2.0, 64.0), (4.0, 80.0)]
    low, high = holds(bounds, 10.0)
    # 11 lies half way from -1 to -3, 9 half way from 1 to 3.
    assert (low, high) == (pytest.approx(-2.0, abs=0.01), pytest.approx(2.0, abs=0.01))
    assert holds([(-1.0, 0.0), (0.0, 10.0), (1.0, 20.0)], 10.0) == (None, None)


@pytest.mark.parametrize(("size", "unit", "step"), [
    (5e11, "1/100 currency", 1e10),      # 5 bn: 100 million
    (1e10, "1/100 currency", 1e9),       # 100 million: 10 million
    (7.3e9, "1/100 currency", 5e8), (4_200.0, "people", 200.0), (3.0, "people", 1.0),
    (1.0, "1/100 currency", 100.0)])
def test_a_step_is_round(size: float, unit: str, step: float) -> None:
    assert step_of(size, unit) == step


def test_the_size_of_a_row_without_a_capacity_is_what_it_uses() -> None:
    total = Sums(0, np.array([[40, 10, 900, 30, 5]]))
    ratio = Row("share", "", "people", (Term(PEOPLE, -1.0), Term(PEOPLE, 0.1)), 0.0)
    assert size_of(ratio, total) == 40.0
    assert size_of(dataclasses.replace(ratio, capacity=-25.0), total) == 25.0
    chance = Row("funding", "", "", (Term(DRAW, 1.0),), 10.0, (), Chance(12, 2.0, 0.1))
    assert size_of(chance, total) == 12.0
