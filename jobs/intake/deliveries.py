"""Deliveries taken in outside a night: by the command `nightlist intake` and the DAG `intake`.

Safe beside a night: each feed holds the home's lock, as a night's own step does. What is taken in
between a night's steps is not seen by it once its inputs are frozen.
"""

from __future__ import annotations

from pathlib import Path

from jobs import config
from jobs.contracts.feeds import FEEDS
from jobs.intake import history, landing
from jobs.intake.intake import take_in_feed, taken_in
from jobs.intake.landing import DeliveryName
from jobs.intake.status import feed_named
from jobs.lock import locked
from jobs.steps import LOCK_WAIT_SECONDS


def with_new(home: Path) -> list[str]:
    """The feeds with deliveries in landing that count and were not taken in, in their order.

    Raises:
        DeliveryRefused: When landing holds what is no feed.
    """
    landing.check_feeds(home, FEEDS)
    found = []
    for feed in FEEDS:
        names = landing.delivery_names(home, feed, config.LAST_DAY)
        if any(taken_in(home, feed, name) is None for name in history.in_force(names)):
            found.append(feed)
    return found


def take_in_new(home: Path, feed: str, policy: str, only: DeliveryName | None = None
                ) -> dict[str, dict[str, int]]:
    """Take in what is new of a feed, or one delivery of it, while nobody else writes there.

    Args:
        home: The home folder.
        feed: Name of the feed.
        policy: Of the product, which names the currency.
        only: This delivery; others stay where they are.

    Returns:
        By delivery what `take_in_feed` counts.

    Raises:
        DeliveryRefused: When a delivery is not what its manifest says.
        UsageError: When there is no such feed.
    """
    contract = feed_named(feed)
    run = config.Run(home, only.day if only else config.LAST_DAY, policy=policy)
    with locked(home / ".lock", LOCK_WAIT_SECONDS, f"intake of {feed}"):
        names = landing.delivery_names(home, feed, run.as_of)
        done = take_in_feed(run, contract, names, only)
    return {str(name): counts for name, counts in done.items()}
