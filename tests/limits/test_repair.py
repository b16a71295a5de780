"""Rooms of the rows, and moves that cure and fill them."""

import dataclasses
from math import sqrt

import numpy as np
import pytest
from scipy.optimize import linprog

from jobs.limits.choice import choose, sums_of
from jobs.limits.core import Core
from jobs.limits.economics import entries
from jobs.limits.exact import polish, relax
from jobs.limits.problem import DRAW, LOSS, NOTHING, PEOPLE, VARIANCE, Chance, Sums
from jobs.limits.repair import repair
from jobs.limits.rooms import chance_left, room_left, step_cost, step_prices, worth
from tests.limits.instances import people, problem, row


def measures(**used):
    found = np.zeros((2, 5), np.int64)
    for name, value in used.items():
        found[0, {"people": PEOPLE, "draw": DRAW, "loss": LOSS, "variance": VARIANCE}[name]] = value
    return found


def core_of(whole, some, multipliers=None):
    at = np.zeros(len(whole.rows)) if multipliers is None else multipliers
    chosen = sums_of(whole, some, choose(whole, some, at))
    return Core.of(whole, some, at, chosen, np.ones(len(whole.rows)) * 100.0)


def entries_of(core):
    return np.where(core.entry == len(core.problem.menu), NOTHING, core.entry)


def test_room_is_what_terms_leave_of_capacity_and_steps():
    one = row("money", 100, (DRAW, 1.0), (LOSS, 2.0), steps=[("own", 30.0, 0.03)])
    assert room_left(one, measures(draw=70, loss=20)) == 100 + 30 - 70 - 40


def test_of_the_chance_is_left_what_mean_and_deviation_do_not_take():
    # Mean 300 and spread 0.1: 30; alone 0.4 units, 40 minor: together 50, twice that is 100.
    found = chance_left(Chance(500, 2.0, 0.1), 300, 0)
    assert found == pytest.approx(500 - (300 + 2 * 30))
    # A variance of 1 in whole units is 10,000 in minor ones.
    assert chance_left(Chance(500, 2.0, 0.0), 300, 1) == 500 - (300 + 2 * 100)
    assert chance_left(Chance(900, 2.0, 0.1), 3_000, 16) == pytest.approx(
        900 - 3_000 - 2 * sqrt(300**2 + 400**2))


def test_the_cheapest_steps_are_paid_first():
    steps = [("own", 30.0, 0.03), ("bank", 20.0, 0.06)]
    whole = problem(row("money", 10, (DRAW, 1.0), steps=steps))
    assert step_cost(whole, measures(draw=8)) == 0
    assert step_cost(whole, measures(draw=45)) == pytest.approx(30 * 0.03 + 5 * 0.06)
    assert worth(whole, Sums(7, measures(draw=45))) == pytest.approx(7 - 1.2)


def test_the_price_of_more_is_that_of_the_step_in_use_for_what_is_left_of_it():
    whole = problem(row("money", 10, (DRAW, 1.0),
                        steps=[("own", 30.0, 0.03), ("bank", 20.0, 0.06)]))
    for draw, price, room in ((8, 0.0, 2), (10, 0.03, 30), (45, 0.06, 15)):
        prices, rooms = step_prices(whole, measures(draw=draw))
        assert (prices.tolist(), rooms.tolist()) == ([price], [room])


def test_cured_offers_violate_nothing_and_give_up_little():
    """20 of 30 may be invited: those who are worth least stay out."""
    some, free = people(30), problem()
    first = choose(free, some, np.zeros(0))
    whole = problem(row("people", 20, (PEOPLE, 1.0)))
    core = core_of(whole, some)
    assert (first >= 0).sum() > 20
    assert repair(core)
    assert core.sums.measures[0, PEOPLE] == 20
    each = [sums_of(free, some.part(i, i + 1), first[i:i + 1]).value_minor for i in range(30)]
    assert core.sums.value_minor == sum(sorted(each)[-20:])


def test_sums_of_a_core_are_those_of_its_entries():
    some, whole = people(40), problem(row("people", 11, (PEOPLE, 1.0)),
                                      row("loss", 20_000, (LOSS, 1.0)))
    core = core_of(whole, some)
    repair(core)
    again = sums_of(whole, some, entries_of(core))
    assert (core.sums.measures == again.measures).all()
    assert core.sums.value_minor == again.value_minor


def test_room_that_is_left_is_filled():
    """At a price that keeps everyone out, five may still come in."""
    whole = problem(row("people", 5, (PEOPLE, 1.0)))
    core = core_of(whole, people(30), np.array([1e9]))
    assert core.sums.measures[0, PEOPLE] == 0
    assert repair(core)
    assert core.sums.measures[0, PEOPLE] == 5


def test_many_moves_together_keep_rows_as_one_by_one_do():
    """400 people who would draw more than there is: it is used, and nothing beyond it."""
    some = people(400)
    draw = sums_of(problem(), some, choose(problem(), some, np.zeros(0))).measures[0, DRAW]
    whole = problem(row("money", 0, (DRAW, 1.0), steps=[("own", draw / 20, 0.01),
                                                        ("bank", draw / 4, 0.06)]))
    core = core_of(whole, some, np.array([1e9]))
    assert core.sums.measures[0, DRAW] == 0
    assert repair(core)
    assert draw * 0.29 < core.sums.measures[0, DRAW] <= draw * 0.3


def test_what_cannot_be_cured_is_said():
    whole = problem(row("at_least", -31, (PEOPLE, -1.0)))
    assert not repair(core_of(whole, people(30)))


def test_who_was_moved_is_told_with_the_new_entry():
    some, whole = people(30), problem(row("people", 20, (PEOPLE, 1.0)))
    core = core_of(whole, some)
    before = choose(whole, some, np.zeros(1))
    repair(core)
    moved = dict(zip(*(core.changed()[name].to_pylist() for name in ("user_id", "entry"))))
    after = [moved.get(who, entry) for who, entry in zip(some.user_id.to_pylist(), before)]
    assert after == entries_of(core).tolist()
    assert 0 < len(moved) < 30


def test_nobody_can_be_repaired():
    whole = problem(row("people", 5, (PEOPLE, 1.0)))
    assert repair(core_of(whole, people(0)))


def test_moves_that_only_pay_together_are_found():
    """Of 400 equal people, from as many of the dearest entry as the money allows: a mixture."""
    one = people(1, limit_cap_minor=np.array([20_000_000]))
    some = dataclasses.replace(one.take(np.zeros(400, np.int64)), user_id=people(400).user_id)
    found = entries(one, problem().menu, problem().economics)
    value, draw = found.value_minor[0], found.draw_minor[0]
    money, most = 148 * draw[5], 280
    whole = problem(row("money", money, (DRAW, 1.0)), row("people", most, (PEOPLE, 1.0)))
    core = core_of(whole, some, np.array([1e9, 0.0]))
    core.move(np.arange(148), np.full(148, 5))
    alone = worth(whole, core.sums)
    mixed = -linprog(-value, A_ub=[draw, np.ones(6)], b_ub=[money, most]).fun
    assert mixed > 1.01 * alone
    relax(core)
    assert (core.rooms() >= -draw[5]).all()
    assert worth(whole, core.sums) == pytest.approx(mixed, rel=5e-3)


def test_polish_never_leaves_a_row_violated_that_was_kept():
    some = people(60)
    whole = problem(row("people", 20, (PEOPLE, 1.0)), row("loss", 60_000, (LOSS, 1.0)))
    core = core_of(whole, some, np.array([1e9, 0.0]))
    polish(core)
    assert (core.rooms() >= 0).all()
