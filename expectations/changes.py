"""Checks of what a release says of the one before: does it add up, and does the list hold still?"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from expectations.gate import Result
from expectations.suites import CRITICAL, WARNING
from jobs.contracts.campaign import ENTERED, LEFT
from jobs.policies.campaign import CampaignRules
from jobs.release.changes import churn, sentence


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


def within_bounds(found: dict[str, Any], rules: CampaignRules, approved: str) -> list[Result]:
    """Churn, and growth or shrinking, beside the policy's bounds; none where it states none.

    Args:
        found: As `jobs.release.changes.churn` gives it.
        rules: The policy's campaign.
        approved: Who let these very figures pass, in words: then none of them stops the night.
    """
    results = []
    for what, ratio, warning, stop in (
            ("left or with other terms", found["ratio"], rules.churn_warning_ratio,
             rules.churn_stop_ratio),
            ("longer or shorter", abs(found["growth_ratio"]), rules.growth_warning_ratio,
             rules.growth_stop_ratio)):
        for bound, severity in ((warning, WARNING), (stop, CRITICAL)):
            if bound is None:
                continue
            is_within = ratio <= bound
            detail = sentence(found) + (f"; {approved}" if approved else "")
            results.append(Result(
                "release", "changes", f"list at most {bound:.1%} {what}", "change",
                WARNING if approved and not is_within else severity, is_within,
                "" if is_within else detail))
    return results


def remedy(results: list[Result], as_of: str) -> str:
    """What to do about an audit that fails: what only changes much may be approved."""
    failed = [one for one in results if one.severity == CRITICAL and not one.success]
    if failed and all(one.expectation.startswith("list at most") for one in failed):
        return ("nothing was published; see why: nightlist approve "
                f"--as-of {as_of}; if it is right, add --by NAME --reason TEXT, then nightlist run "
                "check_release and run release")
    return "nothing was published; rerun the night"
