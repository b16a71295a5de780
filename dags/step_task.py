"""Steps of `jobs/steps.py` as Airflow tasks, one after another: what DAGs of steps share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pendulum
from airflow.sdk import get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from assets import Way

from jobs import config
from jobs.errors import EngineError, MartError, NightlistError, StepLeftOut
from jobs.steps import FREEZE, Step, run_step


def chain(steps: Sequence[Step], run_of: Callable[[str], config.Run],
          rule_of: Callable[[Step], str] = lambda step: "all_success",
          before: Mapping[str, Callable[[Any], Any]] | None = None,
          ways: Mapping[str, Way] | None = None) -> tuple[Any, Any]:
    """Wire a task a step, in order, into the DAG of the surrounding `with`.

    Args:
        steps: In their order.
        run_of: From the run's id, empty before its inputs are frozen, to the run.
        rule_of: The trigger rule of a step's task.
        before: By the name of a step, what makes a task in front of it, from the run's id (None
            before the step that freezes it).
        ways: By the name of a step, the assets that it reads and writes.

    Returns:
        The last step's task, and the task that gives the run's id (None where no step freezes).
    """
    def run_task(name: str, frozen_id: str | None = None) -> str:
        return run_or_fail(name, run_of(frozen_id or ""))

    previous: Any = None
    frozen: Any = None  # the run's id once its inputs are frozen
    for step in steps:
        if before and step.name in before:
            waiting = before[step.name](frozen)
            if previous is not None:
                previous >> waiting
            previous = waiting
        way = (ways or {}).get(step.name, Way())
        current = task(task_id=step.name, doc_md=step.does, trigger_rule=rule_of(step),
                       inlets=list(way.inlets), outlets=list(way.outlets))(run_task)(
            step.name, frozen)
        if step.name == FREEZE:
            frozen = current
        if previous is not None:
            previous >> current
        previous = current
    return previous, frozen


def logical_day() -> dt.date:
    """The day of this DAG run in the DAG's own time zone."""
    context = get_current_context()
    moment = context.get("logical_date") or context["dag_run"].run_after
    return pendulum.instance(moment).in_timezone(context["dag"].timezone).date()


def run_or_fail(name: str, run: config.Run) -> str:
    """Run one step and return the run's id; what is refused would be refused again: no retry."""
    with refusals(name):
        try:
            return run_step(name, run).run_id
        except StepLeftOut as why:
            print(f"nightlist: {name} left out: {why.found}", flush=True)
            raise AirflowSkipException(str(why)) from why


@contextmanager
def refusals(name: str) -> Iterator[None]:
    """Our own errors in a line of the log, and as the end of the task: no retry mends them."""
    try:
        yield
    except (EngineError, MartError) as error:
        print(f"nightlist: {name}: {error}", flush=True)
        raise  # the cluster or the database may be back in a moment: this is tried again
    except NightlistError as error:
        print(f"nightlist: {name}: {error}", flush=True)
        raise AirflowFailException(str(error)) from error
