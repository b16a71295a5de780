"""Back to an earlier release, or forward to one that was withdrawn: one move of the pointer.

Sources: `releases`. Output: one row of it; no other row is written, moved or deleted.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

from jobs.errors import ReleaseError, UsageError
from jobs.release import switch, warehouse
from jobs.release.iceberg import LOCK_WAIT_SECONDS, publishing
from jobs.release.pointer import ROLLBACK, Release, in_force_after, is_history, mover, standing


def rollback(home: Path, release_id: str, reason: str, by: str = "",
             wait_seconds: float = LOCK_WAIT_SECONDS) -> tuple[Release, Release]:
    """Put a release in force that was published before; what stood above it is withdrawn.

    Args:
        home: Where the warehouse is.
        release_id: To go back to; one that was withdrawn is so restored.
        reason: For everyone who finds a release withdrawn.
        by: Who decided it (default: the user of the system).
        wait_seconds: How long to wait for a publisher, in seconds.

    Returns:
        The move that was in force before, and the new one.

    Raises:
        UsageError: Without a reason.
        ReleaseError: When the release is unknown, in force already, or its rows are gone.
        PublicationStopped: When it was withdrawn, and the kill switch is thrown.
    """
    why = " ".join(reason.split())
    if not why:
        raise UsageError("--reason", "a text", "none", "say why, for those who ask where it went")
    before = warehouse.current(home)
    with publishing(home, wait_seconds), warehouse.opened(home) as catalog:
        moves = warehouse.moves(catalog)
        before = standing(moves).in_force or before
        target = warehouse.newest_of(moves, release_id)
        if before.release_id == release_id:
            raise ReleaseError(f"release {release_id}", "one that is not in force",
                               "the one in force", "see: nightlist release list")
        if is_history(moves, release_id):
            raise ReleaseError(f"release {release_id}", "one that a night published", "one that a "
                               "backfill wrote into the history", "a backfill invites nobody: run "
                               f"the night itself, nightlist night --as-of {target.as_of_date}")
        if release_id in standing(moves).withdrawn:  # it would come back: that is to publish
            switch.require_open(home, f"release {release_id}")
        warehouse.require_rows(catalog, target)
        move = replace(
            target, move_number=moves[-1].move_number + 1, action=ROLLBACK, reason=why,
            published_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            moved_by=" ".join(by.split()) or mover())
        move = replace(move, in_force_release_id=in_force_after(moves, move))
        warehouse.append_move(catalog, move)
    return before, move


def take_back(home: Path, release_id: str, reason: str, by: str = ""
              ) -> tuple[Release, Release, str]:
    """The same, and the mart's views turned, where one is named: its readers must not keep it.

    Returns:
        The move in force before, the new one, and the mart's address without its password.

    Raises:
        MartError: When the mart cannot be turned; the pointer has moved.
    """
    from jobs.mart import address
    from jobs.mart.mart import serve

    before, after = rollback(home, release_id, reason, by)
    if (mart := address.address()) is None:
        return before, after, ""
    serve(home, mart)
    return before, after, address.shown(mart)


def one_before(home: Path) -> Release:
    """The release that stands for the night before that of the one in force.

    Raises:
        ReleaseError: When there is none.
    """
    now = warehouse.state(home)
    if len(now.of_nights) < 2:
        raise ReleaseError("warehouse/releases", "a release before the one in force", "none",
                           "stop publication instead: nightlist stop-publication")
    return now.of_nights[sorted(now.of_nights)[-2]]
