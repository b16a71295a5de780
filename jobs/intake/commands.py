"""The commands `intake`, `feeds` and `quarantine`."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import TYPE_CHECKING

from jobs import config
from jobs.command import add, output, takes_format
from jobs.errors import UsageError

if TYPE_CHECKING:
    from jobs.intake.landing import DeliveryName

#: What a terminal shows of each feed; files have every column.
SHOWN = ("feed", "status", "newest", "age_days", "deadline", "if_late", "waiting", "quarantined")


def declare(commands: argparse._SubParsersAction) -> None:
    """Add the commands to the parser."""
    intake = add(commands, "intake", _intake, "take in deliveries outside a night: verify them, "
                 "clean tables and quarantine", "nightlist intake --feed payments --delivery "
                 "2026-06-30")
    intake.add_argument("--feed", metavar="FEED", help="only this feed (default: all)")
    intake.add_argument("--delivery", metavar="DATE", help="only this delivery, with .N for a "
                        "correction of the day (default: all that are new)")
    intake.add_argument("--policy", metavar="NAME", default=config.DEFAULT_POLICY["landing"],
                        help="the product policy, which names the currency (default: %(default)s)")
    feeds = add(commands, "feeds", _feeds, "show what has arrived of every feed, what is missing "
                "and what is late", "nightlist feeds --as-of 2026-06-30")
    feeds.add_argument("--as-of", metavar="DATE", help="the night to look from (default: today)")
    feeds.add_argument("--policy", metavar="NAME", default=config.DEFAULT_POLICY["landing"],
                       help="the product policy, which says until when a night waits "
                       "for a feed and what a late one means "
                       "(default: %(default)s)")
    quarantine = add(commands, "quarantine", _quarantine, "show why rows of a feed are in "
                     "quarantine, with counts and samples", "nightlist quarantine --feed "
                     "statements --samples 2")
    quarantine.add_argument("--feed", required=True, metavar="FEED", help="the feed")
    quarantine.add_argument("--delivery", metavar="DATE", help="only this delivery (default: all)")
    quarantine.add_argument("--samples", type=int, default=1, metavar="N",
                            help="rows to show of each reason (default: %(default)s)")
    for command in (feeds, quarantine):
        takes_format(command)


def _intake(arguments: argparse.Namespace) -> None:
    from jobs.contracts.feeds import FEEDS
    from jobs.intake import landing
    from jobs.intake.deliveries import take_in_new
    from jobs.intake.status import feed_named

    home = config.home_folder(arguments.home)
    feeds = [feed_named(arguments.feed).name] if arguments.feed else list(FEEDS)
    wanted = _wanted(arguments.delivery)
    landing.check_feeds(home, FEEDS)
    found = 0
    for feed in feeds:
        is_there = wanted in landing.delivery_names(home, feed, config.LAST_DAY)
        found += is_there
        done = take_in_new(home, feed, arguments.policy, wanted)
        for name, counts in done.items():
            said = ", ".join(f"{key.replace('_', ' ')} {value:,}" for key, value in counts.items())
            print(f"{feed}/{name}  {said}")
        if is_there and str(wanted) not in done:
            print(f"{feed}/{wanted}  taken in before")
    if wanted and not found:
        where = arguments.feed or "any feed"
        raise UsageError(f"--delivery {wanted}", f"a delivery of {where} in landing", "none",
                         "see: nightlist feeds")


def _wanted(delivery: str | None) -> DeliveryName | None:
    from jobs.intake.landing import DeliveryName

    if delivery is None:
        return None
    name = DeliveryName.of(delivery)
    if name is None:
        raise UsageError("--delivery", "a delivery like 2026-06-30 or 2026-06-30.2",
                         repr(delivery), "see: nightlist feeds")
    return name


def _feeds(arguments: argparse.Namespace) -> None:
    from jobs.intake.status import arrivals
    from jobs.policies.policy import load
    from jobs.show import show, terminal_table

    as_of = config.as_of_date(arguments.as_of) if arguments.as_of else dt.date.today()
    rules = load(arguments.policy, as_of).feeds
    rows, title = arrivals(config.home_folder(arguments.home), as_of, rules), f"feeds by {as_of}"
    if arguments.format == "table" and not arguments.output:
        terminal_table(rows, title, columns=SHOWN, limit=100)
        return
    show(rows, arguments.format, output(arguments), title)


def _quarantine(arguments: argparse.Namespace) -> None:
    from jobs.intake.status import feed_named, reasons
    from jobs.show import show

    feed = feed_named(arguments.feed)
    found = reasons(config.home_folder(arguments.home), feed, arguments.delivery,
                    arguments.samples)
    if not found.num_rows:
        print(f"nothing of {feed.name} is in quarantine")
        return
    show(found, arguments.format, output(arguments), f"quarantine of {feed.name}")
