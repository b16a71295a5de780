"""What the optimiser finds has a proof that is true, with the offers fixed before."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from jobs.limits import proof, shadow_prices
from jobs.limits.optimise import final_entries, optimise
from jobs.limits.problem import NOTHING
from jobs.limits.sources import InMemory
from jobs.limits.verify import verify
from tests.limits.proofs import (DAY, drawn_candidates, dual, limits, listed, people_of, problem,
                                 promised, sums)


@pytest.mark.parametrize("honoured", [0, 30])
def test_the_optimiser_s_offers_have_a_true_certificate(honoured: int) -> None:
    people = 300
    about = problem(funding=people * 500_000, invitations=0.5 * people, thin_share=0.45)
    rows = promised(drawn_candidates(people), honoured)
    everyone = people_of(rows, about)
    before, others = (everyone.take(np.arange(*ends)) for ends in ((honoured,), (honoured, people)))
    kept = dual(about, before, np.array([0.05, 0.045, 0.0, 0.0]))[1]
    fixed = sums(about, before, kept)
    solution = optimise(about, InMemory(others), fixed)
    entry = np.concatenate([kept, final_entries(about, others, solution)])
    decided = limits(about, rows, entry)
    methods = pa.array(["honoured"] * honoured + ["optimiser"] * (people - honoured))
    decided = decided.set_column(1, decided.schema.field("method"), methods)
    tables = {"candidates": rows, "limits": decided, "whitelist": listed(decided), **proof.tables(
        about, solution, fixed, DAY, people - honoured, int((kept != NOTHING).sum()))}
    verdict = verify(tables)
    assert verdict.ok, verdict.failures
    # The bound is no empty word: in a small town the chance's straight line costs a little.
    assert 0 < tables["certificate"]["gap_ratio"][0].as_py() < 0.05


def test_the_prices_of_a_solution_are_its_multipliers() -> None:
    about = problem(funding=10**8, invitations=100.0)
    people = people_of(drawn_candidates(300), about)
    solution = optimise(about, InMemory(people), sums(about, people, np.full(300, NOTHING)))
    found = shadow_prices.tables(about, people, sums(about, people, np.full(300, NOTHING)),
                                 solution, 1.0)["shadow_prices"]
    prices = dict(zip(found["row_name"].to_pylist(), found["price"].to_pylist(), strict=True))
    assert prices["funding_cost"] == solution.multipliers[1]
    # One unit more to lend: a unit more in the chance, which takes 1.2 for one drawn, and one in
    # the last line, whose price is 0.045.
    assert prices["funding"] == pytest.approx(
        solution.multipliers[0] / 1.2 + max(0.0, solution.multipliers[1] - 0.045))
