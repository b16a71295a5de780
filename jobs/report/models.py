"""The models of a night: how the score stands, whether it moved, and whether it keeps its word.

Sources: run.json, the models' metadata; of monitoring its table and charts as the step left them.
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from jobs import store
from jobs.config import DECIDING_MODEL, Run
from jobs.contracts.monitoring import ALL, MONITORING, STATUSES, STOP, UNJUDGED, WARNING
from jobs.inputs import frozen
from jobs.monitor import charts as monitor_charts
from jobs.monitor.page import CHARTS_FILE, LIGHTS, TESTED, drifters, light
from jobs.report import charts
from jobs.report.headline import Tables
from models.stability import LEGACY_STOP, LEGACY_WARNING

#: Features in the page's chart of those that moved most; the monitoring page has more.
MOST_MOVED = 6


def facts(run: Run, tables: Tables) -> dict[str, Any]:
    """The deciding model, all models with their fingerprints, and what monitoring says."""
    return {"deciding": deciding(run), "all": versions(run),
            "monitoring": monitoring(run),
            "scores": Markup(charts.distribution(
                tables.decisions["score_points"].to_numpy(),
                tables.invited["score_points"].to_numpy(),
                "Score points of everyone considered, and of the invited among them"))}


def deciding(run: Run) -> dict[str, Any]:
    """The run's PD model with the metadata of its version; empty where there is none."""
    chosen = frozen(run).get("models", {}).get(DECIDING_MODEL)
    if not chosen:
        return {}
    path = run.home / "models" / chosen["name"] / chosen["version"] / "metadata.json"
    metadata = store.read_json(path, {})
    tested = metadata.get("metrics", {}).get("reliability", [])
    drawn = monitor_charts.reliability({TESTED: tested}, "Observed bad rate over mean PD of each "
                                       "tenth of the people the model had not seen")
    return {"metrics": {}, **metadata, **chosen, "reliability": Markup(drawn) if tested else ""}


def versions(run: Run) -> list[dict[str, Any]]:
    """Name, version and fingerprint of every model that scored the night."""
    return [{"name": name, "version": one["version"], "sha256": one.get("sha256", "")}
            for name, one in sorted(frozen(run).get("models", {}).items())]


def alike(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Figures without those that repeat another's value: windows of one feature move together.

    Args:
        rows: Largest value first; the first of equal ones says how many there are.
    """
    found: dict[float, dict[str, Any]] = {}
    for row in rows:
        first = found.setdefault(row["value"], {**row, "alike": 0})
        first["alike"] += 1
    return [{**row, "subject": row["subject"] + (f" and {row['alike'] - 1} alike"
                                                 if row["alike"] > 1 else "")}
            for row in found.values()]


def monitoring(run: Run) -> dict[str, Any]:
    """Lights, the figures of the score and the features that moved most; empty without the step."""
    folder = run.folder / MONITORING.name
    if not folder.is_dir():
        return {}
    rows = store.read_arrow(folder, MONITORING).to_pylist()
    drawn = {name: Markup(svg) for name, svg
             in store.read_json(run.folder / CHARTS_FILE, {}).items()}
    moved = alike(drifters(row for row in rows if row["metric"] == "csi"))[:MOST_MOVED]
    lights = [light(title, [row for row in rows if row["metric"] in metrics])
              for title, metrics in LIGHTS]
    found = {row["status"] for row in rows}
    return {
        "lights": lights, "worst": next((one for one in STATUSES if one in found), UNJUDGED),
        "beyond": sum(row["status"] in (STOP, WARNING) for row in rows),
        "score": next((row for row in rows if row["metric"] == "psi" and row["segment"] == ALL
                       and row["value"] is not None), None),
        "ratios": sorted((row for row in rows if row["metric"] == "calibration_ratio"
                          and row["segment"] == ALL), key=lambda row: str(row["subject"]))[-3:],
        "moved": moved, "charts": {**drawn, "moved": Markup(monitor_charts.drifters(
            [(row["subject"], row["value"], row["null_threshold"]) for row in moved],
            "Stability index of the features that moved most: " + ", ".join(
                f"{row['subject']} {row['value']:.3f}" for row in moved)))} if moved else drawn,
        "rule_of_thumb": (LEGACY_WARNING, LEGACY_STOP)}
