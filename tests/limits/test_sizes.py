"""Reasons for size: the cap, the best, or the row whose price took the rest."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from jobs.contracts.limits import SIZE_REASONS
from jobs.limits.problem import NOTHING, Menu
from jobs.limits.sizes import LANGUAGES, reasons, text
from tests.limits.proofs import ECONOMICS, candidates, dual, people_of, problem

#: Without terms and elasticity value rises straight with the limit: good people want the most.
PLAIN = dataclasses.replace(ECONOMICS, response_terms={}, draw_terms={}, elasticity=0.0)
MENU = Menu(np.array([2_000_000, 5_000_000, 10_000_000]), np.full(3, 0.0005))
FUNDING, COST, INVITATIONS, THIN = range(4)


def sized(prices: dict[int, float], thin_share: float = 0.0, economics: Any = PLAIN,
          **person: Any) -> tuple[int, str, str | None]:
    """One person's entry at these prices, the reason and the row."""
    about = problem(10**8, economics=economics, menu=MENU, thin_share=thin_share)
    rows = candidates({"user_id": "ann", **person})
    people = people_of(rows, about)
    multipliers = np.array([prices.get(place, 0.0) for place in range(4)])
    chosen, alone = dual(about, people, multipliers)[1], dual(about, people, np.zeros(4))[1]
    found = reasons(about, people, chosen, alone, multipliers,
                    np.array(rows["cap_reason"].to_pylist(), dtype=object))
    return chosen[0], found.reason[0], found.row[0]


def test_without_prices_the_largest_limit_is_the_menu_s() -> None:
    assert sized({}) == (2, "menu", None)


@pytest.mark.parametrize("cap_reason", ["affordability", "law"])
def test_a_cap_below_a_better_entry_is_the_reason(cap_reason: str) -> None:
    assert sized({}, limit_cap_minor=6_000_000, cap_reason=cap_reason) == (1, cap_reason, None)
    assert sized({}, limit_cap_minor=1_000_000, cap_reason=cap_reason) == (
        NOTHING, cap_reason, None)


def test_a_cap_above_the_best_is_no_reason() -> None:
    # With the whole elasticity on debt over a small income, a larger limit loses more.
    steep = dataclasses.replace(PLAIN, elasticity=3.0)
    found = sized({}, economics=steep, pd=0.03, income_minor=400_000, limit_cap_minor=6_000_000,
                  cap_reason="affordability")
    assert found[0] in (0, 1) and found[1:] == ("best", None)


def test_nobody_would_lend_where_every_entry_loses() -> None:
    assert sized({}, pd=0.9) == (NOTHING, "no_value", None)


def test_the_row_that_took_most_is_named() -> None:
    # Variance grows with the square of the limit: its price shrinks the limit, and money's price
    # as well, but less.
    entry, reason, row = sized({FUNDING: 0.1, COST: 0.01})
    assert (reason, row) == ("row", "funding") and entry < 2
    assert sized({INVITATIONS: 1e9, COST: 0.001}) == (NOTHING, "row", "invitations")


def test_a_minimum_raises_someone_who_would_get_nothing() -> None:
    assert sized({THIN: 1e7}, pd=0.9, segment="thin_file") == (0, "row", "thin_share")


@pytest.mark.parametrize(("reason", "row", "limit", "alone", "english"), [
    ("row", "funding", 6_000_000, 9_000_000,
     "Risk would allow CNY 90,000; the price of funding set CNY 60,000."),
    ("row", "invitations", None, 9_000_000,
     "Risk would allow CNY 90,000; the price of invitations left nothing."),
    ("row", "thin_share", 2_000_000, None,
     "Alone no offer would pay; thin share asked for CNY 20,000."),
    ("affordability", None, None, None, "The income can carry no limit of the menu."),
    ("best", None, 5_000_000, 5_000_000,
     "CNY 50,000 is worth most: a larger limit would earn less.")])
def test_a_reason_is_a_sentence(reason: str, row: str | None, limit: int | None,
                                alone: int | None, english: str) -> None:
    said = {"size_reason": reason, "size_row": row, "limit_minor": limit,
            "uncoupled_limit_minor": alone}
    assert text(said, "CNY") == english
    chinese = text(said, "CNY", "zh")
    assert chinese.endswith("。") and ("60,000" in chinese) == ("60,000" in english)


#: Said of offers only.
OFFERED = ("best", "menu", "honoured")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("reason", "limit"), [
    (reason, limit) for reason in SIZE_REASONS for limit in (None, 5_000_000)
    if limit or reason not in OFFERED])
def test_every_reason_has_a_sentence(language: str, reason: str, limit: int | None) -> None:
    said = {"size_reason": reason, "size_row": None, "limit_minor": limit,
            "uncoupled_limit_minor": 7_000_000}
    sentence = text(said, "CNY", language)
    assert "{" not in sentence and "CNY 0" not in sentence
    assert ("50,000" in sentence) == (limit is not None and reason != "no_value")
