"""The monthly training DAG: the training steps of `jobs/steps.py`, one task each.

Wiring only: nothing heavy is imported before a task runs.
"""

from __future__ import annotations

import datetime as dt

from airflow.sdk import DAG, Param, get_current_context
from assets import OF_TRAINING
from shared import RISK_TEAM, START, due, task_defaults
from step_task import chain, logical_day

from jobs import config
from jobs.steps import training_steps

DOC = """
### train_models

**Owner**: risk team. **Impact**: candidates in the registry (`nightlist models list`). Nobody's
score changes: a candidate scores nothing before two people have promoted it (`nightlist models
promote`). When this DAG fails, nights go on with the champions they have.

**When a task fails**, its last log line says what was expected, what was found and what to do. Mend
that and clear the task: every step may be run again, and the same data and seed give the same
models. Feeds that are missing are the nightly DAG's trouble too: look there first. With too few
outcomes, wait for `loan_performance` or train a month later.

The logical date is the as-of date unless the parameter `as_of` names another: only outcomes and
features known then are learned from. `segment` trains on one segment's people, to compare with.
"""


def _run(frozen_id: str) -> config.Run:
    """The training of this DAG run: its date and parameters."""
    params = get_current_context()["params"]
    return config.Run(
        home=config.home_folder(), run_id=frozen_id, seed=params["seed"],
        as_of=config.as_of_date(params["as_of"]) if params["as_of"] else logical_day(),
        policy=params["policy"] or config.DEFAULT_POLICY["landing"],
        training=config.Training(params["segment"], tuple(sorted(params["only"]))))


with DAG(
    "train_models",
    description="Candidates for the models that score the nights; promotes none",
    doc_md=DOC,
    # On the 2nd, when the outcomes of the month before are in, and before the day's night.
    schedule="0 3 2 * *",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    tags=["nightlist", "models"],
    deadline=due(16, "nights go on with the champions they have: look at the task that is at work, "
                 "and train again after the night"),
    default_args=task_defaults(RISK_TEAM, hours=6, first_wait=dt.timedelta(minutes=5)),
    params={
        "as_of": Param("", type="string"),
        "segment": Param("", enum=["", *config.SEGMENTS]),
        "only": Param([], type="array", items={"type": "string"}),
        "seed": Param(config.DEFAULT_SEED, type="integer"),
        "policy": Param("", type="string"),
    },
) as dag:
    chain(training_steps(), _run, ways=OF_TRAINING)
