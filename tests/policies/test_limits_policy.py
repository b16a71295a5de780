"""The limits of a policy: what is off is refused with the key that is."""

import datetime as dt
import shutil

import pytest
import yaml

from jobs.errors import PolicyError
from jobs.policies import policy

DAY = dt.date(2026, 6, 30)


@pytest.fixture
def changed(tmp_path, monkeypatch):
    """Load the wallet loan with something changed in its limits."""
    source = policy.folder()
    shutil.copytree(source, tmp_path / "policies")
    monkeypatch.setenv("NIGHTLIST_POLICIES", str(tmp_path / "policies"))
    path = tmp_path / "policies" / "wallet_loan_cny.yaml"

    def load(change):
        document = yaml.safe_load(path.read_text())
        change(document["versions"][-1]["limits"])
        path.write_text(yaml.safe_dump(document))
        return policy.load("wallet_loan_cny", DAY).limits
    return load


ROW = {"name": "cap", "text": "A cap.", "measure": "people", "at_most": 5}


def test_a_row_is_read(changed):
    found = changed(lambda limits: limits.update(rows=[ROW])).rows
    assert [(row.name, row.measure, row.amount, row.is_minimum) for row in found] == [
        ("cap", "people", 5.0, False)]


def test_a_share_of_a_group_is_read(changed):
    row = {"name": "share", "text": "A share.", "measure": "limit", "at_least_ratio": 0.2,
           "of": "limit", "where": {"column": "region", "values": ["north"]}}
    (found,) = changed(lambda limits: limits.update(rows=[row])).rows
    assert (found.ratio, found.of, found.column, found.values, found.is_minimum) == (
        0.2, "limit", "region", ("north",), True)


@pytest.mark.parametrize(("change", "key"), [
    (lambda limits: limits.update(metod="optimiser"), "metod"),
    (lambda limits: limits.update(method="best"), "method"),
    (lambda limits: limits["menu"].update(limits=[30_000, 20_000]), "limits.menu.limits"),
    (lambda limits: limits["menu"].update(limits=[20_500]), "limits.menu.limits"),
    (lambda limits: limits["menu"].update(rates_daily=["0.0006"]), "limits.menu.rates_daily"),
    (lambda limits: limits["planning"].update(draw_ratio=0), "draw_ratio"),
    (lambda limits: limits["planning"].pop("income"), "income"),
    (lambda limits: limits["risk"].update(elasticity=float("nan")), "elasticity"),
    (lambda limits: limits.update(invitation_cost=0.5), "invitation_cost"),
    (lambda limits: limits["funding"].update(draw_spread=0.5), "draw_spread"),
    (lambda limits: limits["funding"].update(draw_spread=0.3, confidence=0.9999), "draw_spread"),
    (lambda limits: limits["funding"]["cost_annual"].pop("own"), "own"),
    (lambda limits: limits.update(rows=[ROW, ROW]), "limits.rows"),
    (lambda limits: limits.update(rows=[{**ROW, "name": "funding"}]), "limits.rows"),
    (lambda limits: limits.update(rows=[{**ROW, "at_least": 3}]), "limits.rows.cap"),
    (lambda limits: limits.update(rows=[{**ROW, "of": "people"}]), "limits.rows.cap"),
    (lambda limits: limits.update(rows=[{**ROW, "where": {"column": "gender",
                                                          "values": ["male"]}}]), "column"),
    (lambda limits: limits.update(rows=[{**ROW, "where": {"column": "region", "values": []}}]),
     "where.values"),
    (lambda limits: limits.update(challengers=[
        {"name": "a", "method": "flat", "share_ratio": 0.3},
        {"name": "b", "method": "flat", "share_ratio": 0.3}]), "challengers"),
    (lambda limits: limits.update(exploration={
        "share_ratio": 0.01, "loss_budget": 10, "pass_over": ["no_rule"], "limits": [20_000],
        "rates_daily": ["0.0005"]}), "pass_over"),
])
def test_what_is_off_is_refused_by_its_key(changed, change, key):
    with pytest.raises(PolicyError, match=key):
        changed(change)
