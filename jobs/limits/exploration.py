"""A small random slice, so that models can learn outside the list.

Everyone who may be in it is drawn with the same probability p, and gets terms drawn evenly from the
exploration menu's entries within the person's cap. So the propensity of an offer is p over the
number of these entries, and weighting by its inverse undoes the drawing (Horvitz & Thompson, A
generalization of sampling without replacement from a finite universe, 1952).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from jobs.limits.choice import offer_figures
from jobs.limits.economics import entries
from jobs.limits.problem import (LOSS, MINOR, NOTHING, Booleans, Floats, Integers, Menu, People,
                                 Problem)
from jobs.policies.limits import Exploration

#: Standard deviations by which the expected loss of the slice stays below its budget: chance
#: exceeds it in about one night of 30,000.
DEVIATIONS = 4.0
_FRACTIONS = 2.0**53
#: People whose entries are held at once.
_AT_ONCE = 100_000


@dataclass(frozen=True)
class Slice:
    """Who explores, and on which terms; one entry a person, 0 for who does not.

    Attributes:
        limit_minor: Offered.
        rate_daily: Offered.
        propensity_ratio: Of just this offer to the person.
        share_ratio: Probability with which each was drawn.
        expected_loss_minor: Of the slice.
        is_called_off: Whether the budget would have been exceeded, so that nobody is drawn.
    """

    limit_minor: Integers
    rate_daily: Floats
    propensity_ratio: Floats
    share_ratio: float
    expected_loss_minor: int
    is_called_off: bool


def menu_of(rules: Exploration, highest_rate_daily: float) -> Menu:
    """The entries of exploration, by limit, then rate, dearer ones than the law allows left out."""
    rates = [float(rate) for rate in rules.rates_daily if float(rate) <= highest_rate_daily]
    return Menu(np.repeat(np.array(rules.limits, np.int64) * MINOR, len(rates)),
                np.tile(np.array(rates), len(rules.limits)))


def draw(rules: Exploration | None, problem: Problem, people: People, may: Booleans, seed: int,
         as_of: dt.date, highest_rate_daily: float) -> Slice:
    """The slice of a night.

    Args:
        rules: Of the policy; None: nobody explores.
        problem: Of the night.
        people: All candidates.
        may: Who may be in it, shape (people,).
        seed: Of the night.
        as_of: The night: each has another slice, and a replay the same.
        highest_rate_daily: That the law of the date allows.
    """
    if rules is None:
        nothing = np.zeros(len(people))
        return Slice(nothing.astype(np.int64), nothing, nothing, 0.0, 0, False)
    menu = menu_of(rules, highest_rate_daily)
    allowed = np.searchsorted(menu.limit_minor, people.limit_cap_minor, side="right") * may
    probability = affordable_share(rules, *_loss_moments(problem, people, menu, allowed))
    chance, place = fractions(seed, as_of, people.user_id)
    is_drawn = (allowed > 0) & (chance < probability)
    entry = np.floor(place * allowed).astype(np.int64)
    limit, rate = np.zeros(len(people), np.int64), np.zeros(len(people))
    limit[is_drawn], rate[is_drawn] = (menu.limit_minor[entry[is_drawn]],
                                       menu.rate_daily[entry[is_drawn]])
    _, measures = offer_figures(problem, people, limit, rate)
    loss = int(measures[is_drawn, LOSS].sum())
    is_over = loss > rules.loss_budget * MINOR
    kept = is_drawn & (not is_over)
    propensity = np.where(kept, probability / np.maximum(allowed, 1), 0.0)
    return Slice(limit * kept, rate * kept, propensity, probability, 0 if is_over else loss,
                 is_over)


def affordable_share(rules: Exploration, mean_minor: float, square_minor: float) -> float:
    """Probability p to be drawn: the policy's, or less so that the budget B holds.

    Of expected losses l the slice's has the mean p sum(l) and at most the variance p sum(l^2), so
    with u = sqrt(p): sum(l) u^2 + k sqrt(sum(l^2)) u <= B.

    Args:
        rules: Share and budget.
        mean_minor: Sum over people of the mean loss over their entries.
        square_minor: The same of its square.
    """
    budget, spread = rules.loss_budget * MINOR, DEVIATIONS * math.sqrt(square_minor)
    if mean_minor <= 0:
        return rules.share_ratio
    # The larger root in the form that loses no digits where the budget is small.
    root = 2.0 * budget / (spread + math.sqrt(spread**2 + 4.0 * mean_minor * budget) or 1.0)
    return min(rules.share_ratio, root**2)


def _loss_moments(problem: Problem, people: People, menu: Menu, allowed: Integers
                  ) -> tuple[float, float]:
    """Sums over people of mean and mean square of the expected loss over allowed entries."""
    able = np.flatnonzero(allowed)
    mean = square = 0.0
    for start in range(0, len(able), _AT_ONCE):
        some = able[start:start + _AT_ONCE]
        # An open offer is a place in the menu of the night; a loss does not depend on it.
        asked = people.take(some).reopened(np.full(len(some), NOTHING))
        loss = entries(asked, menu, problem.economics).loss_minor
        loss = loss * (np.arange(len(menu)) < allowed[some, None])
        mean += float((loss.sum(axis=1) / allowed[some]).sum())
        square += float(((loss**2).sum(axis=1) / allowed[some]).sum())
    return mean, square


def fractions(seed: int, as_of: dt.date, user_id: pa.Array) -> Floats:
    """Two independent numbers from 0 to below 1 for each person, shape (2, people).

    The first and the second eight bytes of sha256(seed|date|person).
    """
    prefix = hashlib.sha256(f"{seed}|{as_of.isoformat()}|".encode())
    found = np.empty((len(user_id), 2), ">u8")
    for place, one in enumerate(user_id.to_pylist()):
        whole = prefix.copy()
        whole.update(one.encode())
        found[place] = np.frombuffer(whole.digest()[:16], ">u8")
    # 53 bits: as many as a double holds, so that none is rounded up to 1.
    return np.asarray((found.T.astype(np.uint64) >> np.uint64(11)) / _FRACTIONS)
