"""How people use a card, month by month: balances, payments, months past due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from jobs.simulate.blocks import Block, Stream, month_end, month_first
from jobs.simulate.columns import Booleans, Floats, Integers, minor, sigmoid
from jobs.simulate.people import People

#: Months lived before the first statement, so that arrears have reached their usual level.
MONTHS_BEFORE = 8
_MOST_MONTHS_OVERDUE = 8
_INTEREST_MONTHLY = 0.0155
_MINIMUM_PAYMENT = 0.1


@dataclass(frozen=True)
class Habits:
    """How a person uses a card; one entry a person.

    Attributes:
        limit_cny: Of the card.
        spending: Share of the limit spent in an ordinary month.
        paid_ratio: Share of the balance paid.
        is_idle: Never uses it.
        miss: Log odds to miss a payment.
        roll: Log odds to stay past due one month more.
    """

    limit_cny: Floats
    spending: Floats
    paid_ratio: Floats
    is_idle: Booleans
    miss: Floats
    roll: Floats


@dataclass(frozen=True)
class CardLife:
    """Months in rows (oldest first), people in columns.

    Attributes:
        first_month: The month of the first row.
        balance_minor: Statement balance, 1/100 CNY.
        payment_minor: Paid in the month, 1/100 CNY; settles the balance before.
        repayment_status: -2 no use, -1 paid in full, 0 revolving, n = n months past due.
    """

    first_month: int
    balance_minor: Integers
    payment_minor: Integers
    repayment_status: Integers

    def until(self, month: int) -> CardLife:
        """The months before a month, the newest six of them."""
        end = month - self.first_month
        part = slice(max(0, end - 6), end)
        return CardLife(self.first_month + part.start, self.balance_minor[part],
                        self.payment_minor[part], self.repayment_status[part])


def habits(rng: np.random.Generator, people: People) -> Habits:
    """Draw how people use their card."""
    users = len(people)
    need, income, stability = people.need, people.income, people.stability
    return Habits(
        people.card_limit_cny.astype(np.float64),
        sigmoid(-1.1 + 0.9 * need - 0.4 * income + 0.5 * rng.standard_normal(users)),
        sigmoid(0.9 + 1.1 * stability - 0.9 * need + 0.4 * income
                + 0.5 * rng.standard_normal(users)),
        rng.random(users) < 0.06,
        -4.3 - 0.6 * stability + 0.5 * need - 0.4 * income - 0.2 * people.honesty,
        -0.75 - 0.4 * stability + 0.3 * need - 0.3 * income)


def live(habits: Habits, first_month: int, months: int,
         rng_of: Callable[[int], np.random.Generator],
         stress_of: Callable[[int], float] = lambda month: 0.0) -> CardLife:
    """Live through the months and return the card's statements and repayment status.

    Months past due are a Markov chain: on time one may miss a payment, past due one pays up or
    rolls one month further; how likely follows from the traits and the times.

    Args:
        habits: Of everyone.
        first_month: The first month to return; life begins `MONTHS_BEFORE` earlier.
        months: How many to return.
        rng_of: The generator of a month: a month is drawn alike however many follow.
        stress_of: What a month adds to the log odds of a missed payment.
    """
    users = len(habits.limit_cny)
    balance: Floats = np.zeros(users)
    overdue: Integers = np.zeros(users, np.int64)
    lived: list[tuple[Floats, Floats, Integers]] = []
    for month in range(first_month - MONTHS_BEFORE, first_month + months):
        rng, stress, owed = rng_of(month), stress_of(month), balance
        chance = rng.random(users)
        odds = np.where(overdue > 0, habits.roll, habits.miss) + stress
        is_missed = (owed > 0) & (chance < sigmoid(odds))
        overdue = np.where(is_missed, overdue + 1, 0).clip(max=_MOST_MONTHS_OVERDUE)
        # Who pays up after arrears pays little; who pays most of it anyway pays all of it.
        share = np.where(habits.paid_ratio > 0.75, 1.0,
                         np.maximum(habits.paid_ratio, _MINIMUM_PAYMENT))
        payment = np.where(is_missed, 0.0, np.round(owed * share, 2))
        spending = (habits.limit_cny * habits.spending * rng.gamma(3.0, 0.15, users)
                    * ~habits.is_idle * (overdue < 2))
        carried = (owed - payment) * (1 + _INTEREST_MONTHLY)
        balance = np.maximum(carried, np.minimum(carried + spending, habits.limit_cny)).round(2)
        status = np.select([overdue > 0, (owed == 0) & (balance == 0), payment >= owed],
                           [overdue, np.full(users, -2), np.full(users, -1)], 0)
        if month >= first_month:
            lived.append((balance, payment, status))
    balances, payments, statuses = (np.stack(part) for part in zip(*lived))
    return CardLife(first_month, minor(balances), minor(payments), statuses.astype(np.int64))


def life(block: Block, people: People, end_month: int) -> CardLife:
    """The card life of a block, all months before `end_month` that are delivered."""
    city = block.city

    def stress(month: int) -> float:
        first = month_first(month)
        return float(city.world.stress(first, month_end(month).day).mean())

    return live(habits(block.rng(Stream.HABITS), people), city.first_month,
                end_month - city.first_month,
                lambda month: block.rng(Stream.CARD_MONTH, month), stress)


def strain(life: CardLife, month: int, limit_cny: Integers) -> Floats:
    """What a card's last six months before a month add to the log hazard of default."""
    known = life.until(month)
    overdue = known.repayment_status.clip(min=0)
    fullness = known.balance_minor[-1] / (100.0 * limit_cny)
    return np.asarray(0.45 * overdue[-1].clip(max=3) + 0.15 * (overdue > 0).sum(axis=0)
                      + 0.4 * fullness)
