"""What became of every offer that was sent and had not run out: kept, or why not → `honour_ledger`.

Sources: `own_invitations`, `decisions`, the whitelist, the policy in force with the law of the
date. Grain: one offer that may still be taken tomorrow, also of people who are not considered.

    taken        the person drew a loan of ours since, before any later invitation
    superseded   a later invitation of ours took its place
    not_considered   e.g. an earlier loan is still owed, or no card is bound any more
    a rule       of those that take a sent offer back, the first that fails
    not_honoured the policy honours no offers
    law          its terms are beyond the law by now
    kept         else: it is on the whitelist, as it was sent
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.contracts.campaign import HONOUR_LEDGER, KEPT, TAKEN, WITHDRAWN
from jobs.errors import NightlistError
from jobs.limits.problem import MINOR
from jobs.policies.policy import Policy

LAW, NOT_CONSIDERED, SUPERSEDED, NOT_HONOURED = (
    "law", "not_considered", "superseded", "not_honoured")
_TEXTS = {
    NOT_CONSIDERED: "The person is not considered: a loan of ours is open, or no card is bound.",
    SUPERSEDED: "A later invitation took its place.",
    NOT_HONOURED: "The policy honours no offers.",
    LAW: "The law does not allow these terms any more."}


def build(invitations: pa.Table, decided: pa.Table, listed: pa.Table, policy: Policy,
          as_of: dt.date, release_id: str) -> pa.Table:
    """The ledger of a night.

    Args:
        invitations: OWN_INVITATIONS.
        decided: The decisions.
        listed: The whitelist.
        policy: In force.
        as_of: The night; what may not be taken any more tomorrow has run out.
        release_id: Of the night.

    Raises:
        NightlistError: When an offer that should stand is not on the whitelist as it was sent.
    """
    sent = invitations.filter(pc.greater(invitations["open_until"], pa.scalar(as_of)))
    failing = _rules_of(decided, sent["user_id"])
    on_list = set(listed.filter(pc.equal(listed["send_status"], "sent"))["offer_id"].to_pylist())
    rows = []
    for one in sent.to_pylist():
        outcome, criterion = _outcome(one, failing, policy)
        if criterion == NOT_HONOURED and one["offer_id"] in on_list:
            outcome, criterion = KEPT, None  # no promise made it so: it is the best again
        if (outcome == KEPT) != (one["offer_id"] in on_list):
            raise NightlistError(
                f"honour_ledger {one['offer_id']}", f"an offer that is {criterion or outcome}",
                "the whitelist " + ("without it" if outcome == KEPT else "with it"),
                "rerun candidates and limits; if it stays, a sent offer was lost or kept by "
                "mistake")
        rows.append({**{name: one[name] for name in (
            "user_id", "offer_id", "limit_minor", "rate_daily", "open_until")},
            "as_of_date": as_of, "release_id": release_id, "outcome": outcome,
            "criterion": criterion, "text": _text(outcome, criterion, policy)})
    return pa.Table.from_pylist(rows, schema=HONOUR_LEDGER.arrow_schema)


def _rules_of(decided: pa.Table, users: pa.ChunkedArray) -> dict[str, list[str]]:
    """The failing rules of those of the users who are considered."""
    theirs = decided.filter(pc.is_in(decided["user_id"], users.combine_chunks()))
    return dict(zip(theirs["user_id"].to_pylist(), theirs["failing_rules"].to_pylist()))


def _outcome(sent: dict[str, Any], failing: dict[str, list[str]], policy: Policy
             ) -> tuple[str, str | None]:
    """What became of an offer, and the criterion if it was withdrawn."""
    if sent["is_taken"]:
        return TAKEN, None
    if sent["recency"] > 1:
        return WITHDRAWN, SUPERSEDED
    if sent["user_id"] not in failing:
        return WITHDRAWN, NOT_CONSIDERED
    back, rules = policy.campaign.honour_unless, {rule.name for rule in policy.rules}
    broken = [name for name in failing[sent["user_id"]]
              if name in (rules if back is None else back)]
    if broken:
        return WITHDRAWN, broken[0]
    if not policy.limits.honours_offers:
        return WITHDRAWN, NOT_HONOURED
    return (KEPT, None) if is_legal(sent, policy) else (WITHDRAWN, LAW)


def is_legal(sent: dict[str, Any], policy: Policy) -> bool:
    """Whether the law of the date still allows the terms of an offer."""
    most = policy.law.highest_limit
    return bool(sent["rate_daily"] <= policy.law.highest_rate_daily
                and (most is None or sent["limit_minor"] <= most * MINOR))


def _text(outcome: str, criterion: str | None, policy: Policy) -> str:
    if outcome == TAKEN:
        return "The person drew a loan on it."
    if criterion is None:
        return "Kept as it was sent."
    rules = {rule.name: rule.text for rule in policy.rules}
    return f"No longer so: {rules[criterion]}" if criterion in rules else _TEXTS[criterion]
