"""What lending leads to: defaults follow from the terms, and friends fall together."""

import datetime as dt

import numpy as np
import pytest
from scipy.integrate import quad

from jobs.simulate import lending, people as city_people
from jobs.simulate.blocks import City
from jobs.simulate.world import Shock, World

DAY = dt.date(2026, 6, 1)
CALM = World().clock(DAY, lending.TERM_DAYS)
LOW, HIGH = 0.0002, 0.0005


@pytest.fixture(scope="module")
def block():
    return City(30_000, DAY, 7).blocks()[0]


@pytest.fixture(scope="module")
def people(block):
    return city_people.draw(block)


def lend(block, people, limit_cny, rate_daily, clock=CALM):
    users = len(people)
    return lending.outcome(people, np.zeros(users), lending.own_luck(block),
                           np.full(users, float(limit_cny)), np.full(users, rate_daily), clock)


def rate_of_default(found):
    return (found.default_day > 0).sum() / found.is_accepted.sum()


def test_a_higher_limit_is_drawn_more_and_defaults_more(block, people):
    small, large = lend(block, people, 20_000, LOW), lend(block, people, 100_000, LOW)
    assert (large.balance_cny > small.balance_cny).mean() > 0.99
    assert (large.hazard >= small.hazard).all()
    assert rate_of_default(large) > 1.2 * rate_of_default(small)


def test_a_dearer_loan_is_drawn_less(block, people):
    cheap, dear = lend(block, people, 50_000, LOW), lend(block, people, 50_000, HIGH)
    assert (dear.balance_cny <= cheap.balance_cny).all()


def test_worse_people_accept_dear_offers_more_readily(block, people):
    cheap, dear = lend(block, people, 50_000, LOW), lend(block, people, 50_000, HIGH)
    assert dear.is_accepted.mean() < cheap.is_accepted.mean()
    assert (dear.is_accepted <= cheap.is_accepted).all()
    assert people.need[dear.is_accepted].mean() > people.need[cheap.is_accepted].mean() + 0.02
    assert rate_of_default(dear) > rate_of_default(cheap)


def test_nobody_defaults_who_does_not_borrow(block, people):
    found = lend(block, people, 50_000, HIGH)
    assert (found.default_day[~found.is_accepted] == 0).all()
    assert ((found.default_day >= 0) & (found.default_day <= 365)).all()


def test_defaults_are_as_frequent_as_their_probability(block, people):
    found = lend(block, people, 50_000, LOW)
    _, probability = lending.expected_profit(found, np.full(len(people), LOW), CALM)
    expected, seen = probability.sum(), (found.default_day > 0).sum()
    assert abs(seen - expected) < 4 * np.sqrt(expected)


def test_the_expected_profit_is_the_integral_over_the_luck():
    """One borrower of hazard 0.2 who owes 10,000 CNY at 0.0004 a day, funded at 3.5 / 360 %."""
    found = lending.Outcome(np.array([1.0]), np.array([True]), np.array([10_000]),
                            np.array([0.2]), np.array([0]))
    (profit,), (default,) = lending.expected_profit(found, np.array([0.0004]), CALM)
    days, _ = quad(lambda t: np.exp(-0.2 * t / 365), 0, 365)
    assert default == pytest.approx(1 - np.exp(-0.2))
    assert profit == pytest.approx(
        10_000 * ((0.0004 - 0.035 / 360) * days - 0.65 * (1 - np.exp(-0.2))), abs=2)


def test_profit_by_hand():
    """Paid 365 days: 0.0003 a day; defaulted on day 101: 100 days and 65 % lost."""
    found = lending.Outcome(np.ones(2), np.array([True, True]), np.array([10_000, 10_000]),
                            np.ones(2), np.array([0, 101]))
    rate = np.full(2, 0.0003 + 0.035 / 360)
    assert lending.realised_profit(found, rate, 365) == pytest.approx([1095, 300 - 6500])


def test_a_shock_brings_defaults_forward_and_adds_some(block, people):
    shocked = World((Shock(DAY, dt.date(2026, 8, 31), 1.0),)).clock(DAY, lending.TERM_DAYS)
    calm, hard = lend(block, people, 50_000, LOW), lend(block, people, 50_000, LOW, shocked)
    both = (calm.default_day > 0) & (hard.default_day > 0)
    assert both.sum() == (calm.default_day > 0).sum() < (hard.default_day > 0).sum()
    assert (hard.default_day <= calm.default_day)[both].all()


def test_friends_defaults_correlate_beyond_what_traits_explain(block, people):
    """Pairs within a community against pairs of strangers, defaults less their probability."""
    found = lend(block, people, 100_000, HIGH)
    alone = 1 - np.exp(-found.hazard / people.fortune)
    rest = ((found.default_day > 0) - alone)[found.is_accepted]
    community = people.community[found.is_accepted]
    order = np.argsort(community, kind="stable")
    rest, community = rest[order], community[order]

    def correlation(gap):
        same = community[gap:] == community[:-gap]
        one, other = rest[gap:], rest[:-gap]
        return np.corrcoef(one[same], other[same])[0, 1] if gap < 10 else np.corrcoef(
            one[~same], other[~same])[0, 1]

    friends, strangers = correlation(1), correlation(1000)
    assert friends > 0.01 and friends > strangers + 0.01
