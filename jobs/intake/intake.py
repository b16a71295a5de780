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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from jobs import lake, store
from jobs.config import Run
from jobs.contracts import feeds
from jobs.contracts.table import Table
from jobs.errors import DeliveryRefused, NightlistError
from jobs.intake import history, landing, manifest, rows, rules, tokens
from jobs.intake.landing import DeliveryName
from jobs.intake.sorting import FILE, Sorter
from jobs.policies.policy import load

COUNTS = "_counts.json"
#: Folder of a home: which token of the oldest key is the same identifier (see `tokens.py`).
LINKS = "links"


@contextmanager
def loaded(home: Path, feed: Table, delivery: landing.Delivery
           ) -> Iterator[duckdb.DuckDBPyConnection]:
    """The delivery's rows in an engine of their own, held against the manifest's totals.

    Raises:
        DeliveryRefused: When files, rows or totals are not what the manifest says.
    """
    remedy = f"nothing of it was taken: have its owner, {feed.owner}, deliver it again"
    names = [entry["name"] for entry in delivery.said["files"]]
    with (lake.scratch(home, f".intake-{feed.name}-{delivery.name}") as spill,
          lake.fetched(delivery.folder, names) as folder,
          rows.engine(spill) as connection,
          manifest.refusals(feed.name, delivery.name, remedy)):
        rows.load(connection, feed, folder, delivery.said, spill)
        with rows.whole(delivery.said["format"]):
            manifest.check_totals(delivery.said, rules.totals(
                connection, feed, delivery.said["format"] != "parquet"))
            yield connection


def take_in(home: Path, feed: Table, delivery: landing.Delivery) -> dict[str, int]:
    """Take one verified delivery into the clean table and the quarantine.

    Raises:
        DeliveryRefused: When its rows are not what the manifest says.
        NightlistError: When the counts do not reconcile; nothing of the delivery stays.
    """
    day, keys = delivery.name.day, tokens.keys(home)
    clean = clean_partition(home, feed.name, delivery.name)
    quarantine, links = (home / part / feed.name / clean.name for part in ("quarantine", LINKS))
    with lake.staging(clean, quarantine, links) as staged:
        staged[0].mkdir(parents=True)
        with loaded(home, feed, delivery) as connection:
            plan = rules.plan(feed, delivery.said["format"] != "parquet", day, keys[0])
            counts = Sorter(connection, feed, plan, day, *staged[:2]).sort()
            _link(connection, feed, keys, staged[2])
        reconcile(feed.name, delivery.name, delivery.said["rows"], counts)
        store.write_json({
            **counts, "fingerprint": delivery.fingerprint, "currency": delivery.said["currency"],
            "replaces": delivery.said["replaces"], "event_dates": _event_dates(feed, staged[0]),
            "token_key": keys[0].mark if feed.identifiers else ""}, staged[0] / COUNTS)
        # The clean folder comes last: it says that the delivery was taken in.
        for new, folder in reversed(list(zip(staged, (clean, quarantine, links), strict=True))):
            lake.remove(folder)
            if new.is_dir():
                lake.arrive(new, folder)
    return counts


def _event_dates(feed: Table, clean: Path) -> list[str]:
    """The days that the accepted rows tell of, oldest first: which tiles hang on the delivery."""
    column = "event_at" if "event_at" in feed.columns else "event_date"
    with lake.duck() as connection:
        return [day.isoformat() for day, in connection.execute(
            f"select distinct {column}::date as day from '{clean / FILE}' order by day").fetchall()]


def _link(connection: duckdb.DuckDBPyConnection, feed: Table, keys: list[tokens.Key],
          folder: Path) -> None:
    """While there are older keys, write which token of the oldest one is the same identifier."""
    if len(keys) < 2 or not feed.identifiers:
        return
    folder.mkdir(parents=True)
    pairs = " union ".join(
        f"select {keys[0].sql(f'trim({name})')} as token, {keys[-1].sql(f'trim({name})')} as "
        f"first_token from delivered where {name} is not null" for name in feed.identifiers)
    connection.execute(f"copy (select * from ({pairs}) order by token) to '{folder / FILE}' "
                       "(format parquet, compression zstd)")


def reconcile(feed: str, name: object, delivered: int, counts: dict[str, int]) -> None:
    """Refuse counts that lose or invent a row.

    Raises:
        NightlistError: When received is not accepted + quarantined + duplicates, or not what
            the manifest says.
    """
    parts = counts["accepted"] + counts["quarantined"] + counts["duplicates"]
    if not delivered == counts["received"] == parts:
        raise NightlistError(
            f"{feed}/{name}", f"{delivered} rows = accepted + quarantined + duplicates",
            f"received {counts['received']}, parts {parts}",
            "rerun intake; if it stays, report it: rows were lost")


def clean_partition(home: Path, feed: str, name: DeliveryName | str) -> Path:
    """Folder of a delivery's accepted rows."""
    return home / "clean" / feed / f"delivery_date={name}"


def taken_in(home: Path, feed: str, name: DeliveryName | str) -> dict[str, Any] | None:
    """Counts, fingerprint, currency and what it replaces of a delivery taken in, or None."""
    counts: dict[str, Any] | None = store.read_json(clean_partition(home, feed, name) / COUNTS)
    return counts


def all_taken_in(home: Path, feed: str, as_of: dt.date) -> dict[DeliveryName, dict[str, Any]]:
    """What `taken_in` says of every delivery known by the as-of date, oldest first."""
    names = [DeliveryName.of(path.name.partition("=")[2])
             for path in (home / "clean" / feed).glob("delivery_date=*")]
    return {name: taken_in(home, feed, name) or {} for name in sorted(filter(None, names))
            if name.day <= as_of}


def main(run: Run) -> dict[str, int]:
    """Take in every new delivery up to the as-of date, of every feed.

    Raises:
        DeliveryRefused: For a missing mandatory feed, or a delivery that is not what its
            manifest says, that changed after it was taken in, or that would rewrite a past night.
    """
    landing.check_feeds(run.home, feeds.FEEDS)
    mandatory = load(run.policy, run.as_of).mandatory_feeds
    totals = dict.fromkeys(("received", "accepted", "quarantined", "duplicates", "set_aside"), 0)
    for feed in feeds.FEEDS.values():
        names = landing.delivery_names(run.home, feed.name, run.as_of)
        if feed.name in mandatory and not names:
            raise DeliveryRefused(f"landing/{feed.name}", f"a delivery by {run.as_of}", "none",
                                  "ask the feed's owner, " + feed.owner + ", to deliver")
        for counts in take_in_feed(run, feed, names).values():
            totals = {key: totals[key] + counts.get(key, 0) for key in totals}
    return totals


def take_in_feed(run: Run, feed: Table, names: list[DeliveryName],
                 only: DeliveryName | None = None) -> dict[DeliveryName, dict[str, int]]:
    """Take in what is new among the deliveries of a feed.

    A delivery that was corrected before it was taken in, or that is refused while a later one
    replaces it, is set aside: nothing of it is taken, and its correction counts.

    Args:
        run: Home, as-of date and policy.
        feed: The contract.
        names: Deliveries in landing, oldest first.
        only: Take in this one and leave the others.

    Returns:
        Delivery -> received, accepted, quarantined, duplicates, or `set_aside` 1; new ones only.

    Raises:
        DeliveryRefused: As `main`.
    """
    currency, audited = load(run.policy, run.as_of).currency, history.newest_audited(run.home)
    before = {name: taken_in(run.home, feed.name, name) for name in names}
    replaced = {day for name in history.in_force(names) for day in _replaces(run.home, feed, name)
                if day < name.day.isoformat()}
    if feed.identifiers and None in before.values():
        tokens.refuse_lost(tokens.keys(run.home), [
            str(said["token_key"]) for said in
            all_taken_in(run.home, feed.name, dt.date.max).values() if said.get("token_key")])
    done = {}
    for name in [only] if only in names else names if only is None else []:
        known = before[name]
        if known is not None:
            _refuse_changed(run.home, feed, name, known["fingerprint"])
            continue
        if name not in history.in_force(names):
            done[name] = {"set_aside": 1}
            continue
        try:
            history.refuse_rewriting(feed.name, name, audited)
            delivery = landing.verify(run.home, feed, name)
            history.refuse_unknown(feed.name, name, delivery.said["replaces"], names)
            check_currency(feed.name, name, delivery.said["currency"], run.policy, currency)
            done[name] = take_in(run.home, feed, delivery)
        except DeliveryRefused:
            if name.day.isoformat() not in replaced:
                raise
            done[name] = {"set_aside": 1}
    return done


def _replaces(home: Path, feed: Table, name: DeliveryName) -> list[str]:
    """What a delivery says that it replaces; one whose manifest cannot be read says nothing."""
    try:
        replaces: list[str] = landing.manifest_of(home, feed, name)[1]["replaces"]
    except DeliveryRefused:
        return []
    return replaces


def _refuse_changed(home: Path, feed: Table, name: DeliveryName, fingerprint: str) -> None:
    if fingerprint != landing.manifest_of(home, feed, name)[0]:
        raise DeliveryRefused(f"{feed.name}/{name}", "the delivery that was taken in",
                              "another one in its place", "landing is append-only: "
                              "restore it and deliver under a new date")


def check_currency(feed: str, name: DeliveryName, found: object, policy: str,
                   currency: str) -> None:
    """Refuse amounts in another currency than the policy's.

    Raises:
        DeliveryRefused: Naming the delivery.
    """
    if found != currency:
        raise DeliveryRefused(f"{feed}/{name}", f"amounts in {currency}, as the policy {policy} "
                              "says", str(found), "name the product's policy with --policy, or "
                              "use another --home")
