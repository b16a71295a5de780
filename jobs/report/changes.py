"""What has changed since the release before: who came, who went, whose terms moved, and why.

Sources: the run's `changes`.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup

from jobs import store
from jobs.config import Run
from jobs.contracts.campaign import CHANGE_KINDS, CHANGES
from jobs.expressions import counted
from jobs.limits.problem import MINOR
from jobs.limits.words import short
from jobs.release.changes import by_reason
from jobs.report import charts
from jobs.report.words import number, words

#: What the page says of each kind.
KINDS = {"entered": "came onto the list", "left": "left the list", "limit_up": "limit raised",
         "limit_down": "limit lowered", "rate_changed": "rate changed"}


def read(run: Run) -> pa.Table | None:
    """The run's changes, or None where the night wrote none."""
    folder = run.folder / CHANGES.name
    return store.read_arrow(folder, CHANGES) if folder.is_dir() else None


def facts(changes: pa.Table | None, currency: str) -> dict[str, Any]:
    """Kinds with their people and money, reasons, and the chart; empty without the table.

    Args:
        changes: Rows after CHANGES.
        currency: Of the money.
    """
    if changes is None:
        return {}
    kinds = kind_rows(changes, currency)
    previous = pc.unique(changes["previous_release_id"]).to_pylist()
    drawn = charts.bars([(row["text"], "  ·  ".join(filter(None, (
        row["money"], number(row["people"])))), row["people"], 0) for row in kinds],
                        "People by kind of change: " + ", ".join(
                            f"{row['text']} {number(row['people'])}" for row in kinds))
    return {"kinds": kinds, "reasons": reason_rows(changes), "previous": previous[:1],
            "chart": Markup(drawn) if changes.num_rows else ""}


def kind_rows(changes: pa.Table, currency: str) -> list[dict[str, Any]]:
    """Of each kind its people and the limits that it brought or took away."""
    people = counted(changes["change"])
    moved = pc.subtract(pc.fill_null(changes["limit_minor"], 0),
                        pc.fill_null(changes["previous_limit_minor"], 0))
    found = []
    for kind in CHANGE_KINDS:
        own = moved.filter(pc.equal(changes["change"], kind))
        money = (pc.sum(own).as_py() or 0) / MINOR
        # A new rate goes beside a new limit or none: the limit's own row says what it moved.
        told = "" if kind == "rate_changed" or not money else (
            f"{'+' if money > 0 else '−'}{currency} {short(abs(money))}")
        found.append({"kind": kind, "text": KINDS[kind], "people": people.get(kind, 0),
                      "money": told})
    return found


def reason_rows(changes: pa.Table) -> list[dict[str, Any]]:
    """People by kind, reason and what is behind it, the most frequent first within a kind."""
    return [{"text": KINDS[row["change"]], "reason": words(row["reason"]),
             "detail": words(row["reason_detail"] or ""), "people": row["people"]}
            for row in sorted(by_reason(changes), key=lambda row: (
                CHANGE_KINDS.index(row["change"]), -row["people"], row["reason"],
                row["reason_detail"] or ""))]
