"""Money in and out of the bound bank accounts: balances carry over from day to day.

Salaries come on a payday, other income by chance; spending is a share of what is there, larger
for those in need, so that no account ever falls below zero.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa

from jobs.contracts import feeds
from jobs.simulate import identity
from jobs.simulate.blocks import Block, Stream
from jobs.simulate.columns import (DAILY_DIRT, Floats, Integers, codes, dirty, minor, moments,
                                   record_ids)
from jobs.simulate.people import FREELANCER, OWNER, People, STUDENT
from jobs.simulate.setting import Setting

_SPENDING = ("rent", "utilities", "groceries", "leisure", "cash", "loan", "investment", "fee",
             "other", "transfer", "salary")
_SPENDING_SHARE = np.cumsum((0.05, 0.08, 0.32, 0.18, 0.10, 0.06, 0.04, 0.03, 0.08, 0.06))
_TRANSFER, _SALARY = 9, 10
#: Share of people who spend from the account on a day.
_SPENDS = 0.30
#: Paydays are from the 1st to the 28th, half of them between the 10th and the 15th.
_LAST_PAYDAY = 28


def first_balances(block: Block, people: People) -> Integers:
    """Balances at the start of the city, 1/100 CNY."""
    rng = block.rng(Stream.FIRST_ACCOUNTS)
    months = np.exp(0.3 + 0.3 * people.income - 0.5 * people.need
                    + 0.5 * rng.standard_normal(len(people)))
    return minor((people.monthly_income_cny * months).round(2))


def account_flows(at: Setting, day: dt.date, balance: Integers
                  ) -> tuple[pa.Table | None, Integers]:
    """The day's bookings.

    Args:
        at: The block.
        day: When they happen.
        balance: Of each person the evening before, 1/100 CNY.

    Returns:
        The rows, and everyone's balance in the evening.
    """
    people, rng, users = at.people, at.block.rng(Stream.ACCOUNTS, day.toordinal()), len(at.people)
    income = _income(at, day, rng)
    earned = np.flatnonzero(income > 0)
    after_income = balance + income
    spends = (rng.random(users) < _SPENDS) & (after_income > 100)
    share = rng.beta(1.2, 6.0, users) * np.exp(0.35 * people.need).clip(0.4, 2.5)
    spent = np.where(spends, (after_income * share.clip(max=0.8)).astype(np.int64), 0)
    spender = np.flatnonzero(spent > 0)
    after = after_income - spent
    who = np.concatenate([earned, spender])
    rows = len(who)
    if not rows:
        return None, after
    kind = np.concatenate([
        np.where(_is_salaried(people)[earned], _SALARY, _TRANSFER),
        np.searchsorted(_SPENDING_SHARE[:-1], rng.random(len(spender)))])
    hour = np.concatenate([rng.uniform(8, 10, len(earned)), rng.uniform(10, 23, len(spender))])
    columns = {
        "flow_id": record_ids("f", day, at.block.number, rows),
        "user_id": at.ids.take(pa.array(who)), "event_at": moments(day, hour * 3600),
        "account_number": identity.accounts(people.number[who]),
        "amount_minor": np.concatenate([income[earned], -spent[spender]]),
        "balance_after_minor": np.concatenate([after_income[earned], after[spender]]),
        "category": codes(kind, _SPENDING)}
    return dirty(rng, feeds.ACCOUNT_FLOWS, columns, "amount_minor", -10**13, DAILY_DIRT), after


def _income(at: Setting, day: dt.date, rng: np.random.Generator) -> Integers:
    """What comes in on the day, 1/100 CNY: salaries on paydays, the rest by chance."""
    people, users = at.people, len(at.people)
    payday = np.where(people.number % 2 == 0, 10 + people.number // 2 % 6,
                      1 + people.number % _LAST_PAYDAY)
    is_paid = _is_salaried(people) & (payday == day.day)
    is_lucky = ~_is_salaried(people) & (rng.random(users) < 0.12)
    part = np.where(is_paid, 1.0, rng.gamma(2.0, 0.125, users))
    steady: Floats = people.monthly_income_cny * part
    return np.where(is_paid | is_lucky, minor(steady), 0)


def _is_salaried(people: People) -> np.ndarray:
    return ~np.isin(people.occupation, (FREELANCER, OWNER, STUDENT))
