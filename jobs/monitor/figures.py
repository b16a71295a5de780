"""A figure of the monitoring, and the policy's verdict on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from expectations.gate import Result
from expectations.suites import WARNING as RECORDED
from jobs.contracts.monitoring import (ALL, FEATURE_METRICS, MONITORING, OK, STATUSES, STOP,
                                       UNJUDGED, WARNING)
from jobs.policies.monitoring import DIRECTIONS, Limits, Monitoring

#: `against` of a figure that has nothing to be held against.
NOTHING = ""
#: Published figures are rounded: the last digits are the processor's, not the model's.
_DECIMALS = 9
#: What a ratio is where nothing is wrong: an interval that holds it proves nothing.
_NEUTRAL = {"calibration_ratio": 1.0, "adverse_impact_ratio": 1.0}
#: The gate that monitoring is for the audit.
GATE = "monitoring"


@dataclass(frozen=True)
class Figure:
    """One measured value; the fields are those of the contract MONITORING."""

    metric: str
    subject: str
    value: float | None
    n: int
    segment: str = ALL
    against: str = NOTHING
    reference: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    null_threshold: float | None = None
    legacy_status: str | None = None


def rows(figures: Iterable[Figure], policy: Monitoring, as_of: dt.date, model: str,
         version: str) -> pa.Table:
    """The table `monitoring`: every figure with its thresholds and status."""
    listed = [{**{key: round(value, _DECIMALS) if isinstance(value, float) else value
                  for key, value in asdict(figure).items()},
               **judged(figure, policy), "as_of_date": as_of, "model_name": model,
               "model_version": version} for figure in figures]
    return pa.Table.from_pylist(listed, schema=MONITORING.arrow_schema)


def judged(figure: Figure, policy: Monitoring) -> dict[str, Any]:
    """`warning_threshold`, `stop_threshold` and `status` of a figure by the policy.

    A stability index counts from the larger of its limit and its null threshold on. A value with an
    interval is beyond a limit only where the interval, too, lies on the wrong side of where nothing
    is wrong. An AUC is limited by how far it falls below its reference.
    """
    limits = policy.limits.get(figure.metric, Limits())
    direction = DIRECTIONS.get(figure.metric, "")
    thresholds = {name: _threshold(figure, limit, direction)
                  for name, limit in ((WARNING, limits.warning), (STOP, limits.stop))}
    status = UNJUDGED
    if figure.value is not None and any(one is not None for one in thresholds.values()):
        beyond = [name for name in (STOP, WARNING) if _beyond(figure, thresholds[name], direction)]
        status = beyond[0] if beyond else OK
    return {"warning_threshold": thresholds[WARNING], "stop_threshold": thresholds[STOP],
            "status": status}


def _threshold(figure: Figure, limit: float | None, direction: str) -> float | None:
    if limit is None:
        return None
    if direction == "fall":
        return None if figure.reference is None else round(figure.reference - limit, _DECIMALS)
    return max(limit, figure.null_threshold or 0.0)


def _beyond(figure: Figure, threshold: float | None, direction: str) -> bool:
    if threshold is None or figure.value is None:
        return False
    if direction == "above":
        neutral = _NEUTRAL.get(figure.metric)
        return figure.value > threshold and (
            neutral is None or figure.low is None or figure.low > neutral)
    neutral = figure.reference if direction == "fall" else _NEUTRAL.get(figure.metric)
    return figure.value < threshold and (
        neutral is None or figure.high is None or figure.high < neutral)


def gate_results(table: pa.Table) -> list[Result]:
    """For the record: of each metric that the policy limits, whether it warns and whether it stops.

    A stop is a guardrail's question (jobs/release/guardrails.py) and no gate's.

    Args:
        table: Rows after MONITORING.
    """
    found = []
    listed = table.sort_by([(name, "ascending") for name in MONITORING.key]).to_pylist()
    for metric in sorted(DIRECTIONS):
        own = [row for row in listed if row["metric"] == metric]
        for status in (WARNING, STOP):
            limited = [row for row in own if row[f"{status}_threshold"] is not None]
            worse = STATUSES[:STATUSES.index(status) + 1]
            beyond = [row for row in limited if row["status"] in worse]
            if limited:
                found.append(Result(
                    GATE, MONITORING.name, f"{metric} within the policy's {status} limit", "",
                    RECORDED, not beyond, _told(beyond, len(limited), status)))
    return found


def _told(beyond: list[dict[str, Any]], of: int, status: str) -> str:
    if not beyond:
        return ""
    first = max(beyond, key=lambda row: abs(row["value"] - row[f"{status}_threshold"]))
    return (f"{len(beyond)} of {of}, e.g. {first['subject']} ({first['segment']}) "
            f"{first['value']:.4f}, limit {first[f'{status}_threshold']:.4f}")


def breaches_first(table: pa.Table) -> pa.Table:
    """Rows by status, worst first; features after all else, those that moved most first."""
    def place(row: dict[str, Any]) -> tuple[Any, ...]:
        is_feature = row["metric"] in FEATURE_METRICS
        return (STATUSES.index(row["status"]), is_feature, row["metric"],
                -row["value"] if is_feature else 0.0, *(row[name] for name in MONITORING.key))

    return pa.Table.from_pylist(sorted(table.to_pylist(), key=place), schema=table.schema)
