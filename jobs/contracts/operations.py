"""What the running of nights leaves to look at: nothing that is frozen, published or replayed."""

from __future__ import annotations

from jobs.contracts.night import AS_OF_DATE
from jobs.contracts.table import Field, Table
from jobs.step_runs import DONE, FAILED, LEFT_OUT

STEP_RUNS = Table(
    name="step_runs",
    meaning="Every time a step ran: how long, how much it wrote, and how it ended.",
    grain="one attempt at a step", key=("as_of_date", "kind", "run_id", "step", "attempt"),
    owner="data platform", source="the steps themselves", partition="as_of_date",
    fields=(
        AS_OF_DATE,
        Field("kind", "string", "code", "A night or a training.", allowed=("nights", "trainings")),
        Field("run_id", "string", "id", "The run; empty before its inputs are frozen."),
        Field("step", "string", "name", "As `nightlist steps` lists them."),
        Field("attempt", "integer", "attempts", "From 1, of this step in this run.", minimum=1),
        Field("started_at", "timestamp", "UTC", "When it began, once it was alone."),
        Field("seconds", "double", "s", "How long it took.", minimum=0.0),
        Field("rows", "integer", "rows", "In the Parquet files that it wrote; missing where the "
              "home is no folder of this machine.", True, 0),
        Field("bytes", "integer", "bytes", "Of all files that it wrote; missing likewise.", True,
              0),
        Field("peak_mib", "integer", "MiB", "Peak resident memory of its process.", minimum=0),
        Field("outcome", "string", "code", "How it ended.", allowed=(DONE, FAILED, LEFT_OUT)),
        Field("error", "string", "name", "What kind of error ended it; empty for none."),
    ))
