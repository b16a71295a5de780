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


def churn_within(found: dict[str, Any], rules: CampaignRules) -> list[Result]:
    """The churn beside the policy's two bounds; none where it states none.

    Args:
        found: As `jobs.release.changes.churn` gives it.
        rules: The policy's campaign.
    """
    bounds = ((rules.churn_warning_ratio, WARNING), (rules.churn_stop_ratio, CRITICAL))
    return [Result("release", "changes", f"churn at most {bound:.1%}", "change", severity,
                   found["ratio"] <= bound, "" if found["ratio"] <= bound else sentence(found))
            for bound, severity in bounds if bound is not None]
