"""The question to a person in front of `check_release`, where a guardrail of the night asks.

Wiring only: nothing heavy is imported before the task runs. Nothing is ever approved by default.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Context, Param, Variable
from airflow.sdk.exceptions import AirflowFailException, TaskAwaitingInput

from jobs import config
from jobs.errors import NightlistError

TASK_ID = "approval"
APPROVE, REJECT, ROLL_BACK = "Approve", "Reject", "Roll back"
#: The form's field.
REASON = "reason"
FORM = {REASON: Param("", type="string", title="Reason", description="Why; it is kept with your "
                      "name. An answer without one is asked again.")}
#: Who may answer: an Airflow Variable with the ids of users, comma-separated; empty: whoever may
#: answer questions of this DAG.
APPROVERS = "nightlist_approvers"
#: A night that begins in the evening is published before people come to work, or not at all.
ANSWER_WITHIN = dt.timedelta(hours=9)
#: By whom `airflow dags test` says that it was started; nobody could answer there.
_TESTER = "dag_test"

DOC = """
Passes at once where no guardrail of the night asks. Otherwise it waits for a person, who answers
under Required Actions with **Approve**, **Reject** or **Roll back** and a reason:

- **Approve** lets these figures pass; the night goes on to its audit.
- **Reject** ends the night without a release; the earlier one stays in force.
- **Roll back** does that, and takes the release in force back to the one of the night before.

Who answered and why is kept in run.json. Without an answer in time nothing is published. Answered
on the command line (`nightlist approve`), clear this task: it passes.
"""


class Approval(HITLOperator):
    """Asks only where something asks, and writes the answer down by name and reason.

    Args:
        run_of: From the run's id to the run.
        frozen_id: The run's id, as the step `freeze` returns it.
        answer_within: From the question on.
        kwargs: As of every operator; `params` is FORM (Airflow puts those of the DAG beside it).
    """

    template_fields: Sequence[str] = ("subject", "body", "frozen_id")

    def __init__(self, *, run_of: Callable[[str], config.Run], frozen_id: Any,
                 answer_within: dt.timedelta = ANSWER_WITHIN, **kwargs: Any) -> None:
        super().__init__(
            subject="Shall the night be published?", options=[APPROVE, REJECT, ROLL_BACK],
            response_timeout=answer_within, **kwargs)
        self.run_of, self.frozen_id = run_of, frozen_id

    def execute(self, context: Context) -> Any:
        """Look whether anything asks, and wait for a person only then.

        Raises:
            AirflowFailException: Where somebody is asked and nobody could answer.
        """
        from jobs.inputs import frozen
        from jobs.release.approval import asking

        run = self.run_of(self.frozen_id)
        if run.backfill is not None:
            print("nightlist: approval: a backfill invites nobody; nobody is asked", flush=True)
            return "nothing asked"
        if not (asked := asking(frozen(run))):
            print("nightlist: approval: nothing asks; the night goes on", flush=True)
            return "nothing asked"
        self.subject, self.body = question(run, asked)
        if context["dag_run"].triggering_user_name == _TESTER:
            raise _failed(f"{len(asked)} guardrails ask, and nobody can answer a test of the DAG; "
                          f"look at reports/{run.as_of}/{_draft()} and answer with: nightlist "
                          f"approve --as-of {run.as_of} --by NAME --reason TEXT, then nightlist "
                          "run check_release and run release")
        users = Variable.get(APPROVERS, default="")
        self.assigned_users = [{"id": one.strip(), "name": one.strip()}
                               for one in users.split(",") if one.strip()] or None
        print(f"nightlist: approval: {self.subject} {self.body}", flush=True)
        self._ask(context, asked)

    def _ask(self, context: Context, asked: list[dict[str, Any]]) -> None:
        """Wait for an answer, and remember to what it will be one."""
        try:
            super().execute(context)
        except TaskAwaitingInput as waiting:
            waiting.kwargs = {"asked": asked}
            raise

    def execute_complete(self, context: Context, event: dict[str, Any],
                         asked: list[dict[str, Any]] | None = None) -> Any:
        """Write the answer down, and do it.

        Raises:
            AirflowFailException: For every answer but a yes, and where there is none in time.
        """
        run = self.run_of(self.frozen_id)
        if "error" in event:
            raise _failed(f"nobody answered within {self.response_timeout}: nothing is published "
                          f"({event['error_type']}); clear this task to ask again, or answer with: "
                          f"nightlist approve --as-of {run.as_of} --by NAME --reason TEXT")
        answer = super().execute_complete(context, event)
        (chosen,) = answer["chosen_options"]
        who = (answer["responded_by_user"] or {}).get("name", "")
        why = " ".join(str(answer["params_input"].get(REASON, "")).split())
        if not who or not why:
            print(f"nightlist: approval: {chosen} by {who or 'nobody'} without a reason counts "
                  "for nothing; asked again", flush=True)
            self.subject, self.body = question(run, asked or [])
            self.params[REASON] = ""
            self._ask(context, asked or [])
        print(f"nightlist: approval: {chosen} by {who}: {why}", flush=True)
        try:
            return _do(chosen, run, who, why, asked)
        except NightlistError as error:
            raise _failed(str(error)) from error


def question(run: config.Run, asked: Sequence[dict[str, Any]]) -> tuple[str, str]:
    """Headline and text of the question.

    Args:
        run: Of the night.
        asked: The guardrails that ask.
    """
    from jobs.release.approval import sentence

    lines = [f"- {sentence(row)}" for row in asked]
    return (f"Night of {run.as_of}: {len(asked)} guardrail{'s' * (len(asked) > 1)} "
            f"ask{'s' * (len(asked) == 1)}",
            "\n".join([f"Run `{run.run_id}` is not published. Beyond the policy's bounds:", "",
                       *lines, "", f"Its page: `reports/{run.as_of}/{_draft()}` of the home "
                       f"folder; what changes: `nightlist approve --as-of {run.as_of}`."]))


def asks(run_of: Callable[[str], config.Run]) -> Callable[[Any], Any]:
    """What makes the task in front of a step; see `step_task.chain`."""
    def make(frozen_id: Any) -> Approval:
        return Approval(task_id=TASK_ID, run_of=run_of, frozen_id=frozen_id, doc_md=DOC,
                        params=dict(FORM))
    return make


def _do(chosen: str, run: config.Run, who: str, why: str,
        asked: list[dict[str, Any]] | None) -> str:
    from jobs.release.approval import approve, reject
    from jobs.release.rollback import one_before, take_back

    if chosen == APPROVE:
        approve(run, who, why, asked)
        return f"approved by {who}"
    reject(run, who, why)
    if chosen == REJECT:
        raise _failed(f"rejected by {who}: {why}; nothing is published, the earlier release stays "
                      "in force")
    before, after, _ = take_back(run.home, one_before(run.home).release_id, why, who)
    raise _failed(f"rejected by {who}: {why}; rolled back from {before.release_id} to "
                  f"{after.release_id}")


def _draft() -> str:
    from jobs.report.page import DRAFT

    return DRAFT


def _failed(text: str) -> AirflowFailException:
    """Nothing to try again: somebody has decided, or has to."""
    print(f"nightlist: approval: {text}", flush=True)
    return AirflowFailException(text)
