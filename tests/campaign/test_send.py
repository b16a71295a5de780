"""Who of a wave is sent an invitation on a day, and why the others are not."""

import datetime as dt

import pyarrow as pa
import pytest

from jobs.campaign.send import SENT_SCHEMA, Known, decide, of_channel
from jobs.policies.campaign import CampaignRules, FrequencyCap

DAY = dt.date(2026, 7, 1)
RULES = CampaignRules(channels=("in_app", "push", "sms"),
                      frequency_caps=(FrequencyCap(7, 1), FrequencyCap(30, 2)))
_USUAL = {"channel": "in_app", "valid_to": dt.date(2026, 7, 30), "is_universal_holdout": False,
          "is_cell_holdout": False}


def wave(**people):
    """User -> what is unusual of the row; the offer of anna is `o-anna`."""
    return pa.Table.from_pylist([{"user_id": user, "offer_id": f"o-{user}", **_USUAL, **row}
                                 for user, row in people.items()])


def sent(*rows):
    return pa.Table.from_pylist([dict(zip(SENT_SCHEMA.names, row)) for row in rows], SENT_SCHEMA)


def decided(rows, rules=RULES, **known):
    """Channels of those sent, reasons of those dropped, by user."""
    found = decide(rows, Known(**known), rules, DAY)
    return (dict(zip(*(found.sent[name].to_pylist() for name in ("user_id", "channel")))),
            dict(zip(*(found.dropped[name].to_pylist() for name in ("user_id", "reason")))))


def ago(days):
    return DAY - dt.timedelta(days=days)


def test_everyone_of_whom_nothing_is_new_is_sent_the_planned_way():
    assert decided(wave(ben={"channel": "sms"}, anna={})) == (
        {"anna": "in_app", "ben": "sms"}, {})


def test_rows_stand_in_the_order_of_user_ids_whatever_order_they_came_in():
    found = decide(wave(cleo={}, anna={}, ben={}), Known(), RULES, DAY)
    assert found.sent["user_id"].to_pylist() == ["anna", "ben", "cleo"]


def test_a_rule_that_fails_by_now_drops_the_person_under_its_name():
    assert decided(wave(anna={}, ben={}), failing={"ben": "not_suppressed"}) == (
        {"anna": "in_app"}, {"ben": "not_suppressed"})


@pytest.mark.parametrize(("closed", "channel"), [
    (["in_app"], "push"), (["in_app", "push"], "sms"), (["push", "sms"], "in_app")])
def test_a_closed_channel_moves_the_person_to_the_next_open_one(closed, channel):
    assert decided(wave(anna={}), closed={"anna": closed}) == ({"anna": channel}, {})


def test_the_planned_channel_is_kept_while_it_is_open():
    assert decided(wave(anna={"channel": "sms"})) == ({"anna": "sms"}, {})


def test_without_an_open_channel_of_the_policy_nothing_is_sent():
    rules = CampaignRules(channels=("in_app", "push"))
    assert decided(wave(anna={}), rules, closed={"anna": ["in_app", "push"]}) == (
        {}, {"anna": "no_channel"})


@pytest.mark.parametrize("flag", ["is_universal_holdout", "is_cell_holdout"])
def test_who_is_held_out_is_never_sent_anything(flag):
    assert decided(wave(anna={flag: True}), failing={"anna": "not_student"}) == (
        {}, {"anna": "held_out"})


@pytest.mark.parametrize(("valid_to", "is_over"), [(DAY, False), (ago(1), True)])
def test_an_offer_is_sent_until_its_last_day(valid_to, is_over):
    found, dropped = decided(wave(anna={"valid_to": valid_to}))
    assert (dropped == {"anna": "offer_over"}) == is_over and bool(found) != is_over


def test_an_offer_that_was_sent_before_is_not_sent_again():
    known = sent(("anna", "o-anna", ago(200)))
    assert decided(wave(anna={}), sent=known) == ({}, {"anna": "sent_already"})


@pytest.mark.parametrize(("days", "is_capped"), [(0, True), (6, True), (7, False)])
def test_a_cap_counts_the_day_and_so_many_before_it(days, is_capped):
    _, dropped = decided(wave(anna={}), sent=sent(("anna", "o-older", ago(days))))
    assert dropped == ({"anna": "frequency_cap"} if is_capped else {})


def test_every_cap_holds_and_an_offer_told_of_twice_counts_once():
    twice = sent(("anna", "o1", ago(20)), ("anna", "o1", ago(20)))
    assert decided(wave(anna={}), sent=twice) == ({"anna": "in_app"}, {})
    two = sent(("anna", "o1", ago(20)), ("anna", "o2", ago(10)))
    assert decided(wave(anna={}), sent=two) == ({}, {"anna": "frequency_cap"})


def test_another_person_s_invitations_count_for_nobody_else():
    assert decided(wave(anna={}), sent=sent(("ben", "o-ben", ago(1)))) == ({"anna": "in_app"}, {})


def test_who_was_dropped_before_stays_dropped_with_the_reason_of_then():
    assert decided(wave(anna={}, ben={}), dropped={"o-ben": "not_opted_out"}) == (
        {"anna": "in_app"}, {"ben": "not_opted_out"})


def test_ids_are_compared_as_files_show_them():
    known = {"failing": {"'=1": "not_student"}, "sent": sent(("'-x", "'o--x", ago(1)))}
    rows = wave(**{"=1": {}, "-x": {}})
    assert decided(rows, **known) == ({}, {"=1": "not_student", "-x": "frequency_cap"})


def test_the_channels_part_a_wave_without_rest():
    rows = wave(anna={}, ben={}, cleo={"channel": "push"}, dan={"channel": "push"})
    found = decide(rows, Known(failing={"dan": "not_student"}, closed={"ben": ["in_app"]}), RULES,
                   DAY)
    parts = {channel: of_channel(found, rows, channel) for channel in ("in_app", "push", "sms")}
    assert {channel: (part.sent["user_id"].to_pylist(), part.dropped["user_id"].to_pylist())
            for channel, part in parts.items()} == {
        "in_app": (["anna"], []), "push": (["ben", "cleo"], ["dan"]), "sms": ([], [])}
