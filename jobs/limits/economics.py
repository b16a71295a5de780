"""What an offer brings and uses, for each person and entry of the menu: one formula a function.

Arrays are people down, entries of the menu across; money in minor units (1/100 currency). What
models say of a person holds at reference terms, and an offer's own terms move it by a factor on
the odds, so nothing here asks a model again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.limits.problem import MEASURES, MINOR, Economics, Floats, Integers, Menu, People
from jobs.policies.policy import DAYS_PER_YEAR
from models.terms import shift


@dataclass(frozen=True)
class Entries:
    """Whole numbers of shape (people, entries): value, and the measures after the first (1)."""

    value_minor: Floats
    draw_minor: Floats
    loss_minor: Floats
    variance: Floats


def factors(terms: dict[str, float], menu: Menu) -> Floats:
    """What each entry's terms do to odds that hold at the reference terms, shape (entries,)."""
    return np.exp(np.broadcast_to(
        shift(terms, menu.limit_minor.astype(np.float64), menu.rate_daily * DAYS_PER_YEAR),
        (len(menu),)))


def moved(ratio: Floats, factor: Floats) -> Floats:
    """Probabilities with their odds times a factor: r f / (1 - r + r f), (people, entries)."""
    above = ratio[:, None] * factor[None, :]
    return np.asarray(above / ((1.0 - ratio)[:, None] + above))


def default_ratio(pd: Floats, income_minor: Floats, drawn_minor: Floats,
                  reference_minor: Floats, economics: Economics) -> Floats:
    """Probability of default within the horizon, once drawn: rising in debt over income.

    odds = term_factor x odds of the model x ((1 + drawn / income) / (1 + reference / income)) ^
    elasticity: as months of income owed, the form of log(1 + debt to income) in a scorecard
    (Thomas, Consumer Credit Models, 2009, on affordability).

    Args:
        pd: Of the model, at what was drawn of the reference limit; shape (people,).
        income_minor: A month, shape (people,).
        drawn_minor: Limit times share drawn, shape (people, entries).
        reference_minor: Reference limit times share drawn of it, shape (people,).
        economics: The night's figures.
    """
    odds = economics.term_factor * pd / (1.0 - pd)
    if economics.elasticity:
        owed = (income_minor[:, None] + drawn_minor) / (income_minor + reference_minor)[:, None]
        scaled = odds[:, None] * np.power(owed, economics.elasticity)
    else:
        scaled = np.broadcast_to(odds[:, None], drawn_minor.shape)
    return np.asarray(scaled / (1.0 + scaled))


def entries(people: People, menu: Menu, economics: Economics) -> Entries:
    """Value and use of every entry for every person, rounded to whole numbers.

    - expected draw = response x share drawn x limit
    - expected loss = expected draw x PD x LGD
    - interest = expected draw x daily rate x days, those after a default (on average half the
      horizon) not counted
    - value = interest - expected loss - cost of the invitation (+ the price of a change, where
      an open offer is left as it is); the money's own cost is the funding row's
    - variance of the draw = expected draw x (limit - expected draw): the largest that a draw
      between nothing and the limit can have at that mean, in whole currency units squared
    """
    response = moved(people.response_ratio, factors(economics.response_terms, menu))
    share = moved(people.draw_ratio, factors(economics.draw_terms, menu))
    limit = menu.limit_minor.astype(np.float64)[None, :]
    drawn = limit * share
    default = default_ratio(people.pd, people.income_minor, drawn,
                            economics.reference_limit_minor * people.draw_ratio, economics)
    draw = np.rint(response * drawn)
    loss = np.rint(draw * default * people.lgd_ratio[:, None])
    interest = np.rint(draw * (1.0 - 0.5 * default)
                       * (menu.rate_daily * economics.horizon_days)[None, :])
    value = interest - loss - economics.invitation_cost_minor
    kept = np.flatnonzero(people.open_entry >= 0)
    value[kept, people.open_entry[kept]] += economics.change_price_minor
    variance = np.rint(draw * (limit - draw) / MINOR**2)
    return Entries(value, draw, loss, variance)


def measures_of(found: Entries, menu: Menu, person: Integers, entry: Integers) -> Integers:
    """Measures of one entry each for some people, shape (people, MEASURES)."""
    picked = np.empty((len(person), len(MEASURES)), np.int64)
    picked[:, 0] = 1
    picked[:, 1] = menu.limit_minor[entry]
    for column, values in enumerate((found.draw_minor, found.loss_minor, found.variance), 2):
        picked[:, column] = values[person, entry].astype(np.int64)
    return picked
