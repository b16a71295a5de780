"""Consents, opt-outs, suppression lists, and cards bound and unbound: few rows, read by rules."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa

from jobs.contracts import feeds
from jobs.contracts.feeds.permissions import PURPOSES
from jobs.simulate import identity, places
from jobs.simulate.blocks import Stream
from jobs.simulate.columns import (Booleans, Integers, codes, constant, numbered, record_ids,
                                   table, text)
from jobs.simulate.people import STUDENT
from jobs.simulate.setting import Setting

#: Share of people who give each consent; what is not named, nearly all give.
_GIVEN = {"location_tracks": 0.85, "social_data": 0.88, "third_party_score": 0.97}
_GIVEN_ELSE = 0.995
#: A day: changes of a consent or an opt-out, cards bound beside the first, cards unbound.
_CHANGES, _OPT_OUTS, _BINDS, _UNBINDS = 3e-4, 2e-4, 3e-4, 3e-5
_LISTS = ("fraud", "court_judgement_debtor", "complaint", "student", "staff", "deceased")
_CHANNELS = ("all", "push", "sms", "in_app")


def first_consents(at: Setting, day: dt.date) -> pa.Table:
    """What everyone has agreed to by the first delivery: one row a user and purpose."""
    rows = [np.flatnonzero(_gave(at, number)) for number in range(len(PURPOSES))]
    return pa.concat_tables([table(feeds.CONSENTS, {
        "user_id": at.ids.take(pa.array(place)), "event_date": constant(day, len(place)),
        "purpose": text(purpose, len(place)), "action": text("given", len(place))})
        for purpose, place in zip(PURPOSES, rows)])


def consents(at: Setting, day: dt.date) -> pa.Table | None:
    """Who withdraws what was given at first, or gives what was not."""
    rng = at.block.rng(Stream.CONSENTS, day.toordinal())
    place = np.flatnonzero(rng.random(len(at.people)) < _CHANGES)
    if not len(place):
        return None
    purpose = rng.integers(0, len(PURPOSES), len(place))
    had = np.stack([_gave(at, number)[place] for number in range(len(PURPOSES))])
    return table(feeds.CONSENTS, {
        "user_id": at.ids.take(pa.array(place)), "event_date": constant(day, len(place)),
        "purpose": codes(purpose, PURPOSES),
        "action": codes(had[purpose, np.arange(len(place))].astype(np.int64),
                        ("given", "withdrawn"))})


def _gave(at: Setting, number: int) -> Booleans:
    """Whether each person gave the consent of a purpose by the first delivery."""
    rng = at.block.rng(Stream.FIRST_PERMISSIONS, number)
    return rng.random(len(at.people)) < _GIVEN.get(PURPOSES[number], _GIVEN_ELSE)


def first_opt_outs(at: Setting, day: dt.date) -> pa.Table | None:
    """Who wants no invitations by the first delivery."""
    rng = at.block.rng(Stream.FIRST_PERMISSIONS, 100)
    return _opt_outs(at, day, np.flatnonzero(rng.random(len(at.people)) < 0.04), rng, 1.0)


def opt_outs(at: Setting, day: dt.date) -> pa.Table | None:
    """Who opts out on a day, and a few who come back."""
    rng = at.block.rng(Stream.OPT_OUTS, day.toordinal())
    return _opt_outs(at, day, np.flatnonzero(rng.random(len(at.people)) < _OPT_OUTS), rng, 0.85)


def _opt_outs(at: Setting, day: dt.date, place: Integers, rng: np.random.Generator,
              out_share: float) -> pa.Table | None:
    if not len(place):
        return None
    return table(feeds.MARKETING_OPT_OUTS, {
        "user_id": at.ids.take(pa.array(place)), "event_date": constant(day, len(place)),
        "channel": codes(rng.choice(4, len(place), p=(0.5, 0.25, 0.15, 0.1)), _CHANNELS),
        "action": codes((rng.random(len(place)) >= out_share).astype(np.int64), ("out", "in"))})


def first_suppressions(at: Setting, day: dt.date) -> pa.Table | None:
    """The lists by the first delivery: fraud of the dishonest, most students, some of the rest."""
    people, rng = at.people, at.block.rng(Stream.FIRST_PERMISSIONS, 101)
    chance = rng.random((len(_LISTS), len(people)))
    fraud = np.exp(-6.6 - 1.0 * people.honesty)
    debtor = np.exp(-6.0 - 0.6 * people.stability - 0.3 * people.honesty)
    limits = np.stack([fraud, debtor, np.full(len(people), 5e-4),
                       0.7 * (people.occupation == STUDENT), np.full(len(people), 3e-4),
                       np.full(len(people), 2e-4)])
    which, place = np.nonzero(chance < limits)
    return _suppressions(at, day, which, place, rng, "a")


def suppressions(at: Setting, day: dt.date) -> pa.Table | None:
    """New entries of a day."""
    people, rng = at.people, at.block.rng(Stream.SUPPRESSIONS, day.toordinal())
    place = np.flatnonzero(rng.random(len(people)) < np.exp(-11.0 - 0.6 * people.honesty))
    return _suppressions(at, day, rng.choice(3, len(place), p=(0.4, 0.4, 0.2)), place, rng, "b")


def _suppressions(at: Setting, day: dt.date, which: Integers, place: Integers,
                  rng: np.random.Generator, letter: str) -> pa.Table | None:
    rows = len(place)
    if not rows:
        return None
    # The police and courts know a national id, we know a user id; some entries have both.
    named = np.where(which <= 1, rng.integers(0, 3, rows), 0)
    ids = at.ids.take(pa.array(place))
    national = identity.national_ids(at.people.number[place], at.people.age_years[place],
                                     at.block.city.start.year)
    return table(feeds.SUPPRESSIONS, {
        "entry_id": record_ids(letter, day, at.block.number, rows),
        "user_id": _unless(named == 1, ids), "national_id": _unless(named == 0, national),
        "event_date": constant(day, rows), "list_name": codes(which, _LISTS),
        "action": text("added", rows)})


def _unless(is_left_out: Booleans, values: pa.Array) -> pa.Array:
    return pa.compute.if_else(pa.array(is_left_out), pa.scalar(None, pa.string()), values)


def card_changes(at: Setting, day: dt.date) -> pa.Table | None:
    """Debit cards bound beside the first card, and first cards unbound, on a day."""
    people, rng = at.people, at.block.rng(Stream.CARD_CHANGES, day.toordinal())
    chance = rng.random(len(people))
    place = np.flatnonzero(chance < _BINDS + _UNBINDS)
    rows = len(place)
    if not rows:
        return None
    is_bound = chance[place] < _BINDS
    number = people.number[place]
    cards = pa.compute.if_else(pa.array(is_bound), identity.debit_cards(number, day.toordinal()),
                               identity.credit_cards(number))
    return table(feeds.BOUND_CARDS, {
        "user_id": numbered("u", number, people.id_digits), "event_date": constant(day, rows),
        "card_number": cards, "action": codes(is_bound.astype(np.int64), ("unbind", "bind")),
        "card_kind": codes(is_bound.astype(np.int64), ("credit", "debit")),
        "bank": pa.nulls(rows, pa.string()),
        "is_name_verified": rng.random(rows) < 0.985 + 0.01 * people.honesty[place].clip(-3, 1),
        "national_id": identity.national_ids(number, people.age_years[place],
                                             at.block.city.start.year),
        "phone": identity.phones(number),
        "card_limit_minor": pa.array(people.card_limit_cny[place] * 100, mask=is_bound),
        "age_years": people.age_years[place], "gender": pa.nulls(rows, pa.string()),
        "education": pa.nulls(rows, pa.string()), "marital_status": pa.nulls(rows, pa.string()),
        "region": places.regions(at.places.home[place])})
