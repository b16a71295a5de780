"""The campaign's gate: a true plan passes, and each bent table breaks the promise that it bends."""

import dataclasses
import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from expectations.campaign import campaign, promises
from expectations.gate import stop_on_critical
from jobs.campaign import honour, plan
from jobs.contracts.campaign import OWN_INVITATIONS, SUPPRESSIONS_APPLIED
from jobs.contracts.limits import RULE_FACTS
from jobs.errors import GateFailed
from jobs.policies.campaign import CampaignRules
from jobs.policies.policy import load
from tests.campaign.rows import offers

NIGHT = dt.date(2026, 6, 26)         # a Friday: Saturday is sent on, Sunday is quiet
SATURDAY, MONDAY = NIGHT + dt.timedelta(days=1), NIGHT + dt.timedelta(days=3)
UNTIL = dt.date(2026, 7, 10)
RULES = CampaignRules(daily_capacity=4, quiet_weekdays=(6,), universal_ratio=0.2, cell_ratio=0.2,
                      honour_unless=("adult",))
POLICY = dataclasses.replace(load("wallet_loan_cny", NIGHT), campaign=RULES)


def honest():
    """Twelve people by falling value, the first of whom has an offer that was sent."""
    users = [f"u{number:02}" for number in range(12)]
    rows = offers(*({"user_id": user, "offer_id": f"of {user}", "method": "optimiser",
                     "expected_value_minor": 100 - place, "valid_from": SATURDAY,
                     "valid_to": NIGHT + dt.timedelta(days=30),
                     **({"is_sent": True, "method": "honoured", "valid_to": UNTIL}
                        if user == "u00" else {})} for place, user in enumerate(users)))
    listed = plan.build(rows, POLICY, NIGHT)
    sent = pa.Table.from_pylist([
        {"offer_id": offer, "user_id": user, "sent_on": SATURDAY, "limit_minor": 5_000_000,
         "rate_daily": Decimal("0.0005"), "open_until": UNTIL, "recency": 1, "drawn_on": None,
         "is_taken": False} for offer, user in (("of u00", "u00"), ("of eva", "eva"))],
        OWN_INVITATIONS.arrow_schema)
    decided = pa.Table.from_pylist([{"user_id": "u00", "failing_rules": ["pd_appetite"]}])
    facts = pa.Table.from_pylist(
        [{"user_id": user, "closed_channel_names": ["sms"],
          "may_be_sent_from": MONDAY if user == "u11" else None} for user in users],
        pa.schema([RULE_FACTS.arrow_schema.field(name) for name in (
            "user_id", "closed_channel_names", "may_be_sent_from")]))
    return {"whitelist": listed, "rule_facts": facts, "own_invitations": sent,
            "honour_ledger": honour.build(sent, decided, listed, POLICY, NIGHT, "r1"),
            "suppressions_applied": SUPPRESSIONS_APPLIED.arrow_schema.empty_table()}


def broken(tables):
    return {one.expectation for one in campaign(tables, POLICY, NIGHT) if not one.success}


def test_a_true_plan_keeps_every_promise():
    tables = honest()
    found = campaign(tables, POLICY, NIGHT)
    assert [one.expectation for one in found if one.success] == promises() and len(found) == 12
    statuses = tables["whitelist"]["send_status"].to_pylist()
    assert {"sent", "planned", "universal_holdout"} <= set(statuses)     # there is something to ask
    assert tables["honour_ledger"]["outcome"].to_pylist() == ["kept", "withdrawn"]


def bent(name, at, **values):
    """The honest tables with other values in the first row of one that `at` holds for."""
    tables = honest()
    rows = tables[name].to_pylist()
    next(row for row in rows if at(row)).update(values)
    return {**tables, name: pa.Table.from_pylist(rows, tables[name].schema)}


def is_planned(row):
    return row["wave"] is not None


def is_held(row):
    return row["is_universal_holdout"]


def of(user):
    return lambda row: row["user_id"] == user


def first_planned():
    rows = honest()["whitelist"].to_pylist()
    return next(row["user_id"] for row in rows if is_planned(row))


BENT = {
    "nobody is barred": lambda: {**honest(), "suppressions_applied": pa.Table.from_pylist(
        [{"user_id": "u03", "as_of_date": NIGHT, "release_id": "r1", "list_name": "fraud",
          "listed_on": NIGHT, "is_barred": True}], SUPPRESSIONS_APPLIED.arrow_schema)},
    "only who may be sent is in a wave": lambda: bent(
        "whitelist", is_held, wave=2, send_on=MONDAY, send_status="planned"),
    "hold-outs are those of the hash": lambda: bent(
        "whitelist", is_planned, is_universal_holdout=True),
    "a channel is open to the person": lambda: bent("whitelist", is_planned, channel="sms"),
    "waves within the daily capacity": lambda: bent(
        "whitelist", lambda row: row["wave"] == 2, send_on=SATURDAY),
    "waves on days of the list that are not quiet": lambda: bent(
        "whitelist", is_planned, send_on=NIGHT + dt.timedelta(days=2)),
    "waves when the frequency caps allow": lambda: bent(
        "rule_facts", of(first_planned()), may_be_sent_from=UNTIL),
    "priority by expected value": lambda: bent(
        "whitelist", of("u11"), expected_value_minor=10_000),
    "the cost of a year is 365 days of interest": lambda: bent(
        "whitelist", of("u01"), all_in_cost_annual=Decimal("0.18")),
    "each open invitation of ours is once in the ledger": lambda: {
        **honest(), "honour_ledger": honest()["honour_ledger"].slice(0, 1)},
    "kept offers are on the list as they were sent": lambda: bent(
        "whitelist", of("u00"), limit_cny=40_000),
    "no other offer of the ledger is on the list": lambda: bent(
        "whitelist", of("u01"), offer_id="of eva"),
}


def test_every_promise_has_a_table_that_breaks_it():
    assert list(BENT) == promises()


@pytest.mark.parametrize("promise", BENT)
def test_what_breaks_a_promise_is_found(promise):
    assert promise in broken(BENT[promise]())


def test_a_kept_offer_that_is_off_the_list_or_has_another_id_is_found():
    assert broken({**honest(), "whitelist": honest()["whitelist"].slice(1)}) >= {
        "kept offers are on the list as they were sent"}
    assert broken(bent("whitelist", of("u00"), offer_id="another")) == {
        "kept offers are on the list as they were sent"}


def test_who_has_no_channel_may_be_in_no_wave():
    assert "only who may be sent is in a wave" in broken(bent("whitelist", is_planned,
                                                              channel=None))


def test_a_broken_promise_stops_the_night_and_names_one_who_breaks_it():
    tables = bent("whitelist", of("u01"), all_in_cost_annual=Decimal("0.18"))
    with pytest.raises(GateFailed, match="campaign: expected the cost of a year is 365 days of "
                                         "interest, found 1 not so, e.g. u01; rerun"):
        stop_on_critical(campaign(tables, POLICY, NIGHT), "rerun")


def test_tables_are_read_from_their_folders(tmp_path):
    import pyarrow.parquet as pq

    for name, rows in honest().items():
        folder = tmp_path / "home=1" / name
        folder.mkdir(parents=True)
        pq.write_table(rows, folder / "part-0.parquet")
    folders = {name: tmp_path / "home=1" / name for name in honest()}
    assert broken(folders) == set()
