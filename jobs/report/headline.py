"""The night in figures, beside the nights before it.

Sources: the run's whitelist, decisions, certificate and changes; the moves of the pointer; what the
pages of earlier nights kept. Each page keeps its own figures in the run's folder (`headline.json`),
so that later ones need not read its people again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup

from jobs import store
from jobs.config import Run
from jobs.limits.problem import MINOR
from jobs.limits.words import short
from jobs.release.warehouse import Release
from jobs.report import charts
from jobs.report.words import number, percent

#: Where a run keeps the figures of its page.
HEADLINE = "headline.json"
#: Nights in a figure's small line.
NIGHTS = 30


@dataclass(frozen=True)
class Tables:
    """What the page reads of the lists of one run, and their currency."""

    whitelist: pa.Table
    decisions: pa.Table
    waterfall: pa.Table
    currency: str

    @property
    def limits(self) -> np.ndarray:
        """Limits of the invited, whole currency units."""
        return self.whitelist[f"limit_{self.currency.lower()}"].to_numpy()

    @property
    def invited(self) -> pa.Table:
        """The decisions about the invited."""
        return self.decisions.filter(self.decisions["is_invited"])


def figures(tables: Tables, certificate: dict[str, Any], churn: float | None) -> dict[str, Any]:
    """The night's own figures, as JSON content; money in whole currency units.

    Args:
        tables: Of the run.
        certificate: Its row.
        churn: Of the people before, who left untaken or has other terms; None without any before.
    """
    limits = tables.limits
    return {
        "invited": tables.whitelist.num_rows, "considered": tables.decisions.num_rows,
        "committed": int(limits.sum()),
        "mean_limit": int(limits.mean()) if len(limits) else 0,
        "pd_considered": pc.mean(tables.decisions["pd"]).as_py(),
        "pd_invited": pc.mean(tables.invited["pd"]).as_py(),
        "value": certificate["value_minor"] / MINOR, "churn": churn,
    }


def earlier(run: Run, standing: Iterable[Release]) -> list[dict[str, Any]]:
    """Figures of the releases that stand for the nights before the run's, oldest first.

    Where a run's folder is gone, only what the pointer says of it is known; the rest is None.
    """
    before = sorted((move for move in standing if move.as_of_date < run.as_of),
                    key=lambda move: move.as_of_date)
    found = []
    for move in before[-NIGHTS:]:
        found.append({"as_of": move.as_of_date.isoformat(), "release_id": move.release_id,
                      **dict.fromkeys(("pd_considered", "pd_invited", "value", "churn")),
                      **store.read_json(move.run(run.home).folder / HEADLINE, {}),
                      "invited": move.invited, "considered": move.considered,
                      "committed": move.committed_amount,
                      "mean_limit": move.committed_amount // max(1, move.invited)})
    return found


def tiles(now: dict[str, Any], before: Sequence[dict[str, Any]], currency: str
          ) -> list[dict[str, Any]]:
    """The figures to show: title, value, a note, the difference and the line of the last nights.

    Args:
        now: What `figures` gives.
        before: What `earlier` gives.
        currency: Of the money.
    """
    share = now["invited"] / now["considered"] if now["considered"] else None
    told = (
        ("Invited", "invited", number, number, f"{percent(share)} of {number(now['considered'])} "
         "considered"),
        (f"Committed, {currency}", "committed", number, short, "sum of the limits"),
        (f"Mean limit, {currency}", "mean_limit", number, number, "of the invited"),
        ("Expected to default", "pd_invited", _percent_2, _points, f"of the invited; "
         f"{percent(now['pd_considered'], 2)} of those considered"),
        (f"Value, {currency}", "value", short, short, "of tonight's offers, expected"),
        ("Churn", "churn", percent, _points, "of the list before: left untaken, or other terms"),
    )
    return [{"title": title, "note": note,
             "value": "–" if now[key] is None else show(now[key]),
             "difference": difference([one[key] for one in before[-1:]], now[key], show, moved),
             "spark": _spark(title, [one[key] for one in before] + [now[key]])}
            for title, key, show, moved, note in told]


def difference(before: Sequence[float | None], now: float | None, show: Any, moved: Any) -> str:
    """What has changed since the night before: «+1,006 against 556»; empty where nothing is known.

    Args:
        before: That night's figure, or nothing.
        now: This night's.
        show: How such a figure is written.
        moved: How a difference of two is written, without its sign.
    """
    if not before or before[0] is None or now is None:
        return ""
    if now == before[0]:
        return "as before"
    sign = "+" if now > before[0] else "−"
    return f"{sign}{moved(abs(now - before[0]))} against {show(before[0])}"


def _percent_2(share: float) -> str:
    return percent(share, 2)


def _points(share: float) -> str:
    return f"{share * 100:.2f} points"


def _spark(title: str, values: Sequence[float | None]) -> Markup:
    known = [value for value in values if value is not None]
    if len(known) < 3:
        return Markup("")
    return Markup(charts.spark(known, f"{title}, the last {len(known)} nights"))
