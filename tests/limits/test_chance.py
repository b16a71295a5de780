"""Offers under the funding's chance, against every possible list of offers."""

import dataclasses
import itertools
from math import sqrt

import numpy as np
import pytest

from jobs.limits.choice import choose_and_sum
from jobs.limits.economics import entries
from jobs.limits.optimise import optimise
from jobs.limits.problem import DRAW, PEOPLE, Sums
from jobs.limits.setting import FundingLine, funding, funding_cost
from jobs.limits.sources import InMemory

from .instances import ECONOMICS, MENU, RULES, people, problem, row


def under_chance(money, spread, *rows):
    rules = dataclasses.replace(RULES, draw_spread=spread)
    lines = [FundingLine("own", money * 3 // 5, RULES.cost_annual["own"]),
             FundingLine("bank", money - money * 3 // 5, RULES.cost_annual["interbank"])]
    cost = funding_cost(rules, lines)
    return problem(funding(rules, lines, max(rules.limits) * 100), cost, *rows)


def best_list(whole, some, money, share=0.0):
    """The most that any list earns which keeps chance and share, by trying them all."""
    found = entries(some, MENU, ECONOMICS)
    chance, steps = whole.rows[0].chance, whole.rows[1].steps
    options = [[None, *np.flatnonzero(MENU.limit_minor <= cap)] for cap in some.limit_cap_minor]
    most = 0.0
    for one in itertools.product(*options):
        who = [place for place, entry in enumerate(one) if entry is not None]
        to = [one[place] for place in who]
        draw, variance = found.draw_minor[who, to].sum(), found.variance[who, to].sum() * 100**2
        left = draw + chance.z * sqrt((chance.spread * draw)**2 + variance)
        if left > money or some.groups[who, 1].sum() < share * len(who):
            continue
        own = min(draw, steps[0].amount)
        most = max(most, found.value_minor[who, to].sum() - own * steps[0].price
                   - (draw - own) * steps[1].price)
    return most


@pytest.mark.parametrize("spread", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("seed", range(8))
def test_few_people_get_the_best_list_that_keeps_the_chance(seed, spread):
    rng = np.random.default_rng(seed)
    some = people(int(rng.integers(1, 6)), seed + 100)
    drawn = choose_and_sum(problem(), some, np.zeros(0)).measures[0, DRAW]
    money = int(drawn * rng.uniform(0.5, 2.5))
    whole = under_chance(money, spread)

    found = optimise(whole, InMemory(some), Sums.zero(whole))

    most = best_list(whole, some, money)
    assert found.value_minor == pytest.approx(most, abs=1)
    assert found.bound_minor >= most - 1


def test_of_ten_thousand_equal_people_as_many_are_funded_as_the_chance_lets():
    one = people(1, seed=7, limit_cap_minor=np.array([2_000_000]))
    equal = one.take(np.zeros(10_000, np.int64))
    equal = dataclasses.replace(equal, user_id=people(10_000).user_id)
    draw = entries(one, MENU, ECONOMICS).draw_minor[0]
    whole = under_chance(int(draw[1] * 6_000), 0.1)

    found = optimise(whole, InMemory(equal), Sums.zero(whole))

    # The first offer at a limit of 20,000 and the higher rate earns the most for what it draws.
    figures = entries(one, MENU, ECONOMICS)
    price = whole.rows[1].steps[0].price
    worth = figures.value_minor[0, :2] - price * draw[:2]
    assert worth[1] / draw[1] > worth[0] / draw[0]
    chance = whole.rows[0].chance

    def is_kept(number):
        spread = chance.spread * number * draw[1]
        alone = number * figures.variance[0, 1] * 100.0**2
        return number * draw[1] + chance.z * sqrt(spread**2 + alone) <= chance.available_minor

    number = max(number for number in range(10_001) if is_kept(number))
    steps = whole.rows[1].steps
    own = min(number * draw[1], steps[0].amount)
    cost = own * steps[0].price + (number * draw[1] - own) * steps[1].price
    assert found.value_minor >= 0.9999 * (number * figures.value_minor[0, 1] - cost)
    assert found.sums.measures[0, PEOPLE] <= number + 1


def test_a_share_and_the_chance_are_kept_together():
    some = people(5, seed=103)
    drawn = choose_and_sum(problem(), some, np.zeros(0)).measures[0, DRAW]
    whole = under_chance(int(drawn), 0.1, row("share", 0, (PEOPLE, -1.0, 1), (PEOPLE, 0.3)))

    found = optimise(whole, InMemory(some), Sums.zero(whole))

    assert found.value_minor == pytest.approx(best_list(whole, some, int(drawn), 0.3), abs=1)
