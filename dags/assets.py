"""The tables as Airflow's assets: what a task reads and writes, and what waits for it.

    landing (a feed each) -> clean (a feed each) -> models, release -> mart

Assets carry names and no data: nothing heavy is imported to list them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from airflow.sdk import Asset

import jobs

#: Every feed has a page beside its contract: its name is known without importing the contract.
FEEDS = tuple(sorted(page.stem for page in
                     (Path(str(jobs.__file__)).parent / "contracts/feeds/docs").glob("*.md")))


def _asset(name: str) -> Asset:
    return Asset(name, uri=f"nightlist://{name}", group="nightlist")


#: A delivery that has landed; whoever delivers tells Airflow (`POST /api/v2/assets/events`).
LANDING = {feed: _asset(f"landing/{feed}") for feed in FEEDS}
#: The accepted rows of a feed.
CLEAN = {feed: _asset(f"clean/{feed}") for feed in FEEDS}
#: Candidates in the registry.
MODELS = _asset("models")
#: The released tables, behind the pointer.
RELEASE = _asset("release")
#: What PostgreSQL shows of them.
MART = _asset("mart")


@dataclass(frozen=True)
class Way:
    """What a task reads and what it writes."""

    inlets: tuple[Asset, ...] = ()
    outlets: tuple[Asset, ...] = ()


#: By the steps of a night that read or write a table others know.
OF_STEPS = {
    "intake": Way(tuple(LANDING.values()), tuple(CLEAN.values())),
    "release": Way(tuple(CLEAN.values()), (RELEASE,)),
    "serve": Way((RELEASE,), (MART,)),
}
#: By the steps of a training run.
OF_TRAINING = {"intake": OF_STEPS["intake"], "train": Way(tuple(CLEAN.values()), (MODELS,))}
