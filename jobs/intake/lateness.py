"""When a feed is late, and what follows for a night: the one place that says it.

A pure function of deliveries, policy and as-of date: no clock, so that a backfill decides as the
night did. A feed for which nights wait is late where the delivery of the night's own date is not
there, if it is a daily one; any other once it is overdue by more than a quarter of its usual
distance, but a day. A feed of which the product has never had a delivery, and which is not
mandatory, is not late: it is not there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jobs.errors import DeliveryRefused
from jobs.policies.feeds import LAST_KNOWN, STOP, WITHOUT, FeedRule

#: A delivery is late once it is overdue by more than this share of its usual distance, but a day.
_GRACE = 0.25


@dataclass(frozen=True)
class Late:
    """A feed that is late for a night.

    Attributes:
        feed: Its name.
        newest: Its newest delivery by the as-of date, as its folder is named; None: none ever came.
        age_days: Of that.
        action: What follows: `stop`, `last_known` or `without`.
        why: In words.
    """

    feed: str
    newest: str | None
    age_days: int | None
    action: str
    why: str


def most_days(rule: FeedRule) -> int:
    """Days from one delivery to the next from which on, exceeded, the next is late."""
    return rule.every_days + max(1, round(_GRACE * rule.every_days))


def due_days(rule: FeedRule) -> int:
    """The highest age in days at which a feed is on time for a night."""
    return 0 if rule.deadline is not None and rule.every_days == 1 else most_days(rule)


def of_feed(rule: FeedRule, newest: str | None, as_of: dt.date) -> Late | None:
    """What follows of a feed with this newest delivery; None: it is on time, or never was there.

    Args:
        rule: Of the policy.
        newest: A delivery's name, `YYYY-MM-DD` or with the number of a correction.
        as_of: The night.
    """
    if newest is None:
        return Late(rule.feed, None, None, STOP, "mandatory, and none has ever come"
                    ) if rule.mandatory else None
    age = (as_of - dt.date.fromisoformat(newest[:10])).days
    stands = rule.late != LAST_KNOWN or age <= rule.max_age_days
    if age <= due_days(rule) and stands:
        return None
    if rule.late == LAST_KNOWN and stands:
        return Late(rule.feed, newest, age, LAST_KNOWN,
                    f"the last known one may be {_days(rule.max_age_days)} old")
    why = (f"older than {_days(rule.max_age_days)}" if rule.late == LAST_KNOWN else
           f"the policy says {rule.late} where it is late")
    return Late(rule.feed, newest, age, rule.ends, why)


def late(rules: Mapping[str, FeedRule], newest: Mapping[str, str], as_of: dt.date) -> list[Late]:
    """All feeds that are late for a night, in the order of the contracts.

    Args:
        rules: Of the policy, by feed.
        newest: Feed -> its newest delivery in force by the as-of date, where it has one.
        as_of: The night.
    """
    found = (of_feed(rule, newest.get(name), as_of) for name, rule in rules.items())
    return [one for one in found if one is not None]


def refuse_stops(found: Iterable[Late], rules: Mapping[str, FeedRule], as_of: dt.date) -> None:
    """Stop a night where the policy says so of a late feed.

    Raises:
        DeliveryRefused: Naming the feed, its owner and what to do; further feeds by name.
    """
    stops = [one for one in found if one.action == STOP]
    if not stops:
        return
    first, more = stops[0], ", ".join(one.feed for one in stops[1:])
    raise DeliveryRefused(
        f"landing/{first.feed}", f"a delivery by {as_of}", "none" if first.newest is None else
        f"the newest of {first.newest}, {_days(first.age_days)} old ({first.why})",
        f"ask the feed's owner, {rules[first.feed].owner}, to deliver, and run the night again"
        + (f"; late as well: {more}" if more else ""))


def sentence(one: Late | Mapping[str, object]) -> str:
    """What is to be told of a late feed, of a night or of its frozen inputs."""
    said = one.__dict__ if isinstance(one, Late) else one
    what = {LAST_KNOWN: "late, the last known delivery stands in", WITHOUT: "late, left out",
            STOP: "late, and no night without it"}[str(said["action"])]
    if said["newest"] is None:
        return f"{said['feed']}: {what} ({said['why']})"
    return (f"{said['feed']}: {what} (of {said['newest']}, {_days(said['age_days'])} old; "
            f"{said['why']})")


def _days(number: object) -> str:
    return f"{number} day" if number == 1 else f"{number} days"
