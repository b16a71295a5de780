"""What lending to a person leads to: a pure function of hidden traits, fixed luck and the terms.

The luck (three numbers a person) is drawn once and kept in the truth, so the outcome of *any*
limit and rate is known exactly, and policies can be compared on the same people.

- *Acceptance* falls with the rate, but less among those who are bad risks (adverse selection,
  Stiglitz & Weiss 1981), and rises with the limit.
- *Draw*: the share drawn rises with need and with the limit relative to income (moral hazard),
  and falls with the rate.
- *Default*: a proportional hazard (Cox 1972) of traits, the card's recent strain, the balance
  relative to income and the interest burden, times the community's shared fortune (shared
  frailty, Vaupel et al. 1979). A loan defaults on the first day on which the cumulated hazard
  exceeds the person's luck; a shock makes the clock of the hazard run faster on its days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.simulate.blocks import Block, Stream
from jobs.simulate.columns import Floats, Integers, Booleans, sigmoid
from jobs.simulate.people import People

#: Days over which a loan is followed.
TERM_DAYS = 365
#: Lost of the balance at default, and what the money costs a year.
LOSS_GIVEN_DEFAULT = 0.65
FUNDING_COST_ANNUAL = 0.035
#: Lenders count 360 days a year.
DAYS_A_YEAR = 360
#: Log hazard over a term of someone of average traits with nothing drawn.
_BASE_LOG_HAZARD = -4.4


@dataclass(frozen=True)
class Luck:
    """What the traits leave open; one entry a person.

    Attributes:
        accept: Uniform: a person accepts whose probability to is above it.
        draw: Standard normal, in log odds of the share drawn.
        default: Exponential: the cumulated hazard that is one too many.
    """

    accept: Floats
    draw: Floats
    default: Floats


@dataclass(frozen=True)
class Outcome:
    """What comes of an offer to each person.

    Attributes:
        accept_probability: Before the luck is known.
        is_accepted: With the luck.
        balance_cny: Drawn if accepted; whole CNY.
        hazard: Cumulated over a term without shocks.
        default_day: Day of the term, from 1, on which an accepted loan defaults; 0 for never.
    """

    accept_probability: Floats
    is_accepted: Booleans
    balance_cny: Integers
    hazard: Floats
    default_day: Integers


def luck(rng: np.random.Generator, people: int) -> Luck:
    """Draw everyone's luck."""
    return Luck(rng.random(people), rng.standard_normal(people),
                rng.standard_exponential(people))


def own_luck(block: Block) -> Luck:
    """The luck that decides about offers of ours."""
    return luck(block.rng(Stream.LATENTS), block.people)


def outcome(people: People, strain: Floats, luck: Luck, limit_cny: Floats, rate_daily: Floats,
            clock: Floats) -> Outcome:
    """What comes of offering these limits and rates.

    Args:
        people: Hidden traits.
        strain: Of their cards, see `credit.strain`.
        luck: Theirs.
        limit_cny: Offered to each.
        rate_daily: Offered to each, interest a day.
        clock: Cumulated baseline hazard after each day of the term, see `World.clock`.
    """
    rate_annual = rate_daily * DAYS_A_YEAR
    ease = np.log(limit_cny / (6 * people.monthly_income_cny)).clip(-3, 3)
    badness = 0.5 * people.need - 0.4 * people.stability - 0.3 * people.honesty
    slope = 9.0 * np.exp(-0.5 * badness)
    accept = sigmoid(0.5 + 0.35 * people.need + 0.35 * np.log(limit_cny / 30_000)
                     - slope * (rate_annual - 0.12))
    share = sigmoid(-0.5 + 0.7 * people.need - 0.3 * people.income + 0.15 * ease
                    - 5.0 * (rate_annual - 0.12) + 0.6 * luck.draw)
    balance = np.floor(limit_cny * share)
    months_owed = balance / people.monthly_income_cny
    interest = balance * rate_daily * 30 / people.monthly_income_cny
    log_hazard = (_BASE_LOG_HAZARD - 0.45 * people.stability + 0.35 * people.need
                  - 0.3 * people.income - 0.25 * people.honesty + 0.8 * strain
                  + 0.25 * np.log1p(months_owed) + 2.0 * interest.clip(max=0.5))
    hazard = np.exp(log_hazard) * people.fortune
    accepted = luck.accept < accept
    day = np.searchsorted(clock, luck.default / hazard) + 1
    return Outcome(accept, accepted, balance.astype(np.int64), hazard,
                   np.where(accepted & (day <= len(clock)), day, 0))


def realised_profit(found: Outcome, rate_daily: Floats, days: int) -> Floats:
    """Interest less funding until default or the end, less what a default loses; CNY."""
    is_default = found.default_day > 0
    lived = np.where(is_default, found.default_day - 1, days)
    margin = rate_daily - FUNDING_COST_ANNUAL / DAYS_A_YEAR
    return np.asarray(found.is_accepted * found.balance_cny
                      * (margin * lived - LOSS_GIVEN_DEFAULT * is_default))


def expected_profit(found: Outcome, rate_daily: Floats, clock: Floats) -> tuple[Floats, Floats]:
    """Profit and probability of default, averaged over acceptance and over the day of default.

    Returns:
        Expected profit in CNY, and the probability that the offer ends in a default.
    """
    survived: Floats = np.zeros(len(found.hazard))
    for cumulated in clock:
        survived += np.exp(-found.hazard * cumulated)
    default = 1 - np.exp(-found.hazard * clock[-1])
    margin = rate_daily - FUNDING_COST_ANNUAL / DAYS_A_YEAR
    profit = found.balance_cny * (margin * survived - LOSS_GIVEN_DEFAULT * default)
    return found.accept_probability * profit, found.accept_probability * default
