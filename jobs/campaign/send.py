"""Who of a wave is sent an invitation on a day, on which channel, and who is dropped, and why.

Sources: the rows of the wave, what is known on the day of sending (`fresh.py`), what was sent
before (`send_files.py`), the policy in force on that day. Grain: one row of the wave.

The wave was planned on what the night knew; since then people withdrew, were listed or were sent
something else. Whoever is dropped stays dropped in a later revision of the file: nobody is sent an
invitation because he changed his mind twice.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from jobs.policies.campaign import CampaignRules
from jobs.show import harmless

#: Reasons of a drop, beside the names of the policy's rules; in the order of asking.
HELD_OUT, OFFER_OVER, SENT_ALREADY, NO_CHANNEL, CAPPED = (
    "held_out", "offer_over", "sent_already", "no_channel", "frequency_cap")
DROPPED = ("user_id", "offer_id", "reason")
#: What was sent: `user_id`, `offer_id`, and the day, ids as files show them.
SENT_SCHEMA = pa.schema([("user_id", pa.string()), ("offer_id", pa.string()),
                         ("sent_on", pa.date32())])


@dataclass(frozen=True)
class Known:
    """What is known of the wave's people on the day; ids as files show them.

    Attributes:
        failing: User -> the first of the policy's rules to ask again that fails.
        closed: User -> the channels on which the person wants nothing.
        sent: SENT_SCHEMA: our invitations to them, delivered or in files of ours.
        dropped: Offer -> why an earlier revision of the same file dropped it.
    """

    failing: Mapping[str, str] = field(default_factory=dict)
    closed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sent: pa.Table = field(default_factory=SENT_SCHEMA.empty_table)
    dropped: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Decided:
    """Rows to send, with the channel of each, and rows dropped with the reason (DROPPED)."""

    sent: pa.Table
    dropped: pa.Table


def decide(wave: pa.Table, known: Known, rules: CampaignRules, day: dt.date) -> Decided:
    """Go through a wave, by user id.

    Args:
        wave: Rows of the whitelist.
        known: Of its people.
        rules: In force on the day.
        day: Of sending.
    """
    wave = wave.sort_by("user_id")
    history: dict[str, dict[str, dt.date]] = defaultdict(dict)
    for user, offer, on in zip(*(known.sent[name].to_pylist() for name in SENT_SCHEMA.names)):
        history[user][offer] = max(on, history[user].get(offer, on))
    names = ("channel", "valid_to", "is_universal_holdout", "is_cell_holdout")
    channels: list[str | None] = []
    reasons: list[str | None] = []
    for user, offer, planned, valid_to, universal, of_cell in zip(
            *(harmless(wave[name]).to_pylist() for name in ("user_id", "offer_id")),
            *(wave[name].to_pylist() for name in names)):
        closed = known.closed.get(user, ())
        channel = next((one for one in (planned, *rules.channels)
                        if one is not None and one not in closed), None)
        before = history.get(user, {})
        checks = ((known.dropped.get(offer), True), (HELD_OUT, universal or of_cell),
                  (known.failing.get(user), True), (OFFER_OVER, valid_to < day),
                  (SENT_ALREADY, offer in before), (NO_CHANNEL, channel is None),
                  (CAPPED, _is_capped(rules, before, day)))
        channels.append(channel)
        reasons.append(next((reason for reason, holds in checks if reason and holds), None))
    is_sent = pa.array([reason is None for reason in reasons], pa.bool_())
    reason = pa.array(reasons, pa.string())
    place = wave.schema.get_field_index("channel")
    chosen = wave.set_column(place, "channel", pa.array(channels, pa.string()))
    dropped = wave.select(["user_id", "offer_id"]).append_column("reason", reason)
    return Decided(chosen.filter(is_sent), dropped.filter(pc.invert(is_sent)))


def of_channel(decided: Decided, wave: pa.Table, channel: str) -> Decided:
    """The part of one channel: what goes that way, and what was planned that way and is dropped."""
    planned = dict(zip(wave["offer_id"].to_pylist(), wave["channel"].to_pylist()))
    mine = pa.array([planned[offer] == channel for offer in
                     decided.dropped["offer_id"].to_pylist()], pa.bool_())
    return Decided(decided.sent.filter(pc.equal(decided.sent["channel"], channel)),
                   decided.dropped.filter(mine))


def _is_capped(rules: CampaignRules, before: Mapping[str, dt.date], day: dt.date) -> bool:
    """Whether one more invitation on the day would be more than a cap allows."""
    return any(sum(on > day - dt.timedelta(days=cap.days) for on in before.values())
               >= cap.at_most for cap in rules.frequency_caps)
