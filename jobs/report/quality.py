"""What the data of a night were worth: feeds, their lateness and quarantine, and the gates.

Sources: the frozen deliveries of run.json, the contracts of the feeds, gates.json. Lateness is that
of the night's date, by the rule of `jobs/intake/lateness.py`, whatever has been delivered since.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from expectations.gates import CRITICAL_SHARE, WARNING_SHARE
from jobs.contracts.feeds import FEEDS
from jobs.intake import status
from jobs.policies.feeds import UNSTATED, WITHOUT, FeedRule

#: Status of a feed that the night was frozen without.
LEFT_OUT = "left out"
_COUNTS = ("received", "accepted", "quarantined", "duplicates")


def feed_rows(deliveries: Iterable[dict[str, Any]], as_of: dt.date,
              rules: Mapping[str, FeedRule] = UNSTATED,
              degraded: Iterable[dict[str, Any]] = ()) -> list[dict[str, Any]]:
    """Each feed by the night: what it delivered, how late it is, what is in quarantine.

    Args:
        deliveries: Of the frozen inputs.
        as_of: The night.
        rules: Of the policy, by feed.
        degraded: Of the frozen inputs: a feed left out shows as `left out`, with the newest
            delivery that it had.

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
    late = {one["feed"]: one for one in degraded}
    for total in feeds.values():
        total["reconciles"] = total["received"] == sum(total[name] for name in _COUNTS[1:])
        total |= _lateness(total, as_of, rules, late.get(total["feed"]))
        total["tone"] = ("bad" if total["share"] > CRITICAL_SHARE else
                         "warn" if total["share"] > WARNING_SHARE else "")
    return list(feeds.values())


def _nothing(name: str) -> dict[str, Any]:
    return {"feed": name, "deliveries": 0, "newest": "", "share": 0.0, **dict.fromkeys(_COUNTS, 0)}


def _lateness(total: dict[str, Any], as_of: dt.date, rules: Mapping[str, FeedRule],
              degraded: dict[str, Any] | None) -> dict[str, Any]:
    """Age and status of a feed; one without a contract is of no distance and never late."""
    is_left_out = degraded is not None and degraded["action"] == WITHOUT
    newest = degraded["newest"] if degraded is not None and is_left_out else total["newest"]
    age = (as_of - dt.date.fromisoformat(newest[:10])).days if newest else None
    rule = rules.get(total["feed"])
    if rule is None:
        return {"every_days": None, "age_days": age, "late_days": 0, "status": status.ON_TIME}
    said = LEFT_OUT if is_left_out else status.of_feed(rule, newest or None, as_of)
    late = age - rule.every_days if age is not None and said in (status.LATE, LEFT_OUT) else 0
    return {"newest": newest, "every_days": rule.every_days, "age_days": age,
            "late_days": max(late, 0), "status": said}


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
