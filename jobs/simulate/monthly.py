"""What comes once a month or once at the start: cards, statements, bureau lines, scores."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa

from jobs.contracts import feeds
from jobs.simulate import identity, places
from jobs.simulate.blocks import Stream, month_end, month_first
from jobs.simulate.columns import (MONTHLY_DIRT, Integers, codes, constant, dirty, drifted, table,
                                   text)
from jobs.simulate.setting import Setting

_EDUCATION = ("other", "high_school", "university", "graduate_school")
_BANKS = ("ICBC", "CCB", "ABC", "BOC", "CMB", "PSBC")
#: Who buys scores of whom: share of people with one, and how well it sees.
_PROVIDERS = (("zeta_credit", 0.70, 0.8), ("wave_points", 0.45, 1.4))
#: Trade lines beside the card: kind, share of people with one, months it runs, amount in incomes.
_LINES = (("consumer_loan", 0.30, 24, 5), ("car_loan", 0.12, 48, 15), ("mortgage", 0.22, 240, 80))


def bound_cards(at: Setting, seen_on: dt.date) -> pa.Table:
    """One row a user: limit and profile; some say nothing of gender or education."""
    people, users = at.people, len(at.people)
    rng = at.block.rng(Stream.FIRST_CARDS)
    schooling = np.digitize(0.6 * people.income + 0.8 * rng.standard_normal(users),
                            (-1.4, -0.2, 1.2))
    is_married = rng.random(users) < ((people.age_years - 20) / 20).clip(0, 0.8)
    verified = rng.random(users) < 0.985 + 0.01 * people.honesty.clip(-3, 1)
    return dirty(rng, feeds.BOUND_CARDS, {
        "user_id": at.ids, "event_date": constant(seen_on, users),
        "card_number": identity.credit_cards(people.number), "action": text("bind", users),
        "card_kind": text("credit", users),
        "bank": codes(rng.integers(0, len(_BANKS), users), _BANKS),
        "is_name_verified": verified,
        "national_id": identity.national_ids(people.number, people.age_years,
                                             at.block.city.start.year),
        "phone": identity.phones(people.number),
        "card_limit_minor": people.card_limit_cny * 100, "age_years": people.age_years,
        "gender": codes(rng.integers(0, 2, users), ("female", "male"), rng.random(users) < 0.01),
        "education": codes(schooling, _EDUCATION, rng.random(users) < 0.02),
        "marital_status": codes(is_married.astype(np.int64), ("single", "married"),
                                rng.random(users) < 0.01),
        "region": places.regions(at.places.home),
    }, "age_years", 190, MONTHLY_DIRT, 1)


def statements(at: Setting, months: range) -> pa.Table:
    """One row a user and month, month by month."""
    users, life = len(at.people), at.life
    part = slice(months.start - life.first_month, months.stop - life.first_month)
    columns = {"user_id": pa.concat_arrays([at.ids] * len(months)),
               "event_date": pa.concat_arrays([constant(month_end(m), users) for m in months]),
               "balance_minor": life.balance_minor[part].ravel(),
               "payment_minor": life.payment_minor[part].ravel()}
    columns = drifted(at.block.city.world, feeds.STATEMENTS, month_end(months[-1]), columns)
    return dirty(at.block.rng(Stream.STATEMENTS, months.stop), feeds.STATEMENTS, columns,
                 "payment_minor", -100, MONTHLY_DIRT, 1)


def bureau_tradelines(at: Setting, months: range) -> pa.Table | None:
    """One row a month, trade line and user whom the bureau knows.

    The card tells the person's worst status; other lines follow it a month behind.
    """
    known = np.flatnonzero(at.people.is_known_to_bureau)
    if not len(known):
        return None
    rows = [_card_lines(at, known, month) for month in months]
    rows += [_other_lines(at, number, months) for number in range(len(_LINES))]
    joined = pa.concat_tables(rows)
    columns = {name: joined[name].combine_chunks() for name in joined.column_names}
    columns["repayment_status"] = columns["repayment_status"].to_numpy()
    return dirty(at.block.rng(Stream.TRADELINES, months.stop), feeds.BUREAU_TRADELINES, columns,
                 "repayment_status", 12, MONTHLY_DIRT, 1)


def _card_lines(at: Setting, known: Integers, month: int) -> pa.Table:
    life, rows = at.life, len(known)
    row = month - life.first_month
    return table(feeds.BUREAU_TRADELINES, {
        "user_id": at.ids.take(pa.array(known)), "line_id": text("card", rows),
        "event_date": constant(month_end(month), rows), "kind": text("credit_card", rows),
        "repayment_status": life.repayment_status[row][known],
        "balance_minor": life.balance_minor[row][known],
        "limit_minor": at.people.card_limit_cny[known] * 100,
        "instalment_minor": pa.nulls(rows, pa.int64()), "opened_on": pa.nulls(rows, pa.date32())})


def _other_lines(at: Setting, number: int, months: range) -> pa.Table:
    """The months of one kind of loan, for those who have one open."""
    kind, share, term, incomes = _LINES[number]
    people, rng = at.people, at.block.rng(Stream.LINES, number)
    has = (rng.random(len(people)) < share * (1 + 0.4 * np.tanh(people.income)))
    has &= people.is_known_to_bureau & (people.age_years >= 20)
    # Loans are renewed at once when they end: the age of a loan walks in a circle.
    start = rng.integers(0, term, len(people))
    amount = (np.rint(people.monthly_income_cny * incomes * rng.uniform(0.5, 1.5, len(people)))
              * 100).astype(np.int64)
    found = []
    for month in months:
        row = month - at.life.first_month
        place = np.flatnonzero(has)
        age = (month - start[place]) % term
        status = np.maximum(at.life.repayment_status[row][place] - 1, -1)
        found.append(table(feeds.BUREAU_TRADELINES, {
            "user_id": at.ids.take(pa.array(place)), "line_id": text(kind, len(place)),
            "event_date": constant(month_end(month), len(place)),
            "kind": text(kind, len(place)), "repayment_status": status,
            "balance_minor": amount[place] * (term - age) // term,
            "limit_minor": amount[place], "instalment_minor": amount[place] // term,
            "opened_on": _month_firsts(month - age)}))
    return pa.concat_tables(found)


def _month_firsts(months: Integers) -> pa.Array:
    since_1970 = months - 1970 * 12
    return pa.array(since_1970.astype("datetime64[M]").astype("datetime64[D]"))


def third_party_scores(at: Setting, month: int) -> pa.Table:
    """Scores of two providers as of the month's end, for those whom they know."""
    people, rng, day = at.people, at.block.rng(Stream.SCORES, month), month_end(month)
    steady = at.block.rng(Stream.SCORES)
    rows = []
    for name, share, noise in _PROVIDERS:
        place = np.flatnonzero(steady.random(len(people)) < share)
        seen = (0.5 * people.stability + 0.4 * people.income - 0.4 * people.need
                + 0.2 * people.honesty + noise * steady.standard_normal(len(people)))[place]
        score = np.rint(600 + 70 * seen + 8 * rng.standard_normal(len(place))).astype(np.int64)
        columns = drifted(at.block.city.world, feeds.THIRD_PARTY_SCORES, day, {
            "user_id": at.ids.take(pa.array(place)), "event_date": constant(day, len(place)),
            "provider": text(name, len(place)), "score": score.clip(0, 1000)})
        rows.append(dirty(rng, feeds.THIRD_PARTY_SCORES, columns, "score", 1200, MONTHLY_DIRT))
    return pa.concat_tables(rows)


def bureau_public_records(at: Setting, month: int) -> pa.Table | None:
    """New records of a month: rather of those who are unstable, pressed or dishonest."""
    people, rng = at.people, at.block.rng(Stream.PUBLIC_RECORDS, month)
    risk = np.exp(-7.2 - 0.6 * people.stability + 0.4 * people.need - 0.4 * people.honesty)
    place = np.flatnonzero((rng.random(len(people)) < risk) & people.is_known_to_bureau)
    if not len(place):
        return None
    first = month_first(month)
    days = np.datetime64(first) + rng.integers(0, month_end(month).day, len(place))
    prefix = f"r{first:%y%m}-{at.block.number:04d}-"
    kinds = ("judgement", "enforcement", "tax_arrears", "utility_arrears")
    return table(feeds.BUREAU_PUBLIC_RECORDS, {
        "record_id": pa.array([f"{prefix}{k:06d}" for k in range(len(place))]),
        "user_id": at.ids.take(pa.array(place)),
        "event_date": pa.array(days.astype("datetime64[D]")),
        "kind": codes(rng.choice(4, len(place), p=(0.3, 0.15, 0.15, 0.4)), kinds),
        "amount_minor": (np.exp(8 + 1.2 * rng.standard_normal(len(place))) * 100
                         ).astype(np.int64)})
