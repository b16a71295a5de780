"""Strategies beside the optimiser, on people whose figures are worked by hand.

Of each limit a quarter is drawn in expectation (half of the people draw half of it); of that
1 % x 50 % is lost.
"""

from dataclasses import replace

import numpy as np
import pytest

from jobs.errors import InfeasibleRows
from jobs.limits import strategies
from jobs.limits.choice import people_of
from jobs.limits.filling import Applicants, keeps_chance, sums
from jobs.limits.problem import (DRAW, LIMIT, LOSS, PEOPLE, Chance, Group, Row, Step, Sums, Term,
                                 uses)
from jobs.limits.strategies import decide
from tests.limits.people import PLAIN, POLICY, candidates, menu, problem

THIN = Group("segment", ("thin_file",))


def at_most(name, measure, amount, group=0):
    return Row(name, "", "", (Term(measure, 1.0, group),), amount)


def share(name, measure, ratio, of, group=0):
    return Row(name, "", "", (Term(measure, 1.0, group), Term(of, -ratio)), 0.0)


def offered(method, asked, *people, fixed=None, policy=POLICY):
    """user -> (limit in currency, rate) of those who get an offer."""
    rows = candidates(*people)
    known = people_of(rows, asked)
    found = decide(method, asked, policy, Applicants.of(known, rows),
                   fixed or Sums.zero(asked))
    return {user: (int(limit) // 100, float(rate)) for user, limit, rate in zip(
        rows["user_id"].to_pylist(), found.limit_minor, found.rate_daily) if limit}


def test_the_tier_sets_the_rate_and_the_card_sets_the_column():
    found = offered("tier_matrix", problem(),
                    {"user_id": "anna", "score_points": 700, "card_limit_minor": 3_000_000},
                    {"user_id": "ben", "score_points": 699, "card_limit_minor": 2_999_999},
                    {"user_id": "carl", "score_points": 1, "card_limit_minor": None})
    assert found == {"anna": (120_000, 0.0002), "ben": (20_000, 0.0005), "carl": (20_000, 0.0005)}


def test_a_cell_above_what_a_person_can_carry_becomes_the_next_limit_of_the_menu():
    found = offered("tier_matrix", problem(entries=menu((20_000, 60_000, 100_000))),
                    {"user_id": "anna", "limit_cap_minor": 9_999_999},
                    {"user_id": "ben", "limit_cap_minor": 1_999_999})
    assert found == {"anna": (60_000, 0.0002)}


def test_a_full_row_ends_the_offers_from_the_best_score_down():
    # Draws of 30,000 each; 60,000 fit to the last yuan.
    people = [{"user_id": name, "score_points": points} for name, points in (
        ("anna", 720), ("ben", 750), ("carl", 700))]
    row = at_most("funding", DRAW, 6_000_000)
    assert set(offered("tier_matrix", problem(row), *people)) == {"anna", "ben"}
    less = at_most("funding", DRAW, 5_999_999)
    assert set(offered("tier_matrix", problem(less), *people)) == {"ben"}


def test_equal_scores_go_by_user():
    row = at_most("invitations", PEOPLE, 1)
    assert set(offered("tier_matrix", problem(row), {"user_id": "ben"},
                       {"user_id": "anna"})) == {"anna"}


def test_what_is_fixed_uses_the_rows_first():
    row = at_most("invitations", PEOPLE, 2)
    asked = problem(row)
    one = np.zeros_like(Sums.zero(asked).measures)
    one[0, PEOPLE] = 1
    assert set(offered("tier_matrix", asked, {"user_id": "anna"}, {"user_id": "ben"},
                       fixed=Sums(0, one))) == {"anna"}


def test_a_share_takes_the_worst_of_those_who_use_it():
    # 2 of 4 thin at most 40 %: the worse thin one leaves, 1 of 3 stays.
    people = [{"user_id": "a", "score_points": 790}, {"user_id": "b", "score_points": 700},
              {"user_id": "thin1", "score_points": 780, "segment": "thin_file"},
              {"user_id": "thin2", "score_points": 770, "segment": "thin_file"}]
    row = share("thin", PEOPLE, 0.4, PEOPLE, 1)
    assert set(offered("tier_matrix", problem(row, groups=(THIN,)), *people)) == {
        "a", "b", "thin1"}


def test_a_minimum_share_takes_the_worst_of_the_others():
    # At least half thin: of two others the worse one leaves.
    people = [{"user_id": "a", "score_points": 790}, {"user_id": "b", "score_points": 700},
              {"user_id": "thin", "score_points": 600, "segment": "thin_file"}]
    row = Row("thin", "", "", (Term(PEOPLE, -1.0, 1), Term(PEOPLE, 0.5)), 0.0)
    assert set(offered("tier_matrix", problem(row, groups=(THIN,)), *people)) == {"a", "thin"}


def test_a_loss_rate_takes_those_who_lose_more():
    # 10 % x 50 % lost of carl's draw, 0.5 % of anna's: 2 % of all only without carl.
    found = offered("tier_matrix", problem(share("loss_rate", LOSS, 0.02, DRAW)),
                    {"user_id": "anna"}, {"user_id": "carl", "pd": 0.1, "score_points": 900})
    assert set(found) == {"anna"}


def test_a_minimum_nobody_reaches_is_an_error_that_names_the_row():
    row = Row("thin_people", "", "", (Term(PEOPLE, -1.0, 1),), -1.0)
    with pytest.raises(InfeasibleRows, match="thin_people"):
        offered("tier_matrix", problem(row, groups=(THIN,)), {"user_id": "anna"})


def test_the_chance_is_kept_and_could_not_take_one_more():
    # One: mean 30,000, deviation sqrt(30,000 x 90,000) = 51,962, z = 1. n of them:
    # 30,000 n + 51,962 sqrt(n): 133,484.7 for two, 180,000 for three.
    people = [{"user_id": name} for name in "abcd"]
    for money, kept in ((180_000, 3), (179_999, 2), (133_485, 2), (133_484, 1)):
        row = Row("funding", "", "", (Term(DRAW, 1.0),), 1e18, (), Chance(money * 100, 1.0, 0.0))
        assert len(offered("tier_matrix", problem(row), *people)) == kept


def test_all_draws_move_together():
    row = Row("funding", "", "", (Term(DRAW, 1.0),), 0.0, (), Chance(1_300, 3.0, 0.1))
    assert keeps_chance(row, np.array([1_000, 1_001]), np.array([0, 0])).tolist() == [True, False]


def test_flat_is_the_entry_that_earns_most_once_handed_out():
    # Earned of a limit: a quarter x (rate x 360 - about 0.5 %); money for draws of 30,000.
    # 20,000: six people; 60,000: two. At 0.0005 both use all of it and earn the same a yuan, so
    # the invitation's cost decides for fewer, larger ones.
    people = [{"user_id": name} for name in "abcdefgh"]
    row = at_most("funding", DRAW, 3_000_000)
    dear = problem(row, economics=replace(PLAIN, invitation_cost_minor=100))
    assert offered("flat", dear, *people) == {name: (60_000, 0.0005) for name in "ab"}


def test_flat_asks_some_where_there_are_many(monkeypatch):
    people = [{"user_id": f"u{place:03}", "score_points": 700 + place % 7} for place in range(90)]
    asked = problem(at_most("funding", DRAW, 40_000_000), economics=replace(
        PLAIN, invitation_cost_minor=100))
    all_asked = offered("flat", asked, *people)
    monkeypatch.setattr(strategies, "_FLAT_SAMPLE", 20)
    assert offered("flat", asked, *people) == all_asked


def test_flat_pays_for_money():
    # Money at 20 % a year is dearer than 18 % interest: nobody gets any.
    row = Row("funding_cost", "", "", (Term(DRAW, 1.0),), 0.0, (Step("line", 1e9, 0.2),))
    assert offered("flat", problem(row), {"user_id": "anna"}) == {}


def test_greedy_gives_each_their_own_best_until_a_row_is_full():
    # anna's cap is 20,000; both best at the highest rate. Draws 5,000 + 15,000 + 15,000.
    row = at_most("funding", DRAW, 2_000_000)
    found = offered("greedy", problem(row),
                    {"user_id": "anna", "score_points": 800, "limit_cap_minor": 2_000_000},
                    {"user_id": "ben", "score_points": 750}, {"user_id": "carl"})
    assert found == {"anna": (20_000, 0.0005), "ben": (60_000, 0.0005)}


def test_greedy_leaves_out_who_is_not_worth_the_money():
    # 50 % x 50 % of carl's draw is lost; the line's money costs 4 %.
    row = Row("funding_cost", "", "", (Term(DRAW, 1.0),), 0.0, (Step("line", 1e9, 0.04),))
    assert set(offered("greedy", problem(row), {"user_id": "anna"},
                       {"user_id": "carl", "pd": 0.5})) == {"anna"}


@pytest.mark.parametrize("method", ["tier_matrix", "flat", "greedy"])
def test_no_strategy_breaks_a_row(method):
    rng = np.random.default_rng(3)
    people = [{"user_id": f"u{k:03}", "pd": float(rng.uniform(0.001, 0.08)),
               "score_points": int(rng.integers(500, 800)),
               "segment": "thin_file" if rng.random() < 0.4 else "thick_file"}
              for k in range(200)]
    asked = problem(at_most("funding", DRAW, 200_000_000), at_most("exposure", LIMIT, 400_000_000,
                                                                   1),
                    share("loss_rate", LOSS, 0.015, DRAW), share("thin", LIMIT, 0.3, LIMIT, 1),
                    Row("least", "", "", (Term(PEOPLE, -1.0, 1), Term(PEOPLE, 0.1)), 0.0),
                    groups=(THIN,))
    rows = candidates(*people)
    known = people_of(rows, asked)
    found = decide(method, asked, POLICY, Applicants.of(known, rows), Sums.zero(asked))
    used = uses(asked, sums(asked, known, found))
    assert found.is_offered.any()
    assert all(used <= np.array([row.capacity for row in asked.rows]))
