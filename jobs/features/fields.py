"""The kinds of fields that monthly features share; the sign stands beside the feature.

`monotone` and the reason's code are what the PD model and its explanations go by.
"""

from __future__ import annotations

from jobs.contracts.table import Field


def months(name: str, meaning: str, monotone: int, code: str, maximum: int = 6) -> Field:
    """A number of months."""
    return Field(name, "integer", "months", meaning, True, 0, maximum, monotone=monotone,
                 reason_code=code)


def money(name: str, meaning: str, monotone: int, code: str) -> Field:
    """An amount."""
    return Field(name, "integer", "1/100 currency", meaning, True, monotone=monotone,
                 reason_code=code)


def share(name: str, meaning: str, code: str) -> Field:
    """A ratio."""
    return Field(name, "double", "ratio", meaning, True, reason_code=code)
