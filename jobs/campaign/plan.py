"""The plan of the campaign: cell, hold-outs, channel, message, priority and wave of each offer.

Sources: the offers of the night, `rule_facts`, the policy in force. Grain: one invited user.

Waves are the days from the first of the list on that are not quiet, the last of them the day before
the list ends, so that nobody is invited to what is over tomorrow. By expected value, each day takes
as many as can be sent, of those whom the frequency caps allow by then. A night plans all of them
anew: only the first wave of a list is sent, if there is another list tomorrow.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.campaign import messages
from jobs.contracts import release
from jobs.contracts.campaign import (CAPPED, CELL, CROWDED, PLANNED, SENT, UNIVERSAL,
                                     UNREACHABLE)
from jobs.limits.assignment import CHAMPION, CHAMPION_NAME, challengers, fractions
from jobs.limits.problem import Booleans, Integers
from jobs.policies.campaign import CampaignRules
from jobs.policies.policy import Policy

#: In place of a product and of a name where a hold-out is everybody's.
_EVERY_CAMPAIGN, _HOLDOUT = "nightlist", "holdout"
#: What the plan reads beside columns of the whitelist.
READ = ("is_sent", "closed_channel_names", "may_be_sent_from")
_NO_WAVE = -1


def build(offers: pa.Table, policy: Policy, as_of: dt.date) -> pa.Table:
    """The whitelist with its campaign.

    Args:
        offers: The whitelist without the columns made here, and READ.
        policy: In force.
        as_of: The night; the list is valid from the day after.
    """
    rules, users = policy.campaign, offers["user_id"].combine_chunks()
    cell = cells(policy, users)
    universal, of_cell = holdouts(policy, users, cell)
    channel = channels(rules.channels, offers["closed_channel_names"].combine_chunks())
    priority = ranks(offers["expected_value_minor"].to_numpy(), users)
    days = wave_days(rules, as_of + dt.timedelta(days=1),
                     as_of + dt.timedelta(days=policy.offer_valid_days))
    earliest = first_places(days, offers["may_be_sent_from"])
    out = [(_flags(offers["is_sent"].combine_chunks()), SENT), (universal, UNIVERSAL),
           (of_cell, CELL), (_flags(pc.is_null(channel)), UNREACHABLE),
           (earliest == len(days) if days else np.zeros(len(users), bool), CAPPED)]
    may = ~np.logical_or.reduce([flag for flag, _ in out])
    wave = waves(priority, earliest, may, rules.daily_capacity, len(days))
    nowhere = wave == _NO_WAVE
    reasons = [*out, (nowhere, CROWDED)]
    status = pa.array([*(name for _, name in reasons), PLANNED]).take(pa.array(np.select(
        [flag for flag, _ in reasons], list(range(len(reasons))), len(reasons))))
    sent_on = np.array([day.toordinal() for day in days] or [0])[np.maximum(wave, 0)]
    epoch = dt.date(1970, 1, 1).toordinal()
    made = {
        "cell": cell, "channel": channel, "language": pa.repeat(rules.language, len(users)),
        "is_universal_holdout": pa.array(universal), "is_cell_holdout": pa.array(of_cell),
        "send_status": status,
        "wave": pa.array(wave + 1, mask=nowhere),
        "send_on": pa.array((sent_on - epoch).astype(np.int32), mask=nowhere).cast(pa.date32()),
        "priority": pa.array(priority),
        "message_variables": messages.variables(offers, policy.currency, rules.language)}
    contract = release.whitelist(policy.currency)
    return pa.table([made[name] if name in made else offers[name]
                     for name in contract.columns], contract.columns)


def cells(policy: Policy, users: pa.Array) -> pa.Array:
    """Champion, or the challenger in whose share each person is, whoever decides about them."""
    rules = policy.limits.challengers
    place = challengers(policy.product, rules, users)
    return pa.array([*(one.name for one in rules), CHAMPION_NAME], pa.string()).take(
        pa.array(np.where(place == CHAMPION, len(rules), place)))


def holdouts(policy: Policy, users: pa.Array, cell: pa.Array) -> tuple[Booleans, Booleans]:
    """Who never gets an invitation of any campaign, and who gets none of the cell's.

    By hash of the person, the first without the product: the same for every campaign and night.
    """
    rules = policy.campaign
    universal = fractions(_EVERY_CAMPAIGN, _HOLDOUT, users) < rules.universal_ratio
    of_cell = np.zeros(len(users), bool)
    for name in pc.unique(cell).to_pylist():
        place = np.flatnonzero(_flags(pc.equal(cell, name)))
        theirs = fractions(policy.product, f"{name}|{_HOLDOUT}", users.take(pa.array(place)))
        of_cell[place] = theirs < rules.cell_ratio
    return np.asarray(universal), of_cell


def channels(preferred: Sequence[str], closed: pa.ListArray) -> pa.Array:
    """The first channel that a person has not closed; null where all are.

    Args:
        preferred: Of the policy, best first.
        closed: Lists of names, one a person.
    """
    kinds = pc.binary_join(closed, "|").dictionary_encode()
    best = [next((one for one in preferred if one not in names.split("|")), None)
            for names in kinds.dictionary.to_pylist()]
    return pa.array(best, pa.string()).take(kinds.indices)


def ranks(value: npt.NDArray[np.int64], users: pa.Array) -> Integers:
    """Place of each person by falling value, of equals by rising id; from 1."""
    by_user = pc.sort_indices(users).to_numpy()
    order = by_user[np.argsort(-value[by_user], kind="stable")]
    found = np.empty(len(users), np.int64)
    found[order] = np.arange(1, len(users) + 1)
    return found


def wave_days(rules: CampaignRules, first: dt.date, last: dt.date) -> list[dt.date]:
    """Days of sending of a list: those not quiet, to the day before the last one it is valid.

    A list that is valid for a day only is sent on it.
    """
    days = max(1, (last - first).days)
    every = [first + dt.timedelta(days=number) for number in range(days)]
    return [day for day in every if not rules.is_quiet(day)]


def first_places(days: Sequence[dt.date], may_be_sent_from: pa.ChunkedArray) -> Integers:
    """Place in the days of the first on which each may be sent; their number where none is."""
    since = may_be_sent_from.cast(pa.int32()).fill_null(0).to_numpy()
    epoch = dt.date(1970, 1, 1)
    return np.searchsorted(np.array([(day - epoch).days for day in days], np.int32), since)


def waves(priority: Integers, earliest: Integers, may: Booleans, capacity: int | None,
          days: int) -> Integers:
    """Place of the day on which each is sent; -1 for who is not.

    Args:
        priority: 1 goes first.
        earliest: Place of the first day on which each may be sent.
        may: Who is to be sent at all.
        capacity: Of a day; None: everyone's.
        days: How many there are.
    """
    found = np.full(len(priority), _NO_WAVE, np.int64)
    left = np.argsort(priority, kind="stable")
    left = left[may[left]]
    for day in range(days):
        able = np.flatnonzero(earliest[left] <= day)[:capacity]
        found[left[able]] = day
        left = np.delete(left, able)
    return found


def _flags(values: pa.Array) -> Booleans:
    return np.asarray(values.to_numpy(zero_copy_only=False), bool)
