"""The dual: a bound at any multipliers, and its lowest point."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from jobs.limits.choice import choose_and_sum
from jobs.limits.dual import FIRST_BOX, Dual, minimise, scales
from jobs.limits.economics import entries
from jobs.limits.problem import DRAW, LIMIT, LOSS, NOTHING, PEOPLE, Sums
from jobs.limits.rooms import room_left, worth
from jobs.limits.choice import sums_of
from tests.limits.instances import people, problem, random_rows, row


def dual_of(whole):
    return Dual(whole, np.array([one.capacity for one in whole.rows]))


def lowest(whole, some, start=None, box=FIRST_BOX):
    zero = np.zeros(len(whole.rows))
    dual = dual_of(whole)
    return minimise(dual, lambda y: choose_and_sum(whole, some, y),
                    scales(dual, choose_and_sum(whole, some, zero)),
                    zero if start is None else start, box, 1e-8)


def random_problem(seed, number):
    some = people(number, seed)
    base = problem()
    return some, problem(*random_rows(np.random.default_rng(seed),
                                      choose_and_sum(base, some, np.zeros(0))))


def brute(whole, some):
    """The most that any allowed offers that keep the rows are worth, all tried."""
    most = -np.inf
    allowed = [[NOTHING, *np.flatnonzero(whole.menu.limit_minor <= cap)]
               for cap in some.limit_cap_minor]
    for entry in itertools.product(*allowed):
        sums = sums_of(whole, some, np.array(entry))
        if all(room_left(one, sums.measures) >= 0 for one in whole.rows):
            most = max(most, worth(whole, sums))
    return most


@pytest.mark.parametrize("seed", range(4))
def test_no_offers_are_worth_more_than_the_dual_at_any_multipliers(seed):
    some, whole = random_problem(seed, 4)
    most, rng, dual = brute(whole, some), np.random.default_rng(seed), dual_of(whole)
    size = scales(dual, choose_and_sum(whole, some, np.zeros(len(whole.rows))))
    for _ in range(50):
        at = size * rng.exponential(1.0, len(size)) * (rng.random(len(size)) < 0.7)
        assert dual.value(choose_and_sum(whole, some, at), at) >= most - 1e-6


def by_simplex(whole, some):
    """The linear program's optimum, steps as variables."""
    found = entries(some, whole.menu, whole.economics)
    number, menu = found.value_minor.shape
    used = {PEOPLE: np.ones((number, menu)), DRAW: found.draw_minor, LOSS: found.loss_minor,
            LIMIT: np.tile(whole.menu.limit_minor.astype(float), (number, 1))}
    steps = [(place, step) for place, one in enumerate(whole.rows) for step in one.steps]
    rows = [np.concatenate([
        sum(term.weight * used[term.measure] * some.groups[:, term.group, None]
            for term in one.terms).reshape(-1),
        [-step.amount * (of == place) for of, step in steps]])
        for place, one in enumerate(whole.rows)]
    size = np.maximum(np.abs(rows).max(axis=1), 1.0)
    one_each = np.hstack([np.kron(np.eye(number), np.ones(menu)), np.zeros((number, len(steps)))])
    allowed = whole.menu.limit_minor[None, :] <= some.limit_cap_minor[:, None]
    high = np.concatenate([allowed.reshape(-1).astype(float), np.ones(len(steps))])
    costs = np.concatenate([-found.value_minor.reshape(-1),
                            [step.price * step.amount for _, step in steps]])
    outcome = linprog(
        costs / 1e4, A_ub=np.vstack([np.array(rows) / size[:, None], one_each]),
        b_ub=np.concatenate([[one.capacity for one in whole.rows] / size, np.ones(number)]),
        bounds=list(zip(np.zeros(len(high)), high)), method="highs")
    return -outcome.fun * 1e4


@pytest.mark.parametrize("seed", range(6))
def test_the_lowest_point_is_the_linear_programs_optimum(seed):
    some, whole = random_problem(seed, 60)
    assert lowest(whole, some).value == pytest.approx(by_simplex(whole, some), rel=1e-6)


@pytest.mark.parametrize("start", [0.0, 1e-4, 1.0, 1e6])
def test_wherever_the_search_begins_it_ends_as_low(start):
    some, whole = random_problem(3, 60)
    begun = lowest(whole, some, np.full(len(whole.rows), start), 0.1)
    assert begun.value == pytest.approx(lowest(whole, some).value, rel=1e-7)


def test_money_beyond_a_step_is_bought_only_up_to_its_amount():
    """One would draw 10 at a price of 2 each; only 6 can be had: L = 0 + y (0 - 10) + 6 (y - 2)."""
    whole = problem(row("money", 0, (DRAW, 1.0), steps=[("own", 6.0, 2.0)]), groups=1)
    sums = Sums(100, np.array([[1, 0, 10, 0, 0]]))
    assert dual_of(whole).value(sums, np.array([3.0])) == 100 + 3 * -10 + 6 * (3 - 2)
    assert dual_of(whole).value(sums, np.array([1.0])) == 100 + 1 * -10


def test_where_nothing_binds_the_multipliers_are_zero():
    some = people(50)
    found = lowest(problem(row("people", 1_000, (PEOPLE, 1.0))), some)
    assert found.multipliers.tolist() == [0.0]
    assert found.value == choose_and_sum(problem(), some, np.zeros(0)).value_minor


def test_a_row_that_lets_nothing_through_leaves_a_bound_of_nothing():
    found = lowest(problem(row("money", 0, (DRAW, 1.0))), people(50))
    assert found.value == pytest.approx(0.0, abs=1.0)
