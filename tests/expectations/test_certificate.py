"""The audit gate asks for a true certificate, and records what each check found."""

import dataclasses
import datetime as dt
from decimal import Decimal

import numpy as np
import pytest

from expectations.gate import as_rows, stop_on_critical
from expectations.gates import certificate, limit_bounds
from jobs.errors import GateFailed
from jobs.policies.limits import Exploration
from jobs.policies.policy import load
from tests.limits.proofs import candidates, problem, proved


def tables():
    rows = candidates({"user_id": "ann"}, {"user_id": "bob"})
    return proved(problem(invitations=2.0), rows, np.zeros(4))


def test_a_true_certificate_passes_with_a_result_a_check():
    results = certificate(tables())
    stop_on_critical(results, "rerun")
    recorded = {row["expectation"]: row for row in as_rows(results)}
    assert recorded["slack of invitations"] == {
        "gate": "release", "table": "certificate", "expectation": "slack of invitations",
        "column": "", "severity": "critical", "success": True, "detail": ""}


def test_a_false_certificate_stops_the_night_and_says_why():
    bent = tables()
    rows = bent["coupling_rows"].to_pylist()
    rows[2] |= {"capacity": 1.0}
    bent["coupling_rows"] = bent["coupling_rows"].from_pylist(rows, bent["coupling_rows"].schema)
    with pytest.raises(GateFailed, match=r"certificate: expected slack of invitations, "
                       r"found -1 where 0, at least 0 is expected; rerun"):
        stop_on_critical(certificate(bent), "rerun")


def test_a_limit_may_be_any_that_menu_matrix_or_exploration_can_give():
    policy = load("wallet_loan_cny", dt.date(2026, 6, 30))
    rules = dataclasses.replace(
        policy.limits, limits=(30_000, 90_000), exploration=Exploration(
            0.01, 100.0, (), (25_000, 30_000), (Decimal("0.0003"),)))
    tiers = tuple(dataclasses.replace(tier, limits=(40_000, 120_000)) for tier in policy.tiers)
    assert limit_bounds(dataclasses.replace(policy, limits=rules, tiers=tiers)) == (
        25_000, 120_000)
