"""A step of `jobs/steps.py` as an Airflow task: what both DAGs share."""

from __future__ import annotations

import datetime as dt

import pendulum
from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from jobs import config
from jobs.errors import NightlistError, StepLeftOut
from jobs.steps import run_step


def logical_day() -> dt.date:
    """The day of this DAG run in the DAG's own time zone."""
    context = get_current_context()
    moment = context.get("logical_date") or context["dag_run"].run_after
    return pendulum.instance(moment).in_timezone(context["dag"].timezone).date()


def run_or_fail(name: str, run: config.Run) -> str:
    """Run one step and return the run's id; what is refused would be refused again: no retry."""
    try:
        return run_step(name, run).run_id
    except StepLeftOut as why:
        print(f"nightlist: {name} left out: {why.found}", flush=True)
        raise AirflowSkipException(str(why)) from why
    except NightlistError as error:
        print(f"nightlist: {name}: {error}", flush=True)
        raise AirflowFailException(str(error)) from error
