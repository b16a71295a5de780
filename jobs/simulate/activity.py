"""What people do on a day: log-ins, payments, orders, games, trips, inquiries, friends."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.contracts import feeds
from jobs.contracts.feeds.behaviour import SHOPPING
from jobs.contracts.table import TYPES
from jobs.simulate import identity, places
from jobs.simulate.blocks import Stream
from jobs.simulate.columns import (DAILY_DIRT, Booleans, Floats, Integers, codes, constant, dirty,
                                   drifted, minor, moments, record_ids, table)
from jobs.simulate.people import RETIRED, STUDENT
from jobs.simulate.setting import Setting

#: Mean events a person and day.
_LOGINS, _PAYMENTS, _ORDERS, _OTHER_TRIPS = 1.05, 0.85, 0.21, 0.16
_KINDS = ("purchase", "transfer", "bill", "red_packet", "cash_out", "repayment", "salary")
_KIND_SHARE = np.cumsum((0.62, 0.14, 0.08, 0.08, 0.04, 0.035, 0.005))
_KIND_SIZE = np.array([1.0, 5.0, 3.0, 0.5, 8.0, 10.0, 90.0])
_CATEGORIES = SHOPPING.field("category").allowed
_CATEGORY_SHARE = np.cumsum((0.28, 0.18, 0.08, 0.10, 0.07, 0.07, 0.05, 0.09, 0.02, 0.06))
_CATEGORY_SIZE = np.array([0.6, 1.2, 6.0, 1.5, 1.0, 0.8, 6.0, 0.8, 15.0, 0.7])
#: Funders of the loans: money a user of the city, in CNY, and its cost a year.
FUNDING_CNY_A_USER = {"own": 3_000, "interbank": 2_000}
FUNDING_COST_ANNUAL = {"own": "0.030000", "interbank": "0.045000"}
_GAMES = ("game_items", "membership", "live_gifts", "music")
_REASONS = ("application", "review", "guarantee", "own_request")


def logins(at: Setting, day: dt.date) -> pa.Table | None:
    """Sessions: the needy look more often, the unstable at night."""
    rng, people = at.block.rng(Stream.LOGINS, day.toordinal()), at.people
    rate = _LOGINS * _spread(0.1 * people.need - 0.01 * (people.age_years - 32)
                             + 0.5 * at.tastes[0])
    who = _happen(rng, rate)
    rows = len(who)
    at_night = rng.random(rows) < (0.06 - 0.02 * people.stability.clip(-3, 3))[who]
    hour = np.where(at_night, rng.uniform(0, 5, rows), 14.5 + 4.0 * rng.standard_normal(rows))
    seconds = np.exp(4.6 + 0.9 * rng.standard_normal(rows)).clip(max=20_000).astype(np.int64)
    devices = identity.devices(people.number)
    return _dirty(at, rng, feeds.LOGINS, day, {
        "session_id": record_ids("l", day, at.block.number, rows), "user_id": _ids(at, who),
        "event_at": moments(day, hour * 3600), "online_seconds": seconds,
        "device_id": devices.take(pa.array(_device_of(at)[who]))}, "online_seconds", 90_000)


def _device_of(at: Setting) -> Integers:
    """Whose device each person uses: a few dishonest ones share one in their community."""
    people = at.people
    _, first = np.unique(people.community, return_index=True)
    shares = (people.honesty < -2.2) & (at.tastes[1] > 0)
    return np.where(shares, first[people.community], np.arange(len(people)))


def payments(at: Setting, day: dt.date) -> pa.Table | None:
    """Payments in the wallet."""
    rng, people = at.block.rng(Stream.PAYMENTS, day.toordinal()), at.people
    rate = (_PAYMENTS * at.block.city.world.spending(day)
            * _spread(0.15 * people.income + 0.4 * at.tastes[2]))
    who = _happen(rng, rate)
    rows = len(who)
    kind = np.searchsorted(_KIND_SHARE[:-1], rng.random(rows))
    amount = _KIND_SIZE[kind] * np.exp(3.5 + 0.35 * people.income[who]
                                       + 0.9 * rng.standard_normal(rows))
    is_out = (kind != 6) & (~np.isin(kind, (1, 3)) | (rng.random(rows) < 0.5))
    return _dirty(at, rng, feeds.PAYMENTS, day, {
        "payment_id": record_ids("p", day, at.block.number, rows), "user_id": _ids(at, who),
        "event_at": moments(day, (14 + 3.8 * rng.standard_normal(rows)) * 3600),
        "amount_minor": minor(amount), "direction": codes(is_out.astype(np.int8), ("in", "out")),
        "kind": codes(kind, _KINDS)}, "amount_minor", -100)


def shopping(at: Setting, day: dt.date) -> pa.Table | None:
    """Orders: what and how dear follows from income, what comes back from honesty."""
    rng, people = at.block.rng(Stream.SHOPPING, day.toordinal()), at.people
    rate = (_ORDERS * at.block.city.world.spending(day)
            * _spread(0.25 * people.income + 0.1 * people.need + 0.4 * at.tastes[3]))
    who = _happen(rng, rate)
    rows = len(who)
    kind = np.searchsorted(_CATEGORY_SHARE[:-1], rng.random(rows))
    amount = _CATEGORY_SIZE[kind] * np.exp(4.2 + 0.4 * people.income[who]
                                           + 0.7 * rng.standard_normal(rows))
    returned = rng.random(rows) < (0.06 - 0.02 * people.honesty.clip(-3, 2))[who]
    return _dirty(at, rng, feeds.SHOPPING, day, {
        "order_id": record_ids("s", day, at.block.number, rows), "user_id": _ids(at, who),
        "event_at": moments(day, (16 + 4 * rng.standard_normal(rows)) * 3600),
        "amount_minor": minor(amount), "category": codes(kind, _CATEGORIES),
        "is_returned": returned}, "amount_minor", -100)


def virtual_property(at: Setting, day: dt.date) -> pa.Table | None:
    """What the owners among a seventh of the people have: each is looked at once a week."""
    rng, people = at.block.rng(Stream.VIRTUAL_PROPERTY, day.toordinal()), at.people
    is_today = (people.number + day.toordinal()) % 7 == 0
    who = np.flatnonzero(is_today & (at.tastes[4] - 0.02 * (people.age_years - 33) > -0.3))
    if not len(who):
        return None
    value = np.exp(4.5 + 0.5 * people.income[who] + 1.0 * at.tastes[4, who]
                   + 0.05 * rng.standard_normal(len(who)))
    return table(feeds.VIRTUAL_PROPERTY, {
        "user_id": _ids(at, who), "event_date": constant(day, len(who)),
        "kind": codes(people.number[who] // 7 % len(_GAMES), _GAMES),
        "value_minor": minor(value)})


def rides(at: Setting, day: dt.date) -> pa.Table | None:
    """Trips: to work in the morning, home in the evening, elsewhere now and then."""
    rng, people, users = at.block.rng(Stream.RIDES, day.toordinal()), at.people, len(at.people)
    is_rider = at.tastes[5] > 0
    works = is_rider & ~np.isin(people.occupation, (STUDENT, RETIRED)) & (day.weekday() < 5)
    there = np.flatnonzero(works & (rng.random(users) < 0.26))
    back = np.flatnonzero(works & (rng.random(users) < 0.24))
    other = _happen(rng, 2 * _OTHER_TRIPS * is_rider * _spread(0.3 * people.income))
    who = np.concatenate([there, back, other])
    rows = len(who)
    if not rows:
        return None
    # Cells of all: homes, then workplaces, then the places of the block.
    cells = np.concatenate([at.places.home, at.places.work, at.places.other])
    goal = 2 * users + rng.integers(0, len(at.places.other), len(other))
    start = np.concatenate([there, users + back, other])
    end = np.concatenate([users + there, back, goal])
    hour = np.concatenate([8.3 + 0.7 * rng.standard_normal(len(there)),
                           18.6 + 1.1 * rng.standard_normal(len(back)),
                           15 + 4 * rng.standard_normal(len(other))])
    way = places.distance_m(cells[start], cells[end])
    metres = (way * rng.uniform(0.95, 1.35, rows)).astype(np.int64)
    names = places.names(cells)
    return _dirty(at, rng, feeds.RIDES, day, {
        "ride_id": record_ids("r", day, at.block.number, rows), "user_id": _ids(at, who),
        "event_at": moments(day, hour * 3600), "from_cell": names.take(pa.array(start)),
        "to_cell": names.take(pa.array(end)), "distance_m": metres,
        "fare_minor": 1_000 + metres * 24 // 100}, "distance_m", -5)


def bureau_inquiries(at: Setting, day: dt.date) -> pa.Table | None:
    """Who asks about whom: the needy apply in many places, the dishonest more so."""
    people, rng = at.people, at.block.rng(Stream.INQUIRIES, day.toordinal())
    rate = np.exp(-4.9 + 0.6 * people.need - 0.3 * people.honesty) * people.is_known_to_bureau
    who = _happen(rng, rate)
    rows = len(who)
    if not rows:
        return None
    return table(feeds.BUREAU_INQUIRIES, {
        "inquiry_id": record_ids("q", day, at.block.number, rows), "user_id": _ids(at, who),
        "event_date": constant(day, rows),
        "reason": codes(rng.choice(4, rows, p=(0.6, 0.3, 0.04, 0.06)), _REASONS)})


def social_edges(at: Setting, day: dt.date) -> pa.Table | None:
    """Contacts of the week that ends on a Sunday; nothing on other days."""
    if day.weekday() != 6:
        return None
    rng, friends = at.block.rng(Stream.EDGES, day.toordinal()), at.friends
    contacts = rng.poisson(friends.closeness)
    place = np.flatnonzero((contacts > 0) & (rng.random(len(contacts)) < 0.75))
    return table(feeds.SOCIAL_EDGES, {
        "user_id": _ids(at, friends.person[place]),
        "friend_user_id": _ids(at, friends.friend[place]),
        "event_date": constant(day, len(place)), "contacts": contacts[place]})


def funding_lines(at: Setting, day: dt.date) -> pa.Table | None:
    """What may be lent: so much a user that money is short at any size; one block tells."""
    if at.block.number:
        return None
    funders = tuple(FUNDING_CNY_A_USER)
    return table(feeds.FUNDING_LINES, {
        "funder": pa.array(funders), "event_date": constant(day, len(funders)),
        "available_minor": np.array([at.block.city.users * FUNDING_CNY_A_USER[name] * 100
                                     for name in funders]),
        "cost_annual": pa.array([FUNDING_COST_ANNUAL[name] for name in funders]).cast(
            TYPES["rate"][1])})


def _dirty(at: Setting, rng: np.random.Generator, feed: Any, day: dt.date,
           columns: dict[str, Any], column: str, invalid: int) -> pa.Table | None:
    if not len(columns[column]):
        return None
    return dirty(rng, feed, drifted(at.block.city.world, feed, day, columns), column, invalid,
                 DAILY_DIRT)


def _happen(rng: np.random.Generator, rate: Floats) -> Integers:
    """Places of the people, each as often as something happens to them."""
    return np.repeat(np.arange(len(rate)), rng.poisson(rate))


def _spread(log_factor: Floats) -> Floats:
    """Factors with a mean of about 1."""
    return np.asarray(np.exp(log_factor - log_factor.var() / 2 - log_factor.mean()))


def _ids(at: Setting, who: Integers | Booleans) -> pa.Array:
    return at.ids.take(pa.array(who))
