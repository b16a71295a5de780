"""Open offers: what may still be taken tomorrow, what was answered, what ran out."""

import datetime as dt
from decimal import Decimal

import pytest

from jobs.contracts import feeds, release
from jobs.labels.known import known
from jobs.offers.open_offers import allowed_from, build, of_release, own as own_invitations
from jobs.policies.campaign import FrequencyCap
from jobs.session import session
from tests.campaign.rows import CAMPAIGN
from tests.labels.rows import frame, loan, sent

NIGHT = dt.date(2026, 6, 30)
RATE = Decimal("0.000350")
VALID_DAYS = RESPONSE_DAYS = 30


def ago(days):
    return NIGHT - dt.timedelta(days=days)


def own(days, offer="o1", **given):
    return sent(ago(days), offer, lender="own", is_random=False, limit=50_000, **given)


def draw(days, lender="own", **given):
    return loan(ago(days), drawn=10_000, owed=10_000, lender=lender, loan_id=f"l{days}", **given)


def offers(invited=(), drawn=(), released=(), valid_days=VALID_DAYS, response_days=RESPONSE_DAYS):
    before = None
    if released:
        contract = release.whitelist("CNY")
        before = of_release(session().createDataFrame(list(released), contract.spark_schema),
                            "CNY")
    days = known(frame(feeds.LOAN_DAYS, drawn), feeds.LOAN_DAYS.key, NIGHT)
    rows = build(mine(invited, drawn, valid_days, before), days, before, NIGHT,
                 response_days).collect()
    return {row["user_id"]: row.asDict() for row in rows}


def mine(invited, drawn=(), valid_days=VALID_DAYS, before=None):
    return own_invitations(known(frame(feeds.INVITATIONS, invited), feeds.INVITATIONS.key, NIGHT),
                           known(frame(feeds.LOAN_DAYS, drawn), feeds.LOAN_DAYS.key, NIGHT),
                           valid_days, before)


def listed(user="anna", valid_from=NIGHT, valid_to=dt.date(2026, 7, 20)):
    values = {**CAMPAIGN, "user_id": user, "as_of_date": ago(1), "release_id": "r1",
              "offer_id": f"of {user}",
              "limit_cny": 60_000, "rate_daily": RATE, "rate_annual": RATE * 360,
              "valid_from": valid_from, "valid_to": valid_to, "segment": "thin_file",
              "score_tier": "A", "method": "optimiser", "reason_codes": ["INCOME"]}
    return tuple(values.get(name) for name in release.whitelist("CNY").columns)


def test_an_invitation_that_may_still_be_taken_is_open_with_its_terms():
    found = offers([own(10, user="anna")])["anna"]
    assert found == {
        "user_id": "anna", "open_offer_id": "o1", "open_limit_minor": 50_000,
        "open_rate_daily": Decimal("0.000300"), "open_until": dt.date(2026, 7, 19),
        "is_open_offer_sent": True, "refused_days": None}


@pytest.mark.parametrize(("days", "is_open", "refused_days"), [
    (28, True, None),       # its last day is tomorrow
    (29, False, None),      # its last day is the night's: over by tomorrow, but not yet refused
    (30, False, 0), (45, False, 15)])
def test_an_offer_ends_before_the_night_s_own_list_begins(days, is_open, refused_days):
    found = offers([own(days)]).get("anna", {"open_offer_id": None, "refused_days": None})
    assert ((found["open_offer_id"] == "o1"), found["refused_days"]) == (is_open, refused_days)


def test_an_offer_that_is_open_for_longer_than_answers_take_is_not_refused():
    found = offers([own(40)], valid_days=60)["anna"]
    assert (found["open_offer_id"], found["refused_days"]) == ("o1", None)


@pytest.mark.parametrize("days_ago", [10, 3])
def test_a_loan_drawn_on_its_day_or_later_answers_an_invitation(days_ago):
    assert offers([own(10)], [draw(days_ago)]) == {}


def test_a_loan_from_before_the_invitation_or_of_a_partner_is_no_answer():
    found = offers([own(10)], [draw(11), draw(5, lender="partner")])
    assert found["anna"]["open_offer_id"] == "o1"


def test_a_partner_s_invitation_is_none_of_ours():
    assert offers([sent(ago(40)), sent(ago(3), "o2")]) == {}


def test_only_the_newest_invitation_is_open_and_the_newest_that_ran_out_counts():
    found = offers([own(80, "o1"), own(50, "o2"), own(12, "o3"), own(9, "o4")])["anna"]
    assert (found["open_offer_id"], found["refused_days"]) == ("o4", 20)


def test_an_offer_on_last_night_s_list_is_open_but_was_not_sent():
    found = offers(released=[listed()])["anna"]
    assert (found["open_offer_id"], found["open_limit_minor"], found["open_rate_daily"],
            found["open_until"], found["is_open_offer_sent"]) == (
                "of anna", 6_000_000, RATE, dt.date(2026, 7, 20), False)


def test_an_invitation_of_a_later_wave_ends_when_its_message_said():
    # Sent on June 20th, thirty days would end on July 19th; the list said July 10th.
    said = listed(valid_to=dt.date(2026, 7, 10))
    found = offers([own(10, "of anna", user="anna"), own(10, "o2", user="ben")], released=[said])
    assert found["anna"]["open_until"] == dt.date(2026, 7, 10)
    assert found["anna"]["is_open_offer_sent"] is True
    assert found["ben"]["open_until"] == dt.date(2026, 7, 19)


def test_what_was_sent_goes_before_what_was_listed():
    found = offers([own(10)], released=[listed(), listed("ben")])
    assert (found["anna"]["open_offer_id"], found["anna"]["is_open_offer_sent"]) == ("o1", True)
    assert found["ben"]["is_open_offer_sent"] is False


@pytest.mark.parametrize(("given", "drawn"), [
    ({"valid_to": NIGHT}, []), ({"valid_from": ago(5)}, [draw(5)])])
def test_a_listed_offer_that_is_over_or_was_taken_is_not_open(given, drawn):
    assert offers(drawn=drawn, released=[listed(**given)]) == {}


def test_an_invitation_is_taken_by_a_loan_before_the_next_one():
    found = {row["offer_id"]: (row["recency"], row["drawn_on"], row["is_taken"]) for row in mine(
        [own(50, "o1"), own(20, "o2"), own(9, "o3")], [draw(30), draw(5), draw(2)]).collect()}
    assert found == {"o1": (3, ago(30), True),        # before o2 was sent
                     "o2": (2, ago(5), False),        # after o3 was sent: that is what was taken
                     "o3": (1, ago(5), True)}


def waits(caps, *invited):
    caps = [FrequencyCap(days, at_most) for days, at_most in caps]
    rows = allowed_from(mine(invited), caps, NIGHT).collect()
    return {row["user_id"]: row["may_be_sent_from"] for row in rows}


@pytest.mark.parametrize(("caps", "first"), [
    ([(30, 1)], 25),            # the newest was 5 days ago
    ([(30, 2)], 20),            # two in 30 days: the newest but one was 10 days ago
    ([(30, 3)], None),          # that one was 40 days ago
    ([(7, 1), (60, 3)], 20),    # after 7 days the first would allow it, the second after 60
    ([(5, 1)], None),           # the night is the fifth day after
    ([(6, 1)], 1), ([], None)])
def test_another_may_be_sent_when_every_cap_allows_it(caps, first):
    found = waits(caps, own(5, "o1"), own(10, "o2"), own(40, "o3"))
    assert found == ({} if first is None else {"anna": NIGHT + dt.timedelta(days=first)})


def test_invitations_of_partners_do_not_count_towards_ours():
    assert waits([(30, 1)], sent(ago(5))) == {}
