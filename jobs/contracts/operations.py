"""What the running of nights leaves behind for those who run them."""

from __future__ import annotations

from jobs.contracts.night import AS_OF_DATE
from jobs.contracts.table import Field, Table

DONE, FAILED = "done", "failed"

STEP_RUNS = Table(
    name="step_runs", meaning="Every attempt at a step of a night, with what it took and wrote.",
    grain="one attempt at a step", key=("as_of_date", "run_id", "step", "attempt"),
    owner="data platform", source="jobs/observability", partition="as_of_date", fields=(
        AS_OF_DATE,
        Field("run_id", "string", "id", "The run; empty before its inputs were frozen."),
        Field("step", "string", "name", "The step."),
        Field("attempt", "integer", "count", "Which attempt of the run at the step, from 1.",
              minimum=1),
        Field("started_at", "timestamp", "UTC", "When it began."),
        Field("outcome", "string", "name", "How it ended; one that was killed left no row.",
              allowed=(DONE, FAILED)),
        Field("seconds", "double", "s", "How long it took, waiting for other nights left out.",
              minimum=0),
        Field("rows", "integer", "rows", "Rows of the tables it wrote.", minimum=0),
        Field("bytes", "integer", "B", "Size of the files it wrote.", minimum=0),
        Field("peak_mib", "integer", "MiB", "Peak memory of its process; a cluster's is not seen.",
              minimum=0),
        Field("error", "string", "text", "Why it failed and what to do, or the kind of an "
              "engine's error.", nullable=True)))
