"""Who got which limit and rate: the mix, by tier and by the ways that offers come about.

Sources: the run's whitelist.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from markupsafe import Markup

from jobs.report import charts
from jobs.report.headline import Tables
from jobs.report.words import number, percent

#: Above this many different limits the chart shows classes of them.
_LIMIT_BARS = 12


def facts(tables: Tables) -> dict[str, Any]:
    """Tiers and charts."""
    tiers = tier_rows(tables)
    rates: dict[str, int] = {}
    for row in tiers:
        name = f"{percent(row['rate_annual'], 2)} a year"
        rates[name] = rates.get(name, 0) + row["people"]
    limits = [(f"{name} {tables.currency}" if name[-1].isdigit() else name, people)
              for name, people in limit_bars(tables.limits)]
    return {"tiers": tiers, "charts": {"limits": _bars(limits, "limit", tables),
                                       "rates": _bars(list(rates.items()), "rate", tables)}}


def _bars(mix: list[tuple[str, int]], what: str, tables: Tables) -> Markup:
    invited = tables.whitelist.num_rows or 1
    rows = [(left, f"{number(people)}  ·  {percent(people / invited)}", people, 0)
            for left, people in mix]
    return Markup(charts.bars(rows, f"People by {what}: " + ", ".join(
        f"{left} {number(people)}" for left, _, people, _ in rows)))


def tier_rows(tables: Tables) -> list[dict[str, Any]]:
    """People, rate and money of each tier; money in whole currency units."""
    limit = f"limit_{tables.currency.lower()}"
    grouped = tables.whitelist.group_by(["score_tier", "rate_daily", "rate_annual"]).aggregate(
        [(limit, "count"), (limit, "min"), (limit, "max"), (limit, "sum")])
    return [{"tier": row["score_tier"], "rate_daily": row["rate_daily"],
             "rate_annual": row["rate_annual"], "people": row[f"{limit}_count"],
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
