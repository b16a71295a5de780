"""The people of the simulated city: who they are, how they use a card, how their loans go.

Everything follows from three hidden traits, standard normal: *income*, *stability* and *need* for
credit. No feed shows a trait; limits, balances, payments and months past due are its traces.

The same generator state gives the same people; nothing here knows a date.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

#: The bureau covers 300 M people of 800 M.
BUREAU_SHARE = 0.375
PILOT_SHARE = 0.4
DEFAULT_RATE = 0.03
SMALLEST_LIMIT_CNY, LARGEST_LIMIT_CNY = 3_000, 200_000
#: Months lived before the first statement, so that arrears have reached their usual level.
_MONTHS_BEFORE = 8
_MOST_MONTHS_OVERDUE = 8
_INTEREST_MONTHLY = 0.0155
_MINIMUM_PAYMENT = 0.1


@dataclass(frozen=True)
class People:
    """One entry a person in every array.

    Attributes:
        income: Hidden trait.
        stability: Hidden trait.
        need: Hidden trait, of those with little income rather more.
        age_years: 16 to 75: a few are outside any policy.
        card_limit_cny: Whole thousands.
        is_known_to_bureau: Whether the bureau has a file; rather the older, richer and stable.
        is_pilot_borrower: Whether an earlier pilot lent to them (adults only).
    """

    income: Floats
    stability: Floats
    need: Floats
    age_years: Integers
    card_limit_cny: Integers
    is_known_to_bureau: Booleans
    is_pilot_borrower: Booleans


@dataclass(frozen=True)
class CardLife:
    """Months in rows (oldest first), people in columns.

    Attributes:
        balance_minor: Statement balance, 1/100 CNY.
        payment_minor: Paid in the month, 1/100 CNY; settles the balance before.
        repayment_status: -2 no use, -1 paid in full, 0 revolving, n = n months past due.
    """

    balance_minor: Integers
    payment_minor: Integers
    repayment_status: Integers


def draw_people(rng: np.random.Generator, users: int) -> People:
    """Draw the city's people."""
    income, stability, other_need = rng.standard_normal((3, users))
    need = 0.95 * other_need - 0.3 * income
    age = 18 + np.floor(rng.gamma(2.2, 7.0, users)).clip(max=57).astype(np.int64)
    minors = rng.random(users) < 0.006
    age[minors] = rng.integers(16, 18, minors.sum())
    limit = np.exp(9.9 + 0.6 * income + 0.35 * stability + 0.45 * rng.standard_normal(users))
    standing = (0.07 * (age - 33) + 0.5 * income + 0.4 * stability
                + rng.standard_normal(users))
    known = np.zeros(users, bool)
    known[np.argsort(-standing, kind="stable")[:round(BUREAU_SHARE * users)]] = True
    return People(
        income, stability, need, age,
        (np.rint(limit / 1000).astype(np.int64) * 1000).clip(SMALLEST_LIMIT_CNY,
                                                             LARGEST_LIMIT_CNY),
        known, (rng.random(users) < PILOT_SHARE) & (age >= 18))


def live(rng: np.random.Generator, people: People, months: int) -> CardLife:
    """Live through the months and return the card's statements and repayment status.

    Months past due are a Markov chain: on time one may miss a payment, past due one pays up or
    rolls one month further; how likely follows from the traits.
    """
    users = len(people.need)
    limit = people.card_limit_cny.astype(np.float64)
    habit = _sigmoid(-1.1 + 0.9 * people.need - 0.4 * people.income
                     + 0.5 * rng.standard_normal(users))
    paid_ratio = _sigmoid(0.9 + 1.1 * people.stability - 0.9 * people.need + 0.4 * people.income
                          + 0.5 * rng.standard_normal(users))
    is_idle = rng.random(users) < 0.06
    miss = _sigmoid(-4.1 - 0.6 * people.stability + 0.5 * people.need - 0.4 * people.income)
    roll = _sigmoid(-0.7 - 0.4 * people.stability + 0.3 * people.need - 0.3 * people.income)
    balance: Floats = np.zeros(users)
    overdue: Integers = np.zeros(users, np.int64)
    balances: list[Floats] = []
    payments: list[Floats] = []
    statuses: list[Integers] = []
    for _ in range(_MONTHS_BEFORE + months):
        owed = balance
        chance = rng.random(users)
        is_missed = (owed > 0) & np.where(overdue > 0, chance < roll, chance < miss)
        overdue = np.where(is_missed, overdue + 1, 0).clip(max=_MOST_MONTHS_OVERDUE)
        # Who pays up after arrears pays little; who pays most of it anyway pays all of it.
        share = np.where(paid_ratio > 0.75, 1.0, np.maximum(paid_ratio, _MINIMUM_PAYMENT))
        payment = np.where(is_missed, 0.0, np.round(owed * share, 2))
        spending = limit * habit * rng.gamma(3.0, 0.15, users) * ~is_idle * (overdue < 2)
        carried = (owed - payment) * (1 + _INTEREST_MONTHLY)
        balance = np.maximum(carried, np.minimum(carried + spending, limit)).round(2)
        status = np.select([overdue > 0, (owed == 0) & (balance == 0), payment >= owed],
                           [overdue, np.full(users, -2), np.full(users, -1)], 0)
        balances.append(balance)
        payments.append(payment)
        statuses.append(status)
    return CardLife(_minor(np.stack(balances[_MONTHS_BEFORE:])),
                    _minor(np.stack(payments[_MONTHS_BEFORE:])),
                    np.stack(statuses[_MONTHS_BEFORE:]).astype(np.int64))


def default(rng: np.random.Generator, people: People, life: CardLife) -> Booleans:
    """Whether a loan taken after the life's last month would default in the window after it.

    The log odds follow from the traits, from months past due and from how full the card is; the
    constant is set so that `DEFAULT_RATE` of the pilot's borrowers are expected to default.
    """
    overdue = life.repayment_status.clip(min=0)
    fullness = life.balance_minor[-1] / (100.0 * people.card_limit_cny)
    odds = (-0.5 * people.stability + 0.4 * people.need - 0.35 * people.income
            + 0.45 * overdue[-1].clip(max=3) + 0.15 * (overdue > 0).sum(axis=0)
            + 0.4 * fullness)
    borrowers = odds[people.is_pilot_borrower]
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        is_high = _sigmoid(borrowers + middle).mean() > DEFAULT_RATE
        low, high = (low, middle) if is_high else (middle, high)
    return rng.random(len(odds)) < _sigmoid(odds + low)


def _sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


def _minor(cny: Floats) -> Integers:
    """CNY with two decimals into 1/100 CNY."""
    return np.rint(cny * 100).astype(np.int64)
