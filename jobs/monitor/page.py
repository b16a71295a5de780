"""The monitoring page of a night: one HTML file that stands alone.

Sources: the rows of `monitoring`, and what the step measured on its way there. Grain: one page a
night. Output: `<home>/reports/<as_of>/monitoring.html`, without scripts or requests to anywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
from markupsafe import Markup

from jobs import store
from jobs.config import Run
from jobs.contracts.monitoring import (ALL, FEATURE_METRICS, METRICS, OK, STATUSES, STOP, UNJUDGED,
                                       WARNING)
from jobs.monitor import charts, performance, roll_rates
from jobs.monitor.drift import PD
from jobs.monitor.figures import breaches_first
from jobs.monitor.findings import Found
from jobs.report.charts import bars
from jobs.report.templates import environment, written
from jobs.report.words import number, percent
from models.calibration import reliability
from models.stability import sample, shares

#: What the page's lights stand for: title and the metrics behind it.
LIGHTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Stability", ("psi", "psi_others", "csi", "psi_training", "csi_training")),
    ("Calibration", ("calibration_ratio",)),
    ("Discrimination", ("estimated_auc", "realised_auc")),
    ("Arrears", ("roll_to_arrears_rate",)),
    ("Fairness", ("adverse_impact_ratio", "false_positive_ratio", "false_negative_ratio")))
#: Stands for the rows on which a model was judged, where no night has outcomes yet.
TESTED = "rows it had not seen"
#: Where the run keeps the page's charts: the page of the night shows some of them.
CHARTS_FILE = "monitoring_charts.json"
#: Features in the list of breaches and in the chart; the table has all.
MOST_FEATURES, MOST_BARS = 5, 10
_PERCENT = ("roll_rate", "roll_to_arrears_rate", "invited_share", "selection_ratio", "mean_pd",
            "group_mean_pd", "false_positive_ratio", "false_negative_ratio")

Row = dict[str, Any]


def write(run: Run, table: pa.Table, found: Found) -> Path:
    """Write the page of the run's night and return where it lies."""
    facts = content(run, table, found)
    store.write_json(facts["charts"], run.folder / CHARTS_FILE)
    return written(run, "monitoring.html", render(facts))


def render(facts: dict[str, Any]) -> str:
    """The HTML of the page's facts; every text in them is escaped."""
    pages = environment(Path(__file__).parent)
    pages.filters.update(shown=shown)
    return pages.get_template("monitoring.html.j2").render(facts)


def content(run: Run, table: pa.Table, found: Found) -> dict[str, Any]:
    """Everything the page says."""
    listed = breaches_first(table).to_pylist()
    of: dict[str, list[Row]] = {metric: [] for metric in METRICS}
    for row in listed:
        of[row["metric"]].append(row)
    breaches = [row for row in listed if row["status"] in (STOP, WARNING)]
    of_features = [row for row in breaches if row["metric"] in FEATURE_METRICS]
    told = [row for row in breaches if row not in of_features] + of_features[:MOST_FEATURES]
    return {
        "as_of": run.as_of.isoformat(), "run_id": run.run_id, "model": listed[0],
        "against": found.compared, "lights": [light(title, [row for metric in metrics
                                                            for row in of[metric]])
                                              for title, metrics in LIGHTS],
        "worst": listed[0]["status"], "breaches": told,
        "untold": len(breaches) - len(told), "meanings": METRICS,
        "scores": of["psi"] + of["psi_others"] + of["psi_training"], "means": of["mean_pd"],
        "drifters": drifters(of["csi"]), "from_training": drifters(of["csi_training"]),
        "vintages": of["calibration_ratio"], "aucs": [
            *of["estimated_auc"], *(row for name in performance.REALISED
                                    for row in of[f"realised_{name}"] if row["segment"] == ALL)],
        "rolls": roll_tables(of["roll_rate"]), "to_arrears": of["roll_to_arrears_rate"],
        "mix": of["invited_share"], "impacts": {row["subject"]: row for row
                                                in of["adverse_impact_ratio"]},
        "group_pds": {row["subject"]: row for row in of["group_mean_pd"]},
        "errors": error_rows(of["false_positive_ratio"], of["false_negative_ratio"]),
        "selections": of["selection_ratio"], "charts": _charts(found, of),
    }


def light(title: str, rows: Iterable[Row]) -> Row:
    """The worst status of some figures, and how many are judged and beyond a limit."""
    counts = Counter(row["status"] for row in rows)
    worst = next((status for status in STATUSES if counts[status]), UNJUDGED)
    judged = counts[OK] + counts[WARNING] + counts[STOP]
    return {"title": title, "status": worst, "judged": judged,
            "beyond": counts[WARNING] + counts[STOP]}


def drifters(rows: Iterable[Row]) -> list[Row]:
    """The features that have moved most, of everyone together."""
    own = [row for row in rows if row["segment"] == ALL and row["value"]]
    return sorted(own, key=lambda row: (-row["value"], row["subject"]))[:MOST_BARS]


def roll_tables(rows: Iterable[Row]) -> list[Row]:
    """The newest month's transitions of each lender as a table of shares."""
    by_lender: dict[str, list[Row]] = {}
    for row in rows:
        by_lender.setdefault(row["segment"], []).append(row)
    found = []
    for lender, own in sorted(by_lender.items()):
        month = max(row["subject"].split(" ")[0] for row in own)
        cells: dict[str, dict[str, float]] = {}
        loans: dict[str, int] = {}
        for row in own:
            when, state, _, after = row["subject"].split(" ")
            if when == month:
                cells.setdefault(state, {})[after] = row["value"]
                loans[state] = row["n"]
        found.append({"lender": lender, "month": month, "states": [
            {"state": name, "loans": loans[name],
             "cells": [cells[name].get(after) for after in roll_rates.STATES]}
            for name in roll_rates.STATES if name in cells], "after": roll_rates.STATES})
    return found


def error_rows(false_positives: Iterable[Row], false_negatives: Iterable[Row]) -> list[Row]:
    """Both error rates of each group side by side; None where a group has no such outcome."""
    found: dict[str, Row] = {}
    for name, rows in (("positive", false_positives), ("negative", false_negatives)):
        for row in rows:
            found.setdefault(row["subject"], {"subject": row["subject"], "positive": None,
                                              "negative": None})[name] = row
    return [found[subject] for subject in sorted(found)]


def shown(value: float | None, metric: str) -> str:
    """A figure as its metric is read: shares as per cent, the rest with three decimals."""
    if value is None:
        return "–"
    return percent(value, 2) if metric in _PERCENT else f"{value:.3f}"


def _charts(found: Found, of: dict[str, list[Row]]) -> dict[str, Markup]:
    drawn = {}
    for name, metric in (("drifters", "csi"), ("from_training", "csi_training")):
        if rows := drifters(of[metric]):
            drawn[name] = charts.drifters([
                (row["subject"], row["value"], row["null_threshold"]) for row in rows],
                "Stability index of the features that moved most")
    if before := found.before.get(ALL, {}).get(PD):
        now = sample(found.people[PD].to_numpy())
        drawn["scores"] = charts.shifted(before, shares(before, now),
                                         "PD of this night and of the reference")
    points = {name: reliability(rows[PD].to_numpy(), performance.outcomes(rows))
              for name, rows in sorted(found.vintages.items())}
    if points or found.tested:
        drawn["reliability"] = charts.reliability(
            points or {TESTED: found.tested}, "Observed bad rate over mean PD")
    groups = [row for row in of["selection_ratio"] if row["subject"] != ALL]
    drawn["selections"] = bars([
        (row["subject"].replace("=", " ").replace("_", " "),
         f"{percent(row['value'])} of {number(row['n'])}", round(row["value"] * 1e6), 0)
        for row in groups], "Share invited of each group")
    return {name: Markup(svg) for name, svg in drawn.items()}
