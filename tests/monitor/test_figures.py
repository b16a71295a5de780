"""Figures: the policy's verdict, and what the audit is told."""

import datetime as dt

import pytest

from expectations.gate import stop_on_critical
from jobs.monitor.figures import Figure, breaches_first, gate_results, judged, rows
from jobs.policies.monitoring import Limits, Monitoring

JUNE = dt.date(2026, 6, 30)


def status(figure, warning=None, stop=None):
    policy = Monitoring(limits={figure.metric: Limits(warning, stop)})
    return judged(figure, policy)["status"]


def index(value, null_threshold=0.01, metric="csi", subject="income"):
    return Figure(metric, subject, value, 1_000, null_threshold=null_threshold)


@pytest.mark.parametrize(("value", "expected"), [
    (0.05, "ok"), (0.06, "warning"), (0.25, "warning"), (0.26, "stop")])
def test_an_index_is_beyond_a_limit_when_above_it(value, expected):
    assert status(index(value), 0.05, 0.25) == expected


def test_what_chance_alone_reaches_is_no_breach():
    assert status(index(0.3, null_threshold=0.4), 0.05, 0.25) == "ok"
    assert status(index(0.41, null_threshold=0.4), 0.05, 0.25) == "stop"


def test_without_a_limit_or_a_value_nothing_is_judged():
    assert status(index(9.9)) == "unjudged"
    assert status(Figure("psi", "pd", None, 0), 0.05) == "unjudged"


@pytest.mark.parametrize(("ratio", "low", "expected"), [
    (1.3, 0.9, "ok"), (1.3, 1.1, "warning"), (0.5, 0.3, "ok")])
def test_a_calibration_warns_only_where_its_interval_excludes_one(ratio, low, expected):
    figure = Figure("calibration_ratio", "2026-05-31", ratio, 900, low=low, high=2.0)
    assert status(figure, 1.25) == expected


@pytest.mark.parametrize(("ratio", "high", "expected"), [
    (0.7, 1.1, "ok"), (0.7, 0.95, "warning"), (0.85, 0.95, "ok"), (0.0, None, "warning")])
def test_an_adverse_impact_lies_below_its_limit(ratio, high, expected):
    figure = Figure("adverse_impact_ratio", "age_band=55+", ratio, 900, low=0.0, high=high)
    assert status(figure, 0.8) == expected


def test_an_auc_is_limited_by_its_fall_below_the_reference():
    figure = Figure("estimated_auc", "pd", 0.64, 900, reference=0.70)
    found = judged(figure, Monitoring(limits={"estimated_auc": Limits(0.05, 0.1)}))
    assert found == {"warning_threshold": 0.65, "stop_threshold": 0.60, "status": "warning"}


def table(*figures, **limits):
    return rows(figures, Monitoring(limits=limits), JUNE, "pd", "m1")


def test_what_is_beyond_a_stop_is_on_record_with_the_worst_and_stops_no_gate():
    found = gate_results(table(index(0.3), index(0.9, subject="age"), csi=Limits(0.05, 0.25)))
    assert [(one.expectation, one.detail) for one in found if not one.success][1] == (
        "csi within the policy's stop limit", "2 of 2, e.g. age (all) 0.9000, limit 0.2500")
    stop_on_critical(found, "mend it")


def test_a_warning_is_told_and_stops_nothing():
    found = gate_results(table(index(0.1), index(0.01, subject="age"), csi=Limits(0.05, 0.25)))
    told = [(one.severity, one.success) for one in found]
    assert told == [("warning", False), ("warning", True)]
    stop_on_critical(found, "mend it")


def test_a_metric_without_limits_is_no_matter_for_the_audit():
    assert gate_results(table(index(0.9))) == []


def test_breaches_come_first_and_what_moved_most_among_them():
    shown = breaches_first(table(
        index(0.02, subject="still"), index(0.3, subject="stops"), index(0.1, subject="a bit"),
        index(0.2, subject="more"), Figure("psi", "pd", 0.06, 9), csi=Limits(0.05, 0.25),
        psi=Limits(0.05)))
    assert shown["subject"].to_pylist() == ["stops", "pd", "more", "a bit", "still"]
