"""A person's yes or no to a night whose figures are beyond what the policy lets pass by itself.

Sources: `guardrails` of run.json. Output: `approvals` and `rejection` of run.json, which the
pointer's `run_sha256` covers. A yes holds for the figures that were looked at: a night that finds
others asks again. A no holds for the run: only a run of its own, from other inputs, can be
published.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from jobs.config import AUDIT, Run
from jobs.errors import ReleaseError, UsageError
from jobs.inputs import frozen, record
from jobs.lock import locked

#: Keys in run.json: what the step `guardrails` found, who agreed to which, and who said no.
GUARDRAILS, APPROVALS, REJECTION = "guardrails", "approvals", "rejection"
#: Verdicts of a guardrail.
PASSED, WARNING, ASKS = "passed", "warning", "asks"
#: How long to wait for a step of the night that is at work, in seconds.
LOCK_WAIT_SECONDS = 60.0
#: What a guardrail's figure is, for people; a metric of the monitoring has its own name.
MEANINGS = {
    "churn": "of the list before left untaken or has other terms",
    "growth": "longer than the list before", "shrink": "shorter than the list before",
    "loss": "of expected draws is expected to be lost", "funding": "of the funding lines is used",
    "funding_chance": "is the chance that draws exceed the lines",
    "gap": "of the value may be left unearned",
    "model_change": "other than the release before's"}


def asking(content: dict[str, Any]) -> list[dict[str, Any]]:
    """The guardrails that nobody has agreed to as they are.

    Args:
        content: Of run.json.
    """
    return [row for row in content.get(GUARDRAILS) or []
            if row["verdict"] == ASKS and not approved(content, row)]


def approved(content: dict[str, Any], row: dict[str, Any]) -> str:
    """Who agreed to a guardrail's very figures, in words; empty where nobody did."""
    said = content.get(APPROVALS, {}).get(row["name"])
    if not said or said["figures"] != row:
        return ""
    return f"approved by {said['by']} on {said['at'][:10]}: {said['reason']}"


def rejected(content: dict[str, Any]) -> str:
    """Who rejected the run, in words; empty where nobody did."""
    said = content.get(REJECTION)
    return f"rejected by {said['by']} on {said['at'][:10]}: {said['reason']}" if said else ""


def approve(run: Run, by: str, reason: str,
            asked: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Write down who lets everything pass that asks, and why; returns what it was.

    Args:
        run: The night's.
        by: Who says so.
        reason: Why.
        asked: What the person was shown; None: what asks now.

    Raises:
        UsageError: Without a name or a reason, where nothing asks, where other figures ask than
            were shown, or of a night that was rejected.
    """
    said = signed(by, reason)
    with locked(run.date_folder / ".lock", LOCK_WAIT_SECONDS, f"night {run.as_of}"):
        content = frozen(run)
        if no := rejected(content):
            raise UsageError(f"run {run.run_id} of {run.as_of}", "a night that nobody rejected",
                             no, again(run))
        found = to_approve(run)
        if asked is not None and asked != found:
            raise UsageError(f"run {run.run_id} of {run.as_of}", "the figures that were shown",
                             "; ".join(map(sentence, found)), "look at them, and answer again")
        record(run, APPROVALS, {**content.get(APPROVALS, {}), **{
            row["name"]: {**said, "figures": row} for row in found}})
    return found


def to_approve(run: Run) -> list[dict[str, Any]]:
    """What asks of a night.

    Raises:
        UsageError: Where nothing does.
    """
    content = frozen(run)
    if GUARDRAILS not in content:
        raise UsageError(f"run {run.run_id} of {run.as_of}", "its guardrails", "none yet",
                         f"run the step first: nightlist run guardrails --as-of {run.as_of}")
    if not (found := asking(content)):
        raise UsageError(f"run {run.run_id} of {run.as_of}", "something to approve",
                         "nothing that asks", "go on with: nightlist run check_release --as-of "
                         f"{run.as_of}, then run release")
    return found


def reject(run: Run, by: str, reason: str) -> None:
    """Write down who wants the run not published, and why; its audit is taken back.

    Raises:
        UsageError: Without a name or a reason.
        ReleaseError: When it was published already.
    """
    from jobs.release import warehouse

    said = signed(by, reason)
    with locked(run.date_folder / ".lock", LOCK_WAIT_SECONDS, f"night {run.as_of}"):
        if any(move.release_id == run.release_id for move in warehouse.history(run.home)):
            raise ReleaseError(f"run {run.run_id} of {run.as_of}", "a night not published yet",
                               f"release {run.release_id}", "take it back: nightlist release "
                               "rollback ID --reason TEXT, with the release before")
        record(run, REJECTION, said)
        record(run, AUDIT, None)


def again(run: Run) -> str:
    """What is left to do after a no."""
    return ("change what was wrong (model, policy, delivery), which makes a run of its own: "
            f"nightlist night --as-of {run.as_of}")


def sentence(row: dict[str, Any]) -> str:
    """A guardrail in a line: «churn: 95.0% of the list before …, asks beyond 90.0%»."""
    def shown(value: float) -> str:
        if row["unit"] == "share":
            return f"{value:.2%}" if 0 < value < 0.1 else f"{value:.1%}"
        return f"{value:.0f}" if row["unit"] == "models" else f"{value:.4f}"

    bounds = [f"{word} beyond {shown(row[key])}" for key, word in (
        ("warn", "warns"), ("ask", "asks")) if row[key] is not None]
    meaning = f" {MEANINGS[row['name']]}" if row["name"] in MEANINGS else ""
    return ", ".join([f"{row['name'].replace('_', ' ')}: {shown(row['figure'])}{meaning}"
                      + (f" ({row['detail']})" if row["detail"] else ""), *bounds]
                     + ([f"before {shown(row['before'])}"] if row["before"] is not None else []))


def signed(by: str, reason: str) -> dict[str, str]:
    """Who, why and when, as it is kept.

    Raises:
        UsageError: Without a name or a reason.
    """
    said = {"by": " ".join(by.split()), "reason": " ".join(reason.split()),
            "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")}
    for key, text in said.items():
        if not text:
            raise UsageError(f"--{key}", "a text", "none", "say who, and why")
    return said
