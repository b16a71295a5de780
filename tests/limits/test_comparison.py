"""Policies side by side on the same candidates."""

from dataclasses import replace
from decimal import Decimal

import pyarrow as pa
import pytest

from jobs.limits import comparison
from jobs.limits.comparison import OFFERS, compare, decide_in_memory, difference, summary, variants
from jobs.limits.problem import DRAW, PEOPLE, Row, Step, Term
from jobs.policies.limits import Challenger
from tests.limits.people import DAY, POLICY, candidates, problem

LAW = Decimal("0.0006")
WIDE = problem(Row("invitations", "", "", (Term(PEOPLE, 1.0),), 1e6))


def policy(method="optimiser", **limits):
    return replace(POLICY, limits=replace(POLICY.limits, **{
        "method": method, "exploration": None, "challengers": (), **limits}))


def decided(asked, said, *people):
    return decide_in_memory(candidates(*people), asked, said, 1, DAY, LAW)


def offers(*rows):
    return pa.Table.from_pylist([{
        "user_id": user, "method": "optimiser", "limit_minor": limit * 100,
        "rate_daily": Decimal(rate), "expected_draw_minor": 100, "expected_loss_minor": 10,
        "expected_value_minor": 50} for user, limit, rate in rows], schema=OFFERS)


def test_the_optimiser_gives_the_money_to_whom_it_earns_most():
    # Money for one draw of 15,000 (a quarter of 60,000), which costs 3 %. Earned of it: 18 % less
    # losses of 0.5 % of anna's draw, 5 % of ben's.
    asked = problem(Row("funding", "", "", (Term(DRAW, 1.0),), 1_500_000.0),
                    Row("funding_cost", "", "", (Term(DRAW, 1.0),), 0.0,
                        (Step("own", 1e9, 0.03),)))
    found = decided(asked, policy(), {"user_id": "anna"}, {"user_id": "ben", "pd": 0.1})
    (row,) = found.offers.to_pylist()
    assert (row["user_id"], row["limit_minor"], row["rate_daily"]) == (
        "anna", 6_000_000, Decimal("0.000500"))
    # 15,000 x (0.18 x (1 - 0.01 / 2) - 0.01 x 0.5) = 2,611.50; less 450 for the money.
    assert row["expected_value_minor"] == 261_150
    assert found.value_minor == 261_150 - 45_000
    assert found.bound_minor >= found.value_minor
    assert found.prices["funding"] >= 0


def test_a_policy_without_the_optimiser_has_no_bound():
    found = decided(WIDE, policy("tier_matrix"), {"user_id": "anna"})
    assert (found.offers.num_rows, found.bound_minor, found.prices) == (1, None, {})


def test_nobody_at_all():
    found = decided(WIDE, policy())
    assert (found.offers.num_rows, found.value_minor, found.bound_minor) == (0, 0, None)


def test_champion_and_challenger_stand_side_by_side():
    people = [{"user_id": f"u{place:03}"} for place in range(200)]
    said = policy(challengers=(Challenger("tiers", "tier_matrix", 0.3),))
    found = decided(WIDE, said, *people)
    methods = found.offers["method"].to_pylist()
    assert methods.count("tier_matrix") == found.counts["tiers"] > 30
    assert methods.count("optimiser") == 200 - found.counts["tiers"]


def test_the_optimiser_is_worth_no_less_than_any_strategy():
    people = [{"user_id": f"u{place:03}", "pd": 0.002 + 0.0005 * (place * 37 % 101),
               "score_points": 740 - place * 37 % 101, "income_minor": 100_000 * (1 + place % 9)}
              for place in range(150)]
    asked = problem(Row("funding", "", "", (Term(DRAW, 1.0),), 60_000_000.0),
                    Row("invitations", "", "", (Term(PEOPLE, 1.0),), 60.0))
    rows = {row["policy"]: row for row in compare(
        candidates(*people), asked, variants(policy()), 1, DAY, LAW, None)}
    assert set(rows) == {"tier_matrix", "flat", "greedy", "optimiser",
                         "champion and challengers"}
    best = rows["optimiser"]
    for name in ("tier_matrix", "flat", "greedy", "champion and challengers"):
        assert rows[name]["expected_value"] <= best["bound"] + 1
    assert best["expected_value"] >= max(
        rows[name]["expected_value"] for name in ("tier_matrix", "flat", "greedy")) * 0.9999


def test_every_strategy_keeps_what_was_sent():
    sent = {"user_id": "anna", "open_offer_id": "o1", "open_limit_minor": 3_000_000,
            "open_rate_daily": Decimal("0.000300"), "is_open_offer_sent": True, "is_promised": True}
    for said in variants(policy()).values():
        rows = decided(WIDE, said, sent, {"user_id": "ben"}).offers.to_pylist()
        assert (rows[0]["method"], rows[0]["limit_minor"]) == ("honoured", 3_000_000)


def test_a_summary_is_in_whole_currency_and_has_the_truth_beside_it():
    decision = comparison.Decision(offers(("anna", 20_000, "0.000500"),
                                          ("ben", 30_000, "0.000500")), 12_345.0, None, {}, {})
    row = summary("mine", decision, lambda rows: {"true_profit": rows.num_rows})
    assert row == {"policy": "mine", "invited": 2, "limits": 50_000, "expected_draw": 2,
                   "expected_loss": 0, "expected_value": 123, "bound": None, "true_profit": 2}


def test_the_difference_counts_people():
    before = offers(("anna", 20, "0.000500"), ("ben", 20, "0.000500"), ("carl", 20, "0.000500"),
                    ("dora", 20, "0.000300"))
    after = offers(("ben", 30, "0.000500"), ("carl", 10, "0.000500"), ("dora", 20, "0.000400"),
                   ("emil", 20, "0.000500"), ("fay", 20, "0.000500"))
    assert difference(before, after) == {"entered": 2, "left": 1, "limit_up": 1, "limit_down": 1,
                                         "rate_up": 1, "rate_down": 0}


@pytest.mark.parametrize(("value", "said"), [(1_234_567, "1,234,567"), (0.12345, "0.1235"),
                                             (None, "")])
def test_numbers_as_text(value, said):
    assert comparison.text(value) == said
