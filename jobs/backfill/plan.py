"""Which dates of a range are to be run, and why.

Sources: the moves of the pointer, the runs of the home. Grain: one date, oldest first: a night
depends on the release before it. Nothing is written.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from jobs import store
from jobs.config import Run
from jobs.errors import UsageError
from jobs.release import warehouse
from jobs.release.pointer import Standing, is_history, standing
from jobs.steps import OPEN_RUN_FILE

#: What to do with dates that have been run, as Airflow's backfills name it.
REPROCESS = ("none", "failed", "completed")
NEVER_RUN, FAILED, COMPLETED = "never run", "failed", "completed"
#: States of a date that each choice runs.
_RUNS = {"none": (NEVER_RUN,), "failed": (NEVER_RUN, FAILED),
         "completed": (NEVER_RUN, FAILED, COMPLETED)}
#: Days of a range at most: more is a slip of the pen.
MOST_DAYS = 3_660


@dataclass(frozen=True)
class Planned:
    """A date of the range.

    Attributes:
        as_of: The night.
        state: NEVER_RUN; FAILED, where its last run published nothing; COMPLETED.
        is_run: Whether the backfill runs it.
        why: In words.
        release_id: Of the release that stands for it; empty where none does.
    """

    as_of: dt.date
    state: str
    is_run: bool
    why: str
    release_id: str = ""


def plan(home: Path, first: dt.date, last: dt.date, reprocess: str) -> list[Planned]:
    """The dates from the first to the last, both in.

    Args:
        home: The root of everything.
        first: First as-of date.
        last: Last as-of date.
        reprocess: One of REPROCESS.

    Raises:
        UsageError: When the range is empty or beyond MOST_DAYS.
    """
    if not 0 <= (last - first).days < MOST_DAYS:
        raise UsageError("--from and --to", f"a range of 1 to {MOST_DAYS} days", f"{first} to "
                         f"{last}", "give the earlier date first")
    moves = warehouse.history(home)
    now = standing(moves)
    history = {move.release_id for move in moves if is_history(moves, move.release_id)}
    days = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    return [_planned(home, day, now, history, reprocess) for day in days]


def _planned(home: Path, day: dt.date, now: Standing, history: set[str],
             reprocess: str) -> Planned:
    stands = now.of_nights.get(day)
    run_id = store.read_json(Run(home, day).date_folder / OPEN_RUN_FILE, {}).get("run_id")
    if stands is not None:
        kind = "backfilled" if stands.release_id in history else "published"
        state, found = COMPLETED, f"{stands.release_id} was {kind}"
    elif taken := [name for name in now.withdrawn if name.startswith(day.isoformat())]:
        state, found = FAILED, f"{taken[-1]} was withdrawn"
    elif run_id:
        state, found = FAILED, f"run {run_id} published nothing"
    else:
        state, found = NEVER_RUN, "no run"
    is_run = state in _RUNS[reprocess]
    needed = next(name for name, states in _RUNS.items() if state in states)
    why = found if is_run else f"{found}; --reprocess {needed} runs it"
    return Planned(day, state, is_run, why, stands.release_id if stands else "")
