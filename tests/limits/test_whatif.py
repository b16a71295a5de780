"""A past night read back from its folder, and decided anew under another policy."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from jobs import store
from jobs.config import RUN_FILE, Run
from jobs.contracts.limits import (CERTIFICATE, COUPLING_ROWS, COUPLING_STEPS, ECONOMICS, LIMITS,
                                   RULE_FACTS)
from jobs.contracts.night import FEATURE_MATRIX, SCORES
from jobs.errors import NightlistError
from jobs.limits import whatif
from jobs.limits.setting import FundingLine
from jobs.policies.changes import changed
from tests.limits.people import DAY, POLICY
from tests.offers import rows

OFFER = {"method": "optimiser", "is_offered": True, "score_tier": "A", "limit_minor": 2_000_000,
         "rate_daily": Decimal("0.000500"), "expected_draw_minor": 500_000,
         "expected_loss_minor": 5_000, "draw_variance": 1, "expected_value_minor": 70_000,
         "size_reason": "best"}
NONE = {**OFFER, "is_offered": False, "limit_minor": None, "rate_daily": None,
        "expected_draw_minor": 0, "expected_loss_minor": 0, "expected_value_minor": 0}
#: Who fails no rule of the policy but, perhaps, that of the PD.
CLEAN = {"card_limit_minor": 3_000_000, "verified_names": 1, "card_age_days": 400,
         "utilization_1_ratio": 0.2}
FIGURES = {"horizon_days": 360.0, "response_limit": 0.35, "response_rate": -9.0}
OWN, BANK = (FundingLine("own", 300_000, Decimal("0.03")),
             FundingLine("bank", 200_000, Decimal("0.045")))


@pytest.fixture
def run(tmp_path):
    night = Run(home=tmp_path, as_of=DAY, run_id="abc", policy="wallet_loan_cny")
    steps = [{"row_name": "funding_cost", "step": place, "step_name": line.name,
              "amount": float(line.available_minor), "price": float(line.cost_annual),
              "used": 0.0} for place, line in enumerate((OWN, BANK))]
    for table, content in (
            (LIMITS, [{"user_id": "ben", **NONE}, {"user_id": "anna", **OFFER}]),
            (CERTIFICATE, [{"as_of_date": DAY, "optimised_people": 2, "fixed_people": 0,
                            "value_minor": 55_000, "bound_minor": 56_000.5, "gap_ratio": 0.02,
                            "evaluations": 3}]),
            (ECONOMICS, [{"figure": name, "value": value} for name, value in FIGURES.items()]),
            (COUPLING_ROWS, [{"row_name": "funding", "text": "t", "unit": "u", "capacity": 1.0,
                              "used": 1.0, "slack": 0.0, "multiplier": 0.12}]),
            (COUPLING_STEPS, steps)):
        store.write_sorted(pa.Table.from_pylist(content, schema=table.arrow_schema), table,
                           night.folder / table.name)
    return night


def test_a_night_is_read_back(run):
    known = whatif.night(run)
    assert known.decision.offers.to_pylist() == [{
        "user_id": "anna", "method": "optimiser", "limit_minor": 2_000_000,
        "rate_daily": Decimal("0.000500"), "expected_draw_minor": 500_000,
        "expected_loss_minor": 5_000, "expected_value_minor": 70_000}]
    assert (known.decision.value_minor, known.decision.bound_minor) == (55_000, 56_000.5)
    assert known.decision.prices == {"funding": 0.12}
    assert known.lines == (OWN, BANK)
    assert known.terms == {"response": {"limit": 0.35, "rate": -9.0}}


def test_a_night_that_did_not_come_so_far_says_so(tmp_path):
    with pytest.raises(NightlistError, match="run the earlier steps"):
        whatif.night(Run(home=tmp_path, as_of=dt.date(2026, 1, 1), run_id="abc"))


def lines(*settings, policy=POLICY):
    return {line.name: (line.available_minor, line.cost_annual)
            for line in whatif.lines((OWN, BANK), policy, settings)}


def test_the_night_s_money_stands_where_nothing_is_set():
    assert lines("limits.method=flat") == {"own": (300_000, Decimal("0.03")),
                                           "bank": (200_000, Decimal("0.045"))}


def test_a_line_that_is_set_is_the_policy_s():
    # The policy has 3 bn of its own at 3 % and 2 bn of interbank money at 4.5 %.
    assert lines("funding.own=3000000000")["own"] == (300_000_000_000, Decimal("0.03"))
    assert lines("limits.funding.cost_annual.own=0.03")["own"] == (300_000, Decimal("0.030"))
    assert lines("funding.interbank=2000000000") == {
        **lines(), "interbank": (200_000_000_000, Decimal("0.045"))}


@pytest.fixture
def known(run):
    """The night with what it looked at: anna, ben and carl, whose PDs are 1 %, 2 % and 30 %."""
    store.write_json({"run_id": "abc", "inputs": {"seed": 7}}, run.folder / RUN_FILE)
    for table, frame in ((FEATURE_MATRIX, rows.matrix), (SCORES, rows.scores),
                         (RULE_FACTS, rows.rule_facts)):
        store.write(frame(*[{**CLEAN, "user_id": user, **({"pd": pd} if table is SCORES else {})}
                            for user, pd in (("anna", 0.01), ("ben", 0.02), ("carl", 0.3))]),
                    table, run.folder / table.name)
    return whatif.night(run)


def asked(*settings):
    plain = ["limits.exploration=null", "limits.challengers=null", "limits.rows=[]",
             "funding.own=1000000"]
    return changed("wallet_loan_cny", DAY, [*plain, *settings])


def test_candidates_are_those_of_the_policy_that_is_asked(known):
    def found(*settings):
        return whatif.considered(known, asked(*settings))["user_id"].to_pylist()

    assert found() == ["anna"]
    assert found("rules.pd_appetite.at_most=0.02") == ["anna", "ben"]


def test_the_answer_stands_beside_the_night(known):
    # The night had money for hardly anyone; a million is enough for both.
    settings, said = ["funding.own=1000000"], []
    found = whatif.answer(known, {"what if": asked("rules.pd_appetite.at_most=0.02")}, settings,
                          lambda offers: {"true_profit": offers.num_rows}, said.append)
    by_figure = {row["figure"]: (row["night"], row["what if"]) for row in found}
    assert by_figure["invited"] == by_figure["true_profit"] == (1, 2)
    assert by_figure["limits"][0] == 20_000 < by_figure["limits"][1]
    assert by_figure["expected_value"][0] == 550
    assert by_figure["expected_value"][1] <= by_figure["bound"][1] + 1
    assert (by_figure["entered"], by_figure["left"], by_figure["limit_up"]) == (
        (None, 1), (None, 0), (None, 1))
    assert by_figure["price of funding"][0] == 0.12
    assert said == ["what if: eligibility and candidates", "what if: offers for 2 candidates"]
