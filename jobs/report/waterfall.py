"""From everyone known to the invited: the waterfall in words and as a chart.

Sources: the run's waterfall; the rules' own sentences from the policy.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from markupsafe import Markup

from jobs.policies.policy import Policy
from jobs.report import charts
from jobs.report.words import number, words

#: What the waterfall's own steps mean; a rule's meaning stands in its policy.
STEP_TEXTS = {
    "known": "People with a bound card.",
    "has_loan_with_us": "They have a loan of ours, so they are not considered.",
    "no_value": "Eligible, but no limit and rate would earn more than it costs.",
    "priced_out": "Eligible, but money or places earned more with others.",
    "invited": "On the whitelist.",
}


def texts(policy: Policy | None) -> dict[str, str]:
    """The sentence of each step; of the rules only where the night's policy is at hand."""
    return {**STEP_TEXTS, **{rule.name: rule.text for rule in (policy.rules if policy else ())}}


def rows(waterfall: pa.Table, meanings: dict[str, str]) -> list[dict[str, Any]]:
    """The waterfall's steps in words, with the share of the known who are left."""
    found = waterfall.sort_by("step_number").to_pylist()
    known = found[0]["remaining"] if found else 0
    return [{**row, "name": words(row["step"]), "text": meanings.get(row["step"], ""),
             "share": row["remaining"] / known if known else None} for row in found]


def chart(steps: list[dict[str, Any]]) -> Markup:
    """The steps that removed somebody, between the first and the last."""
    told = [row for row in steps if row["removed"] or row in (steps[0], steps[-1])]
    return Markup(charts.bars(
        [(row["name"], f"−{number(row['removed'])}" if row["removed"] else
          number(row["remaining"]), row["remaining"], row["removed"]) for row in told],
        "People left after each step that removed somebody: " + ", ".join(
            f"{row['name']} {number(row['remaining'])}" for row in told)))
