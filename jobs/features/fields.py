"""The kinds of fields that monthly features share; the sign stands beside the feature.

`monotone` and the reason's code are what the PD model and its explanations go by. A sign is
declared where theory knows it and a lender would defend it before a regulator; elsewhere it is 0.
"""

from __future__ import annotations

from jobs.contracts.table import Field

#: The reason code of what nobody knows of a person: features about coverage, and of every other
#: feature the part that its being null plays.
NOT_KNOWN = "NOT_KNOWN"


def months(name: str, meaning: str, monotone: int, code: str, maximum: int = 6) -> Field:
    """A number of months."""
    return Field(name, "integer", "months", meaning, True, 0, maximum, monotone=monotone,
                 reason_code=code)


def money(name: str, meaning: str, monotone: int, code: str) -> Field:
    """An amount."""
    return Field(name, "integer", "1/100 currency", meaning, True, monotone=monotone,
                 reason_code=code)


def share(name: str, meaning: str, monotone: int, code: str) -> Field:
    """A ratio."""
    return Field(name, "double", "ratio", meaning, True, monotone=monotone, reason_code=code)
