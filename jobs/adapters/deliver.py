"""The chosen source → landing.

Sources: the simulated city, real files, or nothing where the feeds are in landing already.
Grain and output: as the source's own module says.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jobs import store
from jobs.adapters import card_approval, cmb, uci
from jobs.config import FEED_SOURCES, Run
from jobs.errors import UsageError
from jobs.policies.policy import load
from jobs.simulate import city

#: Source -> what lands its files, from (home, data folder).
REAL_FILES: dict[str, Callable[[Path, Path], list[Path]]] = {
    "uci": uci.deliver, "cmb": cmb.deliver, "card-approval": card_approval.deliver}


def main(run: Run) -> dict[str, int]:
    """Bring the feeds of the run's source to landing; a second time changes nothing.

    Returns:
        How many deliveries the source made, and the rows in them.

    Raises:
        UsageError: For a source that is none, or one of real files without their folder.
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
    if run.source in REAL_FILES:
        if run.data is None:
            raise UsageError("--data", f"the folder with the files of {run.source}", "none",
                             "add --data PATH, or use --feeds simulated")
        return REAL_FILES[run.source](run.home, run.data)
    raise UsageError("--feeds", "one of " + ", ".join(FEED_SOURCES), repr(run.source),
                     "name a source of feeds")
