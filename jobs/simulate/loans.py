"""Loans of partner lenders and of our own book, day by day.

Partner lenders give a small loan a month to the people they know, on terms drawn at random once a
person: this is the pilot that the first model learns from. A loan of theirs is drawn in the first
six days of a month, owes instalments over the 22 days after, and the rest after 30 days. Who
misses an instalment has defaulted; five of six pay up within a month, the others are written off.

Our own loans run for `lending.TERM_DAYS` with interest every 30 days and are written off 180 days
after default.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from jobs.contracts import feeds
from jobs.contracts.table import TYPES
from jobs.simulate import credit, lending
from jobs.simulate.blocks import Block, Stream, month_end, month_first, month_of
from jobs.simulate.columns import Booleans, Floats, Integers, codes, constant, numbered, table
from jobs.simulate.people import People

#: Adults to whom a partner lender makes its offers.
PARTNER_SHARE = 0.88
PARTNER_LIMITS_CNY = np.array([3_000.0, 5_000.0, 10_000.0, 20_000.0])
PARTNER_RATES_DAILY = np.array([0.0003, 0.0004, 0.0005])
#: Days of instalments of a partner's loan, and days until the rest is due.
PARTNER_TERM_DAYS, PARTNER_REPAID_DAYS = 22, 30
#: Cohorts before the first delivery, so that arrears have reached their usual level.
COHORTS_BEFORE = 4
_CURED_SHARE = 5 / 6
_DRAW_DAYS = 6
_INTEREST_EVERY_DAYS = 30
_PARTNER_WRITE_OFF_DAYS, _OWN_WRITE_OFF_DAYS = 75, 180
OWN, PARTNER = 0, 1


@dataclass(frozen=True)
class Loans:
    """One entry a loan; days are ordinals, 0 for never.

    Attributes:
        person: Place in the block.
        lender: OWN or PARTNER.
        limit_cny: Granted.
        rate_daily: Interest a day.
        balance_cny: Drawn.
        drawn_on: Day of the draw-down.
        repaid_on: Day on which the rest is due.
        default_on: First missed day.
        cured_on: Day on which the arrears were paid up.
        written_off_on: Day on which the lender gave up.
    """

    person: Integers
    lender: Integers
    limit_cny: Floats
    rate_daily: Floats
    balance_cny: Integers
    drawn_on: Integers
    repaid_on: Integers
    default_on: Integers
    cured_on: Integers
    written_off_on: Integers


def concatenated(parts: list[Loans]) -> Loans:
    """All loans in one."""
    return Loans(*(np.concatenate([getattr(part, one.name) for part in parts])
                   for one in fields(Loans)))


@dataclass(frozen=True)
class PartnerTerms:
    """What partner lenders offer, drawn once a person; one entry a person.

    Attributes:
        is_asked: Whether they invite the person, every month.
        limit_cny: Offered.
        rate_daily: Offered, interest a day.
        accept: The person's luck, see `lending.Luck`.
    """

    is_asked: Booleans
    limit_cny: Floats
    rate_daily: Floats
    accept: Floats


def partner_terms(block: Block, people: People) -> PartnerTerms:
    """Whom partner lenders ask, and on which terms."""
    rng, users = block.rng(Stream.PARTNER_TERMS), len(people)
    is_asked = (rng.random(users) < PARTNER_SHARE) & (people.age_years >= 18)
    limit = PARTNER_LIMITS_CNY[rng.integers(0, len(PARTNER_LIMITS_CNY), users)]
    rate = PARTNER_RATES_DAILY[rng.integers(0, len(PARTNER_RATES_DAILY), users)]
    return PartnerTerms(is_asked, limit, rate, rng.random(users))


def partner_loans(block: Block, people: People, life: credit.CardLife, last: dt.date) -> Loans:
    """All partner loans drawn in the months up to that of the last day."""
    terms = partner_terms(block, people)
    first = month_of(block.city.first_delivery) - COHORTS_BEFORE
    return concatenated([_cohort(block, people, life, month, terms)
                         for month in range(first, month_of(last) + 1)])


def _cohort(block: Block, people: People, life: credit.CardLife, month: int,
            terms: PartnerTerms) -> Loans:
    rng, users = block.rng(Stream.PARTNER_COHORT, month), len(people)
    limit, rate = terms.limit_cny, terms.rate_daily
    luck = lending.Luck(terms.accept, rng.standard_normal(users), rng.standard_exponential(users))
    clock = block.city.world.clock(month_first(month), PARTNER_TERM_DAYS)
    strain = credit.strain(life, month, people.card_limit_cny)
    found = lending.outcome(people, strain, luck, limit, rate, clock)
    is_cured, cured_after = rng.random(users) < _CURED_SHARE, rng.integers(3, 25, users)
    person = np.flatnonzero(terms.is_asked & found.is_accepted & (found.balance_cny > 0))
    drawn = month_first(month).toordinal() + people.number[person] % _DRAW_DAYS
    is_default = found.default_day[person] > 0
    default_on = np.where(is_default, drawn + found.default_day[person], 0)
    is_cured = is_default & is_cured[person]
    return Loans(person, np.full(len(person), PARTNER), limit[person], rate[person],
                 found.balance_cny[person], drawn, drawn + PARTNER_REPAID_DAYS, default_on,
                 np.where(is_cured, default_on + cured_after[person], 0),
                 np.where(is_default & ~is_cured, default_on + _PARTNER_WRITE_OFF_DAYS, 0))


def own_loans(block: Block, people: People, life: credit.CardLife, lent_on: dt.date,
              person: Integers, limit_cny: Floats, rate_daily: Floats) -> Loans:
    """What comes of our offers: the loans of those who accept.

    Args:
        block: Whose people they are.
        people: All of the block.
        life: Their cards.
        lent_on: First day of the loans.
        person: Places of the invited.
        limit_cny: Offered to each of these.
        rate_daily: Offered to each of these.
    """
    limit, rate = np.full(len(people), 1.0), np.zeros(len(people))
    limit[person], rate[person] = limit_cny, rate_daily
    clock = block.city.world.clock(lent_on, lending.TERM_DAYS)
    strain = credit.strain(life, month_of(lent_on), people.card_limit_cny)
    found = lending.outcome(people, strain, lending.own_luck(block), limit, rate, clock)
    taken = person[(found.is_accepted & (found.balance_cny > 0))[person]]
    drawn = np.full(len(taken), lent_on.toordinal())
    is_default = found.default_day[taken] > 0
    default_on = np.where(is_default, drawn + found.default_day[taken], 0)
    return Loans(taken, np.full(len(taken), OWN), limit[taken], rate[taken],
                 found.balance_cny[taken], drawn, drawn + lending.TERM_DAYS, default_on,
                 np.zeros_like(drawn), np.where(is_default, default_on + _OWN_WRITE_OFF_DAYS, 0))


def loan_days(loans: Loans, people: People, ids: pa.Array, days: list[dt.date]
              ) -> pa.Table | None:
    """Rows of loan_days for the loans on which something changed on these days."""
    found = [_day(loans, people, ids, day) for day in days]
    rows = [one for one in found if one is not None]
    return pa.concat_tables(rows) if rows else None


def _day(loans: Loans, people: People, ids: pa.Array, day: dt.date) -> pa.Table | None:
    today = day.toordinal()
    since_default = today - loans.default_on
    has_defaulted = (loans.default_on > 0) & (since_default >= 0)
    is_drawn, is_cured = loans.drawn_on == today, loans.cured_on == today
    is_written_off = loans.written_off_on == today
    is_open_arrears = (has_defaulted & ((loans.cured_on == 0) | (today < loans.cured_on))
                       & ((loans.written_off_on == 0) | (today < loans.written_off_on)))
    is_overdue = is_open_arrears & (since_default % 7 == 0)
    is_repaid = (loans.repaid_on == today) & (loans.default_on == 0)
    held = today - loans.drawn_on
    is_interest = ((loans.lender == OWN) & (held > 0) & (held % _INTEREST_EVERY_DAYS == 0)
                   & (today < loans.repaid_on) & ~has_defaulted)
    place = np.flatnonzero(is_drawn | is_cured | is_written_off | is_overdue | is_repaid
                           | is_interest)
    if not len(place):
        return None
    balance = loans.balance_cny[place] * 100
    interest = np.rint(balance * loans.rate_daily[place] * _INTEREST_EVERY_DAYS).astype(np.int64)
    is_gone = (is_cured | is_written_off | is_repaid)[place]
    repaid = np.select([(is_repaid | is_cured)[place], is_interest[place]],
                       [balance + interest, interest], 0)
    overdue = np.where((is_overdue | is_written_off)[place], since_default[place] + 1, 0)
    number = people.number[loans.person[place]]
    return table(feeds.LOAN_DAYS, {
        "loan_id": pa.compute.binary_join_element_wise(
            codes(loans.lender[place], ("o", "p")), numbered("", number, 9),
            numbered("", loans.drawn_on[place], 6), "-"),
        "user_id": ids.take(pa.array(loans.person[place])),
        "event_date": constant(day, len(place)),
        "lender": codes(loans.lender[place], ("own", "partner")),
        "limit_minor": loans.limit_cny[place].astype(np.int64) * 100,
        "rate_daily": rates(loans.rate_daily[place]),
        "drawn_minor": np.where(is_drawn[place], balance, 0), "repaid_minor": repaid,
        "balance_minor": np.where(is_gone, 0, balance),
        "overdue_days": overdue * ~is_cured[place]})


def rates(values: Floats) -> pa.Array:
    """Rates as exact decimals with six places."""
    kinds, place = np.unique(values, return_inverse=True)
    exact = pa.array([f"{value:.6f}" for value in kinds]).cast(TYPES["rate"][1])
    return exact.take(pa.array(place))


def loan_performance(loans: Loans, ids: pa.Array, month: int) -> pa.Table | None:
    """How the loans went whose window ended in a month: partners' of it, ours of a year ago."""
    first, last = month_first(month).toordinal(), month_end(month).toordinal()
    is_partner = (loans.lender == PARTNER) & (loans.drawn_on >= first) & (loans.drawn_on <= last)
    is_own = (loans.lender == OWN) & (loans.repaid_on >= first) & (loans.repaid_on <= last)
    place = np.flatnonzero(is_partner | is_own)
    if not len(place):
        return None
    is_mine = is_own[place]
    epoch = dt.date(1970, 1, 1).toordinal()

    def dates(own: Integers, partner: int) -> pa.Array:
        days = np.where(is_mine, own, partner) - epoch
        return pa.array(days.astype(np.int32)).cast(pa.date32())

    return table(feeds.LOAN_PERFORMANCE, {
        "user_id": ids.take(pa.array(loans.person[place])),
        "event_date": dates(loans.repaid_on[place], last),
        "observed_on": dates(loans.drawn_on[place], first),
        "is_default": loans.default_on[place] > 0})
