"""What the page says of money, limits and what they cost."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.contracts.limits import SIZE_REASONS
from jobs.report import charts, limits
from tests.limits.proofs import candidates, problem, proved

ANN, BOB, CLEO = ({"user_id": "ann", "segment": "thin_file"}, {"user_id": "bob"},
                  {"user_id": "cleo"})


def facts(thin_share: float = 0.0) -> tuple[dict[str, dict[str, Any]], pa.Table]:
    """Rows by name where ann and bob get 20,000 at 18 % and cleo nothing, and limits."""
    tables = proved(problem(10**9, invitations=8.0, thin_share=thin_share),
                    candidates(ANN, BOB, CLEO), np.array([0.0, 0.03, 0.0, 0.0]),
                    np.array([1, 1, -1]))
    decided = tables["limits"]
    offered = decided.filter(decided["is_offered"])
    found = limits.row_facts(
        tables["coupling_rows"].to_pylist(), tables["coupling_terms"].to_pylist(),
        tables["coupling_steps"].to_pylist(),
        tables["candidates"].filter(decided["is_offered"]), offered, "CNY")
    return {row["name"]: row for row in found}, decided


def test_a_row_says_what_is_used_of_what_there_is() -> None:
    rows, decided = facts()
    assert (rows["invitations"]["words"], rows["invitations"]["full"]) == ("2 of 8", 250)
    drawn = sum(decided["expected_draw_minor"].to_pylist()) / 100
    # Both funding lines together are the money there is: 10 million.
    assert rows["money"]["words"] == f"CNY {drawn / 1_000:.3g} k of CNY 10 M"
    assert rows["funding"]["words"].endswith(" of CNY 10 M")
    assert rows["funding"]["full"] > rows["money"]["full"], "a chance keeps something back"


def test_a_least_share_says_what_there_is_and_what_is_asked() -> None:
    # One of two has a thin file; a quarter of two is asked.
    rows, _ = facts(thin_share=0.25)
    assert rows["thin share"]["words"] == "1, at least 0.5"
    assert (rows["thin share"]["is_minimum"], rows["thin share"]["full"]) == (True, 500)


def test_reasons_are_counted_with_their_offers() -> None:
    decided = pa.table({
        "size_reason": ["row", "row", "row", "best"],
        "size_row": ["funding", "funding", None, None], "is_offered": [True, False, True, True]})
    assert limits.reason_facts(decided) == [
        {"text": "The price of funding set it.", "people": 2, "offers": 1},
        {"text": "A larger limit would earn less.", "people": 1, "offers": 1},
        {"text": "The price of all rows together set it.", "people": 1, "offers": 1}]


def test_every_reason_for_size_has_a_text() -> None:
    assert set(limits.REASON_TEXTS) == set(SIZE_REASONS)


def test_methods_stand_in_their_order_with_their_money() -> None:
    _, decided = facts()
    offered = decided.filter(decided["is_offered"])
    methods = pa.array(["exploration", "honoured"])
    found = limits.method_facts(offered.set_column(1, "method", methods), "CNY")
    assert [(row["method"], row["people"], row["limit"]) for row in found] == [
        ("honoured", 1, "CNY 20 k"), ("exploration", 1, "CNY 20 k")]


def test_the_mix_counts_people_by_limit_and_rate() -> None:
    tables = proved(problem(), candidates(ANN, BOB, CLEO), np.zeros(4), np.array([1, 1, 2]))
    drawn = limits.mix(tables["limits"])
    for said in ("20,000", "50,000", "18.00%", "7.02%", ">2<", ">1<"):
        assert said in drawn, said
    assert "100,000" not in drawn


def test_an_example_is_a_limit_that_a_row_made_smaller() -> None:
    rows = pa.table({"size_reason": ["best", "row"], "size_row": [None, "funding"],
                     "limit_minor": [2_000_000, 6_000_000],
                     "uncoupled_limit_minor": [2_000_000, 9_000_000]})
    assert limits.example(rows, "CNY") == (
        "Risk would allow CNY 90,000; the price of funding set CNY 60,000.")
    assert limits.example(rows.slice(0, 1), "CNY") == ""


def test_heat_and_curve_follow_the_page() -> None:
    drawn = charts.heat(["20,000"], ["7 %", "18 %"], np.array([[0, 3]]), "mix")
    assert drawn == charts.heat(["20,000"], ["7 %", "18 %"], np.array([[0, 3]]), "mix")
    line = charts.curve([(1e6, 2e5), (2e6, 3e5)], 1.5e6, ("money", "value"), "curve")
    assert "tonight" in line and ">1.5 M<" in line
    for svg in (drawn, line):
        assert "var(--accent)" in svg and not re.findall(r": #0\d0\d0\d", svg)
