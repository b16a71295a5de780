"""Runs the past nights of a range, oldest first, for the history.

Sources and outputs: those of a night's steps. The same deliveries, policy, models and seed give the
same run as the night would have: a date that was published with them is found so, and nothing
moves. A date without a release gets one that stands for it and invites nobody. Where another list
was published, the difference is counted; it stays what it was unless it is superseded on purpose.

Backfills of a home wait for each other. Nights go on meanwhile: none depends on a backfill.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jobs import steps, store
from jobs.backfill.plan import Planned, plan
from jobs.config import Run
from jobs.contracts.limits import LIMITS
from jobs.contracts.release import DECISIONS, whitelist
from jobs.lock import locked
from jobs.release import changes, records, warehouse
from jobs.release.changes import Side
from jobs.release.pointer import BACKFILL, SUPERSEDE, standing

#: How long a backfill waits for another one of the home, in seconds.
WAIT_SECONDS = 24 * 3600.0
SAME, NEW, SUPERSEDED, DIFFERS, NO_MODEL = (
    "the same run: nothing moved", "written into the history", "superseded in the history",
    "differs: not published", "no model: nothing to publish")


@dataclass(frozen=True)
class Outcome:
    """What a date came to.

    Attributes:
        as_of: The night.
        release_id: Of the run, whether it was published or not.
        said: One of the words above.
        before: The release that stood for the date; empty where none did.
        entered: People whom the run would invite and that release did not.
        left: People whom that release invited and the run would not.
        terms_changed: People with another limit or rate.
    """

    as_of: dt.date
    release_id: str
    said: str
    before: str = ""
    entered: int = 0
    left: int = 0
    terms_changed: int = 0


def backfill(run: Run, first: dt.date, last: dt.date, reprocess: str,
             told: Callable[[Planned, int, int], None]) -> list[Outcome]:
    """Run what is to be run of a range.

    Args:
        run: Source, seed, policy and models of every date; a backfill.
        first: First as-of date.
        last: Last as-of date.
        reprocess: One of `plan.REPROCESS`.
        told: Hears of each date before it runs, with its number and how many there are.

    Raises:
        NightlistError: When a date fails. Those before it stay; the same call goes on there.
    """
    with locked(run.home / ".backfill.lock", WAIT_SECONDS, "backfills"):
        todo = [one for one in plan(run.home, first, last, reprocess) if one.is_run]
        done = []
        for number, one in enumerate(todo, start=1):
            told(one, number, len(todo))
            done.append(_night(replace(run, as_of=one.as_of), one))
    return done


def _night(run: Run, planned: Planned) -> Outcome:
    before_it = len(warehouse.history(run.home))
    run = steps.run_all(run)
    moves = warehouse.history(run.home)
    stands = standing(moves).of_nights.get(run.as_of)
    if stands is None:
        return Outcome(run.as_of, run.release_id, NO_MODEL)
    if stands.release_id != run.release_id:
        return Outcome(run.as_of, run.release_id, DIFFERS, stands.release_id,
                       **difference(run, stands))
    # The night itself may have published it while the backfill waited for it.
    if not any(move.release_id == run.release_id and move.action in (BACKFILL, SUPERSEDE)
               for move in moves[before_it:]):
        return Outcome(run.as_of, run.release_id, SAME, run.release_id)
    steps.opened(run)
    if not planned.release_id:
        return Outcome(run.as_of, run.release_id, NEW)
    before = warehouse.newest_of(moves, planned.release_id)
    return Outcome(run.as_of, run.release_id, SUPERSEDED, before.release_id,
                   **difference(run, before))


def difference(run: Run, stands: warehouse.Release) -> dict[str, int]:
    """People who entered, left, or have other terms, from a release of the date to the run.

    Raises:
        ReleaseError: When the release's rows have expired.
    """
    said: dict[str, Any] = store.read_json(run.folder / "run.json")["inputs"]["policy"]

    def own(name: str) -> list[Path]:
        return [run.folder / name / f"{name}.parquet"]

    now = Side(run.release_id, own(whitelist(said["currency"]).name), own(DECISIONS.name),
               own(LIMITS.name), (said["version"], said["sha256"]))
    rows = changes.build(records.published(run.home, stands), now, run.as_of, said["currency"])
    counted = changes.churn(rows, stands.invited)
    return {key: int(counted[key]) for key in ("entered", "left", "terms_changed")}


def differing(done: Sequence[Outcome]) -> list[Outcome]:
    """Those of which another list was published than the run's, and still is."""
    return [one for one in done if one.said == DIFFERS]
