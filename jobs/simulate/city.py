"""The simulated city → landing feeds.

Sources: none, only (month of the as-of date, users, seed); the same three give the same bytes.
Output, amounts in 1/100 CNY, for a night in June 2026:

| feed             | grain               | event dates              | delivered               |
| ---------------- | ------------------- | ------------------------ | ----------------------- |
| bound_cards      | one row a user      | 2026-04-30               | 2026-05-01              |
| statements       | one a user, month   | 2025-11-30 .. 2026-04-30 | 2026-05-01              |
|                  |                     | 2026-05-31               | 2026-06-01              |
| bureau_tradelines    | as statements, for those the bureau knows | as statements | as statements |
| loan_performance | one a pilot loan    | 2026-05-31, from 05-01 on | 2026-06-01             |

Real feeds are never clean, so an ordinary night meets dirt here as well: in every delivery of the
first three feeds one row in 4,000, at least one, stands twice, and as many are not valid: a card
holder aged 190, a payment below zero, the repayment status 12.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.contracts import feeds
from jobs.contracts.table import Table
from jobs.errors import UsageError
from jobs.intake import outgoing
from jobs.simulate import people as city_people
from jobs.simulate.people import CardLife, Integers, People

CURRENCY = "CNY"
#: Months of statements in the first delivery.
FIRST_MONTHS = 6
FEWEST_USERS = 100
#: One row in so many stands twice, and as many are not valid.
_ROWS_A_DIRTY_ONE = 4000
_EDUCATION = ("other", "high_school", "university", "graduate_school")


def deliver(home: Path, as_of: dt.date, users: int, seed: int) -> list[Path]:
    """Land the feeds of a night on the simulated city; a second time changes nothing.

    Args:
        home: The root of everything that is written.
        as_of: The night; all nights of a month see the same deliveries.
        users: People in the city.
        seed: Of everything drawn.

    Returns:
        The folders of the deliveries.

    Raises:
        UsageError: For fewer than 100 users.
        DeliveryRefused: When landing holds another city or other deliveries.
    """
    if users < FEWEST_USERS:
        raise UsageError("--users", f"{FEWEST_USERS} people or more", str(users),
                         "give a larger --users")
    second = as_of.replace(day=1)
    first = _month_before(second)
    rng = np.random.Generator(np.random.PCG64(seed))
    people = city_people.draw_people(rng, users)
    life = city_people.live(rng, people, FIRST_MONTHS + 1)
    known_life = CardLife(*(part[:FIRST_MONTHS] for part in
                            (life.balance_minor, life.payment_minor, life.repayment_status)))
    is_default = city_people.default(rng, people, known_life)
    month_ends = _month_ends(second, FIRST_MONTHS + 1)
    deliveries: list[outgoing.Outgoing] = [
        (feeds.BOUND_CARDS, first, bound_cards(rng, people, month_ends[-2]))]
    for day, months in ((first, range(FIRST_MONTHS)), (second, range(FIRST_MONTHS,
                                                                     FIRST_MONTHS + 1))):
        deliveries.append((feeds.STATEMENTS, day, statements(rng, life, month_ends, months)))
        deliveries.append((feeds.BUREAU_TRADELINES, day,
                           bureau_tradelines(rng, people, life, month_ends, months)))
    deliveries.append((feeds.LOAN_PERFORMANCE, second,
                       loan_performance(people, is_default, first, month_ends[-1])))
    origin = {"source": "simulated", "month": second.isoformat()[:7], "users": users,
              "seed": seed}
    return outgoing.write_deliveries(home, deliveries, CURRENCY, origin)


def bound_cards(rng: np.random.Generator, people: People, seen_on: dt.date) -> pa.Table:
    """One row a user: limit and profile; some say nothing of gender or education."""
    users = len(people.age_years)
    schooling = np.digitize(0.6 * people.income + 0.8 * rng.standard_normal(users),
                            (-1.4, -0.2, 1.2))
    is_married = rng.random(users) < ((people.age_years - 20) / 20).clip(0, 0.8)
    columns = {
        "user_id": _user_ids(users), "event_date": _constant(seen_on, users),
        "card_number": pa.array([f"6222{number:012d}" for number in range(1, users + 1)]),
        "action": _text("bind", users), "card_kind": _text("credit", users),
        "bank": pa.nulls(users, pa.string()),
        "is_name_verified": pa.repeat(pa.scalar(True), users),
        "national_id": pa.array([f"1101011990{number:08d}" for number in range(1, users + 1)]),
        "phone": pa.array([f"138{number:08d}" for number in range(1, users + 1)]),
        "card_limit_minor": people.card_limit_cny * 100, "age_years": people.age_years,
        "gender": _codes(rng.integers(0, 2, users), ("female", "male"), rng.random(users) < 0.01),
        "education": _codes(schooling, _EDUCATION, rng.random(users) < 0.02),
        "marital_status": _codes(is_married.astype(np.int64), ("single", "married"),
                                 rng.random(users) < 0.01)}
    return _dirty(rng, feeds.BOUND_CARDS, columns, "age_years", 190)


def statements(rng: np.random.Generator, life: CardLife, month_ends: list[dt.date],
               months: range) -> pa.Table:
    """One row a user and month, month by month."""
    users = life.balance_minor.shape[1]
    columns = {
        "user_id": pa.concat_arrays([_user_ids(users)] * len(months)),
        "event_date": pa.concat_arrays([_constant(month_ends[m], users) for m in months]),
        "balance_minor": life.balance_minor[months].ravel(),
        "payment_minor": life.payment_minor[months].ravel()}
    return _dirty(rng, feeds.STATEMENTS, columns, "payment_minor", -100)


def bureau_tradelines(rng: np.random.Generator, people: People, life: CardLife,
                      month_ends: list[dt.date], months: range) -> pa.Table:
    """One row a month and user whom the bureau knows."""
    known = np.flatnonzero(people.is_known_to_bureau)
    ids = _user_ids(len(people.age_years)).take(pa.array(known))
    columns = {
        "user_id": pa.concat_arrays([ids] * len(months)),
        "event_date": pa.concat_arrays([_constant(month_ends[m], len(known)) for m in months]),
        "line_id": _text("card", len(known) * len(months)),
        "kind": _text("credit_card", len(known) * len(months)),
        "repayment_status": life.repayment_status[months][:, known].ravel(),
        "balance_minor": life.balance_minor[months][:, known].ravel(),
        "limit_minor": np.tile(people.card_limit_cny[known] * 100, len(months)),
        "instalment_minor": pa.nulls(len(known) * len(months), pa.int64()),
        "opened_on": pa.nulls(len(known) * len(months), pa.date32())}
    return _dirty(rng, feeds.BUREAU_TRADELINES, columns, "repayment_status", 12)


def loan_performance(people: People, is_default: np.ndarray, observed_on: dt.date,
                     window_end: dt.date) -> pa.Table:
    """One row a pilot loan."""
    borrowers = np.flatnonzero(people.is_pilot_borrower)
    return _feed(feeds.LOAN_PERFORMANCE, {
        "user_id": _user_ids(len(people.age_years)).take(pa.array(borrowers)),
        "event_date": _constant(window_end, len(borrowers)),
        "observed_on": _constant(observed_on, len(borrowers)),
        "is_default": is_default[borrowers]})


def _dirty(rng: np.random.Generator, feed: Table, columns: dict[str, Any], column: str,
           invalid: int) -> pa.Table:
    """The feed's rows with the planted dirt: some not valid, some others twice."""
    rows = len(columns["user_id"])
    count = max(1, rows // _ROWS_A_DIRTY_ONE)
    places = rng.choice(rows, 2 * count, replace=False)
    values: Integers = columns[column].copy()
    values[places[:count]] = invalid
    table = _feed(feed, {**columns, column: values})
    return pa.concat_tables([table, table.take(pa.array(np.sort(places[count:])))])


def _feed(feed: Table, columns: dict[str, Any]) -> pa.Table:
    """Columns as a table of the feed, all nullable: rows are judged at intake."""
    schema = pa.schema([field.with_nullable(True) for field in feed.arrow_schema])
    return pa.table(columns, schema=schema)


def _user_ids(users: int) -> pa.Array:
    return pa.array([f"u{number:07d}" for number in range(1, users + 1)], pa.string())


def _constant(day: dt.date, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(day, pa.date32()), rows)


def _text(value: str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.string()), rows)


def _codes(places: Integers, names: tuple[str, ...], is_unknown: np.ndarray) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(places, mask=is_unknown))


def _month_before(first_of_month: dt.date) -> dt.date:
    return (first_of_month - dt.timedelta(days=1)).replace(day=1)


def _month_ends(first_of_month: dt.date, months: int) -> list[dt.date]:
    """The last days of the months before a month's first day, oldest first."""
    ends: list[dt.date] = []
    for _ in range(months):
        ends.insert(0, first_of_month - dt.timedelta(days=1))
        first_of_month = _month_before(first_of_month)
    return ends
