"""The monitoring part of a policy: defaults, and errors that name the key."""

import datetime as dt
from pathlib import Path

import pytest
import yaml

import jobs.policies
from jobs.errors import PolicyError
from jobs.policies.monitoring import DEFAULT_LIMITS, Limits
from jobs.policies.policy import load

SHIPPED = Path(jobs.policies.__file__).parent / "wallet_loan_cny.yaml"
JUNE = dt.date(2026, 6, 30)


@pytest.fixture()
def said(tmp_path, monkeypatch):
    """The monitoring policy of a version that says this under `monitoring`."""
    def load_said(content):
        document = yaml.safe_load(SHIPPED.read_text())
        document["versions"][0].pop("monitoring", None)
        if content is not None:
            document["versions"][0]["monitoring"] = content
        (tmp_path / "said.yaml").write_text(yaml.safe_dump(document))
        monkeypatch.setenv("NIGHTLIST_POLICIES", str(tmp_path))
        return load("said", JUNE).monitoring
    return load_said


def test_a_version_that_says_nothing_has_the_defaults(said):
    found = said(None)
    assert found.compare_days == 28 and found.limits == DEFAULT_LIMITS


def test_gender_is_looked_at_only_where_the_policy_says_so(said):
    assert "gender" not in said(None).fairness_groups
    assert said({"fairness_groups": ["gender"]}).fairness_groups == ("gender",)


def test_limits_given_replace_those_of_their_metric_only(said):
    limits = said({"limits": {"csi": {"warning": 0.1, "stop": 0.4}, "psi": {}}}).limits
    assert limits["csi"] == Limits(0.1, 0.4) and limits["psi"] == Limits()
    assert limits["adverse_impact_ratio"] == DEFAULT_LIMITS["adverse_impact_ratio"]


def test_a_change_of_the_limits_is_another_policy(tmp_path, monkeypatch):
    before = load("wallet_loan_cny", JUNE).sha256
    document = yaml.safe_load(SHIPPED.read_text())
    document["versions"][0]["monitoring"]["limits"]["csi"] = {"warning": 0.2}
    (tmp_path / "wallet_loan_cny.yaml").write_text(yaml.safe_dump(document))
    monkeypatch.setenv("NIGHTLIST_POLICIES", str(tmp_path))
    assert load("wallet_loan_cny", JUNE).sha256 != before


@pytest.mark.parametrize(("content", "message"), [
    ([], "monitoring: expected dict"),
    ({"compare_day": 3}, "compare_day: expected one of"),
    ({"compare_days": 0}, "compare_days: expected a whole number from 1"),
    ({"false_alarm_rate": 0}, "monitoring.false_alarm_rate"),
    ({"false_alarm_rate": float("nan")}, "monitoring.false_alarm_rate"),
    ({"fairness_groups": ["age_band", "marital_status"]}, "names out of age_band, gender"),
    ({"fairness_groups": ["segment", "segment"]}, "names out of age_band, gender"),
    ({"limits": {"selection_ratio": {"warning": 0.1}}}, "selection_ratio: expected one of"),
    ({"limits": {"psi": {"warn": 0.1}}}, "warn: expected one of stop, warning"),
    ({"limits": {"psi": 0.1}}, "psi: expected dict"),
    ({"limits": {"psi": {"warning": "0.1"}}}, "warning: expected int or float"),
    ({"limits": {"psi": {"warning": 0.3, "stop": 0.2}}}, "a stop that lies beyond the warning"),
    ({"limits": {"adverse_impact_ratio": {"warning": 0.8, "stop": 0.9}}},
     "a stop that lies beyond the warning"),
])
def test_a_wrong_value_is_refused_by_name(said, content, message):
    with pytest.raises(PolicyError, match=message):
        said(content)
