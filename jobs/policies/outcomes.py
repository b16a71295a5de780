"""What a policy says about outcomes: when a loan has defaulted, and how long an answer may take.

The key `outcomes` of a policy's version, and each key in it, may be left out:

    outcomes:
      default: {days_past_due: 90, within_months: 12}
      response_days: 30
      recovery_days: 180
      refusals_at_most: 200000
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jobs.policies.check import Check

#: Bounds of what a version may say.
_BOUNDS = {"response_days": (1, 366), "recovery_days": (1, 3_660),
           "refusals_at_most": (1_000, 10**9)}


@dataclass(frozen=True)
class DefaultDefinition:
    """A loan defaults that is `days_past_due` or more within `within_months` of its draw-down."""

    days_past_due: int
    within_months: int


@dataclass(frozen=True)
class OutcomeRules:
    """How outcomes are read off invitations and loans.

    Attributes:
        default: The stated definition; None: what loan_performance calls a default is one.
        response_days: Days after an invitation within which a loan answers it.
        recovery_days: Days after a default within which repayments count as recovered.
        refusals_at_most: Rows of refused invitations to learn from; of more a sample is taken.
    """

    default: DefaultDefinition | None = None
    response_days: int = 30
    recovery_days: int = 180
    refusals_at_most: int = 200_000


def outcome_rules(check: Check, version: Any) -> OutcomeRules:
    """The rules of a version.

    Raises:
        PolicyError: For a key that is none, or a number out of its bounds.
    """
    if "outcomes" not in version:
        return OutcomeRules()
    said = check.get(version, "outcomes", dict)
    check.known(said, {"default", *_BOUNDS})
    given: dict[str, Any] = {key: check.whole(said, key, *bounds)
                             for key, bounds in _BOUNDS.items() if key in said}
    if said.get("default") is not None:
        stated = check.get(said, "default", dict)
        check.known(stated, {"days_past_due", "within_months"})
        given["default"] = DefaultDefinition(check.whole(stated, "days_past_due", 1, 3_660),
                                             check.whole(stated, "within_months", 1, 120))
    return OutcomeRules(**given)
