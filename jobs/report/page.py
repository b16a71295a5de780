"""The page of the night: one HTML file that stands alone.

Sources: the run's whitelist, decisions, waterfall, proof of the limits, run.json, gates.json,
steps.json; the PD model's metadata; the releases published before. Grain: one page a night.
Output: `<home>/reports/<as_of>/index.html`, without scripts or requests to anywhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup

from jobs import store
from jobs.config import DECIDING_MODEL, Run
from jobs.contracts.monitoring import MONITORING
from jobs.errors import PolicyError
from jobs.inputs import frozen
from jobs.policies.policy import load
from jobs.release import warehouse
from jobs.release.warehouse import Release
from jobs.report import charts, limits

#: What the waterfall's own steps mean; a rule's meaning stands in its policy.
STEP_TEXTS = {
    "known": "People with a bound card.",
    "has_loan_with_us": "They have a loan of ours, so they are not considered.",
    "no_value": "Eligible, but no limit and rate would earn more than it costs.",
    "priced_out": "Eligible, but money or places earned more with others.",
    "invited": "On the whitelist.",
}
#: Above this many different limits the chart shows classes of them.
_LIMIT_BARS = 12


@dataclass(frozen=True)
class Tables:
    """The released tables of one run and their currency."""

    whitelist: pa.Table
    decisions: pa.Table
    waterfall: pa.Table
    currency: str

    @property
    def limits(self) -> np.ndarray:
        """Limits of the invited, whole currency units."""
        return self.whitelist[f"limit_{self.currency.lower()}"].to_numpy()


def main(run: Run) -> dict[str, str]:
    """Write the page of the run's night and return where it lies."""
    path = run.home / "reports" / run.as_of.isoformat() / "index.html"
    html = render(facts(run))
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".tmp-{path.name}")
    staged.write_text(html, encoding="utf-8")
    staged.replace(path)
    return {"page": str(path)}


def render(content: dict[str, Any]) -> str:
    """The HTML of the page's facts; every text in them is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(number=number, percent=percent)
    return environment.get_template("page.html.j2").render(content)


def facts(run: Run) -> dict[str, Any]:
    """Everything the page says, read from the run and from the releases before it."""
    inputs = frozen(run)["inputs"]
    currency = inputs["policy"]["currency"]
    rows = {name: store.read_arrow(run.folder / name, table)
            for name, table in warehouse.lists(currency).items()}
    tables = Tables(**rows, currency=currency)
    moves = warehouse.history(run.home)
    results = store.read_json(run.folder / "gates.json", [])
    steps = waterfall_rows(tables.waterfall, _rule_texts(inputs["policy"], run.as_of))
    return {
        "as_of": run.as_of.isoformat(), "release_id": run.release_id, "run_id": run.run_id,
        "currency": currency, "inputs": inputs, "headline": headline(tables, run.as_of, moves),
        "move": next((m.move_number for m in reversed(moves) if m.release_id == run.release_id),
                     None),
        "waterfall": steps, "tiers": tier_rows(tables), "charts": _charts(tables, steps),
        "limits": limits.facts(run, currency),
        "model": _model(run), "feeds": feed_rows(inputs["deliveries"]),
        "deliveries": [_delivery(row) for row in inputs["deliveries"]],
        "gates": gate_rows(results),
        "failures": [row for row in results if not row["success"]],
        "is_monitored": (run.folder / MONITORING.name).is_dir(),
        "steps": [row for row in store.read_json(run.folder / "steps.json", [])
                  if row["step"] != "report"],
    }


def headline(tables: Tables, as_of: dt.date, moves: list[Release]) -> dict[str, Any]:
    """The night in figures, beside the newest release of an earlier night."""
    earlier = [move for move in moves if move.as_of_date < as_of]
    return {
        "invited": tables.whitelist.num_rows, "considered": tables.decisions.num_rows,
        "committed": int(tables.limits.sum()),
        "mean_limit": int(tables.limits.mean()) if len(tables.limits) else 0,
        "pd_considered": pc.mean(tables.decisions["pd"]).as_py(),
        "pd_invited": pc.mean(_invited(tables)["pd"]).as_py(),
        "previous": max(earlier, key=lambda move: (move.as_of_date, move.move_number),
                        default=None),
    }


def waterfall_rows(waterfall: pa.Table, texts: dict[str, str]) -> list[dict[str, Any]]:
    """The waterfall's steps in words, with the share of the known who are left."""
    rows = waterfall.sort_by("step_number").to_pylist()
    known = rows[0]["remaining"] if rows else 0
    return [{**row, "name": row["step"].replace("_", " "), "text": texts.get(row["step"], ""),
             "share": row["remaining"] / known if known else None} for row in rows]


def tier_rows(tables: Tables) -> list[dict[str, Any]]:
    """People, rate and money of each tier; money in whole currency units."""
    limit = f"limit_{tables.currency.lower()}"
    grouped = tables.whitelist.group_by(["score_tier", "rate_daily", "rate_annual"]).aggregate(
        [("user_id", "count"), (limit, "min"), (limit, "max"), (limit, "sum")])
    return [{"tier": row["score_tier"], "rate_daily": row["rate_daily"],
             "rate_annual": row["rate_annual"], "people": row["user_id_count"],
             "lowest": row[f"{limit}_min"], "highest": row[f"{limit}_max"],
             "committed": row[f"{limit}_sum"]}
            for row in grouped.sort_by([("rate_annual", "ascending"),
                                        ("score_tier", "ascending")]).to_pylist()]


def limit_bars(limits: np.ndarray) -> list[tuple[str, int]]:
    """People by limit: one bar a limit, or a class of limits where there are many."""
    values, counts = np.unique(limits, return_counts=True)
    if len(values) <= _LIMIT_BARS:
        return [(number(value), int(count))
                for value, count in zip(values, counts, strict=True)]
    step = next(size * 10**power for power in range(12) for size in (1, 2, 5)
                if (values[-1] - values[0]) / (size * 10**power) < _LIMIT_BARS - 1)
    classes, counts = np.unique(limits // step * step, return_counts=True)
    return [(f"{number(low)} to under {number(low + step)}", int(count))
            for low, count in zip(classes, counts, strict=True)]


def feed_rows(deliveries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows received, accepted, quarantined and repeated of each feed, over its deliveries."""
    feeds: dict[str, dict[str, Any]] = {}
    for row in map(_delivery, deliveries):
        total = feeds.setdefault(row["feed"], {"feed": row["feed"], "deliveries": 0, "newest": "",
                                               **dict.fromkeys(_COUNTS, 0)})
        total["deliveries"] += 1
        total["newest"] = max(total["newest"], row["delivery_date"])
        for name in _COUNTS:
            total[name] += row[name]
    for total in feeds.values():
        total["reconciles"] = total["received"] == sum(total[name] for name in _COUNTS[1:])
    return list(feeds.values())


def gate_rows(results: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Expectations met, warnings and critical failures of each gate."""
    gates: dict[str, dict[str, Any]] = {}
    for row in results:
        total = gates.setdefault(row["gate"], {"gate": row["gate"], "expectations": 0, "met": 0,
                                               "warnings": 0, "critical": 0})
        total["expectations"] += 1
        outcome = ("met" if row["success"] else
                   "critical" if row["severity"] == "critical" else "warnings")
        total[outcome] += 1
    return list(gates.values())


def number(value: float) -> str:
    """A whole number with thousands separators and a true minus."""
    return f"{value:,.0f}".replace("-", "−")


def percent(share: float | None, digits: int = 1) -> str:
    """A share as per cent; a dash where there is none."""
    return "–" if share is None else f"{float(share) * 100:.{digits}f}\N{NO-BREAK SPACE}%"


_COUNTS = ("received", "accepted", "quarantined", "duplicates")


def _delivery(row: dict[str, Any]) -> dict[str, Any]:
    counts = {"received": row.get("received", row.get("rows", 0)),
              **{name: row.get(name, 0) for name in _COUNTS[1:]}}
    return {"feed": row["feed"], "delivery_date": str(row["delivery_date"]), **counts}


def _invited(tables: Tables) -> pa.Table:
    return tables.decisions.filter(tables.decisions["is_invited"])


def _charts(tables: Tables, steps: list[dict[str, Any]]) -> dict[str, Markup]:
    invited = tables.whitelist.num_rows or 1
    rates: dict[str, int] = {}
    for row in tier_rows(tables):
        name = f"{percent(row['rate_annual'], 2)} a year"
        rates[name] = rates.get(name, 0) + row["people"]
    mixes = {"limits": [(f"{name} {tables.currency}" if name[-1].isdigit() else name, people)
                        for name, people in limit_bars(tables.limits)],
             "rates": list(rates.items())}
    drawn = {name: charts.bars([(left, f"{number(people)}  ·  {percent(people / invited)}",
                                 people, 0) for left, people in mix], f"People by {name[:-1]}")
             for name, mix in mixes.items()}
    drawn["waterfall"] = charts.bars(
        [(row["name"], f"−{number(row['removed'])}" if row["removed"] else
          number(row["remaining"]) if row in (steps[0], steps[-1]) else "0",
          row["remaining"], row["removed"]) for row in steps], "People left after each step")
    drawn["scores"] = charts.distribution(
        tables.decisions["score_points"].to_numpy(),
        _invited(tables)["score_points"].to_numpy(), "Score points of considered and invited")
    return {name: Markup(svg) for name, svg in drawn.items()}


def _model(run: Run) -> dict[str, Any]:
    """The run's PD model with the metadata of its version; empty where there is none."""
    chosen = frozen(run).get("models", {}).get(DECIDING_MODEL)
    if not chosen:
        return {}
    path = run.home / "models" / chosen["name"] / chosen["version"] / "metadata.json"
    return {"metrics": {}, **store.read_json(path, {}), **chosen}


def _rule_texts(policy: dict[str, Any], as_of: dt.date) -> dict[str, str]:
    """The rules' own sentences, if the policy file is still the one the night ran with."""
    try:
        found = load(policy["name"], as_of)
    except PolicyError:
        return STEP_TEXTS
    if found.sha256 != policy.get("sha256"):
        return STEP_TEXTS
    return {**STEP_TEXTS, **{rule.name: rule.text for rule in found.rules}}
