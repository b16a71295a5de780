"""What a release of a past night may do: history is added to, and replaced only on purpose.

Sources: the moves of the pointer and what the run is (see `Backfill`). Pure: nothing here reads or
writes. A backfill invites nobody, and neither does a night of a date before that of the release in
force, however it came to run: a task cleared in Airflow, a run by hand.
"""

from __future__ import annotations

from dataclasses import replace

from jobs.config import Backfill, Run
from jobs.errors import ReleaseError
from jobs.release.pointer import BACKFILL, PUBLISH, SUPERSEDE, Release, Standing


def as_history(run: Run, now: Standing) -> Run:
    """The run, as a backfill where a later night's release is in force."""
    return replace(run, backfill=Backfill()) if not run.backfill and now.is_past(
        run.as_of) else run


def kept(run: Run, now: Standing) -> Release | None:
    """What stands for the date and is not to be replaced by the run; None: it may publish.

    Raises:
        ReleaseError: Where no backfill was asked for: the run says what it would have replaced.
    """
    stands = now.of_nights.get(run.as_of)
    past = as_history(run, now).backfill
    if past is None or past.supersede or stands is None or stands.release_id == run.release_id:
        return None
    if run.backfill is None:
        raise ReleaseError(
            f"release {run.release_id}", f"{stands.release_id}, which stands for {run.as_of}, or "
            "a purpose to replace it", "another list of a past night", "to replace it in the "
            f"history: nightlist backfill --from {run.as_of} --to {run.as_of} --reprocess "
            "completed --supersede --reason TEXT")
    return stands


def is_settled(run: Run, now: Standing, newest: Release) -> bool:
    """Whether a run stands already as what it is: a night's list live, a backfill's at all.

    Args:
        run: What is to be published.
        now: Where the moves lead.
        newest: The newest move that names the run's release.
    """
    live = now.live.get(run.as_of)
    return now.of_nights.get(run.as_of) is newest and (
        run.backfill is not None or (live is not None and live.release_id == run.release_id))


def move_of(run: Run, now: Standing) -> dict[str, str]:
    """`action`, `reason` and, where somebody is named, `moved_by` of the move that publishes a run.

    Raises:
        ReleaseError: When a backfill would replace the list by which people are invited.
    """
    if run.backfill is None:
        return {"action": PUBLISH}
    if now.in_force is not None and now.in_force.as_of_date == run.as_of:
        raise ReleaseError(f"release {run.release_id}", "a date before that of the release in "
                           f"force, {now.in_force.release_id}", str(run.as_of), "a backfill "
                           "invites nobody: to replace the list in force run nightlist night "
                           f"--as-of {run.as_of}, or take it back with nightlist release rollback")
    said = {"moved_by": run.backfill.by} if run.backfill.by else {}
    if run.as_of in now.of_nights:
        return {"action": SUPERSEDE, "reason": " ".join(run.backfill.supersede.split()), **said}
    return {"action": BACKFILL, **said}
