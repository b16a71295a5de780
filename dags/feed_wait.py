"""The task before intake that waits for feeds without holding a worker.

Where all are there, or every deadline has passed (a backfill), it goes on at once. Else it defers
until they are in landing or their deadlines in the policy have passed (`jobs/policies/feeds.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow.sdk import BaseOperator
from step_task import refusals

from jobs import config

TASK_ID = "wait_for_feeds"
DOC = """
Waits for the feeds that the policy gives a deadline. **When it fails**, a feed without which there
is no night has missed its own: the message names it and its owner. Once it has come, clear this
task; where it cannot come, see `dags/runbook/late_feed.md`.
"""


def before_intake(run_of: Callable[[str], config.Run]) -> Callable[[Any], BaseOperator]:
    """What makes the task in front of `intake` (see `step_task.chain`)."""
    return lambda frozen: FeedWait(run_of=run_of, task_id=TASK_ID, doc_md=DOC)


class FeedWait(BaseOperator):
    """Defers until a night has nothing left to wait for.

    Args:
        run_of: From the run's id, empty here, to the run.
        kwargs: Of every operator.
    """

    def __init__(self, *, run_of: Callable[[str], config.Run], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.run_of = run_of

    def execute(self, context: Any) -> None:
        """Go on at once, or defer; a source that brings its own feeds is complete by itself."""
        from jobs.intake.feed_trigger import FeedsTrigger, look

        run = self.run_of("")
        if run.source != "landing":
            return
        zone = str(context["dag"].timezone.name)
        with refusals(TASK_ID):
            awaited, _ = look(str(run.home), run.as_of, run.policy, zone)
        if not awaited:
            _tell(run)
            return
        for one in awaited:
            print(f"nightlist: waiting for {one.feed} of {one.owner} until {one.until:%m-%d %H:%M}"
                  f" ({zone}), else {one.action}", flush=True)
        self.defer(trigger=FeedsTrigger(str(run.home), run.as_of.isoformat(), run.policy, zone),
                   method_name="resume")

    def resume(self, context: Any, event: dict[str, Any] | None = None) -> None:
        """All are there, or a deadline has passed: without some feeds there is no night."""
        from jobs.intake.lateness import refuse_stops
        from jobs.intake.waiting import landed_late
        from jobs.policies.policy import load

        run = self.run_of("")
        with refusals(TASK_ID):
            policy = load(run.policy, run.as_of)
            refuse_stops(landed_late(run.home, run.as_of, policy), policy.feeds, run.as_of)
        _tell(run)


def _tell(run: config.Run) -> None:
    """What the night goes on without; what it does not go on without, the next steps say."""
    from jobs.intake.lateness import STOP, sentence
    from jobs.intake.waiting import landed_late
    from jobs.policies.policy import load

    with refusals(TASK_ID):
        late = landed_late(run.home, run.as_of, load(run.policy, run.as_of))
    for one in late:
        if one.action != STOP:
            print(f"nightlist: {sentence(one)}", flush=True)
