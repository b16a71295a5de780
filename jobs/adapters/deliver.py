"""The chosen source → landing.

Sources: the simulated city, the UCI files, or nothing where the feeds are in landing already.
Grain and output: as the source's own module says.
"""

from __future__ import annotations

from pathlib import Path

from jobs import store
from jobs.adapters import uci
from jobs.config import FEED_SOURCES, Run
from jobs.errors import UsageError
from jobs.policies.policy import load
from jobs.simulate import city


def main(run: Run) -> dict[str, int]:
    """Bring the feeds of the run's source to landing; a second time changes nothing.

    Returns:
        How many deliveries the source made, and the rows in them.

    Raises:
        UsageError: For a source that is none, or `uci` without a data folder.
        DeliveryRefused: When landing holds other deliveries in their place.
    """
    load(run.policy, run.as_of)  # before landing is touched: a misspelt policy is noticed here
    folders = _deliver(run)
    return {"deliveries": len(folders), "rows": sum(store.count(folder) for folder in folders)}


def _deliver(run: Run) -> list[Path]:
    if run.source == "landing":
        return []
    if run.source == "simulated":
        return city.deliver(run.home, run.as_of, run.users, run.seed)
    if run.source == "uci":
        if run.data is None:
            raise UsageError("--data", "the folder with the UCI files", "none",
                             "add --data PATH, or use --feeds simulated")
        return uci.deliver(run.home, run.data)
    raise UsageError("--feeds", "one of " + ", ".join(FEED_SOURCES), repr(run.source),
                     "name a source of feeds")
