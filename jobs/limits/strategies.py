"""Other ways to decide than the optimiser: tier matrix, one limit for all, greedy by score.

Each says what everyone should get, from figures of that person alone, and then hands it out from
the best score down. All rows of the problem hold in the end, as for the optimiser: who uses a row
that does not hold leaves again, worst score first. They are what an optimiser has to beat, and
challengers beside it. In memory: some millions of people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from jobs.limits.choice import choose
from jobs.limits.filling import Applicants, Offers, fill, part_of, share_of, sums
from jobs.limits.problem import MINOR, NOTHING, Floats, Integers, People, Problem, Sums
from jobs.limits.rooms import worth
from jobs.policies.policy import Policy, Tier

#: People by whom the one entry for all is chosen.
_FLAT_SAMPLE = 50_000


#: What everyone should get, before any row is looked at.
Wish = Callable[[Problem, Policy, Applicants], Offers]


def decide(method: str, problem: Problem, policy: Policy, applicants: Applicants,
           fixed: Sums) -> Offers:
    """The offers of a strategy, which keep all rows together with what is fixed.

    Args:
        method: `tier_matrix`, `flat` or `greedy`.
        problem: Capacities to keep.
        policy: In force.
        applicants: About whom it decides.
        fixed: Used by others before.

    Raises:
        InfeasibleRows: When a row fails and nobody's leaving can mend it, as a minimum.
    """
    if method == "flat":
        return _flat(problem, applicants, fixed)
    return fill(problem, applicants, {"tier_matrix": tier_matrix, "greedy": greedy}[method](
        problem, policy, applicants), fixed)


def tier_matrix(problem: Problem, policy: Policy, applicants: Applicants) -> Offers:
    """Score tiers down, the bound card's limit across: rate and limit of the cell.

    Where the cell gives more than a person can carry, the highest limit of the menu below.
    """
    row = tier_of(policy.tiers, applicants.score_points)
    column = np.searchsorted(np.array(policy.card_limit_from) * MINOR,
                             applicants.card_limit_minor, side="right") - 1
    limits = np.array([tier.limits for tier in policy.tiers], np.int64) * MINOR
    rates = np.array([float(tier.rate_daily) for tier in policy.tiers])
    return capped(problem, applicants.people, limits[row, column.clip(0)], rates[row])


def tier_of(tiers: Sequence[Tier], score_points: Integers) -> Integers:
    """Place among the tiers, best first: the first whose floor the score reaches."""
    floors = np.array([tier.points_from for tier in tiers[::-1]])
    place = np.searchsorted(floors, score_points, side="right") - 1
    return np.asarray(len(floors) - 1 - place.clip(0))


def greedy(problem: Problem, policy: Policy, applicants: Applicants) -> Offers:
    """Each person's own best entry, money at the price of the dearest line."""
    prices = np.array([row.steps[-1].price if row.steps else 0.0 for row in problem.rows])
    entry = choose(problem, applicants.people, prices)
    menu, is_offered = problem.menu, entry != NOTHING
    return Offers(np.where(is_offered, menu.limit_minor[entry], 0),
                  np.where(is_offered, menu.rate_daily[entry], 0.0))


def _flat(problem: Problem, applicants: Applicants, fixed: Sums) -> Offers:
    """One limit and rate for all: the entry that earns most once handed out, if any does.

    Of many people every k-th by score says which entry that is, with a k-th of every capacity.
    """
    apart = -(-len(applicants.people) // _FLAT_SAMPLE) or 1
    some = applicants.take(np.sort(applicants.best_first[::apart]))
    ratio = len(some.people) / max(len(applicants.people), 1)
    part, used = share_of(problem, ratio), part_of(fixed, ratio)
    best, best_value = None, worth(part, used)
    for limit, rate in zip(problem.menu.limit_minor.tolist(), problem.menu.rate_daily.tolist()):
        offers = fill(part, some, _same(part, some.people, limit, rate), used)
        value = worth(part, sums(part, some.people, offers).plus(used))
        if value > best_value:
            best, best_value = (limit, rate), value
    return fill(problem, applicants, _same(problem, applicants.people, *best or (0, 0.0)), fixed)


def _same(problem: Problem, people: People, limit_minor: int, rate_daily: float) -> Offers:
    return capped(problem, people, np.full(len(people), limit_minor, np.int64),
                  np.full(len(people), rate_daily))


def capped(problem: Problem, people: People, limit_minor: Integers, rate_daily: Floats) -> Offers:
    """No limit above a person's cap: there the highest of the menu below, or none."""
    menu = np.unique(problem.menu.limit_minor)
    place = np.searchsorted(menu, people.limit_cap_minor, side="right") - 1
    below = np.where(place >= 0, menu[place.clip(0)], 0)
    limit = np.where(limit_minor <= people.limit_cap_minor, limit_minor, below)
    return Offers(limit, np.where(limit > 0, rate_daily, 0.0))
