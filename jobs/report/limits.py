"""What the page says of money, limits and what they cost.

Sources: the proof of the night's limits (`jobs/contracts/limits.py`) in the run's folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from markupsafe import Markup

from jobs import store
from jobs.config import Run
from jobs.contracts import limits as contracts
from jobs.contracts.table import Table
from jobs.limits.problem import MINOR
from jobs.limits.shadow_prices import sentence, short
from jobs.limits.sizes import row_name, text
from jobs.policies.limits import FUNDING_ROWS
from jobs.policies.policy import DAYS_PER_YEAR
from jobs.report import charts

#: Reasons for size, said of many; {row}: the row whose price it was.
REASON_TEXTS = {
    "best": "A larger limit would earn less.",
    "affordability": "The income can carry no more.",
    "law": "The law allows no more.",
    "menu": "The menu has no larger limit.",
    "row": "The price of {row} set it.",
    "no_value": "No limit and rate would earn more than it costs.",
    "honoured": "Offered before and kept.",
    "random": "Left to chance, to learn from.",
    "strategy": "Set by another strategy.",
}
#: What the page needs to know of each person.
_COLUMNS = {"candidates": ["segment", "region", "partner"],
            "limits": ["user_id", "method", "is_offered", "limit_minor", "rate_daily",
                       "expected_draw_minor", "expected_loss_minor", "draw_variance",
                       "expected_value_minor", "uncoupled_limit_minor", "size_reason",
                       "size_row"]}


def facts(run: Run, currency: str) -> dict[str, Any]:
    """Everything the section says."""
    small = {table.name: _rows(run, table) for table in contracts.PROOF
             if table.name not in _COLUMNS}
    people = {name: pq.read_table(run.folder / name / f"{name}.parquet", columns=columns)
              for name, columns in _COLUMNS.items()}
    decided = people["limits"]
    offered = decided.filter(decided["is_offered"])
    used = row_facts(small["coupling_rows"], small["coupling_terms"], small["coupling_steps"],
                     people["candidates"].filter(decided["is_offered"]), offered, currency)
    curve = [(row["capacity"] / MINOR, row["bound_minor"] / MINOR)
             for row in small["value_curves"] if row["row_name"] == FUNDING_ROWS[0]]
    now = next((row["capacity"] / MINOR for row in small["shadow_prices"]
                if row["row_name"] == FUNDING_ROWS[0]), 0.0)
    return {
        "certificate": certificate(small["certificate"][0], currency),
        "rows": used, "prices": price_facts(small["shadow_prices"], currency),
        "methods": method_facts(offered, currency), "reasons": reason_facts(decided),
        "example": example(offered, currency),
        "charts": {
            "rows": Markup(charts.bars([(row["name"], row["words"], row["full"],
                                         1_000 - row["full"]) for row in used],
                                       "Use of each coupling row")),
            "mix": Markup(mix(offered)),
            "curve": Markup(charts.curve(curve, now, (f"money to lend, {currency}",
                                                      f"most that offers are worth, {currency}"),
                                         "Value over money to lend"))}}


def certificate(row: dict[str, Any], currency: str) -> dict[str, Any]:
    """Value, bound and gap as text."""
    return {**row, "value": f"{currency} {short(row['value_minor'] / MINOR)}",
            "bound": f"{currency} {short(row['bound_minor'] / MINOR)}",
            "gap": f"{row['gap_ratio'] * 100:.2g}\N{NO-BREAK SPACE}%"}


def row_facts(rows: Iterable[dict[str, Any]], terms: Sequence[dict[str, Any]],
              steps: Sequence[dict[str, Any]], candidates: pa.Table, offered: pa.Table,
              currency: str) -> list[dict[str, Any]]:
    """Each row as something used of something there is, whichever side its terms stand on.

    Args:
        rows: Of `coupling_rows`.
        terms: Of `coupling_terms`.
        steps: Of `coupling_steps`.
        candidates: Those offered something.
        offered: Their rows of `limits`, in the same order.
        currency: Of the money.

    Returns:
        Of each row its name, text and words, whether it is a minimum, and the share used in
        thousandths (`full`).
    """
    found = []
    for row in rows:
        left, right = 0.0, row["capacity"] + sum(
            step["amount"] for step in steps if step["row_name"] == row["row_name"])
        own = [term for term in terms if term["row_name"] == row["row_name"]]
        for term in own:
            used = term["weight"] * _summed(term, candidates, offered)
            left, right = (left + used, right) if used > 0 else (left, right - used)
        if row["chance_z"] is not None:
            right = row["chance_available_minor"]
            left = right - row["slack"]
        if right < 0 or row["capacity"] < 0:
            left, right = left + max(0.0, -row["capacity"]), right + max(0.0, -row["capacity"])
        is_minimum = row["chance_z"] is None and own[0]["weight"] < 0
        least, there = (_amount(one, row["unit"], currency) for one in (left, right))
        words = f"{there}, at least {least}" if is_minimum else f"{least} of {there}"
        found.append({"name": row_name(row["row_name"]), "text": row["text"], "words": words,
                      "is_minimum": is_minimum, "multiplier": row["multiplier"],
                      "full": int(round(1_000 * min(1.0, left / right))) if right > 0 else 0})
    return found


def _summed(term: dict[str, Any], candidates: pa.Table, offered: pa.Table) -> float:
    if term["group_column"]:
        mine = pc.fill_null(pc.is_in(candidates[term["group_column"]],
                                     pa.array(term["group_values"], pa.string())), False)
        offered = offered.filter(mine)
    if term["measure"] == "people":
        return float(offered.num_rows)
    return float(pc.sum(offered[term["measure"]]).as_py() or 0)


def _amount(value: float, unit: str, currency: str) -> str:
    if unit != "people":
        return f"{currency} {short(value / MINOR)}"
    return f"{value:,.0f}" if abs(value) >= 10 or value == round(value) else f"{value:.1f}"


def price_facts(rows: Iterable[dict[str, Any]], currency: str) -> list[dict[str, Any]]:
    """Shadow prices in words, the dearest first."""
    ordered = sorted(rows, key=lambda row: (-row["step_value_minor"], row["row_name"]))
    return [{"sentence": sentence(row, currency), "text": row["text"],
             "holds": _range(row, currency) if row["step_value_minor"] >= MINOR else "",
             "cost": None if row["cost_minor"] is None or row["cost_minor"] < MINOR
             else f"{currency} {short(row['cost_minor'] / MINOR)}"} for row in ordered]


def _range(row: dict[str, Any], currency: str) -> str:
    """From where to where a price holds; of a row that compares two sums: how much more or less."""
    now = row["capacity"]
    low, high = (None if row[end] is None else _amount(
        row[end] if now > 0 else abs(row[end] - now), row["unit"], currency)
        for end in ("holds_from", "holds_to"))
    less, more = ("", "") if now > 0 else (" less", " more")
    if low is None:
        return "at all capacities looked at" if high is None else f"up to {high}{more}"
    return f"from {low}{less} on" if high is None else f"from {low}{less} to {high}{more}"


def method_facts(offered: pa.Table, currency: str) -> list[dict[str, Any]]:
    """Offers by how they came about, with what they are worth before the cost of money."""
    grouped = offered.group_by("method").aggregate(
        [("user_id", "count"), ("limit_minor", "sum"), ("expected_draw_minor", "sum"),
         ("expected_loss_minor", "sum"), ("expected_value_minor", "sum")])
    order = {method: place for place, method in enumerate(contracts.METHODS)}
    return [{"method": row["method"].replace("_", " "), "people": row["user_id_count"],
             **{name: f"{currency} {short(row[f'{column}_sum'] / MINOR)}" for name, column in (
                 ("limit", "limit_minor"), ("draw", "expected_draw_minor"),
                 ("loss", "expected_loss_minor"), ("value", "expected_value_minor"))}}
            for row in sorted(grouped.to_pylist(), key=lambda row: order[row["method"]])]


def reason_facts(decided: pa.Table) -> list[dict[str, Any]]:
    """How many people have which reason for size, and how many of them an offer."""
    counted = decided.select(["size_reason", "size_row", "is_offered"]).group_by(
        ["size_reason", "size_row"]).aggregate([("is_offered", "count"), ("is_offered", "sum")])
    return [{"text": REASON_TEXTS[row["size_reason"]].format(row=row_name(row["size_row"] or "")),
             "people": row["is_offered_count"], "offers": row["is_offered_sum"]}
            for row in sorted(counted.to_pylist(), key=lambda row: (
                -row["is_offered_count"], row["size_reason"], row["size_row"] or ""))]


def example(offered: pa.Table, currency: str) -> str:
    """One limit that a row's price made smaller, in a sentence; empty where there is none."""
    smaller = offered.filter(pc.equal(offered["size_reason"], "row"))
    return text(smaller.slice(0, 1).to_pylist()[0], currency) if smaller.num_rows else ""


def mix(offered: pa.Table) -> str:
    """People by limit and rate, as a heat map."""
    limit = offered["limit_minor"].to_numpy() // MINOR
    rate = offered["rate_daily"].cast(pa.float64()).to_numpy() * DAYS_PER_YEAR
    limits, down = np.unique(limit, return_inverse=True)
    rates, across = np.unique(np.round(rate, 6), return_inverse=True)
    counts: npt.NDArray[np.int64] = np.zeros((len(limits), len(rates)), np.int64)
    np.add.at(counts, (down, across), 1)
    return charts.heat([f"{one:,}" for one in limits], [f"{one:.2%}" for one in rates], counts,
                       "People by limit and annual rate")


def _rows(run: Run, table: Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = store.read_arrow(run.folder / table.name, table).to_pylist()
    return rows
