"""What becomes of the list: waves, hold-outs, channels, kept offers, and who was barred.

Sources: the campaign's columns of the run's whitelist, `honour_ledger`, `suppressions_applied`.
Nights from before there was a campaign have none of them, and then there is no such section.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup

from jobs import store
from jobs.config import Run
from jobs.contracts.campaign import (HONOUR_LEDGER, KEPT, SEND_STATUSES, SUPPRESSIONS_APPLIED,
                                     TAKEN, WITHDRAWN)
from jobs.expressions import counted
from jobs.limits.problem import MINOR
from jobs.limits.words import short
from jobs.report import charts
from jobs.report.words import number, percent, words

#: Columns of the whitelist that the section is made of.
COLUMNS = ("cell", "channel", "language", "is_universal_holdout", "is_cell_holdout", "send_status",
           "wave", "send_on", "expected_value_minor")
#: What the page says of each status, in the contract's order.
STATUSES = {"planned": "planned: in a wave", "sent": "sent: has the invitation already",
            "universal_holdout": "held out of every campaign",
            "cell_holdout": "held out of this cell's campaign",
            "no_channel": "no channel is open to the person",
            "frequency_cap": "had as many invitations as allowed",
            "no_capacity": "no place before the offer runs out"}
OUTCOMES = {KEPT: "kept: on the list", TAKEN: "taken: answered by a loan",
            WITHDRAWN: "withdrawn: a criterion failed"}
#: Waves that are listed one by one; the rest are one row.
_WAVES = 10


def facts(run: Run, whitelist: pa.Table, currency: str) -> dict[str, Any]:
    """Everything the section says; empty parts where the night has no such table."""
    found: dict[str, Any] = {"waves": [], "statuses": [], "cells": [], "channels": []}
    if set(COLUMNS) <= set(whitelist.column_names):
        found = {"statuses": status_rows(whitelist),
                 "waves": wave_rows(whitelist, f"limit_{currency.lower()}", currency),
                 "cells": cell_rows(whitelist), "channels": channel_rows(whitelist)}
        found["chart"] = _chart(found["statuses"], whitelist.num_rows)
    honour, barred = (_read(run, table) for table in (HONOUR_LEDGER, SUPPRESSIONS_APPLIED))
    return {**found, "has_ledger": honour is not None, "has_lists": barred is not None,
            "honour": [] if honour is None else honour_rows(honour),
            "criteria": [] if honour is None else criterion_rows(honour),
            "lists": [] if barred is None else list_rows(barred)}


def _read(run: Run, table: Any) -> pa.Table | None:
    folder = run.folder / table.name
    return store.read_arrow(folder, table) if folder.is_dir() else None


def status_rows(whitelist: pa.Table) -> list[dict[str, Any]]:
    """People by send status, in the contract's order; those that nobody has are left out."""
    people = counted(whitelist["send_status"])
    return [{"status": status, "text": STATUSES[status], "people": people[status],
             "share": people[status] / whitelist.num_rows}
            for status in SEND_STATUSES if status in people]


def wave_rows(whitelist: pa.Table, limit: str, currency: str) -> list[dict[str, Any]]:
    """Waves by day with their people, limits and expected value; late ones together."""
    planned = whitelist.filter(pc.is_valid(whitelist["wave"]))
    grouped = planned.group_by(["wave", "send_on"]).aggregate(
        [("wave", "count"), (limit, "sum"), ("expected_value_minor", "sum")]).sort_by("wave")
    rows = [{"wave": row["wave"], "day": f"{row['send_on']:%Y-%m-%d %a}",
             "people": row["wave_count"], "limits": row[f"{limit}_sum"],
             "value": row["expected_value_minor_sum"] / MINOR} for row in grouped.to_pylist()]
    if len(rows) > _WAVES + 1:
        late = rows[_WAVES:]
        rows = rows[:_WAVES] + [{
            "wave": f"{late[0]['wave']} to {late[-1]['wave']}", "day": f"to {late[-1]['day']}",
            **{key: sum(row[key] for row in late) for key in ("people", "limits", "value")}}]
    return [{**row, **{key: f"{currency} {short(row[key])}" for key in ("limits", "value")}}
            for row in rows]


def cell_rows(whitelist: pa.Table) -> list[dict[str, Any]]:
    """People of each cell, and those of them who are held out, of all campaigns or of its own."""
    columns = ["is_universal_holdout", "is_cell_holdout"]
    grouped = whitelist.select(["cell", *columns]).group_by("cell").aggregate(
        [("is_universal_holdout", "count"), *((name, "sum") for name in columns)])
    return [{"cell": words(row["cell"]), "people": row["is_universal_holdout_count"],
             "universal": row["is_universal_holdout_sum"], "own": row["is_cell_holdout_sum"]}
            for row in grouped.sort_by("cell").to_pylist()]


def channel_rows(whitelist: pa.Table) -> list[dict[str, Any]]:
    """People by channel and language, most first."""
    groups = whitelist.select(["channel", "language"]).group_by(["channel", "language"]).aggregate(
        [([], "count_all")]).to_pylist()
    return [{"channel": words(row["channel"] or "none open"), "language": row["language"],
             "people": row["count_all"]} for row in sorted(groups, key=lambda row: (
                 -row["count_all"], row["channel"] or "", row["language"]))]


def honour_rows(ledger: pa.Table) -> list[dict[str, Any]]:
    """Offers that were sent and had not run out, by what became of them."""
    offers = counted(ledger["outcome"])
    return [{"text": OUTCOMES[outcome], "offers": offers.get(outcome, 0)} for outcome in OUTCOMES]


def criterion_rows(ledger: pa.Table) -> list[dict[str, Any]]:
    """Why sent offers were taken back: criterion, its sentence and how many."""
    gone = ledger.filter(pc.equal(ledger["outcome"], WITHDRAWN)).group_by("criterion").aggregate(
        [("text", "min"), ([], "count_all")]).to_pylist()
    return [{"criterion": words(row["criterion"] or ""), "text": row["text_min"],
             "offers": row["count_all"]} for row in sorted(
                 gone, key=lambda row: (-row["count_all"], row["criterion"] or ""))]


def list_rows(applied: pa.Table) -> list[dict[str, Any]]:
    """People on each suppression list or opt-out, and those whom it kept off."""
    grouped = applied.select(["list_name", "is_barred"]).group_by("list_name").aggregate(
        [("is_barred", "count"), ("is_barred", "sum")]).sort_by("list_name")
    return [{"list": words(row["list_name"]), "people": row["is_barred_count"],
             "barred": row["is_barred_sum"]} for row in grouped.to_pylist()]


def _chart(statuses: Sequence[dict[str, Any]], invited: int) -> Markup:
    rows = [(row["text"], f"{number(row['people'])}  ·  {percent(row['people'] / (invited or 1))}",
             row["people"], 0) for row in statuses]
    return Markup(charts.bars(rows, "People by what is to be sent: " + ", ".join(
        f"{row['text']} {number(row['people'])}" for row in statuses)))
