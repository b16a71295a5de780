"""Which feed of the city comes when, and what a worker does for a block.

For a city that starts on 2026-06-24:

| feeds                                        | event dates              | delivered            |
| -------------------------------------------- | ------------------------ | -------------------- |
| bound_cards, consents, marketing_opt_outs,   | 2026-04-30               | 2026-05-01           |
| suppressions: as they stand                  |                          |                      |
| statements, bureau_tradelines,               | 2025-11-30 .. 2026-04-30 | 2026-05-01           |
| bureau_public_records                        | a month more             | 2026-06-01, 07-01, … |
| third_party_scores                           | the month end before     | 2026-05-01, 06-01, … |
| loan_performance                             | 2026-05-31, from 05-01   | 2026-06-01, 07-01, … |
| logins, payments, virtual_property, funding_lines, loan_days, and changes of bound_cards, \
consents, opt-outs, suppressions             | the day                  | the same evening     |
| account_flows, shopping, rides, bureau_inquiries | the day              | the day after        |
| invitations                                  | the 1st, or when we lend | the same evening     |
| social_edges                                 | a Sunday, for its week   | the Monday after     |

The first delivery of loan_days reaches back to the first of the month before.
"""

from __future__ import annotations

import datetime as dt
import resource
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from jobs.contracts import feeds
from jobs.contracts.table import Table
from jobs.intake import outgoing
from jobs.intake.manifest import Part
from jobs.simulate import accounts, activity, invitations, loans, monthly, permissions, truth, value
from jobs.simulate.blocks import Block, month_first, month_of
from jobs.simulate.columns import Floats
from jobs.simulate.setting import Lent, Setting, setting

Rows = Callable[[Setting, dt.date], pa.Table | None]
#: Contract, delivery date and the block's rows; None where it has none.
Due = tuple[Table, dt.date, pa.Table | None]

#: Daily feeds: contract, what makes the rows of an event day, days until they are delivered.
DAILY: tuple[tuple[Table, Rows, int], ...] = (
    (feeds.BOUND_CARDS, permissions.card_changes, 0), (feeds.LOGINS, activity.logins, 0),
    (feeds.PAYMENTS, activity.payments, 0), (feeds.SHOPPING, activity.shopping, 1),
    (feeds.VIRTUAL_PROPERTY, activity.virtual_property, 0), (feeds.RIDES, activity.rides, 1),
    (feeds.SOCIAL_EDGES, activity.social_edges, 1),
    (feeds.BUREAU_INQUIRIES, activity.bureau_inquiries, 1),
    (feeds.CONSENTS, permissions.consents, 0),
    (feeds.MARKETING_OPT_OUTS, permissions.opt_outs, 0),
    (feeds.SUPPRESSIONS, permissions.suppressions, 0),
    (feeds.FUNDING_LINES, activity.funding_lines, 0),
    (feeds.INVITATIONS, invitations.invitations, 0))
#: Days until the banks' bookings are delivered.
ACCOUNTS_LAG = 1


@dataclass(frozen=True)
class Task:
    """Days of a block to deliver."""

    home: Path
    block: Block
    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class Done:
    """What a worker has written.

    Attributes:
        parts: Feed, delivery date and file of each delivery.
        peak_mib: Peak resident memory of the worker so far.
    """

    parts: list[tuple[str, dt.date, Part]]
    peak_mib: int


def work(task: Task) -> Done:
    """Write the files of a block's deliveries to the staging folders, and its new state."""
    home, block = task.home, task.block
    at = setting(block, task.last, lent(home, block, task.last))
    is_first = task.first == block.city.start
    if is_first:
        _write_truth(home, at)
        balance = accounts.first_balances(block, at.people)
    else:
        balance = truth.read_state(home, block, task.first - dt.timedelta(days=1))
    parts: list[tuple[str, dt.date, Part]] = []

    def write(due: Due) -> None:
        feed, day, rows = due
        if rows is not None and rows.num_rows and not block.city.world.is_out(feed.name, day):
            parts.append((feed.name, day, outgoing.write_part(
                outgoing.staging_folder(home, feed, day), feed, f"part-{block.number:05d}",
                rows)))

    for due in past(at) if is_first else ():
        write(due)
    for day in days(task.first, task.last):
        for due in on(at, day):
            write(due)
        flows, balance = accounts.account_flows(at, day - dt.timedelta(days=ACCOUNTS_LAG),
                                                balance)
        write((feeds.ACCOUNT_FLOWS, day, flows))
    truth.write_state(home, block, task.last, balance)
    return Done(parts, peak_mib())


def past(at: Setting) -> Iterator[Due]:
    """What was delivered before the city's first day."""
    city = at.block.city
    first, month = city.first_delivery, month_of(city.first_delivery)
    eve = first - dt.timedelta(days=1)
    yield feeds.BOUND_CARDS, first, monthly.bound_cards(at, eve)
    yield feeds.CONSENTS, first, permissions.first_consents(at, eve)
    yield feeds.MARKETING_OPT_OUTS, first, permissions.first_opt_outs(at, eve)
    yield feeds.SUPPRESSIONS, first, permissions.first_suppressions(at, eve)
    yield from _of_months(at, range(city.first_month, month))
    yield from _of_months(at, range(month, month + 1))
    yield (feeds.LOAN_PERFORMANCE, month_first(month + 1),
           loans.loan_performance(at.loans, at.ids, month))
    for day in (first, month_first(month + 1)):
        if day < city.start:
            yield feeds.INVITATIONS, day, invitations.invitations(at, day)


def on(at: Setting, day: dt.date) -> Iterator[Due]:
    """What is delivered on a day, but for the accounts."""
    start = at.block.city.start
    if day.day == 1 and day > start:
        month = month_of(day) - 1
        yield from _of_months(at, range(month, month + 1))
        yield feeds.LOAN_PERFORMANCE, day, loans.loan_performance(at.loans, at.ids, month)
    for feed, rows, lag in DAILY:
        yield feed, day, rows(at, day - dt.timedelta(days=lag))
    since = at.block.city.first_delivery if day == start else day
    yield (feeds.LOAN_DAYS, day,
           loans.loan_days(at.loans, at.people, at.ids, days(since, day)))


def _of_months(at: Setting, months: range) -> Iterator[Due]:
    """Monthly feeds of these months, delivered on the first day after them."""
    day = month_first(months.stop)
    yield feeds.STATEMENTS, day, monthly.statements(at, months)
    yield feeds.BUREAU_TRADELINES, day, monthly.bureau_tradelines(at, months)
    records = [one for one in (monthly.bureau_public_records(at, month) for month in months)
               if one is not None]
    yield feeds.BUREAU_PUBLIC_RECORDS, day, pa.concat_tables(records) if records else None
    yield feeds.THIRD_PARTY_SCORES, day, monthly.third_party_scores(at, months[-1])


def lent(home: Path, block: Block, last: dt.date) -> list[Lent]:
    """The offers of ours that people of a block had by a day."""
    found = []
    for day, offers in truth.read_lent(home):
        place = offers["number"].to_numpy() - 1 - block.before
        mine = (place >= 0) & (place < block.people)
        limits: Floats = offers["limit_cny"].to_numpy()[mine].astype(np.float64)
        if day <= last:
            named = {name: offers[name].combine_chunks().filter(pa.array(mine))
                     for name in truth.NAMED if name in offers.column_names}
            found.append(Lent(day, place[mine], limits, offers["rate_daily"].to_numpy()[mine],
                              **named))
    return found


def days(first: dt.date, last: dt.date) -> list[dt.date]:
    """All days from the first to the last."""
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


def peak_mib() -> int:
    """Peak resident memory of this process, MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024 * 1024 if sys.platform == "darwin" else 1024)


def _write_truth(home: Path, at: Setting) -> None:
    truth.write_block(home, at.block, truth.PEOPLE, value.people_table(at))
    truth.write_block(home, at.block, truth.FRIENDS, pa.table({
        "user_id": at.ids.take(pa.array(at.friends.person)),
        "friend_user_id": at.ids.take(pa.array(at.friends.friend)),
        "closeness": at.friends.closeness}))
    truth.write_block(home, at.block, truth.OUTCOMES, value.outcomes_table(at))
