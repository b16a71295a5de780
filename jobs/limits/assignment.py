"""Who decides about whom: sent offers first, chance, challengers, then the champion.

    candidates ─▶ honoured ─▶ exploration ─▶ challengers (a share each) ─▶ champion

Each takes what it uses from the rows; a challenger gets its share of every capacity, so that none
can take from another. The share a person belongs to depends on product, challenger and person
only: it stays the same from night to night.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.contracts.table import TYPES
from jobs.limits import exploration, strategies
from jobs.limits.choice import people_of
from jobs.limits.problem import MINOR, Booleans, Floats, Integers, People, Problem, Sums
from jobs.limits.filling import Applicants, Offers, part_of, share_of, sums, widened
from jobs.policies.limits import Challenger
from jobs.policies.policy import Policy

OPTIMISER, HONOURED, EXPLORATION = "optimiser", "honoured", "exploration"
CHAMPION, CHAMPION_NAME = -1, "champion"
#: What is decided before the optimiser, one row a person about whom it does not decide; terms are
#: null where nothing is offered.
DECIDED = pa.schema([("user_id", pa.string()), ("decided_method", pa.string()),
                     ("decided_limit_minor", pa.int64()),
                     ("decided_rate_daily", TYPES["rate"][1]),
                     ("decided_propensity_ratio", pa.float64())])
_FRACTIONS = 2.0**53


@dataclass(frozen=True)
class Decided:
    """All decisions but the optimiser's.

    Attributes:
        table: DECIDED.
        fixed: What these offers are worth and use.
        is_free: Who is left to the optimiser, shape (people,).
        counts: People by what decided about them, the names of challengers among these.
        exploration_loss_minor: Expected of the random slice.
        is_exploration_called_off: Whether its loss budget would have been exceeded.
    """

    table: pa.Table
    fixed: Sums
    is_free: Booleans
    counts: dict[str, int]
    exploration_loss_minor: int
    is_exploration_called_off: bool


def decide(candidates: pa.Table, problem: Problem, policy: Policy, seed: int,
           as_of: dt.date, highest_rate_daily: Decimal) -> Decided:
    """All that is decided before the optimiser, or by another champion.

    The optimiser decides last, about those who are left to it, as champion or as challenger.

    Args:
        candidates: CANDIDATES.
        problem: Of the night.
        policy: In force.
        seed: Of the night, for the random slice.
        as_of: The night.
        highest_rate_daily: That the law of the date allows.

    Raises:
        InfeasibleRows: When a strategy cannot keep a row.
    """
    people = people_of(candidates, problem)
    highest = float(highest_rate_daily)
    offers = (honoured(candidates, highest, policy.law.highest_limit)
              if policy.limits.honours_offers else _none(len(people)))
    method = np.where(offers.is_offered, HONOURED, "").astype(object)
    is_eligible, is_promised = (_flags(candidates[name]) for name in ("is_eligible", "is_promised"))
    # Who may fail rules for the sake of a promise only gets nothing else.
    chance = exploration.draw(policy.limits.exploration, problem, people,
                              (method == "") & (is_eligible | ~is_promised), seed, as_of, highest)
    method[(chance.limit_minor > 0) | (~is_eligible & (method == ""))] = EXPLORATION
    offers = _both(offers, Offers(chance.limit_minor, chance.rate_daily))
    counts = {HONOURED: int((method == HONOURED).sum()),
              EXPLORATION: int((chance.limit_minor > 0).sum())}
    offers, counted = _share_out(Applicants.of(people, candidates), problem, policy, method,
                                 offers)
    return Decided(_table(people, method, offers, chance.propensity_ratio),
                   sums(problem, people, offers), np.asarray(method == ""),
                   {**counts, **counted}, chance.expected_loss_minor, chance.is_called_off)


def _share_out(applicants: Applicants, problem: Problem, policy: Policy,
               method: npt.NDArray[np.object_], offers: Offers) -> tuple[Offers, dict[str, int]]:
    """Let challengers and champion decide about everyone without a method, which it fills in.

    A challenger that cannot keep a row offers nothing; who decides last makes up for a minimum.
    """
    people, rules = applicants.people, policy.limits
    fixed, left = sums(problem, people, offers), method == ""
    by = challengers(policy.product, rules.challengers, people.user_id)
    parts = {one.name: (one.method, np.flatnonzero(left & (by == place)))
             for place, one in enumerate(rules.challengers)}

    def give(chosen: str, part: Problem, theirs: Integers, used: Sums) -> None:
        nonlocal offers
        found = strategies.decide(chosen, part, policy, applicants.take(theirs), used)
        offers = _both(offers, _spread(found, theirs, len(people)))
        method[theirs] = chosen

    rest = 1.0
    for chosen, theirs in parts.values():
        ratio = len(theirs) / max(int(left.sum()), 1)
        if chosen == OPTIMISER:
            rest -= ratio
        else:
            used = part_of(fixed, ratio)
            give(chosen, widened(share_of(problem, ratio), used), theirs, used)
    theirs = np.flatnonzero(left & (by == CHAMPION))
    if rules.method != OPTIMISER:
        before = Sums(-fixed.value_minor, -fixed.measures).plus(sums(problem, people, offers))
        give(rules.method, share_of(problem, rest), theirs, part_of(fixed, rest).plus(before))
    return offers, {**{name: len(some) for name, (_, some) in parts.items()},
                    CHAMPION_NAME: len(theirs)}


def highest_limit(candidates: pa.Table, policy: Policy) -> int:
    """Highest limit that may be decided before the optimiser, minor units."""
    rules = policy.limits
    sent = candidates["open_limit_minor"].filter(
        pc.fill_null(candidates["is_open_offer_sent"], False))
    units = [*(rules.exploration.limits if rules.exploration else ()),
             *(limit for tier in policy.tiers for limit in tier.limits), *rules.limits]
    return max(max(units) * MINOR, pc.max(sent).as_py() or 0)


def challengers(product: str, rules: Sequence[Challenger], user_id: pa.Array) -> Integers:
    """Place of the challenger that decides about each person, or CHAMPION.

    A person is a challenger's whose hash of product, challenger and person falls below its share
    of those whom earlier challengers leave. So another night changes nothing, and a challenger
    that is added last moves nobody from one to another but to itself.
    """
    found = np.full(len(user_id), CHAMPION, np.int64)
    left = 1.0
    for place, one in enumerate(rules):
        hashed = fractions(product, one.name, user_id)
        found[(found == CHAMPION) & (hashed < one.share_ratio / left)] = place
        left -= one.share_ratio
    return found


def fractions(product: str, name: str, user_id: pa.Array) -> Floats:
    """A number from 0 to below 1 for each person: the first 8 bytes of sha256(product|name|id)."""
    prefix = hashlib.sha256(f"{product}|{name}|".encode())
    found = np.empty(len(user_id), np.uint64)
    for place, one in enumerate(user_id.to_pylist()):
        whole = prefix.copy()
        whole.update(one.encode())
        found[place] = int.from_bytes(whole.digest()[:8], "big")
    # 53 bits: as many as a double holds, so that none is rounded up to 1.
    return np.asarray((found >> np.uint64(11)) / _FRACTIONS)


def honoured(candidates: pa.Table, highest_rate_daily: float, highest_limit: int | None) -> Offers:
    """Offers that were sent, as they were sent.

    Not honoured are those that a failing rule takes back, and terms that the law forbids by now.
    What a person can carry today plays no part: the offer was a promise.

    Args:
        candidates: CANDIDATES.
        highest_rate_daily: That the law of the date allows.
        highest_limit: That it allows, whole currency units; None: any.
    """
    limit, rate = (candidates[name].cast(pa.float64()).fill_null(0.0).to_numpy()
                   for name in ("open_limit_minor", "open_rate_daily"))
    most = np.inf if highest_limit is None else highest_limit * MINOR
    # A rate has six decimals; half of the last is no difference.
    is_legal = (limit <= most) & (rate <= highest_rate_daily + 5e-7)
    return Offers(limit.astype(np.int64), rate).only(
        np.asarray(_flags(candidates["is_promised"]) & is_legal & (limit > 0), bool))


def _flags(column: pa.ChunkedArray) -> Booleans:
    return np.asarray(column.fill_null(False).to_numpy(), bool)


def _none(people: int) -> Offers:
    return Offers(np.zeros(people, np.int64), np.zeros(people))


def _both(one: Offers, other: Offers) -> Offers:
    """Offers of two that never offer something to the same person."""
    return Offers(one.limit_minor + other.limit_minor, one.rate_daily + other.rate_daily)


def _spread(offers: Offers, place: Integers, people: int) -> Offers:
    whole = _none(people)
    whole.limit_minor[place], whole.rate_daily[place] = offers.limit_minor, offers.rate_daily
    return whole


def _table(people: People, method: npt.NDArray[np.object_], offers: Offers,
           propensity: Floats) -> pa.Table:
    """DECIDED rows of everyone with a method."""
    place = np.flatnonzero(method != "")
    nothing = ~offers.is_offered[place]
    rates = [f"{rate:.6f}" for rate in offers.rate_daily[place]]
    return pa.table([
        people.user_id.take(pa.array(place)), pa.array(method[place].tolist(), pa.string()),
        pa.array(offers.limit_minor[place], mask=nothing),
        pc.if_else(pa.array(nothing), None, pa.array(rates, pa.string())).cast(TYPES["rate"][1]),
        pa.array(propensity[place], mask=propensity[place] == 0)], schema=DECIDED)
