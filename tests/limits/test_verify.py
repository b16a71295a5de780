"""The certificate's check: true of an honest proof, and false of each way to bend one."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.errors import NightlistError
from jobs.limits.problem import NOTHING, Economics, Menu
from jobs.limits.verify import TABLES, verify
from tests.limits.proofs import MENU, candidates, drawn_candidates, problem, proved

Tables = dict[str, pa.Table]
PRICES = np.array([0.002, 0.03, 40.0, 15.0])


def honest() -> Tables:
    """A hundred people, ten invitations left, own funds in part."""
    return proved(problem(funding=10**10, invitations=110.0, thin_share=0.2),
                  drawn_candidates(100), PRICES)


def changed(table: pa.Table, change: dict[str, Any], at: int = 0) -> pa.Table:
    """The table with other values in one row."""
    rows = table.to_pylist()
    rows[at] |= change
    return pa.Table.from_pylist(rows, schema=table.schema)


def offered(table: pa.Table) -> int:
    """The place of the first offer in limits."""
    return table["is_offered"].to_pylist().index(True)


def failed(tables: Tables) -> set[str]:
    return {check.name for check in verify(tables).failures}


def test_an_honest_proof_is_true() -> None:
    verdict = verify(honest())
    assert verdict.ok, verdict.failures


def test_a_night_worked_by_hand_is_true(tmp_path: Any) -> None:
    # No terms, no elasticity, one entry of 20,000 at 0.05 % a day: ann takes with 0.5 and draws
    # 0.4 of it, 4,000. PD 0.1 and LGD 0.5: loss 200; interest 4,000 x 0.95 x 0.0005 x 360 = 684;
    # an invitation 0.50: value 483.50. Variance 4,000 x 16,000. Own money costs 0.03: 120.
    plain = Economics(360, 1.0, 0.0, 1_000_000, 50, 0, {}, {})
    menu = Menu(np.array([2_000_000]), np.array([0.0005]))
    about = problem(funding=10**9, economics=plain, menu=menu)
    ann = candidates({"user_id": "ann", "pd": 0.1, "lgd_ratio": 0.5})
    tables = proved(about, ann, np.array([0.0, 0.03, 0.0, 0.0]))
    decided = tables["limits"].to_pylist()[0]
    assert {name: decided[name] for name in decided if name.startswith(("expected", "draw"))} == {
        "expected_draw_minor": 400_000, "expected_loss_minor": 20_000,
        "draw_variance": 64_000_000, "expected_value_minor": 48_350}
    proof = tables["certificate"].to_pylist()[0]
    assert proof["value_minor"] == 36_350
    # The multiplier is own money's price: steps add nothing, the row's capacity is 0.
    assert proof["bound_minor"] == pytest.approx(36_350) and proof["gap_ratio"] < 1e-9
    for name, table in tables.items():
        pq.write_table(table, tmp_path / f"{name}.parquet")
    assert verify({name: tmp_path / f"{name}.parquet" for name in TABLES}).ok


def test_leaving_an_open_offer_earns_the_price_of_a_change_unless_it_was_sent() -> None:
    open_offer = {"open_limit_minor": 2_000_000, "open_rate_daily": Decimal("0.000500")}
    rows = candidates({"user_id": "ann", **open_offer, "is_open_offer_sent": False},
                      {"user_id": "bob", **open_offer, "is_open_offer_sent": True})
    tables = proved(problem(), rows, np.zeros(4), np.array([1, 1]))
    ann, bob = tables["limits"]["expected_value_minor"].to_pylist()
    assert ann - bob == 500
    assert verify(tables).ok


def test_an_open_offer_beyond_the_menu_earns_nothing_by_staying() -> None:
    # A tier's terms need not be in the menu: no choice was made between keeping and changing them.
    rows = candidates({"user_id": "ann"}, {"user_id": "bob", "limit_cap_minor": 5_000_000})
    tables = proved(problem(), rows, PRICES, np.array([5, 1]), honoured=1)
    tables["candidates"] = changed(tables["candidates"], {
        "open_limit_minor": 10_000_000, "open_rate_daily": Decimal("0.000500"),
        "is_open_offer_sent": False})
    assert failed(tables) == {"figures of each offer"}
    tables["menu"] = tables["menu"].slice(0, 5)
    assert failed(tables) == set()


def test_a_fixed_offer_stands_outside_the_menu_and_the_cap_but_counts() -> None:
    # ann was promised 50,000 at 7 % when the menu had it and she could carry it.
    rows = candidates({"user_id": "ann", "limit_cap_minor": 2_000_000},
                      *({"user_id": f"bob{number}"} for number in range(4)))
    tables = proved(problem(invitations=3.0), rows, np.array([0.0, 0.03, 70.0, 0.0]),
                    np.array([2, 5, 5, NOTHING, NOTHING]), honoured=1)
    menu = tables["menu"]
    tables["menu"] = pa.concat_tables([menu.slice(0, 2), menu.slice(3)])
    assert verify(tables).ok
    optimised = changed(tables["limits"], {"method": "optimiser"})
    assert failed({**tables, "limits": optimised}) >= {
        "people as the certificate says", "optimised offers are in the menu",
        "offers within the person's cap", "bound at the multipliers"}


@pytest.mark.parametrize(("change", "ok"), [
    ({"is_eligible": False}, True), ({"is_promised": False}, False)])
def test_a_promise_stands_where_rules_fail_but_only_if_there_was_one(
        change: dict[str, bool], ok: bool) -> None:
    tables = proved(problem(), candidates({"user_id": "ann"}, {"user_id": "bob"}), np.zeros(4),
                    np.array([2, 5]), honoured=1)
    found = failed({**tables, "candidates": changed(tables["candidates"], change)})
    assert found == (set() if ok else {"offers to the eligible, by exploration or promised"})


def test_chance_gives_nothing_to_who_stands_for_a_promise_only() -> None:
    tables = proved(problem(), candidates({"user_id": "ann"}, {"user_id": "bob"}), np.zeros(4),
                    np.array([2, 5]), honoured=1)
    by_chance = changed(tables["limits"], {"method": "exploration"})
    for is_promised, broken in ((False, set()),
                                (True, {"offers to the eligible, by exploration or promised"})):
        rows = changed(tables["candidates"], {"is_eligible": False, "is_promised": is_promised})
        assert failed({**tables, "limits": by_chance, "candidates": rows}) - {
            "the whitelist has these offers"} == broken


def test_the_line_around_the_chance_leaves_room_for_a_promise_above_the_menu() -> None:
    # ann was promised 100,000; the menu ends at 50,000 by now.
    rows = candidates({"user_id": "ann"}, {"user_id": "bob", "limit_cap_minor": 5_000_000})
    for highest, broken in ((0.0, {"line around the chance of funding"}), (1e7, set())):
        about = problem(funding=10**8)
        narrow = problem(funding=10**8, menu=Menu(MENU.limit_minor[:4], MENU.rate_daily[:4]),
                         highest=highest)
        about = dataclasses.replace(about, rows=(narrow.rows[0], *about.rows[1:]))
        tables = proved(about, rows, np.array([0.1, 0.03, 0.0, 0.0]), np.array([5, 3]),
                        honoured=1)
        tables["menu"] = tables["menu"].slice(0, 4)
        assert failed(tables) - {"bound at the multipliers"} == broken


TAMPERED: dict[str, tuple[Callable[[Tables], Tables], str]] = {
    "a limit": (lambda t: {"limits": changed(t["limits"], {
        "limit_minor": 10_000_000, "rate_daily": Decimal("0.000195")}, offered(t["limits"]))},
        "figures of each offer"),
    "a rate": (lambda t: {"limits": changed(t["limits"], {"rate_daily": Decimal("0.000499")},
                                            offered(t["limits"]))},
               "optimised offers are in the menu"),
    "a value": (lambda t: {"limits": changed(t["limits"], {"expected_value_minor": 10**9},
                                             offered(t["limits"]))}, "value"),
    "a pd": (lambda t: {"candidates": changed(t["candidates"], {"pd": 0.4},
                                              offered(t["limits"]))},
             "figures of each offer"),
    "a multiplier": (lambda t: {"coupling_rows": changed(t["coupling_rows"],
                                                         {"multiplier": 0.004})},
                     "bound at the multipliers"),
    "a negative multiplier": (lambda t: {"coupling_rows": changed(t["coupling_rows"],
                                                                  {"multiplier": -0.1})},
                              "multipliers"),
    "a multiplier that is none": (lambda t: {"coupling_rows": changed(
        t["coupling_rows"], {"multiplier": math.nan})}, "bound at the multipliers"),
    "a capacity": (lambda t: {"coupling_rows": changed(t["coupling_rows"], {"capacity": 10.0},
                                                       at=2)}, "slack of invitations"),
    "money there is not": (lambda t: {"coupling_rows": changed(
        t["coupling_rows"], {"chance_available_minor": 1e7})}, "slack of funding"),
    "a line through the chance": (lambda t: {"coupling_rows": changed(
        t["coupling_rows"], {"capacity": 1e9})}, "line around the chance of funding"),
    "a dropped person": (lambda t: {"limits": t["limits"].slice(1)},
                         "each candidate has one row of limits"),
    "a person twice": (lambda t: {"limits": pa.concat_tables([t["limits"],
                                                              t["limits"].slice(0, 1)])},
                       "each candidate has one row of limits"),
    "nobody eligible": (lambda t: {"candidates": changed(
        t["candidates"], {"is_eligible": False}, offered(t["limits"]))},
        "offers to the eligible, by exploration or promised"),
    "an unlisted offer": (lambda t: {"whitelist": t["whitelist"].slice(1)},
                          "the whitelist has these offers"),
    "another limit listed": (lambda t: {"whitelist": changed(t["whitelist"],
                                                             {"limit_cny": 21_000})},
                             "the whitelist has these offers"),
    "the dearer step first": (lambda t: {"coupling_steps": changed(
        t["coupling_steps"], {"price": 0.001}, at=1)}, "step interbank of funding_cost"),
    "a bound too low": (lambda t: {"certificate": changed(t["certificate"], {
        "bound_minor": t["certificate"]["value_minor"][0].as_py() * 0.9})},
        "value within the bound"),
    "a gap": (lambda t: {"certificate": changed(t["certificate"], {"gap_ratio": 0.0})}, "gap"),
    "people": (lambda t: {"certificate": changed(t["certificate"], {"optimised_people": 1})},
               "people as the certificate says"),
    "what an unoffered brings": (lambda t: {"limits": changed(
        t["limits"], {"expected_value_minor": 5},
        t["limits"]["is_offered"].to_pylist().index(False))},
        "no offer brings and uses nothing"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_was_changed_is_found_by_the_check_that_says_so(what: str) -> None:
    tables = honest()
    change, check = TAMPERED[what]
    assert check in failed({**tables, **change(tables)})


def test_offers_that_overspend_break_the_row_they_overspend() -> None:
    # Ten may be invited; the prices of that are left out, so that everyone gets the best.
    tables = proved(problem(invitations=10.0), drawn_candidates(100), np.zeros(4))
    assert failed(tables) == {"slack of invitations"}


def test_an_empty_list_is_a_valid_proof() -> None:
    about = problem(funding=0)
    everything = np.array([100.0, 100.0, 0.0, 0.0])
    tables = proved(about, drawn_candidates(20), everything, np.full(20, NOTHING))
    assert tables["certificate"].to_pylist()[0]["bound_minor"] == 0
    assert verify(tables).ok


def test_a_person_counts_in_the_groups_of_their_columns_only() -> None:
    # Nobody knows where cleo lives: she is in no region, and no null makes her one of the south.
    rows = candidates({"user_id": "ann", "segment": "thin_file"},
                      {"user_id": "cleo", "region": None, "partner": None})
    assert verify(proved(problem(thin_share=0.5), rows, np.array([0, 0, 0, 30.0]))).ok
    lonely = proved(problem(thin_share=0.9), rows, np.zeros(4))
    assert failed(lonely) == {"slack of thin_share"}


def test_without_a_table_there_is_no_verdict() -> None:
    tables = honest()
    del tables["economics"]
    with pytest.raises(NightlistError, match="without economics; rerun"):
        verify(tables)


def test_a_table_without_its_columns_is_named() -> None:
    tables = honest()
    with pytest.raises(NightlistError, match='(?s)tables as their contracts say.*"figure"'):
        verify({**tables, "economics": tables["economics"].drop_columns(["figure"])})


def test_a_verdict_is_true_only_if_every_check_is() -> None:
    verdict = verify(honest())
    bent = dataclasses.replace(verdict.checks[3], ok=False)
    assert not dataclasses.replace(verdict, checks=(*verdict.checks, bent)).ok
