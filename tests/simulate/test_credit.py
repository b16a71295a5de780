"""The life of a card: arrears grow by one or end, and what is paid is paid."""

import dataclasses
import datetime as dt

import numpy as np
import pytest

from jobs.simulate import credit, people as city_people
from jobs.simulate.blocks import City, month_end, month_first, month_of


JUNE = month_of(dt.date(2026, 6, 1))


def life(users, months, **traits):
    """Cards of 10,000 CNY of people who are all alike, with the traits given."""
    block = City(users, dt.date(2026, 6, 1), 1).blocks()[0]
    hidden = {"income": 0.0, "stability": 0.0, "need": 0.0, "honesty": 0.0, **traits}
    people = dataclasses.replace(
        city_people.draw(block), card_limit_cny=np.full(users, 10_000),
        **{name: np.full(users, level) for name, level in hidden.items()})
    return credit.live(credit.habits(np.random.default_rng(1), people), JUNE, months,
                       np.random.default_rng)


def test_need_and_little_stability_fill_the_card():
    calm = life(500, 6, stability=1.0, need=-1.0).balance_minor.mean()
    assert life(500, 6, stability=-1.0, need=1.0).balance_minor.mean() > 2 * calm


def test_months_past_due_grow_by_one_or_end():
    status = life(2000, 12, stability=-2.0, need=2.0).repayment_status
    before, after = status[:-1].clip(min=0), status[1:].clip(min=0)
    assert (before > 0).sum() > 500 and (after - before == 1).any()
    assert ((after == 0) | (after == np.minimum(before + 1, 8))).all()


def test_a_month_past_due_is_a_month_without_payment():
    found = life(2000, 6, stability=-2.0, need=2.0)
    assert (found.payment_minor[found.repayment_status > 0] == 0).all()


def test_paid_in_full_is_paid_to_the_last_cent():
    found = life(500, 6, stability=2.0)
    is_full = found.repayment_status[1:] == -1
    assert is_full.sum() > 1000
    assert (found.payment_minor[1:] == found.balance_minor[:-1])[is_full].all()


def test_a_month_is_lived_alike_however_many_follow():
    short, long = life(200, 3), life(200, 9)
    assert (short.balance_minor == long.balance_minor[:3]).all()


def test_strain_by_hand():
    """Two months late now and one before: 0.45 * 2 + 0.15 * 2, and a card half full: 0.4 * 0.5."""
    found = credit.CardLife(JUNE, np.array([[100_000], [500_000]]), np.zeros((2, 1), int),
                            np.array([[1], [2]]))
    assert credit.strain(found, JUNE + 2, np.array([10_000])) == pytest.approx([1.4])


@pytest.mark.parametrize(("day", "first", "end"), [
    ("2026-02-15", "2026-02-01", "2026-02-28"), ("2024-02-29", "2024-02-01", "2024-02-29"),
    ("2025-12-31", "2025-12-01", "2025-12-31")])
def test_months_are_the_calendar_s(day, first, end):
    month = month_of(dt.date.fromisoformat(day))
    assert (month_first(month).isoformat(), month_end(month).isoformat()) == (first, end)
