"""Who decides about whom, in which order, and what each may use."""

import hashlib
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from jobs.errors import InfeasibleRows
from jobs.limits import assignment
from jobs.limits.assignment import CHAMPION, challengers, decide, honoured
from jobs.limits.problem import (DRAW, LIMIT, LOSS, PEOPLE, VARIANCE, Chance, Group, Row, Step,
                                 Sums, Term, uses)
from jobs.limits.filling import keeps_chance, share_of, widened
from jobs.policies.limits import Challenger, Exploration
from tests.limits.people import DAY, POLICY, candidates, problem

LAW = Decimal("0.0006")
SENT = {"open_offer_id": "o1", "open_limit_minor": 5_000_000,
        "open_rate_daily": Decimal("0.000300"), "is_open_offer_sent": True, "is_promised": True}


def policy(**limits):
    rules = replace(POLICY.limits, **{"exploration": None, "challengers": (), **limits})
    return replace(POLICY, limits=rules)


def table_of(*people, asked=None, said=None, seed=1):
    found = decide(candidates(*people), asked or problem(), said or policy(), seed, DAY, LAW)
    return found, {row["user_id"]: row for row in found.table.to_pylist()}


def users(number):
    return [{"user_id": f"u{place:05}"} for place in range(number)]


def test_an_offer_that_was_sent_is_kept_as_it_was():
    found, rows = table_of({"user_id": "anna", **SENT}, {"user_id": "ben"})
    assert rows == {"anna": {"user_id": "anna", "decided_method": "honoured",
                             "decided_limit_minor": 5_000_000,
                             "decided_rate_daily": Decimal("0.000300"),
                             "decided_propensity_ratio": None}}
    assert found.is_free.tolist() == [False, True]
    # A quarter of the limit is drawn in expectation.
    assert found.fixed.measures[0, [PEOPLE, LIMIT, DRAW]].tolist() == [1, 5_000_000, 1_250_000]


@pytest.mark.parametrize(("change", "highest_limit"), [
    ({"is_promised": False}, None), ({"open_rate_daily": Decimal("0.000700")}, None),
    ({}, 49_999), ({"limit_cap_minor": 1_000_000, "cap_reason": "affordability"}, 49_999)])
def test_an_offer_is_not_kept(change, highest_limit):
    assert not honoured(candidates({"user_id": "anna", **SENT, **change}), float(LAW),
                        highest_limit).is_offered.any()


@pytest.mark.parametrize("change", [
    {"is_eligible": False}, {"limit_cap_minor": 0, "cap_reason": "affordability"}])
def test_a_promise_holds_whoever_the_person_is_today_and_whatever_they_can_carry(change):
    kept = honoured(candidates({"user_id": "anna", **SENT, **change}), float(LAW), 50_000)
    assert kept.limit_minor.tolist() == [5_000_000]


def test_who_fails_a_rule_and_whose_promise_the_law_forbids_gets_nothing_not_even_by_chance():
    forbidden = {**SENT, "open_rate_daily": Decimal("0.000700")}
    people = [{**one, **forbidden, "is_eligible": False} for one in users(50)]
    explore = Exploration(1.0, 1e9, (), (20_000,), (Decimal("0.0002"),))
    found, rows = table_of(*people, said=policy(exploration=explore))
    assert len(rows) == 50 and not found.is_free.any()
    assert {row["decided_limit_minor"] for row in rows.values()} == {None}


def test_a_policy_may_honour_nothing():
    found, rows = table_of({"user_id": "anna", **SENT}, said=policy(honours_offers=False))
    assert rows == {} and found.is_free.all()


def test_who_fails_a_rule_gets_something_by_chance_or_not_at_all():
    people = [{**one, "is_eligible": False} for one in users(400)]
    explore = Exploration(0.3, 1e9, (), (20_000,), (Decimal("0.0002"),))
    found, rows = table_of(*people, said=policy(exploration=explore))
    assert len(rows) == 400 and not found.is_free.any()
    assert {row["decided_method"] for row in rows.values()} == {"exploration"}
    offered = [row for row in rows.values() if row["decided_limit_minor"]]
    assert 80 < len(offered) < 160 and found.counts["exploration"] == len(offered)
    assert {row["decided_propensity_ratio"] for row in offered} == {0.3}
    assert {row["decided_rate_daily"] for row in rows.values() if row not in offered} == {None}


def test_nobody_explores_who_was_sent_an_offer():
    explore = Exploration(0.5, 1e9, (), (20_000,), (Decimal("0.0002"),))
    found, rows = table_of(*[{**one, **SENT} for one in users(50)],
                           said=policy(exploration=explore))
    assert {row["decided_method"] for row in rows.values()} == {"honoured"}


def test_the_hash_is_that_of_every_engine():
    # sha2 of Spark and DuckDB, hashlib: the first eight bytes, big end first.
    whole = int(hashlib.sha256(b"loan|tiers|anna").hexdigest()[:16], 16)
    assert assignment.fractions("loan", "tiers", pa.array(["anna"]))[0] == pytest.approx(
        whole / 2**64, abs=1e-15)


def test_each_challenger_has_its_share_and_keeps_its_people():
    ids = pa.array([one["user_id"] for one in users(20_000)])
    rules = (Challenger("one", "flat", 0.1), Challenger("two", "greedy", 0.2))
    by = challengers("loan", rules, ids)
    for place, share in ((0, 0.1), (1, 0.2), (CHAMPION, 0.7)):
        expected, spread = share * 20_000, (share * (1 - share) * 20_000)**0.5
        assert abs((by == place).sum() - expected) < 4 * spread
    assert np.array_equal(by[::7], challengers("loan", rules, ids.take(pa.array(
        np.arange(0, 20_000, 7)))))
    # One that is added takes people to itself and moves no other.
    more = challengers("loan", (*rules, Challenger("three", "flat", 0.1)), ids)
    assert np.array_equal(by[more != 2], more[more != 2])


def test_a_challenger_decides_about_its_people_within_its_share():
    # 1,000 candidates, money for the draws of 100: a tenth of the people, a tenth of the money.
    row = Row("funding", "", "", (Term(DRAW, 1.0),), 100 * 3_000_000.0)
    said = policy(challengers=(Challenger("tiers", "tier_matrix", 0.1),))
    found, rows = table_of(*users(1_000), asked=problem(row), said=said)
    mine = found.counts["tiers"]
    assert 70 < mine < 130 and len(rows) == mine and found.is_free.sum() == 1_000 - mine
    offered = [row for row in rows.values() if row["decided_limit_minor"]]
    assert len(offered) == mine // 10
    assert {row["decided_method"] for row in rows.values()} == {"tier_matrix"}


def test_what_was_sent_is_taken_from_every_share():
    # 10 invitations, 6 of them sent before: 4 are left, shared out among two halves.
    row = Row("invitations", "", "", (Term(PEOPLE, 1.0),), 10.0)
    people = users(206)
    people = [{**one, **SENT} for one in people[:6]] + people[6:]
    said = policy(method="greedy", challengers=(Challenger("tiers", "tier_matrix", 0.5),))
    found, rows = table_of(*people, asked=problem(row), said=said)
    offered = [one["decided_method"] for one in rows.values() if one["decided_limit_minor"]]
    assert offered.count("honoured") == 6 and len(offered) <= 10
    assert 1 <= offered.count("tier_matrix") <= 2


def test_a_champion_that_is_no_optimiser_decides_about_the_rest():
    said = policy(method="tier_matrix", challengers=(Challenger("greedy", "greedy", 0.5),))
    found, rows = table_of(*users(100), said=said)
    assert not found.is_free.any() and len(rows) == 100
    methods = [row["decided_method"] for row in rows.values()]
    assert methods.count("greedy") == found.counts["greedy"]
    assert methods.count("tier_matrix") == found.counts["champion"]


def test_the_optimiser_may_challenge():
    said = policy(method="tier_matrix", challengers=(Challenger("new", "optimiser", 0.5),))
    found, rows = table_of(*users(100), said=said)
    assert found.is_free.sum() == found.counts["new"] > 0


THIN = Group("segment", ("thin_file",))
#: At least half of the people without a file.
MINIMUM = Row("thin", "", "", (Term(PEOPLE, -1.0, 1), Term(PEOPLE, 0.5)), 0.0)


def test_a_challenger_need_not_make_up_for_what_was_sent():
    # One offer to a thick file was sent; the challenger has thick files only and offers nothing.
    people = [{**one, **SENT} for one in users(1)] + users(101)[1:]
    said = policy(challengers=(Challenger("tiers", "tier_matrix", 0.3),))
    found, rows = table_of(*people, asked=problem(MINIMUM, groups=(THIN,)), said=said)
    offered = [row["decided_method"] for row in rows.values() if row["decided_limit_minor"]]
    assert offered == ["honoured"] and found.counts["tiers"] > 10


def test_a_champion_that_cannot_make_up_for_it_is_refused():
    people = [{**one, **SENT} for one in users(1)] + users(101)[1:]
    with pytest.raises(InfeasibleRows, match="row thin"):
        table_of(*people, asked=problem(MINIMUM, groups=(THIN,)), said=policy(method="greedy"))


def test_rows_are_widened_to_what_is_used():
    asked = problem(Row("funding", "", "", (Term(DRAW, 1.0),), 100.0, (Step("own", 50.0, 0.1),),
                        Chance(1_000, 1.0, 0.0)),
                    Row("invitations", "", "", (Term(PEOPLE, 1.0),), 7.0))
    used = Sums(0, np.array([[5, 0, 1_200, 0, 0]]))
    funding, invitations = widened(asked, used).rows
    assert (funding.capacity, funding.chance.available_minor) == (1_150.0, 1_200)
    assert invitations == asked.rows[1]


def test_a_share_is_of_every_capacity():
    whole = problem(Row("funding", "", "", (Term(DRAW, 1.0),), 1_000.0, (Step("own", 50.0, 0.1),),
                        Chance(2_000, 2.0, 0.1)))
    row = share_of(whole, 0.1).rows[0]
    assert (row.capacity, row.steps[0].amount, row.chance.available_minor) == (100.0, 5.0, 200)


def test_no_candidates():
    found, rows = table_of(said=policy(method="flat"))
    assert rows == {} and len(found.is_free) == 0


@pytest.mark.parametrize("seed", range(4))
def test_all_together_keep_every_row(seed):
    rng = np.random.default_rng(seed)
    people = [{**one, "pd": float(rng.uniform(0.001, 0.06)),
               "is_eligible": bool(rng.random() < 0.9), "score_points": int(rng.integers(600, 800)),
               **(SENT if rng.random() < 0.05 else {})}
              for one in users(600)]
    asked = problem(Row("funding", "", "", (Term(DRAW, 1.0),), 1e12, (),
                        Chance(500_000_000, 2.0, 0.1)),
                    Row("invitations", "", "", (Term(PEOPLE, 1.0),), 300.0),
                    Row("loss_rate", "", "", (Term(LOSS, 1.0), Term(DRAW, -0.012)), 0.0))
    explore = Exploration(0.05, 1e6, (), (20_000,), (Decimal("0.0004"),))
    said = policy(method="greedy", exploration=explore, challengers=(
        Challenger("one", "tier_matrix", 0.2), Challenger("two", "flat", 0.1)))
    found, rows = table_of(*people, asked=asked, said=said, seed=seed)
    used = uses(asked, found.fixed)
    assert {row["decided_method"] for row in rows.values()} == {
        "honoured", "exploration", "tier_matrix", "flat", "greedy"}
    assert used[1] <= 300 and used[2] <= 1e-6
    assert keeps_chance(asked.rows[0], *found.fixed.measures[0, [DRAW, VARIANCE]])
    offered = [row for row in rows.values() if row["decided_limit_minor"]]
    assert len(offered) == found.fixed.measures[0, PEOPLE]
    assert sum(row["decided_limit_minor"] for row in offered) == found.fixed.measures[0, LIMIT]
