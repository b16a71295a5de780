"""The monitoring part of a product policy: which figure warns, and which one asks a person.

A version may say, under `monitoring` (each key has a default here):

    compare_days: 28                drift is measured against the newest night at least so old
    false_alarm_rate: 0.01          of all features of a segment together, where nothing moved
    fairness_groups: [age_band, segment]    add gender only where the law allows its use
    limits:                         metric -> warning and stop, either may be left out
      csi: {warning: 0.05, stop: 0.5}

A limit given replaces the metric's default whole; `csi: {}` takes its limits away.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from jobs.policies.check import Check

#: What a fairness report may be about.
GROUPS = ("age_band", "gender", "segment")
#: Metrics that may have limits, and on which side of them trouble lies. `estimated_auc` and
#: `realised_auc` are limited by how far they may fall below their reference.
DIRECTIONS: Mapping[str, str] = MappingProxyType({
    "psi": "above", "psi_others": "above", "csi": "above", "psi_training": "above",
    "csi_training": "above",
    "calibration_ratio": "above", "roll_to_arrears_rate": "above", "false_positive_ratio": "above",
    "false_negative_ratio": "above", "adverse_impact_ratio": "below",
    "estimated_auc": "fall", "realised_auc": "fall"})


@dataclass(frozen=True)
class Limits:
    """Beyond `warning` a figure is recorded; beyond `stop` nothing is published unapproved."""

    warning: float | None = None
    stop: float | None = None


#: A stability index counts from the larger of its limit and the null threshold on: however sure,
#: a shift below 0.05 is too small to act upon. Nothing stops a release unless a policy says so:
#: in a lender's first year windows are still filling, and the people seem to move with them.
#: Training rows are borrowers, not everyone: that they differ is no news, so only a large
#: difference of the score is told.
DEFAULT_LIMITS: Mapping[str, Limits] = MappingProxyType({
    "psi": Limits(0.05), "psi_others": Limits(0.05), "csi": Limits(0.05),
    "psi_training": Limits(0.25), "calibration_ratio": Limits(1.25),
    "adverse_impact_ratio": Limits(0.8), "estimated_auc": Limits(0.05),
    "realised_auc": Limits(0.05)})


@dataclass(frozen=True)
class Monitoring:
    """What is held against what, and with which limits; see the module's docstring."""

    compare_days: int = 28
    false_alarm_rate: float = 0.01
    fairness_groups: tuple[str, ...] = ("age_band", "segment")
    limits: Mapping[str, Limits] = field(default_factory=lambda: DEFAULT_LIMITS)


def monitoring(check: Check, version: Any) -> Monitoring:
    """The monitoring part of a version; defaults where it says nothing.

    Raises:
        PolicyError: For an unknown key, or a value out of its range.
    """
    if "monitoring" not in version:
        return Monitoring()
    said = check.get(version, "monitoring", dict)
    check.known(said, set(Monitoring.__dataclass_fields__))
    given: dict[str, Any] = {}
    if "compare_days" in said:
        given["compare_days"] = check.whole(said, "compare_days", 1, 3_660)
    if "false_alarm_rate" in said:
        given["false_alarm_rate"] = _between(check, said, "false_alarm_rate", 1e-9, 0.5)
    if "fairness_groups" in said:
        names = check.get(said, "fairness_groups", list)
        if not set(map(str, names)) <= set(GROUPS) or len(set(map(str, names))) != len(names):
            check.fail("monitoring.fairness_groups", "names out of " + ", ".join(GROUPS), names)
        given["fairness_groups"] = tuple(names)
    if "limits" in said:
        limits = check.get(said, "limits", dict)
        check.known(limits, set(DIRECTIONS))
        given["limits"] = {**DEFAULT_LIMITS, **{
            metric: _limits(check, limits, metric) for metric in limits}}
    return Monitoring(**given)


def _limits(check: Check, limits: Any, metric: str) -> Limits:
    row = check.get(limits, metric, dict)
    check.known(row, {"warning", "stop"})
    found = Limits(**{key: _between(check, row, key, 0.0, 1e6) for key in row})
    if found.warning is not None and found.stop is not None:
        in_order = sorted((found.warning, found.stop), reverse=DIRECTIONS[metric] == "below")
        if in_order[0] != found.warning:
            check.fail(f"monitoring.limits.{metric}", "a stop that lies beyond the warning", row)
    return found


def _between(check: Check, mapping: Any, key: str, low: float, high: float) -> float:
    value = float(check.get(mapping, key, (int, float)))
    if not math.isfinite(value) or not low <= value <= high:
        check.fail(f"monitoring.{key}", f"a number from {low:g} to {high:g}", value)
    return value
