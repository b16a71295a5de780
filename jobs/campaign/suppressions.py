"""Who is on a suppression list or has closed a channel, and whom that kept off the list.

Sources: `barriers`, `decisions`, the policy in force. Grain: one considered user and list. Output:
`suppressions_applied`. A barrier kept somebody off where a rule of the policy that looks at its
column fails, and they are not invited.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.contracts.campaign import SUPPRESSIONS_APPLIED
from jobs.offers.permission import column_of
from jobs.policies.policy import Policy


def build(barred: pa.Table, decided: pa.Table, policy: Policy) -> pa.Table:
    """The barriers of everyone considered.

    Args:
        barred: BARRIERS.
        decided: The decisions.
        policy: In force.
    """
    place = pc.index_in(barred["user_id"], decided["user_id"].combine_chunks())
    theirs = barred.filter(pc.is_valid(place))
    about = decided.select(["as_of_date", "release_id", "is_invited", "failing_rules"]).take(
        place.drop_null())
    rules: dict[str, list[str]] = {}
    for rule in policy.rules:
        rules.setdefault(rule.column, []).append(rule.name)
    is_barred = np.array([
        not invited and not set(failing).isdisjoint(rules.get(column_of(name), ()))
        for name, invited, failing in zip(theirs["list_name"].to_pylist(),
                                          about["is_invited"].to_pylist(),
                                          about["failing_rules"].to_pylist())], bool)
    return pa.table({
        "user_id": theirs["user_id"], "as_of_date": about["as_of_date"],
        "release_id": about["release_id"], "list_name": theirs["list_name"],
        "listed_on": theirs["listed_on"], "is_barred": pa.array(is_barred)},
        schema=SUPPRESSIONS_APPLIED.arrow_schema)
