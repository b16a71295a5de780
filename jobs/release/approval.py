"""A person's yes to a night that changes more than the policy lets pass by itself.

Sources: `churn` of run.json. Output: `approvals` of run.json, which the pointer's `run_sha256`
covers. It holds for the figures that were looked at: a night that finds others asks again.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from jobs.config import Run
from jobs.errors import UsageError
from jobs.inputs import frozen, record

#: Keys in run.json: what `changes.churn` says of the night (null without a release before), and
#: who agreed to it.
CHURN, APPROVALS = "churn", "approvals"


def approve(run: Run, by: str, reason: str) -> dict[str, Any]:
    """Write down who lets a night's changes pass, and why; returns the churn they were told.

    Raises:
        UsageError: Without a name or a reason, or where the night has no changes to approve.
    """
    who, why = " ".join(by.split()), " ".join(reason.split())
    for option, text in (("--by", who), ("--reason", why)):
        if not text:
            raise UsageError(option, "a text", "none", "say who, and why")
    found = to_approve(run)
    record(run, APPROVALS, {**frozen(run).get(APPROVALS, {}), CHURN: {
        "by": who, "reason": why, "figures": found,
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")}})
    return found


def to_approve(run: Run) -> dict[str, Any]:
    """The churn of a night that somebody may look at.

    Raises:
        UsageError: Where there is none.
    """
    found: dict[str, Any] | None = frozen(run).get(CHURN)
    if not found:
        raise UsageError(f"run {run.run_id} of {run.as_of}", "changes to approve",
                         "no release before, or no records yet", "run the step first: nightlist "
                         f"run records --as-of {run.as_of}")
    return found


def approved(content: dict[str, Any]) -> str:
    """Who agreed to the changes of a run as they are, in words; empty where nobody did.

    Args:
        content: Of run.json.
    """
    said = content.get(APPROVALS, {}).get(CHURN)
    if not said or said["figures"] != content.get(CHURN):
        return ""
    return f"approved by {said['by']} on {said['at'][:10]}: {said['reason']}"
