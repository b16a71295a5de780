"""What has arrived, what is missing, what is late; and what lies in quarantine and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from jobs import lake
from jobs.contracts.feeds import FEEDS
from jobs.contracts.table import Table
from jobs.errors import UsageError
from jobs.intake import history, landing, lateness
from jobs.intake.intake import all_taken_in
from jobs.policies.feeds import FeedRule

ON_TIME, LATE, MISSING, NONE_YET = "on time", "late", "missing", "none yet"


def feed_named(name: str) -> Table:
    """The contract of a feed.

    Raises:
        UsageError: When there is none of that name.
    """
    if name not in FEEDS:
        raise UsageError("--feed", "one of " + ", ".join(FEEDS), repr(name), "see: nightlist feeds")
    return FEEDS[name]


def arrivals(home: Path, as_of: dt.date, rules: Mapping[str, FeedRule]) -> pa.Table:
    """One row a feed: what came by the as-of date.

    Columns: feed, status, newest (delivery in force), age_days, deadline (until when the night
    waits, local time), if_late (what follows if it stays so: `stop`, `last_known` or `without`),
    deliveries (in force), waiting (in landing, not taken in), gaps (times that the distance to the
    next delivery was late), accepted and quarantined (rows of the deliveries in force).
    `rules` are the policy's. Status: `missing` (mandatory, none), `late`, `none yet` (optional) or
    `on time`.

    Raises:
        DeliveryRefused: When something in landing is no delivery.
    """
    landing.check_feeds(home, FEEDS)
    return pa.Table.from_pylist([_arrival(home, feed, as_of, rules[feed.name])
                                 for feed in FEEDS.values()])


def of_feed(rule: FeedRule, newest: str | None, as_of: dt.date) -> str:
    """Status of a feed with this newest delivery; None: there is none."""
    if newest is None:
        return MISSING if rule.mandatory else NONE_YET
    return LATE if lateness.of_feed(rule, newest, as_of) else ON_TIME


def _arrival(home: Path, feed: Table, as_of: dt.date, rule: FeedRule) -> dict[str, object]:
    landed = landing.delivery_names(home, feed.name, as_of)
    taken = all_taken_in(home, feed.name, as_of)
    names = history.in_force({*landed, *taken})
    days = [name.day for name in names]
    age = (as_of - days[-1]).days if days else None
    counts = [taken.get(name, {}) for name in names]
    newest = str(names[-1]) if names else None
    late, until = lateness.of_feed(rule, newest, as_of), rule.until(as_of)
    return {
        "feed": feed.name, "status": of_feed(rule, newest, as_of), "newest": newest or "",
        "age_days": age, "deadline": f"{until:%m-%d %H:%M}" if until else "",
        "if_late": late.action if late else rule.late, "deliveries": len(names),
        "waiting": sum(name not in taken for name in names),
        "gaps": sum((later - earlier).days > lateness.most_days(rule)
                    for earlier, later in zip(days, days[1:], strict=False)),
        **{key: sum(int(one.get(key, 0)) for one in counts)
           for key in ("accepted", "quarantined")}}


def reasons(home: Path, feed: Table, delivery: str | None, samples: int) -> pa.Table:
    """Why rows of a feed are in quarantine: the most frequent reason first.

    Args:
        home: The root of everything.
        feed: The contract.
        delivery: Only of the delivery of that name, or None for all.
        samples: Rows to show of each reason.

    Returns:
        reason, rows, people, first and last delivery date, samples (JSON, tokens only).

    Raises:
        UsageError: When there is no delivery of that name.
    """
    root = home / "quarantine" / feed.name
    folders = sorted(root.glob("delivery_date=*")) if root.is_dir() else []
    if delivery is not None:
        if not (home / "clean" / feed.name / f"delivery_date={delivery}").is_dir():
            raise UsageError("--delivery", f"a delivery of {feed.name} that was taken in",
                             repr(delivery), "see: nightlist feeds")
        folders = [folder for folder in folders if folder.name == f"delivery_date={delivery}"]
    if not folders:
        return _no_reasons().slice(0, 0)
    files = [str(path) for folder in folders for path in sorted(folder.glob("*.parquet"))]
    with lake.duck() as connection:
        found: pa.Table = connection.sql(
            "select reason, count(*) as rows, count(distinct user_id) as people, "
            "min(delivery_date) as first_delivery, max(delivery_date) as last_delivery, "
            "list_slice(list(row_json order by delivery_date desc, row_json), 1, $samples) as "
            "samples from (select unnest(reasons) as reason, * exclude reasons from "
            "read_parquet($files, hive_partitioning = false)) group by reason "
            "order by rows desc, reason",
            params={"samples": samples, "files": files}).to_arrow_table()
        return found.cast(_no_reasons().schema)


def _no_reasons() -> pa.Table:
    return pa.schema([("reason", pa.string()), ("rows", pa.int64()), ("people", pa.int64()),
                      ("first_delivery", pa.date32()), ("last_delivery", pa.date32()),
                      ("samples", pa.list_(pa.string()))]).empty_table()
