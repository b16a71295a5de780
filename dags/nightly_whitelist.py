"""The nightly DAG: the steps of `jobs/steps.py`, one task each.

Wiring only: nothing heavy is imported before a task runs.
"""

from __future__ import annotations

from pathlib import Path

import timing
from airflow.sdk import DAG, Param, get_current_context
from approval import asks
from assets import OF_STEPS
from feed_wait import before_intake
from shared import DATA_PLATFORM, due, task_defaults
from step_task import chain, logical_day

from jobs import config
from jobs.steps import STEPS, Step, find

DOC = """
### nightly_whitelist

**Owner**: data platform. **Impact**: marketing invites from the whitelist that this DAG publishes;
when it fails, the earlier release stays in force and nobody new is invited tomorrow.

**When a task fails**, its last log line says what was expected, what was found and what to do.
Mend that and clear the task: every step may be run again, and nothing is visible before `release`
moves the pointer. A gate (`check_…`) that stopped the night is not to be skipped; where it stopped
for too many changes, somebody may let them pass (`nightlist approve`). A list that should not have
been published is taken back with `nightlist release rollback`; no retry publishes it again. When
`serve` fails, the list is published and only the PostgreSQL mart still shows the earlier one.

A night without outcomes to learn from, without a champion and without a PD model in the parameter
`models` ends after `eligibility`: the steps that need one are skipped, and nothing is published.

A night that has not ended at 06:00 is told as late (`alerts.jsonl`, `NIGHTLIST_ALERT_WEBHOOK`), as
is a task that failed for good.

The logical date is the as-of date: only what was delivered by then is seen.

**Backfills** (`airflow backfill create --dag-id nightly_whitelist --from-date D --to-date D
--max-active-runs 1`: a night depends on the release before it) write history and invite nobody. A
date without a release gets one; where another list was published, that one stays, unless the
parameter `supersede` says why it is to be replaced. A run of a past date that was cleared or
started by hand is held to the same.
"""


def _run(frozen_id: str) -> config.Run:
    """The run of this DAG run: its date and parameters."""
    context = get_current_context()
    params = context["params"]
    is_backfill = context["dag_run"].run_type == "backfill" or params["supersede"]
    return config.Run(
        home=config.home_folder(), as_of=logical_day(),
        backfill=config.Backfill(params["supersede"]) if is_backfill else None,
        source=params["feeds"], data=Path(params["data"]) if params["data"] else None,
        users=params["users"], seed=params["seed"],
        policy=params["policy"] or config.DEFAULT_POLICY[params["feeds"]],
        models=tuple(params["models"]), run_id=frozen_id)


def _rule(step: Step) -> str:
    """A night without a model leaves out what needs one, and still judges what rules it can."""
    is_late = find("train")[1] < find(step.name)[1] and not step.needs_model
    return "none_failed" if is_late else "all_success"


with DAG(
    "nightly_whitelist",
    description="Who may be invited tomorrow, with which limit and rate, and why",
    doc_md=DOC,
    schedule=timing.NIGHTLY,
    start_date=timing.START_DATE,
    catchup=bool(timing.FIRST_NIGHT),
    max_active_runs=1,
    tags=["nightlist", "release"],
    deadline=due(7.5, "the list of the evening before stays in force: mend the task that failed or "
                 "is at work, or tell marketing that nobody new is invited today"),
    default_args=task_defaults(DATA_PLATFORM, hours=2, first_wait=timing.RETRY_DELAY),
    params={
        "feeds": Param("landing", enum=list(config.FEED_SOURCES)),
        "data": Param("", type="string"),
        "users": Param(config.DEFAULT_USERS, type="integer", minimum=1),
        "seed": Param(config.DEFAULT_SEED, type="integer"),
        "policy": Param("", type="string"),
        "models": Param([], type="array", items={"type": "string"}),
        "supersede": Param("", type="string"),
    },
) as dag:
    chain(STEPS, _run, _rule, ways=OF_STEPS,
          before={"intake": before_intake(_run), "check_release": asks(_run)})
