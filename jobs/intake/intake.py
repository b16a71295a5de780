"""Landing feeds → clean tables and quarantine.

Sources: `landing/<feed>/<delivery_date>/`. Grain: as the feed. Output:
`clean/<feed>/delivery_date=…/` and, where rows were rejected,
`quarantine/<feed>/delivery_date=…/`.

A delivery is verified whole against its manifest, then each row against its contract. Identical
rows count once (the rest are *duplicates*); rows that share a key but differ are all quarantined,
since nothing says which one is right. Always: received = accepted + quarantined + duplicates.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from jobs import store
from jobs.config import Run
from jobs.contracts import feeds
from jobs.contracts.table import Table
from jobs.errors import DeliveryRefused, NightlistError
from jobs.intake import landing, manifest, rows, rules, tokens
from jobs.intake.sorting import Sorter
from jobs.policies.policy import load

COUNTS = "_counts.json"


@contextmanager
def loaded(home: Path, feed: Table, delivery: landing.Delivery
           ) -> Iterator[duckdb.DuckDBPyConnection]:
    """The delivery's rows in an engine of their own, held against the manifest's totals.

    Raises:
        DeliveryRefused: When files, rows or totals are not what the manifest says.
    """
    spill = home / f".intake-{feed.name}-{delivery.delivery_date}"
    remedy = f"nothing of it was taken: have its owner, {feed.owner}, deliver it again"
    try:
        with rows.engine(spill) as connection:
            with manifest.refusals(feed.name, delivery.delivery_date, remedy):
                rows.load(connection, feed, delivery.folder, delivery.said, spill)
                with rows.whole(delivery.said["format"]):
                    manifest.check_totals(delivery.said, rules.totals(
                        connection, feed, delivery.said["format"] != "parquet"))
                    yield connection
    finally:
        shutil.rmtree(spill, ignore_errors=True)  # it may hold raw identifiers


def take_in(home: Path, feed: Table, delivery: landing.Delivery) -> dict[str, int]:
    """Take one verified delivery into the clean table and the quarantine.

    Raises:
        DeliveryRefused: When its rows are not what the manifest says.
        NightlistError: When the counts do not reconcile; nothing of the delivery stays.
    """
    day = delivery.delivery_date
    clean = clean_partition(home, feed.name, day)
    quarantine = home / "quarantine" / feed.name / clean.name
    staged = [folder.with_name(f".new-{folder.name}") for folder in (clean, quarantine)]
    for folder in staged:
        shutil.rmtree(folder, ignore_errors=True)
    staged[0].mkdir(parents=True)
    with loaded(home, feed, delivery) as connection:
        plan = rules.plan(feed, delivery.said["format"] != "parquet", day, tokens.keys(home)[0])
        counts = Sorter(connection, feed, plan, day, *staged).sort()
    reconcile(feed.name, day, delivery.said["rows"], counts)
    store.write_json({**counts, "fingerprint": delivery.fingerprint,
                      "currency": delivery.said["currency"]}, staged[0] / COUNTS)
    for new, folder in reversed(list(zip(staged, (clean, quarantine), strict=True))):
        shutil.rmtree(folder, ignore_errors=True)
        if new.is_dir():
            new.rename(folder)
    return counts


def reconcile(feed: str, day: dt.date, delivered: int, counts: dict[str, int]) -> None:
    """Refuse counts that lose or invent a row.

    Raises:
        NightlistError: When received is not accepted + quarantined + duplicates, or not what
            the manifest says.
    """
    parts = counts["accepted"] + counts["quarantined"] + counts["duplicates"]
    if not delivered == counts["received"] == parts:
        raise NightlistError(
            f"{feed}/{day}", f"{delivered} rows = accepted + quarantined + duplicates",
            f"received {counts['received']}, parts {parts}",
            "rerun intake; if it stays, report it: rows were lost")


def clean_partition(home: Path, feed: str, day: dt.date | str) -> Path:
    """Folder of a delivery's accepted rows."""
    return home / "clean" / feed / f"delivery_date={day}"


def taken_in(home: Path, feed: str, day: dt.date | str) -> dict[str, int | str] | None:
    """Counts and fingerprint of a delivery taken in before, or None."""
    counts: dict[str, int | str] | None = store.read_json(clean_partition(home, feed, day) / COUNTS)
    return counts


def main(run: Run) -> dict[str, int]:
    """Take in every new delivery up to the as-of date, of every feed.

    Raises:
        DeliveryRefused: For a missing mandatory feed, or a delivery that is not what its
            manifest says, or that changed after it was taken in.
    """
    currency = load(run.policy, run.as_of).currency
    landing.check_feeds(run.home, feeds.FEEDS)
    totals = {"received": 0, "accepted": 0, "quarantined": 0, "duplicates": 0}
    for feed in feeds.FEEDS.values():
        days = landing.delivery_dates(run.home, feed.name, run.as_of)
        if feed.mandatory and not days:
            raise DeliveryRefused(f"landing/{feed.name}", f"a delivery by {run.as_of}", "none",
                                  "ask the feed's owner, " + feed.owner + ", to deliver")
        for day in days:
            before = taken_in(run.home, feed.name, day)
            if before is None:
                _in_order(run.home, feed.name, day)
                delivery = landing.verify(run.home, feed, day)
                check_currency(feed.name, day, delivery.said["currency"], run.policy, currency)
                counts = take_in(run.home, feed, delivery)
                totals = {key: totals[key] + counts[key] for key in totals}
            elif before["fingerprint"] != landing.manifest_fingerprint(run.home, feed, day):
                raise DeliveryRefused(f"{feed.name}/{day}", "the delivery that was taken in",
                                      "another one in its place", "landing is append-only: "
                                      "restore it and deliver under a new date")
    return totals


def _in_order(home: Path, feed: str, day: dt.date) -> None:
    """Refuse a delivery dated before one that nights have seen: it would rewrite those nights.

    Raises:
        DeliveryRefused: Naming the newest delivery taken in.
    """
    newest = max((path.name.partition("=")[2] for path in
                  (home / "clean" / feed).glob("delivery_date=*")), default="")
    if day.isoformat() < newest:
        raise DeliveryRefused(f"landing/{feed}/{day}", f"deliveries after {newest}, the newest "
                              "one taken in", "an earlier one that was not there before",
                              "deliver it under the date on which it came")


def check_currency(feed: str, day: dt.date | str, found: object, policy: str,
                   currency: str) -> None:
    """Refuse amounts in another currency than the policy's.

    Raises:
        DeliveryRefused: Naming the delivery.
    """
    if found != currency:
        raise DeliveryRefused(f"{feed}/{day}", f"amounts in {currency}, as the policy {policy} "
                              "says", str(found), "name the product's policy with --policy, or "
                              "use another --home")
