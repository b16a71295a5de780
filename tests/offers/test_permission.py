"""Suppression lists and closed channels: who must not be invited, as the night knows it."""

import datetime as dt

import pytest

from jobs.contracts import feeds
from jobs.labels.known import known
from jobs.offers.permission import barriers, counts
from jobs.session import session

NIGHT = dt.date(2026, 6, 30)


def day(number):
    return dt.date(2026, 6, number)


def frame(feed, rows):
    told = session().createDataFrame(list(rows), feeds.facts(feed).spark_schema)
    return known(told, feed.key, NIGHT)


def entry(number, user="anna", national_id=None, on=day(1), name="fraud", action="added",
          delivered=None, voided=None):
    return (f"e{number}", user, national_id, on, name, action, delivered or on, voided)


def card(user, national_id):
    return (user, day(1), f"card of {user}", "bind", "debit", None, None, True, national_id, None,
            30, None, None, None, None, day(1), None)


def lists(*entries, cards=(("anna", "ID-A"), ("ben", None))):
    return {row["user_id"]: (row["suppressions"], row["student_lists"])
            for row in counts(barred(entries, (), cards)).collect()}


def barred(entries, opt_outs, cards=()):
    return barriers(frame(feeds.SUPPRESSIONS, entries),
                    frame(feeds.BOUND_CARDS, [card(*one) for one in cards]),
                    frame(feeds.MARKETING_OPT_OUTS, opt_outs))


def test_a_person_is_barred_by_user_id():
    assert lists(entry(1)) == {"anna": (1, 0)}


def test_a_person_is_barred_by_the_national_id_on_a_card():
    assert lists(entry(1, user=None, national_id="ID-A")) == {"anna": (1, 0)}


def test_a_national_id_bars_everyone_whose_card_carries_it():
    found = lists(entry(1, user=None, national_id="ID-A"),
                  cards=[("anna", "ID-A"), ("anna_two", "ID-A"), ("ben", "ID-B")])
    assert sorted(found) == ["anna", "anna_two"]


def test_a_national_id_that_nobody_has_bars_nobody():
    assert lists(entry(1, user=None, national_id="ID-Z")) == {}


def test_an_entry_with_both_names_is_one():
    assert lists(entry(1, national_id="ID-A")) == {"anna": (1, 0)}


def test_lists_add_up_and_students_stand_apart():
    assert lists(entry(1), entry(2, name="staff"), entry(3, name="student")) == {"anna": (2, 1)}


def test_who_was_taken_off_a_list_is_free_again_whatever_name_it_was_by():
    assert lists(entry(1, user=None, national_id="ID-A"),
                 entry(2, on=day(9), action="removed")) == {}
    assert lists(entry(1, on=day(9)), entry(2, on=day(3), action="removed")) == {"anna": (1, 0)}


def test_of_one_day_the_addition_counts():
    assert lists(entry(1, on=day(9)), entry(2, on=day(9), action="removed")) == {"anna": (1, 0)}


def test_an_entry_that_is_told_after_the_night_is_not_known():
    assert lists(entry(1, delivered=dt.date(2026, 7, 1))) == {}


def test_an_entry_that_was_taken_back_does_not_count():
    assert lists(entry(1, voided=day(30))) == {}


def out(channel="all", action="out", on=day(1), delivered=None):
    return ("anna", on, channel, action, delivered or on, None)


@pytest.mark.parametrize(("told", "closed"), [
    ([out()], 3),
    ([out("sms")], 1),
    ([out("sms"), out("push"), out("in_app")], 3),
    ([out(), out("push", "in", day(2))], 2),                # push is wanted again
    ([out("push", "in"), out("all", "out", day(2))], 3),    # all comes later than push
    ([out(), out("all", "in", day(2))], 0),
    ([out(), out("all", "in", day(2)), out("sms", "out", day(3))], 1),
    ([out("sms"), out("all", "in")], 1),                    # of one day the refusal counts
    ([out(delivered=dt.date(2026, 7, 1))], 0),
])
def test_of_each_channel_the_newest_action_counts(told, closed):
    rows = counts(barred((), told)).collect()
    assert [row["closed_channels"] for row in rows] == ([closed] if closed else [])
    assert [len(row["closed_channel_names"]) for row in rows] == ([closed] if closed else [])


def test_closed_channels_are_named_in_order():
    (row,) = counts(barred([entry(1)], [out("sms"), out("in_app")])).collect()
    assert row.asDict() == {"user_id": "anna", "suppressions": 1, "student_lists": 0,
                            "closed_channels": 2, "closed_channel_names": ["in_app", "sms"]}


def test_each_barrier_has_the_day_of_the_entry_in_force():
    rows = barred([entry(1, on=day(2)), entry(2, user=None, national_id="ID-A", on=day(5)),
                   entry(3, name="student", on=day(3))],
                  [out("sms", on=day(1)), out("all", on=day(4)), out("push", "in", day(6))],
                  [("anna", "ID-A")]).collect()
    assert sorted((row["list_name"], row["listed_on"]) for row in rows) == [
        ("fraud", day(5)), ("opt_out_in_app", day(4)), ("opt_out_sms", day(4)),
        ("student", day(3))]
