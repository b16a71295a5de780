"""Small nights that are ready to publish, with every table that a release wants."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from jobs import store
from jobs.config import Run
from jobs.contracts.release import DECISIONS, LEDGERS, WATERFALL, whitelist
from jobs.contracts.table import Table
from jobs.limits.problem import Menu
from jobs.release import warehouse
from tests.campaign.rows import CAMPAIGN
from tests.limits import proofs

#: What people may get here, so that the proof holds of the whitelist.
MENU = Menu(np.array([2_000_000, 3_000_000]), np.array([0.000195, 0.000195]))
MAY, JUNE = dt.date(2026, 5, 31), dt.date(2026, 6, 30)
Rows = Sequence[Mapping[str, Any]]


def night(home: Path, as_of: dt.date = JUNE, run_id: str = "aaa", invited: tuple[str, ...] = (
        "ann", "bob"), refused: tuple[str, ...] = ("cleo",), currency: str = "CNY",
        ledgers: Mapping[str, Rows] | None = None) -> Run:
    """A run with its tables and its record; ann may borrow 30,000, anybody else 20,000."""
    run = Run(home=home, as_of=as_of, run_id=run_id)
    same = {"as_of_date": as_of, "release_id": run.release_id, "segment": "thick_file"}
    listed = [{**same, **CAMPAIGN, "user_id": who, "offer_id": f"offer-{who}", "score_tier": "A",
               "method": "optimiser",
               f"limit_{currency.lower()}": 30_000 if who == "ann" else 20_000,
               "rate_daily": Decimal("0.000195"), "rate_annual": Decimal("0.070200"),
               "valid_from": as_of, "valid_to": as_of, "reason_codes": ["PAYS_IN_FULL"]}
              for who in invited]
    decided = [{**same, "user_id": who, "pd": 0.01, "score_points": 700, "model_version": "m1",
                "is_invited": who in invited,
                "first_failing_rule": None if who in invited else "adult",
                "failing_rules": [] if who in invited else ["adult", "pd_appetite"]}
               for who in invited + refused]
    everyone = len(invited + refused)
    steps = [{"release_id": run.release_id, "step_number": number, "step": step,
              "reason_code": "", "removed": removed, "remaining": remaining}
             for number, (step, removed, remaining) in enumerate(
                 [("known", 0, everyone), ("adult", len(refused), len(invited)),
                  ("invited", 0, len(invited))])]
    hashes = {table.name: _write(run, table, rows)
              for table, rows in ((whitelist(currency), listed), (DECISIONS, decided),
                                  (WATERFALL, steps))}
    proved = proofs.proved(proofs.problem(menu=MENU), proofs.candidates(
        *({"user_id": who} for who in invited)), np.zeros(4),
        np.array([who == "ann" for who in sorted(invited)], dtype=int))
    hashes |= proofs.write(run, proved) | write_ledgers(run, ledgers)
    store.write_json({"run_id": run_id, "tables": hashes, "audit": hashes, "inputs": {
        "as_of": as_of, "policy": {"name": "wallet_loan", "currency": currency}}},
        run.folder / "run.json")
    return run


def write_ledgers(run: Run, rows: Mapping[str, Rows] | None = None) -> dict[str, str]:
    """Every ledger of a release in the run's folder, empty but for the rows given; their hashes.

    The release's id is put into each row.
    """
    return {table.name: _write(run, table, [{"release_id": run.release_id, **row}
                                            for row in (rows or {}).get(table.name, ())])
            for table in LEDGERS.values()}


def _write(run: Run, table: Table, rows: Rows) -> str:
    filled = [{**_plain(table), **row} for row in rows]
    return store.write_sorted(pa.Table.from_pylist(filled, schema=table.arrow_schema), table,
                              run.folder / table.name)


def _plain(table: Table) -> dict[str, Any]:
    """Something valid for each column that may not be missing: rows say only what matters."""
    plain = {"string": "", "integer": 1, "double": 0.5, "boolean": False, "date": JUNE,
             "rate": Decimal("0.000195"), "strings": []}
    return {field.name: field.allowed[0] if field.allowed else plain[field.type]
            for field in table.fields if not field.nullable}


def people(home: Path, release_id: str) -> list[str]:
    """Who is on a release's whitelist."""
    return warehouse.read(home, "whitelist", release_id)["user_id"].to_pylist()
