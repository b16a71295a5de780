"""Shadow prices in words."""

from __future__ import annotations

import pytest

from jobs.limits.words import sentence, short, told


def test_prices_are_told_in_words() -> None:
    row = {"unit": "1/100 currency", "step": 1e10, "step_value_minor": 3.1e8}
    assert sentence({**row, "row_name": "funding"}, "CNY") == (
        "Another CNY 100 M to lend would earn CNY 3.1 M.")
    assert sentence({**row, "row_name": "funding_cost"}, "CNY") == (
        "CNY 100 M at no cost would earn CNY 3.1 M.")
    quota = {"row_name": "loss_rate", "unit": "people", "step": 500.0, "step_value_minor": 1.2e6}
    assert sentence(quota, "CNY") == "Loss rate: 500 people of slack would earn CNY 12 k."
    assert sentence({**quota, "step_value_minor": 20.0}, "CNY") == (
        "Loss rate: more would earn nothing.")


@pytest.mark.parametrize(("amount", "said"), [
    (12.0, "12"), (650.0, "650"), (999.6, "1 k"), (3_140.0, "3.14 k"), (999_900.0, "1 M"),
    (3_100_000.0, "3.1 M"), (2.5e9, "2.5 bn"), (-41_000.0, "-41 k")])
def test_amounts_are_short(amount: float, said: str) -> None:
    assert short(amount) == said


@pytest.mark.parametrize(("capacity", "low", "high", "said"), [
    (1e9, 8e8, 1.2e9, "from CNY 8 M to CNY 12 M"), (1e9, None, 1.2e9, "up to CNY 12 M"),
    (0.0, -3e7, 1e7, "from CNY 300 k less to CNY 100 k more"), (0.0, -3e7, None,
                                                                "from CNY 300 k less on"),
    (1e9, None, None, "at all capacities looked at")])
def test_a_price_holds_from_where_to_where(capacity: float, low: float | None, high: float | None,
                                           said: str) -> None:
    row = {"row_name": "loss", "text": "", "unit": "1/100 currency", "capacity": capacity,
           "holds_from": low, "holds_to": high, "step": 1e8, "step_value_minor": 1e7,
           "cost_minor": 5e9}
    assert told([row], "CNY")[0]["holds"] == said
    assert told([row], "CNY")[0]["cost"] == "CNY 50 M"


def test_a_row_that_earns_nothing_has_no_range_and_stands_last() -> None:
    row = {"row_name": "loss", "text": "", "unit": "people", "capacity": 5.0, "holds_from": 2.0,
           "holds_to": None, "step": 1.0, "step_value_minor": 0.0, "cost_minor": 0.0}
    dear = {**row, "row_name": "quota", "step_value_minor": 1e6}
    found = told([row, dear], "CNY")
    assert [one["sentence"] for one in found] == [
        "Quota: 1 person of slack would earn CNY 10 k.", "Loss: more would earn nothing."]
    assert (found[1]["holds"], found[1]["cost"]) == ("", None)
