"""Checks of what a release says of the one before: does it add up, and who lets it pass?"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from expectations.gate import Result
from expectations.suites import CRITICAL, WARNING
from jobs.contracts.campaign import ENTERED, LEFT
from jobs.release.approval import ASKS, PASSED, approved, sentence
from jobs.release.changes import churn

#: The table that results of guardrails name.
GUARDRAIL = "guardrails"


def reconciled(changes: pa.Table, previous: int, invited: int) -> Result:
    """Whether who entered and who left leads from one whitelist to the other.

    Args:
        changes: CHANGES as written.
        previous: Rows of the whitelist before.
        invited: Rows of the whitelist now.
    """
    found = churn(changes, previous)
    expected = previous + found[ENTERED] - found[LEFT]
    return Result("release", "changes", "people before + entered - left = people now", "change",
                  CRITICAL, expected == invited, "" if expected == invited else
                  f"{previous} + {found[ENTERED]} - {found[LEFT]} = {expected}, not {invited}")


def within_bounds(content: dict[str, Any], is_history: bool = False) -> list[Result]:
    """Each guardrail of a run: one that asks is critical until somebody agreed to its figures.

    Args:
        content: Of run.json.
        is_history: Of a backfill: it invites nobody, so nobody is asked.
    """
    results = []
    for row in content["guardrails"]:
        said = approved(content, row)
        is_open = row["verdict"] == ASKS and not said and not is_history
        results.append(Result(
            "release", GUARDRAIL, "within the policy's bounds, or approved", row["name"],
            CRITICAL if is_open else WARNING, row["verdict"] == PASSED,
            "" if row["verdict"] == PASSED else sentence(row) + (f"; {said}" if said else "")))
    return results


def remedy(results: list[Result], as_of: str) -> str:
    """What to do about an audit that fails: what only asks may be approved."""
    failed = [one for one in results if one.severity == CRITICAL and not one.success]
    if failed and all(one.table == GUARDRAIL for one in failed):
        return (f"nothing was published; see why: reports/{as_of}/draft.html and nightlist approve "
                f"--as-of {as_of}; if it is right, add --by NAME --reason TEXT, then nightlist run "
                f"check_release and run release; if not, nightlist reject --as-of {as_of} "
                "--by NAME --reason TEXT")
    return "nothing was published; rerun the night"
