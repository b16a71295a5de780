"""Step `guardrails`: figures of the night beside the policy's bounds; is somebody to be asked?

Sources: `changes`, `limits` and the proof, `monitoring`, run.json; of the release before its
`limits`, proof and documents. Grain: one guardrail. Output: `guardrails` of run.json; where one of
them asks, a draft of the night's page for whoever is asked.

A broken night is none of this: it stops at its gate, and nobody can approve it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs import store
from jobs.config import AUDIT, TRAINED, Run
from jobs.contracts.campaign import CHANGES
from jobs.contracts.limits import CERTIFICATE, COUPLING_ROWS, COUPLING_STEPS, LIMITS
from jobs.contracts.monitoring import MONITORING, STATUSES, STOP
from jobs.contracts.monitoring import WARNING as WARNS
from jobs.inputs import frozen, frozen_policy, record
from jobs.limits.problem import MINOR
from jobs.policies.guardrails import Bound, Guardrails
from jobs.policies.limits import FUNDING_ROWS
from jobs.policies.monitoring import DIRECTIONS
from jobs.policies.policy import Policy
from jobs.release import warehouse
from jobs.release.approval import ASKS, GUARDRAILS, PASSED, WARNING, asking, sentence
from jobs.release.changes import churn
from jobs.release.criteria import INPUTS, MODEL
from jobs.release.records import documents_of
from jobs.scores.train import MODELS
from jobs.spilling import spilling

SHARE, MODELS_UNIT, METRIC = "share", "models", "as the metric"
#: Figures are rounded: the last digits are the processor's.
_DECIMALS = 9
_LINES, _COST = FUNDING_ROWS


@dataclass(frozen=True)
class Side:
    """What the guardrails look at in a night, or in a release.

    Attributes:
        draw_minor: Expected draws of all offers, minor units.
        loss_minor: Expected loss of them, minor units.
        variance: Of what is drawn, whole currency units squared.
        lines_minor: Of all funding lines together, minor units.
        chance: Of the funding row: `chance_available_minor`, `chance_spread`; None without one.
        gap_ratio: Of the certificate.
        models: Name -> version of those that scored.
        trained: Names of those that the night trained for itself.
    """

    draw_minor: int = 0
    loss_minor: int = 0
    variance: int = 0
    lines_minor: float = 0.0
    chance: tuple[float, float] | None = None
    gap_ratio: float = 0.0
    models: Mapping[str, str] = field(default_factory=dict)
    trained: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Guardrail:
    """A figure, its bounds and the verdict; `before` is the same of the release before."""

    name: str
    figure: float
    unit: str
    warn: float | None
    ask: float | None
    verdict: str
    before: float | None = None
    detail: str = ""


def main(run: Run) -> dict[str, Any]:
    """Record the guardrails of the run, and write the draft of its page where somebody is asked."""
    from jobs.report import page

    policy = frozen_policy(run)
    record(run, AUDIT, None)
    found = measure(run, policy)
    record(run, GUARDRAILS, found)
    asks = asking(frozen(run))
    said = {"guardrails": len(found),
            "warnings": sum(row["verdict"] == WARNING for row in found),
            "asks": "; ".join(map(sentence, asks)) or "nothing"}
    return {**said, "page": str(page.draft(run))} if asks else said


def measure(run: Run, policy: Policy) -> list[dict[str, Any]]:
    """The guardrails of a run, as JSON content.

    From its tables: of run.json only what was frozen and which models scored is taken.
    """
    content = frozen(run)
    inputs = content["inputs"]
    previous = inputs.get("previous")
    now = _side({name: [store.single_file(run.folder, table)] for name, table in _TABLES.items()},
                {name: one["version"] for name, one in content[MODELS].items()}, inputs)
    before, moved = None, None
    if previous:
        before = _published(run.home, previous["release_id"])
        invited = warehouse.named(run.home, previous["release_id"]).invited
        moved = churn(store.read_arrow(run.folder / CHANGES.name, CHANGES), invited)
    return [asdict(one) for one in [
        *judged(now, before, moved, policy.guardrails),
        *drift(store.read_arrow(run.folder / MONITORING.name, MONITORING))]]


def judged(now: Side, before: Side | None, moved: Mapping[str, Any] | None,
           bounds: Guardrails) -> list[Guardrail]:
    """Every guardrail that there is a figure for, in the order of the policy's.

    Args:
        now: The night.
        before: The release before it, where there is one.
        moved: What `changes.churn` says of the two.
        bounds: The policy's.
    """
    figures, then = _figures(now), _figures(before) if before else {}
    changed = _changed_models(now, before) if before else []
    if moved is not None:
        figures |= {"churn": moved["ratio"], "growth": max(moved["growth_ratio"], 0.0),
                    "shrink": max(-moved["growth_ratio"], 0.0)}
    if before is not None and before.models:
        figures["model_change"] = float(len(changed))
    return [_guardrail(name, figure, bound, then.get(name),
                       ", ".join(changed) if name == "model_change" else "")
            for name, bound in bounds.items() if (figure := figures.get(name)) is not None]


def drift(figures: pa.Table) -> list[Guardrail]:
    """A guardrail of each metric of the monitoring that the policy limits: its worst figure.

    Args:
        figures: MONITORING.
    """
    found = []
    listed = figures.sort_by([(name, "ascending") for name in MONITORING.key]).to_pylist()
    for metric in sorted(DIRECTIONS):
        own = [row for row in listed if row["metric"] == metric and row["value"] is not None and
               (row["warning_threshold"], row["stop_threshold"]) != (None, None)]
        if not own:
            continue
        worst = min(own, key=lambda row: (STATUSES.index(row["status"]), -_beyond(row)))
        alike = sum(row["status"] == worst["status"] for row in own)
        found.append(Guardrail(
            metric, worst["value"], METRIC, worst["warning_threshold"], worst["stop_threshold"],
            {STOP: ASKS, WARNS: WARNING}.get(worst["status"], PASSED), None,
            f"{worst['subject']} ({worst['segment']}), {alike} of {len(own)} so"))
    return found


def _beyond(row: Mapping[str, Any]) -> float:
    bound = row["stop_threshold"] if row["warning_threshold"] is None else row["warning_threshold"]
    over: float = row["value"] - bound
    return over if DIRECTIONS[row["metric"]] == "above" else -over


def _guardrail(name: str, value: float, bound: Bound, before: float | None,
               detail: str) -> Guardrail:
    figure = round(value, _DECIMALS)
    verdict = (ASKS if bound.ask is not None and figure > bound.ask else
               WARNING if bound.warn is not None and figure > bound.warn else PASSED)
    return Guardrail(name, figure, MODELS_UNIT if name == "model_change" else SHARE, bound.warn,
                     bound.ask, verdict, None if before is None else round(before, _DECIMALS),
                     detail)


def _figures(side: Side) -> dict[str, float | None]:
    """Those that one night has by itself."""
    return {"loss": side.loss_minor / side.draw_minor if side.draw_minor else 0.0,
            "funding": side.draw_minor / side.lines_minor if side.lines_minor else None,
            "funding_chance": _chance(side), "gap": side.gap_ratio}


def _chance(side: Side) -> float | None:
    """Probability that draws exceed the lines, by the normal law of the funding row.

    Draws vary together with deviation `spread` of their mean, and each person's alone.
    """
    if side.chance is None:
        return None
    available, spread = side.chance
    deviation = math.sqrt((spread * side.draw_minor)**2 + side.variance * MINOR**2)
    if not deviation:
        return float(side.draw_minor > available)
    return 0.5 * math.erfc((available - side.draw_minor) / deviation / math.sqrt(2.0))


def _changed_models(now: Side, before: Side) -> list[str]:
    """Models that are others than the release before's, in words.

    One that each night trains for itself is another every night, and marked by its own gate.
    """
    names = sorted(now.models.keys() | before.models.keys())
    return [f"{name}/{before.models.get(name, 'none')} to {now.models.get(name, 'none')}"
            for name in names if now.models.get(name) != before.models.get(name)
            and not (name in now.trained and name in before.trained)]


_TABLES = {table.name: table for table in (LIMITS, COUPLING_ROWS, COUPLING_STEPS, CERTIFICATE)}


def _side(files: Mapping[str, Sequence[Path]], models: Mapping[str, str],
          inputs: Mapping[str, Any]) -> Side:
    with spilling() as connection:
        (sums,) = connection.read_parquet([str(path) for path in files[LIMITS.name]]).filter(
            "is_offered").aggregate("sum(expected_draw_minor), sum(expected_loss_minor), "
                                    "sum(draw_variance)").fetchall()
    draw, loss, variance = (int(one or 0) for one in sums)
    rows, steps, (proof,) = (pa.concat_tables(
        [pq.read_table(path, partitioning=None).select(table.columns) for path in files[
            table.name]]).to_pylist() for table in (COUPLING_ROWS, COUPLING_STEPS, CERTIFICATE))
    chance = next(((row["chance_available_minor"], row["chance_spread"]) for row in rows
                   if row["row_name"] == _LINES and row["chance_available_minor"] is not None),
                  None)
    return Side(draw, loss, variance, sum(step["amount"] for step in steps
                                          if step["row_name"] == _COST), chance,
                proof["gap_ratio"], models,
                frozenset(name for name, one in inputs.get("models", {}).items()
                          if one == TRAINED))


def _published(home: Path, release_id: str) -> Side | None:
    """The same of a release; None of one that was published without its proof or documents."""
    files = {name: warehouse.data_files(home, name, release_id) for name in _TABLES}
    said = documents_of(home, release_id)
    if INPUTS not in said or not all(files.values()):
        return None
    return _side(files, {name.removeprefix(MODEL): text["version"] for name, text in said.items()
                         if name.startswith(MODEL)}, said[INPUTS])
