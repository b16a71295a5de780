"""What the moves of the pointer mean: which release is in force, of each night, and withdrawn.

Sources: the rows of `releases`, oldest first. Pure: nothing here reads or writes.

Four kinds of move. *publish* puts a release in force for its night; in force for readers is the
newest night's, so publishing a past night never takes tomorrow's list away. *rollback* to a release
withdraws what stood above it (later nights, later releases of its own night) and puts it in force;
a night published afterwards stands again. Nothing that was withdrawn is in force, stands for its
night, or is the release before a later night, until a rollback leads back to it.

*backfill* and *supersede* write history: the release stands for its night to whoever asks for that
night, a superseding one in place of what was published. Neither is ever in force, and no night
takes one for the release before it: nobody was invited by it. What is history and live once a night
publishes the same release, is live.
"""

from __future__ import annotations

import datetime as dt
import getpass
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jobs.config import Run

PUBLISH, ROLLBACK, BACKFILL, SUPERSEDE = "publish", "rollback", "backfill", "supersede"
#: Moves that write history only.
HISTORY = (BACKFILL, SUPERSEDE)


@dataclass(frozen=True)
class Release:
    """One move of the pointer; the attributes are the columns of the contract `releases`.

    What has a default was not yet written by the first version of the pointer.
    """

    move_number: int
    release_id: str
    as_of_date: dt.date
    published_at: str
    currency: str
    invited: int
    considered: int
    committed_amount: int
    whitelist_sha256: str
    run_sha256: str
    action: str = PUBLISH
    in_force_release_id: str = ""
    moved_by: str = ""
    reason: str = ""

    def run(self, home: Path) -> Run:
        """The run that it was published from, whether its folder is still there or not."""
        return Run(home=home, as_of=self.as_of_date,
                   run_id=self.release_id.removeprefix(f"{self.as_of_date.isoformat()}-"))


@dataclass(frozen=True)
class Standing:
    """Where the moves lead.

    Attributes:
        of_nights: As-of date -> the newest move that names the release standing for that night.
        withdrawn: Id of a release that a rollback took back -> that rollback.
        live: As `of_nights`, without moves of history: what people were invited by.
    """

    of_nights: dict[dt.date, Release]
    withdrawn: dict[str, Release]
    live: dict[dt.date, Release]

    @property
    def in_force(self) -> Release | None:
        """The release that readers get: the newest night's; None before the first."""
        return self.live[max(self.live)] if self.live else None

    def is_past(self, as_of: dt.date) -> bool:
        """Whether a later night's release is in force already."""
        return self.in_force is not None and as_of < self.in_force.as_of_date


def standing(moves: Iterable[Release]) -> Standing:
    """Walk the moves, oldest first.

    A night whose releases were all withdrawn has none.
    """
    of_nights: dict[dt.date, Release] = {}
    live: dict[dt.date, Release] = {}
    withdrawn: dict[str, Release] = {}
    last: dict[str, Release] = {}
    for move in moves:
        if move.action == ROLLBACK:
            for other in _above(move, last.values()):
                withdrawn.setdefault(other.release_id, move)
        last[move.release_id] = move
        withdrawn.pop(move.release_id, None)
        of_nights[move.as_of_date] = move
        if move.action not in HISTORY:
            live[move.as_of_date] = move
        of_nights, live = (_left(part, withdrawn) for part in (of_nights, live))
    return Standing(of_nights, withdrawn, live)


def is_history(moves: Iterable[Release], release_id: str) -> bool:
    """Whether a release was only ever written for the history."""
    actions = [move.action for move in moves if move.release_id == release_id]
    return bool(actions) and all(action in HISTORY for action in actions)


def _left(part: dict[dt.date, Release], withdrawn: Mapping[str, Release]
          ) -> dict[dt.date, Release]:
    return {night: one for night, one in part.items() if one.release_id not in withdrawn}


def _above(target: Release, last: Iterable[Release]) -> list[Release]:
    """What stands above the release that a move goes back to: by night, then by its newest move."""
    known = list(last)
    before = max((one.move_number for one in known if one.release_id == target.release_id),
                 default=0)
    return [one for one in known if one.release_id != target.release_id
            and (one.as_of_date, one.move_number) > (target.as_of_date, before)]


def in_force_after(moves: Sequence[Release], move: Release) -> str:
    """Id of the release in force once a further move is made."""
    after = standing([*moves, move]).in_force
    return after.release_id if after else ""


def mover() -> str:
    """Who moves the pointer, where nobody is named: the user of the system."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return f"uid {os.getuid()}"
