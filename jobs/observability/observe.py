"""Watches one attempt at a step: its line in the log, its record, its metrics."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jobs.config import Run
from jobs.contracts.operations import DONE, FAILED
from jobs.errors import NightlistError
from jobs.observability import log, measures, metrics, records


class Attempt:
    """One attempt: the step says through it how it ended.

    Attributes:
        run: The run; with its id once the step has frozen it.
        counts: What the step counted.
        record: What was written down of it; empty before it ended.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.counts: dict[str, Any] = {}
        self.record: records.Record = {}


@contextmanager
def observed(run: Run, step: str) -> Iterator[Attempt]:
    """Watch the block; an error is written down and goes on its way."""
    attempt, clock = Attempt(run), time.perf_counter()
    started = dt.datetime.now(dt.UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    measures.reset()
    log.told(run, "info", "step_started", step=step)
    error: str | None = None
    try:
        yield attempt
    except BaseException as why:
        # Of what is not our own only the kind: an engine's text may repeat a row.
        kind = type(why).__name__
        error = f"{kind}: {why}" if isinstance(why, NightlistError) else kind
        raise
    finally:
        attempt.record = records.record(attempt.run, {
            "step": step, "started_at": started, "outcome": FAILED if error else DONE,
            "seconds": round(time.perf_counter() - clock, 2), **measures.written(),
            "peak_mib": measures.peak_memory_mib(), "counts": attempt.counts, "error": error})
        shown = {key: value for key, value in attempt.record.items()
                 if key not in ("started_at", "outcome") and (key != "error" or value)}
        log.told(attempt.run, "error" if error else "info",
                 "step_failed" if error else "step_done", **shown)
        metrics.send(attempt.run, attempt.record)
