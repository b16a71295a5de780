"""The release before a night: whose offers it keeps open, and what last night's rows were worth.

Found once, when the night's inputs are frozen, and named there by its id: a release that is
published while the night runs changes nothing, and a replay of the run reads the same one. A night
of the same date never counts, so that running a night again, or publishing it again, changes none
of its inputs. A release that a rollback withdrew is nobody's previous.

Of a night it is the newest list that people were invited by; what a backfill wrote into the history
promised nothing to anybody and is passed over. A backfill of a date that never had such a list asks
what its night would have done: had the nights before it run, their releases, backfilled by now,
would have been the ones before. Where they did run, what they published counts and not what
superseded it in the history.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from pyiceberg.exceptions import NoSuchTableError

from jobs import store
from jobs.config import RUN_FILE
from jobs.contracts.limits import COUPLING_ROWS
from jobs.release import warehouse
from jobs.release.warehouse import NAMESPACE, Release


def previous(home: Path, as_of: dt.date, policy: str,
             backfill: bool = False) -> dict[str, Any] | None:
    """The release that stands for the newest night before a date, of the same product policy.

    Args:
        home: Where the warehouse is.
        as_of: The night; earlier ones count.
        policy: Name of the policy. A release whose run is gone cannot say whose it was and does
            not count.
        backfill: Whether the date is computed for the history.

    Returns:
        `release_id`, `as_of`, `whitelist_sha256`, `currency` and `multipliers` (row -> Lagrange
        multiplier, 1/100 currency a unit; empty where the release has none), as JSON content; None
        where there is no such release.
    """
    now = warehouse.state(home)
    standing = {**now.of_nights, **now.live} if backfill and as_of not in now.live else now.live
    found = next((standing[night] for night in sorted(standing, reverse=True) if night < as_of
                  and policy_name(home, standing[night]) == policy), None)
    if found is None:
        return None
    return {"release_id": found.release_id, "as_of": found.as_of_date.isoformat(),
            "whitelist_sha256": found.whitelist_sha256, "currency": found.currency,
            "multipliers": multipliers(home, found.release_id)}


def multipliers(home: Path, release_id: str) -> dict[str, float]:
    """The multipliers that a release was published with; empty where it was without."""
    with warehouse.opened(home) as catalog:
        try:
            table = catalog.load_table((NAMESPACE, COUPLING_ROWS.name))
        except NoSuchTableError:
            return {}
        rows = table.scan(warehouse.of_release(release_id)).to_arrow().to_pylist()
    return {row["row_name"]: row["multiplier"]
            for row in sorted(rows, key=lambda row: str(row["row_name"]))}


def policy_name(home: Path, move: Release) -> str:
    """Name of the policy by which a release was made; empty where its run is gone."""
    record: dict[str, Any] = store.read_json(move.run(home).folder / RUN_FILE, {})
    name: str = record.get("inputs", {}).get("policy", {}).get("name", "")
    return name
