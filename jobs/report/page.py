"""The page of the night: one HTML file that stands alone.

Sources: the run's lists, ledgers, proof of the limits and monitoring, run.json, gates.json,
steps.json; the models' metadata; the moves of the pointer; figures that earlier pages kept. Grain:
one page a night. Output: `<home>/reports/<as_of>/index.html`, without scripts or requests to
anywhere, and beside it the pages of `data_docs.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from jobs import store
from jobs.config import Run
from jobs.contracts.limits import CERTIFICATE
from jobs.contracts.release import WATERFALL
from jobs.errors import PolicyError
from jobs.inputs import DEGRADED, frozen
from jobs.intake import lateness
from jobs.observability.records import steps_of
from jobs.policies.feeds import UNSTATED
from jobs.policies.policy import Policy, load
from jobs.release import switch, warehouse
from jobs.release.approval import rejected
from jobs.release.pointer import is_history, standing
from jobs.release.records import CHURN
from jobs.report import (campaign, changes, data_docs, headline, limits, models, quality, safety,
                         terms, waterfall)
from jobs.report.headline import HEADLINE, Tables
from jobs.report.templates import environment, written
from jobs.report.templates import folder as reports
from jobs.steps import find

#: Name of the page of a night that somebody is asked about.
DRAFT = "draft.html"
#: What the page reads of the lists; the limit and the campaign's columns come to the first.
_WHITELIST = ("rate_daily", "rate_annual", "score_tier")
_DECISIONS = ("pd", "score_points", "is_invited")


def main(run: Run) -> dict[str, str | int]:
    """Write the page of the run's night and those of its gates, and return where they lie."""
    content = facts(run)
    store.write_json(content["figures"], run.folder / HEADLINE)
    _bring(run)
    docs = data_docs.write(run)
    path = written(run, "index.html", render({**content, "docs": docs}))
    path.with_name(DRAFT).unlink(missing_ok=True)
    return {"page": str(path), "data_docs": len(docs)}


def draft(run: Run) -> Path:
    """Write the page of a night that is not published yet, for whoever is asked about it.

    It lies beside the page of the night: what was published of that date keeps its own.
    """
    return written(run, DRAFT, render(facts(run)))


def _bring(run: Run) -> None:
    """A backfill's page on monitoring, made before its release stood for the date, comes along."""
    made, place = run.folder / "reports", reports(run)
    if place != made and made.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        for path in sorted(made.iterdir()):
            path.replace(place / path.name)
        made.rmdir()


def render(content: dict[str, Any]) -> str:
    """The HTML of the page's facts; every text in them is escaped."""
    return environment().get_template("page.html.j2").render({"docs": [], **content})


def facts(run: Run) -> dict[str, Any]:
    """Everything the page says, read from the run and from the nights before it."""
    record = frozen(run)
    inputs = record["inputs"]
    currency, policy = inputs["policy"]["currency"], policy_of(run)
    tables = read(run, currency)
    moves = warehouse.history(run.home)
    steps = waterfall.rows(tables.waterfall, waterfall.texts(policy))
    certificate = store.read_arrow(run.folder / CERTIFICATE.name, CERTIFICATE).to_pylist()[0]
    moved = record.get(CHURN)
    figures = headline.figures(tables, certificate, moved["ratio"] if moved else None)
    now = standing(moves)
    before = headline.earlier(run, now.of_nights.values())
    results = store.read_json(run.folder / "gates.json", [])
    late = inputs.get(DEGRADED, [])
    content = {
        "as_of": run.as_of.isoformat(), "release_id": run.release_id, "run_id": run.run_id,
        "currency": currency, "inputs": inputs, "figures": figures,
        "before": before[-1] if before else None,
        "tiles": headline.tiles(figures, before, currency), "neighbours": neighbours(run),
        "move": next((m.move_number for m in reversed(moves) if m.release_id == run.release_id),
                     None),
        "withdrawn": now.withdrawn.get(run.release_id), "stopped": switch.stopped(run.home),
        "guardrails": safety.guardrail_rows(record), "rejected": rejected(record),
        "is_history": is_history(moves, run.release_id),
        "waterfall": {"rows": steps, "chart": waterfall.chart(steps)},
        "changes": changes.facts(changes.read(run), currency),
        "campaign": campaign.facts(run, tables.whitelist, currency),
        "limits": limits.facts(run, currency), "terms": terms.facts(tables),
        "models": models.facts(run, tables), "hashes": record.get("tables", {}),
        "feeds": quality.feed_rows(inputs["deliveries"], run.as_of,
                                   policy.feeds if policy else UNSTATED, late),
        "degraded": [lateness.sentence(one) for one in late],
        "deliveries": [quality.delivery(row) for row in inputs["deliveries"]],
        "gates": quality.gate_rows(results), "results": results,
        "failures": [row for row in results if not row["success"]],
        "steps": [row for row in steps_of(run)
                  if find(row["step"])[1] < find("report")[1]],
    }
    return {**content, "checks": safety.checks(content)}


def read(run: Run, currency: str) -> Tables:
    """The lists of a run, with the columns that the page is made of."""
    limit = f"limit_{currency.lower()}"
    for name in ("whitelist", "decisions"):
        store.require(run.folder / name, name)
    there = pq.read_schema(next((run.folder / "whitelist").glob("*.parquet"))).names
    return Tables(
        pq.read_table(run.folder / "whitelist", partitioning=None, columns=[
            limit, *_WHITELIST, *(name for name in campaign.COLUMNS if name in there)]),
        pq.read_table(run.folder / "decisions", partitioning=None, columns=list(_DECISIONS)),
        store.read_arrow(run.folder / WATERFALL.name, WATERFALL), currency)


def neighbours(run: Run) -> dict[str, str]:
    """The nights before and after that have a page, by `previous` and `next`; ISO dates."""
    pages = sorted(path.parent.name for path in
                   (run.home / "reports").glob("????-??-??/index.html"))
    own = run.as_of.isoformat()
    found = {"previous": [day for day in pages if day < own][-1:],
             "next": [day for day in pages if day > own][:1]}
    return {which: days[0] for which, days in found.items() if days}


def policy_of(run: Run) -> Policy | None:
    """The policy that the night ran with, or None where its file says something else by now."""
    said = frozen(run)["inputs"]["policy"]
    try:
        found = load(said["name"], run.as_of)
    except PolicyError:
        return None
    return found if found.sha256 == said.get("sha256") else None
