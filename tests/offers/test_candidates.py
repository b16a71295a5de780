"""Candidates: who, with which figures, and how much at most."""

import dataclasses

import pytest

from jobs.contracts.limits import CANDIDATES
from jobs.offers.candidates import build
from jobs.policies.limits import Exploration
from jobs.policies.policy import load
from tests.offers.rows import DAY, eligibility, matrix, rule_facts, scores

POLICY = load("wallet_loan_cny", DAY)    # menu to 200,000; 12 incomes; 5 card limits


def policy(law=300_000, **limits):
    return dataclasses.replace(
        POLICY, law=dataclasses.replace(POLICY.law, highest_limit=law),
        limits=dataclasses.replace(POLICY.limits, **limits))


def candidates(failing, score=(), features=(), facts=(), by=POLICY):
    users = [{"user_id": user} for user in failing]
    found = build(eligibility(**failing), scores(*[{**one, **dict(score)} for one in users]),
                  rule_facts(*[{**one, **dict(facts)} for one in users]),
                  matrix(*[{**one, **dict(features)} for one in users]), by)
    CANDIDATES.check(found, "mend the job")
    return {row["user_id"]: row.asDict() for row in found.collect()}


def of_anna(**given):
    return candidates({"anna": []}, **given)["anna"]


EXPLORES = Exploration(0.01, 100.0, ("pd_appetite", "evidence"), (20_000,), ())


def test_who_fails_only_what_exploration_passes_over_is_one_but_not_eligible():
    people = {"anna": [], "ben": ["pd_appetite"], "cem": ["evidence", "pd_appetite"],
              "dora": ["adult", "pd_appetite"]}
    found = candidates(people, by=policy(exploration=EXPLORES))
    assert {user: row["is_eligible"] for user, row in found.items()} == {
        "anna": True, "ben": False, "cem": False}


def test_without_exploration_only_who_fails_no_rule_is_one():
    found = candidates({"anna": [], "ben": ["pd_appetite"]}, by=policy(exploration=None))
    assert set(found) == {"anna"}


SENT = {"open_offer_id": "o1", "open_limit_minor": 5_000_000, "is_open_offer_sent": True}


def promising(*honour_unless, honours_offers=True, exploration=None):
    said = policy(honours_offers=honours_offers, exploration=exploration)
    return dataclasses.replace(said, campaign=dataclasses.replace(
        said.campaign, honour_unless=None if "any" in honour_unless else honour_unless))


def kept(by, facts=SENT, **failing):
    return {user: (row["is_eligible"], row["is_promised"])
            for user, row in candidates(failing, facts=facts, by=by).items()}


def test_whose_sent_offer_no_failing_rule_takes_back_is_one():
    people = {"anna": [], "ben": ["evidence"], "cem": ["evidence", "adult"], "dora": ["adult"]}
    assert kept(promising("adult", "real_name"), **people) == {
        "anna": (True, True), "ben": (False, True)}


def test_where_any_rule_takes_an_offer_back_only_who_fails_none_is_promised_it():
    assert kept(promising("any"), anna=[], ben=["evidence"]) == {"anna": (True, True)}
    assert kept(promising(), anna=["adult"]) == {"anna": (False, True)}      # no rule does


def test_whom_exploration_may_choose_is_promised_nothing_by_a_rule_that_takes_back():
    by = promising("pd_appetite", exploration=EXPLORES)
    assert kept(by, anna=["pd_appetite"], ben=["evidence"]) == {
        "anna": (False, False), "ben": (False, True)}


def test_nothing_is_promised_that_was_not_sent_or_that_the_policy_does_not_honour():
    listed = {**SENT, "is_open_offer_sent": False}
    assert kept(promising("adult"), facts=listed, anna=[], ben=["evidence"]) == {
        "anna": (True, False)}
    assert kept(promising("adult", honours_offers=False), anna=[], ben=["evidence"]) == {
        "anna": (True, False)}


@pytest.mark.parametrize(("pd", "kept"), [(0.0, 1e-6), (1.0, 1 - 1e-6), (0.02, 0.02)])
def test_a_probability_is_kept_from_0_and_1(pd, kept):
    assert of_anna(score={"pd": pd})["pd"] == kept


def test_planning_figures_stand_in_for_models_that_there_are_not():
    found = of_anna(by=policy(response_ratio=0.4, draw_ratio=0.3, lgd_ratio=0.6, income=4_000.0))
    assert (found["response_ratio"], found["draw_ratio"], found["lgd_ratio"],
            found["income_minor"]) == (0.4, 0.3, 0.6, 400_000)
    told = {"response_ratio": 0.1, "draw_ratio": 0.2, "lgd_ratio": 0.0, "income_minor": 7}
    assert {name: of_anna(score=told)[name] for name in told} == told


@pytest.mark.parametrize(("income", "debts", "cap"), [
    (1_000_000, {}, 12_000_000),                                       # 12 x 10,000
    (1_000_000, {"total_debt_minor": 5_000_000}, 7_000_000),
    (1_000_000, {"total_debt_minor": 15_000_000}, 0)])
def test_income_bounds_what_a_person_can_carry_less_what_is_owed(income, debts, cap):
    found = of_anna(score={"income_minor": income}, facts=debts)
    assert (found["limit_cap_minor"], found["cap_reason"]) == (cap, "affordability")


def test_a_mortgage_is_not_carried_by_the_months_of_income():
    found = of_anna(score={"income_minor": 1_000_000}, facts={"total_debt_minor": 5_000_000},
                    features={"mortgage_debt_minor": 4_000_000})
    assert found["limit_cap_minor"] == 11_000_000


def test_where_no_income_is_known_the_card_s_limit_bounds_and_then_the_planning_income():
    assert of_anna(features={"card_limit_minor": 1_500_000})["limit_cap_minor"] == 7_500_000
    assert of_anna(by=policy(income=3_000.0))["limit_cap_minor"] == 3_600_000


@pytest.mark.parametrize(("law", "cap", "reason"), [
    (300_000, 20_000_000, "menu"), (200_000, 20_000_000, "menu"), (None, 20_000_000, "menu"),
    (150_000, 15_000_000, "law")])
def test_of_law_and_menu_the_lower_bounds(law, cap, reason):
    found = of_anna(score={"income_minor": 9_000_000}, by=policy(law=law))
    assert (found["limit_cap_minor"], found["cap_reason"]) == (cap, reason)


def test_what_can_be_carried_has_to_be_below_law_and_menu_to_be_the_reason():
    exactly = of_anna(features={"card_limit_minor": 4_000_000})         # 5 x 40,000
    assert (exactly["limit_cap_minor"], exactly["cap_reason"]) == (20_000_000, "menu")
