"""What a night still waits for: feeds that are not in landing and whose deadline has not passed.

Looks at names and manifests only, never at rows, so that asking again and again costs nothing. What
is wrong with a delivery, intake says: one that no waiting would mend is not waited for.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path

from jobs.contracts.feeds import FEEDS
from jobs.errors import DeliveryRefused
from jobs.intake import history, landing, lateness
from jobs.intake.manifest import MANIFEST
from jobs.policies.feeds import STOP
from jobs.policies.policy import Policy


@dataclass(frozen=True)
class Awaited:
    """A feed that a night waits for.

    Attributes:
        feed: Its name.
        owner: Who delivers it.
        until: The deadline, local time of the lender.
        action: What follows if it does not come: `stop`, `last_known` or `without`.
    """

    feed: str
    owner: str
    until: dt.datetime
    action: str


def missing(home: Path, as_of: dt.date, policy: Policy, now: dt.datetime) -> list[Awaited]:
    """The feeds that are late for a night and may still come in time; of a past night none.

    Nothing either once a feed has missed its deadline without which there is no night.

    Args:
        home: The root of everything.
        as_of: The night.
        policy: In force on it.
        now: Local time of the lender, without a zone.
    """
    late, open_until = landed_late(home, as_of, policy), {}
    for one in late:
        until = policy.feeds[one.feed].until(as_of)
        if until is None:
            continue
        if until > now:
            open_until[one.feed] = until
        elif one.action == STOP:
            return []
    return [Awaited(one.feed, policy.feeds[one.feed].owner, open_until[one.feed], one.action)
            for one in late if one.feed in open_until]


def landed_late(home: Path, as_of: dt.date, policy: Policy) -> list[lateness.Late]:
    """The feeds that are late for a night by what is in landing, whole."""
    newest = {name: found for name in FEEDS if (found := _newest(home, name, as_of))}
    return lateness.late(policy.feeds, newest, as_of)


def _newest(home: Path, feed: str, as_of: dt.date) -> str | None:
    try:
        names = history.in_force(landing.delivery_names(home, feed, as_of))
    except DeliveryRefused:
        return as_of.isoformat()  # something there is no delivery: intake says so, at once
    return next((str(name) for name in reversed(names)
                 if is_whole(landing.delivery_folder(home, feed, name))), None)


def is_whole(folder: Path) -> bool:
    """Whether a delivery's manifest is there and every file that it lists."""
    try:
        said = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return False
    try:
        return all((folder / entry["name"]).is_file() for entry in said["files"])
    except (KeyError, TypeError):
        return True  # no manifest, and it will not become one
