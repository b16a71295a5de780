"""What Great Expectations found, as it says it: one JSON file a gate and table in the run's folder.

The report renders them as the library's own pages. Such pages are passed around, so nothing of a
single person is kept: samples of unexpected values stay only of numbers and dates, never of texts
(ids, tokens, codes from outside) or of several columns together. Clock and batch names are left
out: the same rows leave the same file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from expectations.suites import COMPARABLE
from jobs import store
from jobs.contracts.table import Table

#: Folder of a run; files are named `<gate>-<table>.json`.
VALIDATIONS = "validations"
_SAMPLES = ("partial_unexpected", "unexpected_list", "unexpected_index", "unexpected_rows")


def keep(outcome: Any, gate: str, table: Table, run_folder: Path) -> Path:
    """Write a suite's outcome and return where it lies.

    Args:
        outcome: The library's `ExpectationSuiteValidationResult`.
        gate: That ran the suite.
        table: The contract of what was looked at.
        run_folder: Of the night.
    """
    path = run_folder / VALIDATIONS / f"{gate}-{table.name}.json"
    store.write_json(without_people(outcome.to_json_dict(), table), path)
    return path


def without_people(outcome: dict[str, Any], table: Table) -> dict[str, Any]:
    """The outcome without samples that may name a person, and without its clock."""
    shown = {field.name for field in table.fields
             if field.type in COMPARABLE and not field.is_identifier}
    meta = {"great_expectations_version": outcome["meta"]["great_expectations_version"]}
    return {"suite_name": outcome["suite_name"], "success": outcome["success"],
            "statistics": outcome["statistics"], "suite_parameters": {}, "meta": meta,
            "results": [_result(one, shown) for one in outcome["results"]]}


def _result(one: dict[str, Any], shown: set[str]) -> dict[str, Any]:
    config = one["expectation_config"]
    kwargs = {key: value for key, value in config["kwargs"].items() if key != "batch_id"}
    may = kwargs.get("column") in shown
    found = {key: value for key, value in (one.get("result") or {}).items()
             if may or not key.startswith(_SAMPLES)}
    error = one.get("exception_info") or {}
    return {"success": one["success"], "meta": {}, "result": found,
            "expectation_config": {**config, "kwargs": kwargs},
            "exception_info": _without_traces(error)}


def _without_traces(error: dict[str, Any]) -> dict[str, Any]:
    """Messages stay, traces go: they name folders of the machine.

    The library nests one such entry for each metric that raised; a page needs one of them.
    """
    parts = [error] if "raised_exception" in error else list(error.values())
    raised = next((part for part in parts if part.get("raised_exception")), None)
    return {"raised_exception": raised is not None, "exception_traceback": "",
            "exception_message": str(raised["exception_message"]) if raised else None}
