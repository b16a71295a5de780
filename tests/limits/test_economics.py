"""What an offer brings and uses, worked by hand."""

import dataclasses
from math import exp

import numpy as np
import pytest

from jobs.limits.economics import entries
from jobs.limits.problem import Economics, Menu
from tests.limits.instances import people

PLAIN = Economics(360, 1.0, 0.0, 1_000_000, 50, 0, {}, {})
#: 20,000 and 40,000 at 18 % a year.
MENU = Menu(np.array([2_000_000, 4_000_000]), np.array([0.0005, 0.0005]))


def anna(**changes):
    """Takes an offer with 0.5, draws 0.4 of it, defaults with 0.1 and then pays half."""
    said = {"pd": 0.1, "response_ratio": 0.5, "draw_ratio": 0.4, "lgd_ratio": 0.5,
            "income_minor": 1_000_000.0, **changes}
    return people(1, **{name: np.array([value]) for name, value in said.items()},
                  limit_cap_minor=np.array([20_000_000]))


def of(some=None, menu=MENU, **changes):
    return entries(some or anna(), menu, dataclasses.replace(PLAIN, **changes))


def test_expected_draw_is_response_times_share_times_limit():
    assert of().draw_minor.tolist() == [[400_000, 800_000]]


def test_expected_loss_is_draw_times_pd_times_lgd():
    assert of().loss_minor.tolist() == [[20_000, 40_000]]


def test_value_is_interest_without_the_half_year_after_a_default_less_loss_and_invitation():
    # 400,000 x (1 - 0.1 / 2) x 0.0005 x 360 = 68,400; less 20,000, less 50.
    assert of().value_minor[0, 0] == 48_350


def test_variance_of_the_draw_is_of_all_or_nothing_in_whole_units_squared():
    # 4,000 x (20,000 - 4,000)
    assert of().variance[0, 0] == 64_000_000


def test_a_rate_above_the_reference_lowers_the_odds_of_taking():
    # 18 % is 0.06 above 12 %: odds of 1 become exp(-8 x 0.06); the limit is twice the reference.
    found = of(menu=Menu(np.array([6_000_000]), np.array([0.0005])),
               response_terms={"rate": -8.0, "limit": 0.3})
    odds = exp(-8 * 0.06) * 2**0.3
    assert found.draw_minor[0, 0] == round(odds / (1 + odds) * 0.4 * 6_000_000)


def test_default_odds_rise_with_months_of_income_owed():
    """Reference: 400,000 of income 1,000,000 drawn; here 1,600,000: 2.6 / 1.4 of the odds."""
    some = anna()
    found = of(some, menu=Menu(np.array([4_000_000]), np.array([0.0005])), elasticity=1.0)
    odds = 0.1 / 0.9 * (1_000_000 + 1_600_000) / (1_000_000 + 400_000)
    assert found.loss_minor[0, 0] == round(800_000 * odds / (1 + odds) * 0.5)


def test_at_the_reference_limit_the_elasticity_does_nothing():
    one = Menu(np.array([1_000_000]), np.array([0.0005]))
    assert of(menu=one, elasticity=0.7).loss_minor == of(menu=one).loss_minor


def test_the_term_factor_multiplies_the_odds():
    # 3 x 1/9 = 1/3: a probability of 1/4.
    assert of(term_factor=3.0).loss_minor[0, 0] == round(400_000 * 0.25 * 0.5)


@pytest.mark.parametrize(("less", "more"), [(500_000.0, 1_000_000.0), (1e6, 9e6)])
def test_loss_falls_with_income(less, more):
    poor, rich = (of(anna(income_minor=one), elasticity=0.5).loss_minor for one in (less, more))
    assert (poor > rich).all()


def test_loss_of_what_is_drawn_rises_with_the_limit():
    found = of(menu=Menu(np.arange(1, 11) * 2_000_000, np.full(10, 0.0005)), elasticity=0.5)
    assert (np.diff(found.loss_minor / found.draw_minor) > 0).all()


def test_leaving_an_open_offer_as_it_is_earns_the_price_of_a_change():
    open_second = anna().reopened(np.array([1]))
    assert (of(open_second, change_price_minor=500).value_minor - of().value_minor
            ).tolist() == [[0, 500]]


def test_everything_is_a_whole_number():
    found = of(people(50), elasticity=0.25, response_terms={"rate": -8.0})
    for values in (found.value_minor, found.draw_minor, found.loss_minor, found.variance):
        assert (values == np.rint(values)).all()
