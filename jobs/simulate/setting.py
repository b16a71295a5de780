"""What the feeds of a block are made from, drawn once for many days."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pyarrow as pa

from jobs.simulate import credit, loans, people as city_people, places
from jobs.simulate.blocks import Block, Stream, month_of
from jobs.simulate.columns import Floats, Integers, numbered


@dataclass(frozen=True)
class Lent:
    """Offers of ours that were made to people of a block.

    Attributes:
        day: Of sending.
        person: Places in the block.
        limit_cny: Offered to each of these.
        rate_daily: Offered to each of these.
        offer_id: As the list names the offers; None where it does not.
        channel: Of each, as the list says; None where it does not.
    """

    day: dt.date
    person: Integers
    limit_cny: Floats
    rate_daily: Floats
    offer_id: pa.Array | None = None
    channel: pa.Array | None = None


@dataclass(frozen=True)
class Setting:
    """A block's people with all that its days are drawn from.

    Attributes:
        block: Which block.
        people: Hidden traits.
        ids: User ids.
        life: Card months before the last day's.
        loans: Of partners and ours.
        lent: Our offers.
        friends: Who deals with whom.
        places: Cells of home, work and elsewhere.
        tastes: Standard normal, six a person: how active somebody is beyond the traits.
    """

    block: Block
    people: city_people.People
    ids: pa.Array
    life: credit.CardLife
    loans: loans.Loans
    lent: tuple[Lent, ...]
    friends: city_people.Friends
    places: places.Places
    tastes: Floats


def setting(block: Block, last: dt.date, lent: list[Lent]) -> Setting:
    """Draw a block for days up to the last."""
    people = city_people.draw(block)
    life = credit.life(block, people, month_of(last))
    book = [loans.partner_loans(block, people, life, last)]
    book += [loans.own_loans(block, people, life, one.day, one.person, one.limit_cny,
                             one.rate_daily) for one in lent]
    return Setting(
        block, people, numbered("u", people.number, people.id_digits), life,
        loans.concatenated(book), tuple(lent), city_people.friends(block, people),
        places.draw(block, people),
        block.rng(Stream.TASTES).standard_normal((6, len(people))))
