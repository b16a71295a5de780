"""The proof's tables: what is used, what is left, and the gap."""

from __future__ import annotations

import numpy as np
import pytest

from jobs.contracts.limits import (CERTIFICATE, COUPLING_ROWS, COUPLING_STEPS, COUPLING_TERMS,
                                   ECONOMICS, MENU)
from jobs.limits import proof
from jobs.limits.problem import DRAW, Chance, Row, Step, Sums, Term
from tests.limits.proofs import DAY, problem, solved

LINES = Row("money", "Paid for.", "1/100 currency", (Term(DRAW, 1.0),), 100.0,
            (Step("own", 50.0, 0.03), Step("interbank", 30.0, 0.045)))


def drawn(amount: int, variance: int = 0) -> Sums:
    """Sums of somebody with a thin file, of a problem with two groups."""
    one = np.array([1, 2_000_000, amount, 30, variance])
    return Sums(1_000, np.stack([one, one]))


@pytest.mark.parametrize(("used", "steps", "left"), [
    (90.0, [0.0, 0.0], 90.0), (120.0, [20.0, 0.0], 60.0), (165.0, [50.0, 15.0], 15.0),
    (180.0, [50.0, 30.0], 0.0), (190.0, [50.0, 30.0], -10.0)])
def test_steps_are_used_one_after_another(used: float, steps: list[float], left: float) -> None:
    assert proof.steps_used(LINES, used) == steps
    assert proof.slack(LINES, used, drawn(0)) == left


def test_the_slack_of_a_chance_is_what_the_chance_leaves() -> None:
    # m 30,000; common part 0.1 m = 3,000, own part sqrt(16 x 10,000) = 400 squared with 3,000:
    # sqrt(9,160,000) = 3,026.55; twice that and m of 50,000 leave 13,946.90.
    row = Row("funding", "", "", (Term(DRAW, 1.0),), 41_000.0, (), Chance(50_000, 2.0, 0.1))
    assert proof.slack(row, 0.0, drawn(30_000, 16)) == pytest.approx(13_946.90, abs=0.01)


def test_tables_are_in_contract_types_and_key_order() -> None:
    about = problem(funding=10**9)
    solution = solved(np.array([0.0, 0.03, 0.0, 0.0]), 1_200.0, 900, drawn(400_000))
    found = proof.tables(about, solution, drawn(100_000), DAY, 40, 2)
    contracts = (MENU, ECONOMICS, COUPLING_ROWS, COUPLING_TERMS, COUPLING_STEPS, CERTIFICATE)
    assert list(found) == [table.name for table in contracts]
    for table in contracts:
        assert found[table.name].schema == table.arrow_schema
        keys = [tuple(row[key] for key in table.key) for row in found[table.name].to_pylist()]
        assert keys == sorted(keys) and len(set(keys)) == len(keys)


def test_rows_tell_of_fixed_and_chosen_offers_together() -> None:
    solution = solved(np.array([0.0, 0.03, 0.0, 0.0]), 1_200.0, 900, drawn(400_000))
    found = proof.tables(problem(), solution, drawn(100_000), DAY, 40, 2)
    rows = {row["row_name"]: row for row in found["coupling_rows"].to_pylist()}
    assert (rows["funding_cost"]["used"], rows["invitations"]["used"]) == (500_000.0, 2.0)
    assert (rows["funding_cost"]["multiplier"], rows["invitations"]["chance_z"]) == (0.03, None)
    assert found["certificate"].to_pylist() == [{
        "as_of_date": DAY, "optimised_people": 40, "fixed_people": 2, "value_minor": 900,
        "bound_minor": 1_200.0, "gap_ratio": 0.25, "evaluations": 1}]


@pytest.mark.parametrize(("value", "bound", "gap"), [(90, 100.0, 0.1), (0, 0.0, 0.0),
                                                     (-110, -100.0, 0.1), (5, 4.9999, 0.0)])
def test_a_gap_is_a_share_of_the_bound_and_never_negative(value: int, bound: float,
                                                          gap: float) -> None:
    assert proof.gap(value, bound) == pytest.approx(gap)
