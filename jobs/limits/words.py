"""Shadow prices in words, for the page, the terminal and whoever asks what more would earn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jobs.limits.problem import MINOR
from jobs.limits.sizes import row_name
from jobs.policies.limits import FUNDING_ROWS


def sentence(row: Mapping[str, Any], currency: str) -> str:
    """What a row of SHADOW_PRICES says: «Another CNY 100 M to lend would earn CNY 3.1 M.»."""
    money = row["unit"] != "people"
    people = "1 person" if row["step"] == 1 else f"{short(row['step'])} people"
    step = f"{currency} {short(row['step'] / MINOR)}" if money else people
    earned = f"{currency} {short(row['step_value_minor'] / MINOR)}"
    name = row_name(row["row_name"])
    said = {FUNDING_ROWS[0]: f"Another {step} to lend would earn {earned}",
            FUNDING_ROWS[1]: f"{step} at no cost would earn {earned}"}.get(
                row["row_name"], f"{_capital(name)}: {step} of slack would earn {earned}")
    if row["step_value_minor"] < MINOR:
        said = f"{_capital(name)}: more would earn nothing"
    return said + "."


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]


def short(value: float) -> str:
    """A number of people or of money as one reads it aloud: 3.1 M, 250 k, 12."""
    for size, letter in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 0.9995 * size:
            return f"{value / size:.3g} {letter}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def amount(value: float, unit: str, currency: str) -> str:
    """A capacity or a use: people, or money in short."""
    if unit != "people":
        return f"{currency} {short(value / MINOR)}"
    return f"{value:,.0f}" if abs(value) >= 10 or value == round(value) else f"{value:.1f}"


def told(rows: Iterable[dict[str, Any]], currency: str) -> list[dict[str, Any]]:
    """Shadow prices in words, the dearest first."""
    ordered = sorted(rows, key=lambda row: (-row["step_value_minor"], row["row_name"]))
    return [{"sentence": sentence(row, currency), "text": row["text"],
             "holds": _range(row, currency) if row["step_value_minor"] >= MINOR else "",
             "cost": None if row["cost_minor"] is None or row["cost_minor"] < MINOR
             else f"{currency} {short(row['cost_minor'] / MINOR)}"} for row in ordered]


def _range(row: dict[str, Any], currency: str) -> str:
    """From where to where a price holds; of a row that compares two sums: how much more or less."""
    now = row["capacity"]
    low, high = (None if row[end] is None else amount(
        row[end] if now > 0 else abs(row[end] - now), row["unit"], currency)
        for end in ("holds_from", "holds_to"))
    less, more = ("", "") if now > 0 else (" less", " more")
    if low is None:
        return "at all capacities looked at" if high is None else f"up to {high}{more}"
    return f"from {low}{less} on" if high is None else f"from {low}{less} to {high}{more}"
