"""What the data of a night were worth: feeds, their lateness and quarantine, and the gates.

Sources: the frozen deliveries of run.json, the contracts of the feeds, gates.json. Lateness is that
of the night's date, by the rule of `jobs/intake/status.py`, whatever has been delivered since.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

from expectations.gates import CRITICAL_SHARE, WARNING_SHARE
from jobs.contracts.feeds import FEEDS
from jobs.intake import status

_COUNTS = ("received", "accepted", "quarantined", "duplicates")


def feed_rows(deliveries: Iterable[dict[str, Any]], as_of: dt.date,
              mandatory: Collection[str] = ()) -> list[dict[str, Any]]:
    """Each feed by the night: what it delivered, how late it is, what is in quarantine.

    Args:
        deliveries: Of the frozen inputs.
        as_of: The night.
        mandatory: Feeds that the product's nights cannot do without.

    Returns:
        Rows received, accepted, quarantined and repeated over all deliveries; the newest delivery
        with its `age_days`, `late_days` (beyond the usual distance; 0 within the grace) and
        `status`; the `share` of its distinct rows in quarantine with its `tone`.
    """
    feeds: dict[str, dict[str, Any]] = {name: _nothing(name) for name in FEEDS}
    for row in map(delivery, deliveries):
        total = feeds.setdefault(row["feed"], _nothing(row["feed"]))
        total["deliveries"] += 1
        if row["delivery_date"] >= total["newest"]:
            distinct = row["received"] - row["duplicates"]
            total |= {"newest": row["delivery_date"],
                      "share": row["quarantined"] / distinct if distinct else 0.0}
        for name in _COUNTS:
            total[name] += row[name]
    for total in feeds.values():
        total["reconciles"] = total["received"] == sum(total[name] for name in _COUNTS[1:])
        total |= _lateness(total, as_of, mandatory)
        total["tone"] = ("bad" if total["share"] > CRITICAL_SHARE else
                         "warn" if total["share"] > WARNING_SHARE else "")
    return list(feeds.values())


def _nothing(name: str) -> dict[str, Any]:
    return {"feed": name, "deliveries": 0, "newest": "", "share": 0.0, **dict.fromkeys(_COUNTS, 0)}


def _lateness(total: dict[str, Any], as_of: dt.date, mandatory: Collection[str]) -> dict[str, Any]:
    """Age and status of a feed; one without a contract is of no distance and never late."""
    feed = FEEDS.get(total["feed"])
    age = (as_of - dt.date.fromisoformat(total["newest"])).days if total["newest"] else None
    if feed is None:
        return {"every_days": None, "age_days": age, "late_days": 0, "status": status.ON_TIME}
    said = status.of_age(feed, age, feed.name in mandatory)
    late = age - feed.every_days if age is not None and said == status.LATE else 0
    return {"every_days": feed.every_days, "age_days": age, "late_days": late, "status": said}


def delivery(row: dict[str, Any]) -> dict[str, Any]:
    """One delivery of the frozen inputs with its counts."""
    counts = {"received": row.get("received", row.get("rows", 0)),
              **{name: row.get(name, 0) for name in _COUNTS[1:]}}
    return {"feed": row["feed"], "delivery_date": str(row["delivery_date"]), **counts}


def gate_rows(results: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Expectations met, warnings and critical failures of each gate."""
    gates: dict[str, dict[str, Any]] = {}
    for row in results:
        total = gates.setdefault(row["gate"], {"gate": row["gate"], "expectations": 0, "met": 0,
                                               "warnings": 0, "critical": 0})
        total["expectations"] += 1
        outcome = ("met" if row["success"] else
                   "critical" if row["severity"] == "critical" else "warnings")
        total[outcome] += 1
    return list(gates.values())
