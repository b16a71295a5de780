"""The true value of a policy: what its offers would earn in this city, loans followed a year.

Exact for any offers, since the luck of everyone is fixed: `truth/outcomes` holds a grid of it for
eyes and other tools, anything else is computed on demand by the same function.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.errors import UsageError
from jobs.simulate import credit, lending, people as city_people, places, truth
from jobs.simulate.blocks import Block, City, month_of
from jobs.simulate.columns import Floats, Integers
from jobs.simulate.setting import Setting

#: The grid of counterfactual outcomes: every limit with every rate, for everyone, had it been
#: offered on the city's first day.
GRID_LIMITS_CNY = (20_000, 50_000, 100_000, 200_000)
GRID_RATES_DAILY = (0.000195, 0.00035, 0.0005)
#: What a list of offers must tell.
OFFER_COLUMNS = ("user_id", "limit_cny", "rate_daily")


@dataclass(frozen=True)
class PolicyValue:
    """What offers lead to; `expected_` is the mean over the luck, the rest is what comes.

    Attributes:
        offers: People who get one.
        accepted: People who take it.
        expected_accepted: The same, expected.
        balance_cny: Drawn by those who take it.
        defaults: Loans that default within the year.
        expected_defaults: The same, expected.
        profit_cny: Interest less funding less losses.
        expected_profit_cny: The same, expected.
        expected_balance_cny: Drawn, expected over who accepts; the share drawn is as it comes.
        loss_cny: Lost of the balances that default.
        expected_loss_cny: The same, expected.
    """

    offers: int = 0
    accepted: int = 0
    expected_accepted: float = 0.0
    balance_cny: int = 0
    defaults: int = 0
    expected_defaults: float = 0.0
    profit_cny: float = 0.0
    expected_profit_cny: float = 0.0
    expected_balance_cny: float = 0.0
    loss_cny: float = 0.0
    expected_loss_cny: float = 0.0

    def plus(self, other: PolicyValue) -> PolicyValue:
        """Both together."""
        return PolicyValue(*(getattr(self, one.name) + getattr(other, one.name)
                             for one in fields(self)))


def policy_value(home: Path, offers: pa.Table, day: dt.date | None = None) -> PolicyValue:
    """The true value of a list of offers.

    Args:
        home: A home with a simulated city.
        offers: `user_id`, `limit_cny`, `rate_daily`; other columns are left alone.
        day: Of the offers; default: the last day of the city.

    Raises:
        UsageError: When there is no city, or the offers are not for its people.
    """
    reached = truth.reached(home)
    if reached is None:
        raise UsageError("truth/city.json", "a simulated city in the home folder", "none",
                         "make one: nightlist simulate")
    number, limit, rate = read_offers(offers, reached.city)
    total = PolicyValue()
    for block in reached.city.blocks():
        mine = (number > block.before) & (number <= block.before + block.people)
        if mine.any():
            total = total.plus(_of_block(block, day or reached.last_day,
                                         number[mine] - 1 - block.before, limit[mine],
                                         rate[mine]))
    return total


def of_offers(home: Path, offers: pa.Table, day: dt.date) -> dict[str, int]:
    """The true value of what a policy would offer, in whole CNY: columns of a comparison.

    Args:
        home: A home with a simulated city.
        offers: `user_id`, `limit_minor` in 1/100 CNY, `rate_daily`.
        day: Of the offers.

    Raises:
        UsageError: As of `policy_value`.
    """
    found = policy_value(home, pa.table({
        "user_id": offers["user_id"], "limit_cny": pc.divide(offers["limit_minor"], 100),
        "rate_daily": offers["rate_daily"]}), day)
    return {"true_draw": round(found.expected_balance_cny),
            "true_loss": round(found.expected_loss_cny),
            "true_profit": round(found.expected_profit_cny),
            "realised_loss": round(found.loss_cny), "realised_profit": round(found.profit_cny)}


def read_offers(offers: pa.Table, city: City) -> tuple[Integers, Floats, Floats]:
    """Numbers of the people, limits (CNY) and daily rates of a list of offers.

    Raises:
        UsageError: When columns are missing, or people are unknown or named twice.
    """
    missing = [name for name in OFFER_COLUMNS if name not in offers.column_names]
    if missing:
        raise UsageError("whitelist", "the columns " + ", ".join(OFFER_COLUMNS),
                         "no " + ", ".join(missing),
                         "write it with: nightlist whitelist --format parquet --output FILE")
    ids = offers["user_id"].combine_chunks().cast(pa.string())
    is_id = pc.match_substring_regex(ids, rf"^u\d{{{city.id_digits}}}$")
    odd = ids.filter(pc.invert(pc.fill_null(is_id, False)))
    number: Integers = (np.zeros(0, np.int64) if len(odd) else
                        pc.utf8_slice_codeunits(ids, 1).cast(pa.int64()).to_numpy(
                            zero_copy_only=False))
    if len(odd) or (number < 1).any() or (number > city.users).any():
        raise UsageError("whitelist.user_id", f"people of this city of {city.users:,}",
                         repr(odd[0].as_py()) if len(odd) else f"number {number.max()}",
                         "take a whitelist of the same home")
    if len(np.unique(number)) != len(number):
        raise UsageError("whitelist.user_id", "everyone once", "somebody twice",
                         "give one offer a person")
    limit: Floats = offers["limit_cny"].cast(pa.float64()).to_numpy()
    rate: Floats = offers["rate_daily"].cast(pa.float64()).to_numpy()
    if not ((limit > 0).all() and (rate >= 0).all()):
        raise UsageError("whitelist", "limits above 0 CNY and rates of 0 or more", "others",
                         "mend the list")
    return number, limit, rate


def _of_block(block: Block, day: dt.date, person: Integers, limit: Floats,
              rate: Floats) -> PolicyValue:
    people = city_people.draw(block)
    life = credit.life(block, people, month_of(day))
    limits, rates = np.ones(len(people)), np.zeros(len(people))
    limits[person], rates[person] = limit, rate
    clock = block.city.world.clock(day, lending.TERM_DAYS)
    found = lending.outcome(people, credit.strain(life, month_of(day), people.card_limit_cny),
                            lending.own_luck(block), limits, rates, clock)
    expected, defaults = lending.expected_profit(found, rates, clock)
    profit = lending.realised_profit(found, rates, len(clock))
    balance, is_default = found.balance_cny, found.default_day > 0

    def total(values: Floats | Integers) -> float:
        return float(values[person].sum())

    return PolicyValue(
        len(person), int(found.is_accepted[person].sum()), total(found.accept_probability),
        int((balance * found.is_accepted)[person].sum()), int(is_default[person].sum()),
        total(defaults), total(profit), total(expected), total(balance * found.accept_probability),
        lending.LOSS_GIVEN_DEFAULT * total(balance * is_default),
        lending.LOSS_GIVEN_DEFAULT * total(balance * defaults))


def people_table(at: Setting) -> pa.Table:
    """The hidden traits and the luck of a block, one row a person."""
    people, luck = at.people, lending.own_luck(at.block)
    return pa.table({
        "user_id": at.ids, "income": people.income, "stability": people.stability,
        "need": people.need, "honesty": people.honesty, "community": people.community,
        "fortune": people.fortune, "age_years": people.age_years,
        "occupation": pa.array(city_people.OCCUPATIONS).take(pa.array(people.occupation)),
        "monthly_income_cny": people.monthly_income_cny,
        "is_known_to_bureau": people.is_known_to_bureau,
        "home_cell": places.names(at.places.home), "work_cell": places.names(at.places.work),
        "accept_luck": luck.accept, "draw_luck": luck.draw, "default_luck": luck.default})


def outcomes_table(at: Setting) -> pa.Table:
    """What comes of every offer of the grid, one row a person and offer."""
    city, people, luck = at.block.city, at.people, lending.own_luck(at.block)
    strain = credit.strain(at.life, month_of(city.start), people.card_limit_cny)
    clock = city.world.clock(city.start, lending.TERM_DAYS)
    rows = []
    for limit in GRID_LIMITS_CNY:
        for rate in GRID_RATES_DAILY:
            rates = np.full(len(people), rate)
            found = lending.outcome(people, strain, luck, np.full(len(people), float(limit)),
                                    rates, clock)
            rows.append(pa.table({
                "user_id": at.ids, "limit_cny": np.full(len(people), limit),
                "rate_daily": rates, "is_accepted": found.is_accepted,
                "balance_cny": found.balance_cny * found.is_accepted,
                "default_day": found.default_day,
                "profit_cny": lending.realised_profit(found, rates, len(clock)).round(2)}))
    return pa.concat_tables(rows)
