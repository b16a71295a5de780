"""What a policy says about feeds: which a night waits for, and what a late one means.

    feeds:
      statements: {deadline: "25:00", late: stop}          # no night without a new one
      bureau_tradelines: {deadline: "26:30", late: last_known, max_age_days: 62, then: stop}
      payments: {deadline: "24:30", late: last_known, max_age_days: 3, then: without}
      rides: {late: without}
      account_flows: {mandatory: true}
      bound_cards: {every_days: 31}

- `deadline`: until when a night waits, local time of the lender, counted from the midnight at which
  the as-of date begins: "26:30" is half past two of the next morning. A night waits for no feed
  without one.
- `late`: what follows where the feed is late for a night (`jobs/intake/lateness.py`). `stop`: there
  is no night. `last_known`: the newest delivery there is stands in while it is `max_age_days` old
  at most; when it is older, what `then` says follows (`stop` or `without`). `without`: nothing of
  the feed is known, its features are null, and people are judged by what is left; whom the bureau
  has a file of is not judged at all where that is left out (`jobs/offers/unseen.py`).
- `mandatory`: whether there is a night of the product before the feed has ever come.
- `every_days`: from one delivery to the next, where the product's come more rarely than its
  contract says.

What is not stated, here or for a feed, is `of_contract`: the contract's `mandatory`, `every_days`
and `max_age_days`, the last known one within these, then no night where the feed is mandatory,
protects somebody, or tells of files at the bureau; else a night without it. The contract's
`max_age_days` bounds what a policy may say: stricter, never looser. A feed that protects people or
money (`Table.protects`) or is mandatory never leads to `without`; one that tells of files at the
bureau only where a rule over `bureau_unseen` keeps out whom the bureau knows.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jobs.contracts.feeds import (BOUND_CARDS, BUREAU_PUBLIC_RECORDS, BUREAU_TRADELINES, FEEDS)
from jobs.contracts.table import Table
from jobs.policies.check import Check
from jobs.policies.rules import Rule

STOP, LAST_KNOWN, WITHOUT = "stop", "last_known", "without"
#: Feeds from which it follows that the bureau has a file of a person.
BUREAU_FILES = (BUREAU_TRADELINES.name, BUREAU_PUBLIC_RECORDS.name)
#: The fact of a person that stands in for such a feed where it is left out.
BUREAU_UNSEEN = "bureau_unseen"
_KEYS = {"deadline", "late", "max_age_days", "then", "mandatory", "every_days"}
#: Bounds of what a version may say where the contract has none, in days.
_MOST_DAYS = 366
#: Age in usual distances up to which the last delivery of a feed stands in, and at least so many
#: days, where neither contract nor policy says one.
_DISTANCES, _LEAST_DAYS = 2, 7


@dataclass(frozen=True)
class FeedRule:
    """What a policy says of one feed; see the module.

    Attributes:
        feed: Name of its contract.
        owner: Who delivers it.
        mandatory: Whether there is no night before it has ever come.
        every_days: Days from one delivery to the next.
        max_age_days: Up to which the last known delivery stands in; of a feed that is late, too.
        late: `stop`, `last_known` or `without`.
        then: What follows `last_known` beyond that age: `stop` or `without`.
        deadline: Until when a night waits, from the as-of date's midnight; None: it does not.
    """

    feed: str
    owner: str
    mandatory: bool
    every_days: int
    max_age_days: int
    late: str
    then: str
    deadline: dt.timedelta | None = None

    @property
    def ends(self) -> str:
        """What follows in the end, if the feed stays away."""
        return self.then if self.late == LAST_KNOWN else self.late

    def until(self, as_of: dt.date) -> dt.datetime | None:
        """The deadline of a night, local time; None: nobody waits."""
        if self.deadline is None:
            return None
        return dt.datetime.combine(as_of, dt.time()) + self.deadline


def of_contract(feed: Table) -> FeedRule:
    """What holds of a feed of which the policy says nothing."""
    stops = feed.mandatory or feed.protects or feed.name in BUREAU_FILES
    return FeedRule(feed.name, feed.owner, feed.mandatory, feed.every_days,
                    feed.max_age_days or max(_LEAST_DAYS, _DISTANCES * feed.every_days),
                    LAST_KNOWN, STOP if stops else WITHOUT)


#: What holds where no policy is at hand.
UNSTATED: Mapping[str, FeedRule] = {name: of_contract(feed) for name, feed in FEEDS.items()}


def feed_rules(check: Check, version: Any, rules: Iterable[Rule]) -> dict[str, FeedRule]:
    """The rules of all feeds in a version, by the feed's name.

    Args:
        check: Names the policy in errors.
        version: Of the policy file.
        rules: Eligibility rules in force.

    Raises:
        PolicyError: For an unknown feed or key, a value out of its range, or a feed that a night
            would go on without although it must not.
    """
    said = check.get(version, "feeds", dict) if "feeds" in version else {}
    check.known(said, set(FEEDS))
    found = {name: _rule(check, feed, said) if name in said else UNSTATED[name]
             for name, feed in FEEDS.items()}
    if not found[BOUND_CARDS.name].mandatory:
        check.fail(f"feeds.{BOUND_CARDS.name}.mandatory", "true: cards say who is considered",
                   False)
    barred = any(rule.column == BUREAU_UNSEEN and rule.at_most == 0 for rule in rules)
    for name in BUREAU_FILES:
        if found[name].ends == WITHOUT and not barred:
            check.fail(f"feeds.{name}", f"{STOP} in the end, or a rule in force by which "
                       f"{BUREAU_UNSEEN} is at_most 0: whom the bureau knows would pass for clean",
                       found[name].ends)
    return found


def _rule(check: Check, feed: Table, feeds: Any) -> FeedRule:
    said, where = check.get(feeds, feed.name, dict), f"feeds.{feed.name}"
    check.known(said, _KEYS)
    usual = of_contract(feed)
    mandatory = check.get(said, "mandatory", bool) if "mandatory" in said else usual.mandatory
    every = (check.whole(said, "every_days", feed.every_days, _MOST_DAYS)
             if "every_days" in said else usual.every_days)
    late = _out_of(check, where, said, "late", (STOP, LAST_KNOWN, WITHOUT), LAST_KNOWN)
    needed = mandatory or feed.protects or feed.name in BUREAU_FILES
    then = _out_of(check, where, said, "then", (STOP, WITHOUT), STOP if needed else WITHOUT)
    if late != LAST_KNOWN and (odd := {"max_age_days", "then"} & set(said)):
        check.fail(f"{where}.{min(odd)}", f"nothing, unless late is {LAST_KNOWN}", said[min(odd)])
    age = (check.whole(said, "max_age_days", 0, feed.max_age_days or _MOST_DAYS)
           if "max_age_days" in said else usual.max_age_days)
    found = FeedRule(feed.name, feed.owner, mandatory, every, age, late, then,
                     _deadline(check, where, said))
    if found.ends == WITHOUT and (mandatory or feed.protects):
        check.fail(where, f"{STOP}, or {LAST_KNOWN} and then {STOP}: "
                   + ("the feed is mandatory" if mandatory else "it protects people or money"),
                   WITHOUT)
    return found


def _out_of(check: Check, where: str, said: Any, key: str, known: tuple[str, ...],
            usual: str) -> str:
    value = said.get(key, usual)
    if value not in known:
        check.fail(f"{where}.{key}", "one of " + ", ".join(known), value)
    return str(value)


def _deadline(check: Check, where: str, said: Any) -> dt.timedelta | None:
    text = said.get("deadline")
    if text is None:
        return None
    match = re.fullmatch(r"([0-3]\d|4[0-7]):([0-5]\d)", text) if isinstance(text, str) else None
    if match is None:
        check.fail(f"{where}.deadline", 'a time like "23:30", or "26:30" for 02:30 of the next '
                   'day, at most "47:59"', text)
    return dt.timedelta(hours=int(match[1]), minutes=int(match[2]))
