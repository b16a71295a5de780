"""Bound cards: what is bound, since when, and what was given up lately, worked by hand."""

import datetime as dt

import pytest

from jobs.contracts import feeds
from jobs.features import cards
from jobs.features.point_in_time import visible
from jobs.session import session

AS_OF = dt.date(2026, 6, 30)


def card(name, day, action="bind", kind="credit", bank="icbc", limit=None, verified=True,
         phone=None):
    return ("anna", day, name, action, kind, bank, limit, verified, None, phone, 30, "female",
            None, None, None, day, None)


def of_anna(*rows, as_of=AS_OF):
    spine = session().createDataFrame([("anna", as_of)], "user_id string, as_of_date date")
    told = session().createDataFrame(list(rows), feeds.facts(feeds.BOUND_CARDS).spark_schema)
    (found,) = cards.build(visible(spine, told, feeds.BOUND_CARDS.key)).collect()
    return found.asDict()


OLD = card("old", dt.date(2026, 1, 1), limit=100_000, phone="p1")
NEW = card("new", dt.date(2026, 6, 10), kind="debit", bank="ccb", verified=False, phone="p1")
GONE = (card("gone", dt.date(2025, 12, 1), bank="boc", limit=500_000, phone="p2"),
        card("gone", dt.date(2026, 6, 5), action="unbind", bank="boc", limit=500_000, phone="p2"))


def test_only_the_cards_bound_now_count():
    found = of_anna(OLD, NEW, *GONE)
    assert {name: found[name] for name in (
        "bound_card_count", "bound_credit_card_count", "bound_debit_card_count",
        "verified_card_count", "card_bank_count", "card_phone_count", "card_limit_sum_minor",
        "limit", "age_years")} == {
            "bound_card_count": 2, "bound_credit_card_count": 1, "bound_debit_card_count": 1,
            "verified_card_count": 1, "card_bank_count": 2, "card_phone_count": 1,
            "card_limit_sum_minor": 100_000, "limit": 100_000, "age_years": 30}
    # From the first of January to the 30th of June: 31 + 28 + 31 + 30 + 31 + 29 days.
    assert (found["oldest_card_days"], found["newest_card_days"]) == (180, 20)


@pytest.mark.parametrize(("days", "counts"), [(29, (1, 1, 1)), (30, (0, 1, 1)), (90, (0, 0, 1)),
                                              (365, (0, 0, 0))])
def test_a_card_given_up_counts_for_as_long_as_the_window(days, counts):
    bound = card("gone", dt.date(2025, 1, 1))
    given_up = card("gone", AS_OF - dt.timedelta(days=days), action="unbind")
    found = of_anna(bound, given_up)
    assert tuple(found[f"unbound_card_count_{window}d"] for window in (30, 90, 365)) == counts
    assert (found["bound_card_count"], found["limit"], found["oldest_card_days"]) == (0, None, None)


def test_a_card_told_of_again_is_as_old_as_its_first_binding():
    again = card("old", dt.date(2026, 6, 1), limit=300_000)
    found = of_anna(OLD, again)
    assert (found["bound_card_count"], found["oldest_card_days"], found["limit"]) == (
        1, 180, 300_000)


def test_before_it_was_unbound_a_card_was_bound():
    found = of_anna(*GONE, as_of=dt.date(2026, 6, 4))
    assert (found["bound_card_count"], found["unbound_card_count_365d"]) == (1, 0)
