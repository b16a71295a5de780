"""A city and its blocks: who is drawn together, and from which random numbers.

People are drawn in blocks of fixed size. Every draw comes from a generator of its own, named by
(seed, stream, block, day or month): any block and day can be drawn alone, in any process and in
any order, and the number of workers changes nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np

from jobs.simulate.world import World

#: People a block: bounds the memory of a worker.
BLOCK_PEOPLE = 50_000
#: Months of statements in the first delivery.
FIRST_MONTHS = 6


class Stream(IntEnum):
    """What a generator is for: its number is part of the seed and never changes its meaning."""

    TRAITS = 1
    HABITS = 2
    PLACES = 3
    FRIENDS = 4
    CARD_MONTH = 5
    LATENTS = 6
    PARTNER_TERMS = 7
    PARTNER_COHORT = 8
    FIRST_CARDS = 9
    STATEMENTS = 10
    TRADELINES = 11
    LINES = 12
    SCORES = 13
    PUBLIC_RECORDS = 14
    FIRST_PERMISSIONS = 15
    CONSENTS = 16
    LOGINS = 17
    PAYMENTS = 18
    SHOPPING = 19
    VIRTUAL_PROPERTY = 20
    RIDES = 21
    INQUIRIES = 22
    EDGES = 23
    ACCOUNTS = 24
    CARD_CHANGES = 25
    FIRST_ACCOUNTS = 26
    OPT_OUTS = 27
    SUPPRESSIONS = 28
    TASTES = 29


@dataclass(frozen=True)
class City:
    """What a city is a function of.

    Attributes:
        users: People in it.
        start: First simulated day; monthly deliveries reach back to the month before.
        seed: Of everything drawn.
        world: Shocks, seasons, outages, drifts.
        block_people: People a block; another size is another city.
    """

    users: int
    start: dt.date
    seed: int
    world: World = field(default_factory=World)
    block_people: int = BLOCK_PEOPLE

    @property
    def first_delivery(self) -> dt.date:
        """The first of the month before the start's: six months of history come on it."""
        return month_first(month_of(self.start) - 1)

    @property
    def first_month(self) -> int:
        """The oldest month of which there are statements."""
        return month_of(self.first_delivery) - FIRST_MONTHS

    @property
    def id_digits(self) -> int:
        """Digits of a user id."""
        return max(7, len(str(self.users)))

    def blocks(self) -> list[Block]:
        """All blocks, in the order of their people."""
        size = self.block_people
        return [Block(self, number, number * size, min(size, self.users - number * size))
                for number in range(-(-self.users // size))]

    def said(self) -> dict[str, Any]:
        """The city as JSON content."""
        return {"users": self.users, "from": self.start.isoformat(), "seed": self.seed,
                "world": self.world.said(), "block_people": self.block_people}

    def origin(self) -> dict[str, Any]:
        """The mark of its landing area: only the same city may add to it."""
        return {"source": "simulated", **self.said()}

    @staticmethod
    def read(said: dict[str, Any]) -> City:
        """The city that `said()` wrote down."""
        return City(said["users"], dt.date.fromisoformat(said["from"]), said["seed"],
                    World.read(said["world"]), said["block_people"])


@dataclass(frozen=True)
class Block:
    """One block of a city.

    Attributes:
        city: Whose block it is.
        number: From 0.
        before: People in earlier blocks.
        people: People in this one.
    """

    city: City
    number: int
    before: int
    people: int

    def rng(self, stream: Stream, ordinal: int = 0) -> np.random.Generator:
        """The generator of a stream, for a day's or month's ordinal where it has one."""
        key = (int(stream), self.number, ordinal)
        return np.random.Generator(np.random.PCG64(
            np.random.SeedSequence(self.city.seed, spawn_key=key)))


def month_of(day: dt.date) -> int:
    """The day's month, counted from year 0."""
    return day.year * 12 + day.month - 1


def month_first(month: int) -> dt.date:
    """First day of a month."""
    return dt.date(month // 12, month % 12 + 1, 1)


def month_end(month: int) -> dt.date:
    """Last day of a month."""
    return month_first(month + 1) - dt.timedelta(days=1)
