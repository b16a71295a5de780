"""Candidates, problems and policies made by hand, for the tests of limits."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pyarrow as pa

from jobs.contracts.limits import CANDIDATES
from jobs.limits.problem import Economics, Group, Menu, Problem
from jobs.policies.policy import Tier, load

DAY = dt.date(2026, 6, 30)
POLICY = replace(
    load("wallet_loan_cny", DAY), card_limit_from=(0, 30_000),
    tiers=(Tier("A", 700, Decimal("0.000200"), (60_000, 120_000)),
           Tier("B", 0, Decimal("0.000500"), (20_000, 40_000))))
#: Nothing moves with the terms: a draw of half the limit once taken, by half of the people.
PLAIN = Economics(horizon_days=360, term_factor=1.0, elasticity=0.0,
                  reference_limit_minor=1_000_000, invitation_cost_minor=0, change_price_minor=0,
                  response_terms={}, draw_terms={})
PERSON = {"as_of_date": DAY, "segment": "thick_file", "region": "north", "partner": "bank",
          "score_points": 700, "pd": 0.01, "response_ratio": 0.5, "draw_ratio": 0.5,
          "lgd_ratio": 0.5, "income_minor": 500_000, "card_limit_minor": 5_000_000,
          "limit_cap_minor": 20_000_000, "cap_reason": "menu", "open_offer_id": None,
          "open_limit_minor": None, "open_rate_daily": None, "open_until": None,
          "is_open_offer_sent": False, "is_eligible": True, "is_promised": False}


def candidates(*people):
    """CANDIDATES: each person a dict with user_id and what differs from PERSON."""
    return pa.Table.from_pylist([{**PERSON, **one} for one in people],
                                schema=CANDIDATES.arrow_schema)


def menu(limits=(20_000, 60_000), rates=(0.0002, 0.0005)):
    """A menu of these limits (currency) and rates."""
    return Menu(np.repeat(np.array(limits) * 100, len(rates)), np.tile(np.array(rates),
                                                                       len(limits)))


def problem(*rows, entries=None, economics=PLAIN, groups=()):
    """A problem with these rows."""
    return Problem(economics, entries or menu(), (Group(), *groups), rows)
