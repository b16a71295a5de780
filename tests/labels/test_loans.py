"""Default by a stated definition and the loss after it, worked by hand."""

import datetime as dt

import pytest

from jobs.policies.outcomes import DefaultDefinition, OutcomeRules
from tests.labels.rows import loan, observed, of_anna, outcome, sent

JANUARY, NIGHT = dt.date(2025, 1, 1), dt.date(2026, 6, 30)
#: 90 days past due within 12 months: a loan of January 1st is followed to January 1st.
STATED = OutcomeRules(DefaultDefinition(90, 12))
#: The same with 30 days of recovery.
QUICK = OutcomeRules(DefaultDefinition(90, 12), recovery_days=30)


def day(number):
    """The so-many-th day after January 1st, 2025."""
    return JANUARY + dt.timedelta(days=number)


def drawn(on=JANUARY, **given):
    return loan(on, drawn=10_000, owed=10_000, **given)


def lent(*days, rules=STATED, told_until=NIGHT, **given):
    return of_anna(JANUARY, days=[drawn(), *days], rules=rules, told_until=told_until,
                   as_of=NIGHT, begin=JANUARY, **given)


@pytest.mark.parametrize(("past_due", "on", "is_default"), [
    (90, day(200), True), (89, day(200), False), (90, day(365), True), (90, day(366), False)])
def test_ninety_days_past_due_within_twelve_months_is_a_default(past_due, on, is_default):
    assert lent(loan(on, owed=10_000, overdue=past_due))["is_default"] is is_default


def test_a_write_off_is_a_default_before_ninety_days_too():
    assert lent(loan(day(80), owed=0, overdue=60))["is_default"] is True


def test_a_loan_that_was_paid_off_in_arrears_is_no_write_off():
    assert lent(loan(day(80), repaid=10_000, owed=0, overdue=60))["is_default"] is False


@pytest.mark.parametrize("days", [[], [loan(day(120), owed=10_000, overdue=95)],
                                  [loan(day(30), repaid=10_000, owed=0)]],
                         ids=["on time", "in default", "paid off"])
def test_an_open_window_has_no_outcome_whatever_is_seen_already(days):
    found = lent(*days, told_until=day(364))
    assert (found["performance_window"], found["is_default"]) == ("open", None)
    found = lent(*days, told_until=day(365))
    assert (found["performance_window"], found["default_source"]) == ("closed", "stated")


def test_an_arrears_row_that_was_corrected_is_no_default():
    wrong = loan(day(200), owed=10_000, overdue=90)
    right = loan(day(200), owed=10_000, overdue=9, delivered=day(230))
    assert lent(wrong, right)["is_default"] is False


def test_arrears_told_of_after_the_night_do_not_count():
    late = loan(day(200), owed=10_000, overdue=90, delivered=NIGHT + dt.timedelta(days=1))
    assert lent(late)["is_default"] is False


def test_the_stated_definition_takes_the_place_of_the_delivered_one_about_the_same_loan():
    told = [outcome(True, JANUARY, day(364))]
    assert lent(outcomes=told)["is_default"] is False
    found = lent(outcomes=told, rules=OutcomeRules())
    assert (found["is_default"], found["default_source"]) == (True, "delivered")


def test_an_open_loan_is_not_closed_by_a_delivered_outcome():
    told = [outcome(True, JANUARY, day(30))]
    assert lent(outcomes=told, told_until=day(364))["is_default"] is None


def test_a_delivered_outcome_about_no_loan_we_follow_stays():
    found = observed(outcomes=[outcome(True, JANUARY, day(364), user="ben")], rules=STATED,
                     as_of=NIGHT)
    assert found[("ben", JANUARY)]["is_default"] is True
    assert found[("ben", JANUARY)]["default_source"] == "delivered"


def test_of_two_loans_of_a_month_one_default_is_a_default():
    found = lent(drawn(loan_id="l2"), loan(day(200), owed=10_000, overdue=90, loan_id="l2"))
    assert found["is_default"] is True


IN_DEFAULT = loan(day(120), owed=8_000, overdue=90)


@pytest.mark.parametrize(("days", "loss"), [
    ([], 1.0),
    ([loan(day(130), repaid=2_000, owed=6_000, overdue=100)], 0.75),     # 2,000 of 8,000 back
    ([loan(day(150), repaid=2_000, owed=6_000, overdue=120)], 0.75),     # day 30: in
    ([loan(day(151), repaid=2_000, owed=6_000, overdue=121)], 1.0),      # day 31: out
    ([loan(day(130), repaid=8_100, owed=0)], 0.0),                       # with interest
    ([loan(day(130), repaid=500, owed=7_500)], 0.0),                     # arrears paid up: cured
    ([loan(day(130), repaid=2_000, owed=6_000, overdue=100), loan(day(140), overdue=110),
      loan(day(145), repaid=1_000)], 0.75)],                             # written off, then 1,000
    ids=["nothing back", "a part", "on the last day", "a day late", "all", "cured",
         "after the write-off"])
def test_the_loss_is_what_thirty_days_did_not_bring_back(days, loss):
    assert lent(IN_DEFAULT, *days, rules=QUICK)["loss_given_default_ratio"] == loss


def test_what_was_repaid_before_the_default_is_no_recovery():
    days = [loan(day(60), repaid=2_000, owed=8_000), IN_DEFAULT]
    assert lent(*days, rules=QUICK)["loss_given_default_ratio"] == 1.0


def test_a_write_off_as_the_first_news_loses_what_was_owed_before():
    days = [loan(day(60), repaid=4_000, owed=6_000), loan(day(120), owed=0, overdue=90)]
    assert lent(*days, rules=QUICK)["loss_given_default_ratio"] == 1.0


def test_who_never_defaulted_has_no_loss_to_learn_from():
    found = lent(loan(day(40), owed=10_000, overdue=20), loan(day(60), repaid=10_000, owed=0))
    assert (found["loss_given_default_ratio"], found["recovery_window"]) == (None, None)


def cohort(told_until):
    """Two defaults of January: Anna pays up within days, Ben pays nothing."""
    days = [drawn(), IN_DEFAULT, loan(day(130), repaid=8_000, owed=0),
            drawn(loan_id="l2", user="ben"),
            loan(day(340), owed=8_000, overdue=90, loan_id="l2", user="ben")]
    found = observed(days=days, rules=QUICK, told_until=told_until, as_of=NIGHT, begin=JANUARY)
    return [found[(user, JANUARY)]["loss_given_default_ratio"] for user in ("anna", "ben")]


def test_losses_of_a_cohort_are_known_together_so_that_the_quick_do_not_stand_for_all():
    assert cohort(told_until=day(369)) == [None, None]
    assert cohort(told_until=day(370)) == [0.0, 1.0]


def test_without_a_stated_definition_the_first_day_past_due_is_the_day_of_default():
    days = [loan(day(40), owed=10_000, overdue=1), loan(day(60), repaid=2_500, owed=7_500,
                                                        overdue=21)]
    told = [outcome(True, JANUARY, day(364))]
    assert lent(*days, outcomes=told, rules=OutcomeRules())["loss_given_default_ratio"] == 0.75


def test_the_default_stands_in_the_row_of_the_invitation():
    found = lent(loan(day(200), owed=10_000, overdue=90), invited=[sent(JANUARY)])
    assert (found["is_accepted"], found["is_default"], found["offered_limit_minor"]) == (
        True, True, 30_000)
