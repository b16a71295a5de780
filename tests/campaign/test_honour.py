"""The honour ledger: every offer that was sent and may still be taken, and what became of it."""

import dataclasses
import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from jobs.campaign.honour import build
from jobs.contracts.campaign import HONOUR_LEDGER, OWN_INVITATIONS
from jobs.contracts.release import DECISIONS
from jobs.errors import NightlistError
from jobs.policies.policy import load

NIGHT = dt.date(2026, 6, 30)
LOADED = load("wallet_loan_cny", NIGHT)


def policy(honour_unless=("adult", "not_suppressed"), honours=True, highest_limit=300_000):
    return dataclasses.replace(
        LOADED, law=dataclasses.replace(LOADED.law, highest_limit=highest_limit),
        campaign=dataclasses.replace(LOADED.campaign, honour_unless=honour_unless),
        limits=dataclasses.replace(LOADED.limits, honours_offers=honours))


def sent(user="anna", **given):
    return {"offer_id": f"of {user}", "user_id": user, "sent_on": dt.date(2026, 6, 20),
            "limit_minor": 5_000_000, "rate_daily": Decimal("0.000300"),
            "open_until": dt.date(2026, 7, 19), "recency": 1, "drawn_on": None,
            "is_taken": False, **given}


def ledger(*invitations, failing=None, listed=(), by=None):
    """The ledger's rows by offer; `failing` are the rules of those who are considered."""
    failing = {"anna": []} if failing is None else failing
    decided = pa.Table.from_pylist(
        [{"user_id": user, "failing_rules": rules} for user, rules in failing.items()],
        pa.schema([DECISIONS.arrow_schema.field(name) for name in ("user_id", "failing_rules")]))
    on_list = pa.table({"offer_id": pa.array(list(listed), pa.string()),
                        "send_status": pa.array(["sent"] * len(listed), pa.string())})
    found = build(pa.Table.from_pylist(list(invitations), OWN_INVITATIONS.arrow_schema), decided,
                  on_list, by or policy(), NIGHT, "r1")
    assert found.schema.equals(HONOUR_LEDGER.arrow_schema)
    return {row["offer_id"]: row for row in found.to_pylist()}


def outcome(*invitations, **given):
    return {offer: (row["outcome"], row["criterion"])
            for offer, row in ledger(*invitations, **given).items()}


def test_an_offer_that_stands_is_kept_with_its_terms():
    assert ledger(sent(), listed=["of anna"]) == {"of anna": {
        "user_id": "anna", "as_of_date": NIGHT, "release_id": "r1", "offer_id": "of anna",
        "limit_minor": 5_000_000, "rate_daily": Decimal("0.000300"),
        "open_until": dt.date(2026, 7, 19), "outcome": "kept", "criterion": None,
        "text": "Kept as it was sent."}}


def test_a_rule_that_takes_nothing_back_lets_an_offer_stand():
    assert outcome(sent(), failing={"anna": ["pd_appetite"]}, listed=["of anna"]) == {
        "of anna": ("kept", None)}


def test_of_the_rules_that_take_it_back_the_first_that_fails_is_named_and_told():
    found = ledger(sent(), failing={"anna": ["card_seasoned", "not_suppressed", "adult"]})
    assert (found["of anna"]["outcome"], found["of anna"]["criterion"],
            found["of anna"]["text"]) == (
        "withdrawn", "not_suppressed", "No longer so: On no suppression list: fraud, court "
        "debtors, complaints, staff, the deceased.")


def test_where_the_policy_names_none_every_rule_takes_an_offer_back():
    assert outcome(sent(), failing={"anna": ["pd_appetite"]}, by=policy(None)) == {
        "of anna": ("withdrawn", "pd_appetite")}


@pytest.mark.parametrize(("offer", "by"), [
    ({"rate_daily": Decimal("0.000658")}, {}),            # 24.02 % of 365 days, the law says 24
    ({"limit_minor": 5_000_100}, {"highest_limit": 50_000})])
def test_terms_that_the_law_forbids_by_now_are_withdrawn(offer, by):
    assert outcome(sent(**offer), by=policy(**by)) == {"of anna": ("withdrawn", "law")}
    legal = sent(rate_daily=Decimal("0.000657"))
    assert outcome(legal, listed=["of anna"], by=policy(highest_limit=50_000)) == {
        "of anna": ("kept", None)}


def test_who_is_not_considered_has_no_offer_unless_they_took_it():
    drew = {"drawn_on": dt.date(2026, 6, 25), "is_taken": True}
    assert outcome(sent("anna"), sent("ben", **drew), failing={}) == {
        "of anna": ("withdrawn", "not_considered"), "of ben": ("taken", None)}


def test_a_later_invitation_takes_the_place_of_one_that_was_not_taken():
    found = outcome(sent(offer_id="o1", recency=3, is_taken=True, drawn_on=dt.date(2026, 6, 21)),
                    sent(offer_id="o2", recency=2), sent(offer_id="o3"), listed=["o3"])
    assert found == {"o1": ("taken", None), "o2": ("withdrawn", "superseded"),
                     "o3": ("kept", None)}


def test_an_offer_that_may_not_be_taken_tomorrow_has_run_out():
    assert outcome(sent(open_until=NIGHT)) == {}


def test_a_policy_that_honours_nothing_withdraws_what_it_does_not_offer_again():
    never = policy(honours=False)
    assert outcome(sent(), by=never) == {"of anna": ("withdrawn", "not_honoured")}
    assert outcome(sent(), by=never, listed=["of anna"]) == {"of anna": ("kept", None)}


@pytest.mark.parametrize(("failing", "listed"), [([], []), (["adult"], ["of anna"])])
def test_a_promise_that_was_lost_or_kept_by_mistake_stops_the_night(failing, listed):
    with pytest.raises(NightlistError, match="honour_ledger of anna: expected an offer that is"):
        ledger(sent(), failing={"anna": failing}, listed=listed)
