"""How long a policy keeps what nights wrote: `nightlist expire` takes away what is older.

    retention: {criteria_years: 5, releases_years: 5, working_days: 90}

`criteria` are the rules, texts, fingerprints of the inputs and models behind each release;
`releases` their rows; `working` what a night computed on its way, which a release does not need.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jobs.policies.check import Check

#: Selection criteria of a campaign are kept so long at least.
LEAST_CRITERIA_YEARS = 3
_BOUNDS = {"criteria_years": (LEAST_CRITERIA_YEARS, 100), "releases_years": (1, 100),
           "working_days": (1, 36_600)}


@dataclass(frozen=True)
class Retention:
    """How long what is kept, from the as-of date on; criteria never shorter than the releases."""

    criteria_years: int = 5
    releases_years: int = 5
    working_days: int = 90


def retention(check: Check, version: Any) -> Retention:
    """The retention of a version.

    Raises:
        PolicyError: For a key that is none, or a number out of its bounds.
    """
    if "retention" not in version:
        return Retention()
    said = check.get(version, "retention", dict)
    check.known(said, set(_BOUNDS))
    found = Retention(**{key: check.whole(said, key, *bounds)
                         for key, bounds in _BOUNDS.items() if key in said})
    if found.criteria_years < found.releases_years:
        check.fail("retention.criteria_years", "no less than releases_years", found.criteria_years)
    return found
