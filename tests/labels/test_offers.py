"""Answers to invitations and the share drawn: whose they are, and from when on they are known."""

import datetime as dt

import pytest

from jobs.policies.outcomes import OutcomeRules
from tests.labels.rows import MAY, loan, observed, of_anna, outcome, sent

DAY_30, DAY_31 = dt.date(2026, 5, 31), dt.date(2026, 6, 1)
JUNE = dt.date(2026, 6, 1)


@pytest.mark.parametrize(("drawn_on", "is_accepted"), [
    (MAY, True), (DAY_30, True), (DAY_31, False), (dt.date(2026, 4, 30), False)])
def test_a_loan_within_thirty_days_is_an_acceptance(drawn_on, is_accepted):
    found = of_anna(days=[loan(drawn_on, drawn=100, owed=100)], invited=[sent(MAY)])
    assert found["is_accepted"] is is_accepted


def test_the_policy_may_give_less_time_to_answer():
    days, rules = [loan(dt.date(2026, 5, 16), drawn=100, owed=100)], OutcomeRules(response_days=14)
    assert of_anna(days=days, invited=[sent(MAY)], rules=rules)["is_accepted"] is False


@pytest.mark.parametrize(("told_until", "window", "is_accepted"), [
    (dt.date(2026, 5, 30), "open", None), (DAY_30, "closed", True)])
def test_a_yes_counts_when_everyone_had_as_long_to_answer(told_until, window, is_accepted):
    days = [loan(MAY, drawn=100, owed=100)]
    found = of_anna(days=days, invited=[sent(MAY)], told_until=told_until)
    assert (found["response_window"], found["is_accepted"]) == (window, is_accepted)


def test_what_was_sent_before_loans_were_told_of_has_no_known_answer():
    found = of_anna(invited=[sent(MAY)], begin=dt.date(2026, 5, 2))
    assert (found["response_window"], found["is_accepted"]) == ("unknown", None)


def test_where_loans_are_never_told_of_nobody_has_refused():
    found = of_anna(invited=[sent(MAY)], begin=None, told_until=dt.date(1990, 1, 1))
    assert (found["response_window"], found["is_accepted"]) == ("unknown", None)


@pytest.mark.parametrize(("user", "lender"), [("ben", "partner"), ("anna", "own")])
def test_a_loan_of_somebody_or_somewhere_else_is_no_answer(user, lender):
    days = [loan(dt.date(2026, 5, 3), drawn=100, owed=100, user=user, lender=lender)]
    assert of_anna(days=days, invited=[sent(MAY)])["is_accepted"] is False


def test_a_loan_answers_the_newest_invitation_only():
    days = [loan(dt.date(2026, 5, 25), drawn=100, owed=100)]
    found = observed(days=days, invited=[sent(MAY), sent(dt.date(2026, 5, 20), "o2")])
    assert {day.day: row["is_accepted"] for (_, day), row in found.items()} == {1: False, 20: True}


def test_a_row_has_the_terms_and_the_weight_of_its_offer():
    found = of_anna(invited=[sent(MAY, limit=30_000, propensity=0.25)])
    assert (found["offered_limit_minor"], found["offered_rate_daily"], found["weight"]) == (
        30_000, 0.0003, 4.0)
    assert of_anna(invited=[sent(MAY, is_random=False)])["weight"] == 1.0


def test_of_two_invitations_of_a_day_the_random_one_is_learned_from():
    invited = [sent(MAY, "a", lender="own", is_random=False), sent(MAY, "b", propensity=0.5)]
    days = [loan(MAY, drawn=100, owed=100, lender="own")]
    found = of_anna(days=days, invited=invited)
    assert (found["weight"], found["is_accepted"]) == (2.0, False)


def test_an_invitation_that_was_corrected_counts_as_corrected():
    invited = [sent(MAY, limit=30_000), sent(MAY, limit=50_000, delivered=dt.date(2026, 5, 9))]
    assert of_anna(invited=invited)["offered_limit_minor"] == 50_000


def test_an_invitation_told_of_after_the_night_is_not_known():
    invited = [sent(MAY, delivered=dt.date(2026, 7, 1))]
    assert observed(invited=invited) == {}


def test_a_loan_told_of_late_is_an_acceptance_from_then_on():
    late = [loan(dt.date(2026, 5, 3), drawn=100, owed=100, delivered=dt.date(2026, 6, 20))]
    before = of_anna(days=late, invited=[sent(MAY)], as_of=dt.date(2026, 6, 19))
    since = of_anna(days=late, invited=[sent(MAY)], as_of=dt.date(2026, 6, 20))
    assert (before["is_accepted"], since["is_accepted"]) == (False, True)


def test_a_loan_whose_delivery_was_replaced_is_none_from_then_on():
    gone = [loan(dt.date(2026, 5, 3), drawn=100, owed=100, voided=dt.date(2026, 6, 20))]
    before = of_anna(days=gone, invited=[sent(MAY)], as_of=dt.date(2026, 6, 19))
    since = of_anna(days=gone, invited=[sent(MAY)], as_of=dt.date(2026, 6, 20))
    assert (before["is_accepted"], since["is_accepted"]) == (True, False)


@pytest.mark.parametrize(("second_on", "ratio"), [(DAY_30, 0.8), (DAY_31, 0.6)])
def test_the_share_drawn_is_that_of_the_first_thirty_days(second_on, ratio):
    days = [loan(MAY, drawn=6_000, owed=6_000), loan(second_on, drawn=2_000, owed=8_000)]
    assert of_anna(days=days, invited=[sent(MAY)])["drawn_ratio"] == ratio


def test_more_than_the_limit_is_all_of_it():
    days = [loan(MAY, drawn=6_000, owed=6_000), loan(DAY_30, drawn=6_000, owed=12_000)]
    assert of_anna(days=days)["drawn_ratio"] == 1.0


def test_the_share_drawn_is_not_known_before_the_thirtieth_day():
    days = [loan(MAY, drawn=6_000, owed=6_000)]
    assert of_anna(days=days, told_until=dt.date(2026, 5, 30))["drawn_ratio"] is None
    assert of_anna(days=days, told_until=DAY_30)["drawn_ratio"] == 0.6


def test_a_loan_without_an_invitation_is_dated_by_its_month_and_has_its_own_terms():
    found = of_anna(JUNE, days=[loan(dt.date(2026, 6, 9), drawn=100, owed=100)],
                    told_until=dt.date(2026, 7, 31), as_of=dt.date(2026, 7, 31))
    assert (found["is_accepted"], found["offered_limit_minor"], found["weight"]) == (
        None, 10_000, 1.0)


def test_a_loan_older_than_the_feed_has_no_known_beginning():
    days = [loan(MAY, owed=5_000), loan(dt.date(2026, 5, 9), drawn=100, owed=5_100)]
    assert observed(days=days) == {}


def test_an_invitation_and_a_delivered_outcome_of_one_day_are_one_row():
    days = [loan(dt.date(2026, 5, 3), drawn=5_000, owed=5_000)]
    found = observed(days=days, invited=[sent(MAY)], outcomes=[outcome(True)])
    (row,) = found.values()
    assert (row["is_default"], row["is_accepted"], row["drawn_ratio"], row["weight"]) == (
        True, True, 0.5, 4.0)
