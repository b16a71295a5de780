"""The random slice: who is in it by chance, within a budget, with known propensities."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from scipy.stats import chisquare

from jobs.limits.choice import offer_figures, people_of
from jobs.limits.exploration import affordable_share, draw, fractions
from jobs.limits.problem import LOSS
from jobs.policies.limits import Exploration
from tests.limits.people import DAY, candidates, problem

RULES = Exploration(0.3, 1e9, (), (20_000, 40_000), (Decimal("0.0002"), Decimal("0.0004")))
LAW = 0.001
ASKED = problem()


def people(*caps):
    rows = candidates(*({"user_id": f"u{place:04}", "limit_cap_minor": cap * 100}
                        for place, cap in enumerate(caps)))
    return people_of(rows, ASKED)


def drawn(known, rules=RULES, seed=1, day=DAY, may=None, law=LAW):
    may = np.ones(len(known), bool) if may is None else may
    return draw(rules, ASKED, known, may, seed, day, law)


def test_each_is_drawn_with_the_probability_that_is_logged():
    # 400 people over 60 seeds: 24,000 draws at 0.3; and each of four entries alike.
    known = people(*[200_000] * 400)
    found = [drawn(known, seed=seed) for seed in range(60)]
    inside = np.concatenate([one.limit_minor > 0 for one in found])
    assert chisquare([inside.sum(), (~inside).sum()],
                     [0.3 * len(inside), 0.7 * len(inside)]).pvalue > 0.001
    terms = [(limit, rate) for one in found for limit, rate in zip(one.limit_minor,
                                                                   one.rate_daily) if limit]
    counts = [terms.count(kind) for kind in sorted(set(terms))]
    assert len(counts) == 4 and chisquare(counts).pvalue > 0.001
    logged = {float(ratio) for one in found for ratio in one.propensity_ratio if ratio}
    assert logged == {0.3 / 4}


def test_inverse_propensities_count_everyone_once():
    # Half may get two entries, half four; each entry's weights add up to those who may get it.
    known = people(*[20_000, 40_000] * 200)
    weight = np.zeros(60)
    for seed in range(60):
        one = drawn(known, seed=seed)
        at = (one.limit_minor == 4_000_000) & np.isclose(one.rate_daily, 0.0004)
        weight[seed] = (1 / one.propensity_ratio[at]).sum()
    assert weight.mean() == pytest.approx(200, abs=4 * weight.std() / 60**0.5)


def test_terms_stay_within_the_cap_and_the_law():
    known = people(*[19_999, 20_000, 39_999, 200_000] * 50)
    one = drawn(known, replace(RULES, share_ratio=0.5), law=0.0003)
    assert np.all(one.limit_minor <= known.limit_cap_minor)
    assert set(one.rate_daily[one.limit_minor > 0]) == {0.0002}
    assert not one.limit_minor[::4].any()
    assert set(one.propensity_ratio[2::4]) == {0.0, 0.5}  # one entry is left to them


def test_who_may_not_is_never_drawn():
    known, may = people(*[200_000] * 100), np.arange(100) % 2 == 0
    assert not any(drawn(known, seed=seed, may=may).limit_minor[~may].any()
                   for seed in range(50))


def test_a_replay_is_the_same_and_another_night_is_not():
    known = people(*[200_000] * 200)
    one, again = drawn(known), drawn(known)
    assert np.array_equal(one.limit_minor, again.limit_minor)
    assert np.array_equal(one.rate_daily, again.rate_daily)
    other = drawn(known, day=DAY + dt.timedelta(days=1))
    assert not np.array_equal(one.limit_minor, other.limit_minor)


def test_a_person_is_drawn_alike_whoever_else_is_there():
    known = people(*[200_000] * 100)
    some = np.arange(0, 100, 3)
    assert np.array_equal(drawn(known).limit_minor[some], drawn(known.take(some)).limit_minor)


@pytest.mark.parametrize("budget", [50, 200, 1_000])
def test_the_expected_loss_never_exceeds_the_budget(budget):
    known = people(*[200_000] * 500)
    for seed in range(40):
        one = drawn(known, replace(RULES, loss_budget=budget), seed=seed)
        _, measures = offer_figures(ASKED, known, one.limit_minor, one.rate_daily)
        loss = measures[one.limit_minor > 0, LOSS].sum()
        assert one.expected_loss_minor == loss <= budget * 100


def test_the_share_is_what_the_budget_allows_with_four_deviations():
    # 100 people who lose 10 each: p 1000 + 4 sqrt(p 10000) = 200 at u = sqrt(p) = 0.2899.
    rules = replace(RULES, loss_budget=2)
    share = affordable_share(rules, 1_000.0, 10_000.0)
    assert 1_000 * share + 4 * (10_000 * share)**0.5 == pytest.approx(200)
    assert affordable_share(replace(rules, loss_budget=1e6), 1_000.0, 10_000.0) == 0.3
    assert affordable_share(replace(rules, loss_budget=0), 1_000.0, 10_000.0) == 0.0


def test_a_slice_that_would_cost_more_than_its_budget_is_called_off():
    # One person loses 25 (0.5 % of a draw of 5,000) or 50; p is small, and a seed draws them.
    known = people(200_000)
    rules = replace(RULES, loss_budget=10)
    found = [drawn(known, rules, seed=seed) for seed in range(4_000)]
    off = [one for one in found if one.is_called_off]
    assert off and not any(one.limit_minor.any() or one.expected_loss_minor for one in found)


def test_an_open_offer_beyond_the_slices_own_menu_changes_no_draw():
    known, few = people(*[200_000] * 50), replace(RULES, rates_daily=RULES.rates_daily[:1])
    last = np.full(50, len(ASKED.menu) - 1)
    assert last[0] >= 2, "the slice has two entries"
    without, with_offers = drawn(known, few), drawn(known.reopened(last), few)
    assert without.limit_minor.any()
    assert (with_offers.limit_minor == without.limit_minor).all()
    assert (with_offers.propensity_ratio == without.propensity_ratio).all()


def test_no_rules_no_slice():
    one = drawn(people(200_000), rules=None)
    assert not one.limit_minor.any() and not one.is_called_off


def test_fractions_are_even():
    both = fractions(3, DAY, people(*[1] * 4_000).user_id)
    for one in both:
        assert chisquare(np.histogram(one, 10, (0, 1))[0]).pvalue > 0.001
    assert abs(np.corrcoef(both)[0, 1]) < 0.06


def test_an_open_offer_of_the_night_s_menu_changes_nothing_in_that_of_exploration():
    # The fourth of the night's menu is open; exploration has two entries.
    known, rules = people(*[200_000] * 50), replace(RULES, limits=(20_000,), loss_budget=100)
    reopened = known.reopened(np.full(50, 3))
    assert drawn(reopened, rules).limit_minor.tolist() == drawn(known, rules).limit_minor.tolist()
    assert drawn(reopened, rules).share_ratio == drawn(known, rules).share_ratio < 0.3
