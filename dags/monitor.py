"""The monitoring DAG: what became of earlier nights, by the outcomes delivered since.

Wiring only: nothing heavy is imported before a task runs.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Param, get_current_context, task
from assets import CLEAN
from shared import RISK_TEAM, START, due, task_defaults
from step_task import chain, logical_day, refusals

from jobs import alerts, config
from jobs.steps import find

DOC = """
### monitor

**Owner**: risk team. **Impact**: whether the PDs of earlier nights came true, a week at a time,
without waiting for a night. Nothing that is published depends on it: each night measures the same
before its release and stops where the policy says so.

**When a task fails**, its last log line says what was expected, what was found and what to do. Mend
that and clear the task. A figure beyond a limit of the policy fails nothing: it is told as an alert
(`alerts.jsonl`, `NIGHTLIST_ALERT_WEBHOOK`). Look at the report's monitoring page, and think of
training again (`train_models`) or of another limit (`nightlist whatif`).

Figures: `trainings/<date>/<run>/monitoring`.
"""

#: From the feeds to what is known of outcomes.
_STEPS = tuple(find(name)[0] for name in ("intake", "freeze", "check_intake", "labels"))


def _run(frozen_id: str) -> config.Run:
    """The look of this DAG run: frozen like a training, and nothing is trained."""
    params = get_current_context()["params"]
    return config.Run(
        home=config.home_folder(), run_id=frozen_id, as_of=logical_day(),
        policy=params["policy"] or config.DEFAULT_POLICY["landing"],
        training=config.Training())


with DAG(
    "monitor",
    description="PDs of earlier nights by the outcomes since, roll rates, errors by group",
    doc_md=DOC,
    # On Mondays, before anybody is at work and away from the night.
    schedule="0 6 * * 1",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    tags=["nightlist", "models"],
    deadline=due(4, "nights measure the same on their own: see which task is at work"),
    default_args=task_defaults(RISK_TEAM, hours=2),
    params={"policy": Param("", type="string")},
) as dag:

    @task(inlets=list(CLEAN.values()))
    def outcomes(frozen: str) -> dict[str, Any]:
        """Calibration, separation and errors of earlier nights; what is beyond a limit is told."""
        from jobs.monitor.since import main

        run = _run(frozen)
        with refusals("outcomes"):
            found = main(run)
        print(f"nightlist: outcomes of {found['vintages']} nights, {found['figures']} figures, "
              f"{found['warnings']} warnings, {found['stops']} stops", flush=True)
        if found["beyond"]:
            context = get_current_context()
            alerts.raise_alert("figure_beyond_limit", "monitor", context["run_id"], "outcomes",
                               "; ".join(found["beyond"]), "see the monitoring page of the newest "
                               "night; train again or set another limit", run.home)
        return found

    last, frozen_id = chain(_STEPS, _run)
    last >> outcomes(frozen_id)
