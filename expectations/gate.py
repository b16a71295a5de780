"""A gate: run a suite on a frame, record every result, stop on a critical failure."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# Before the import: the library would otherwise report its use to its makers.
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import great_expectations as gx  # noqa: E402
from pyspark.sql import DataFrame  # noqa: E402

from expectations import validations  # noqa: E402
from expectations.suites import CRITICAL, suite  # noqa: E402
from jobs.contracts.table import Table  # noqa: E402
from jobs.errors import GateFailed  # noqa: E402


@dataclass(frozen=True)
class Result:
    """One expectation's outcome; `detail` says what was found where it failed."""

    gate: str
    table: str
    expectation: str
    column: str
    severity: str
    success: bool
    detail: str


def run_suite(gate: str, df: DataFrame, table: Table, business: list[Any],
              run_folder: Path | None = None) -> list[Result]:
    """Validate a frame against its table's suite; what was found is kept in the run's folder."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    batch = (context.data_sources.add_or_update_spark("night")
             .add_dataframe_asset(table.name)
             .add_batch_definition_whole_dataframe("whole")
             .get_batch({"dataframe": df}))
    outcome = batch.validate(suite(table, business), result_format="SUMMARY")
    if run_folder is not None:
        validations.keep(outcome, gate, table, run_folder)
    return sorted((_result(gate, table, one) for one in outcome.results),
                  key=lambda result: (result.expectation, result.column))


def _result(gate: str, table: Table, one: Any) -> Result:
    config = one.expectation_config
    bounds = [f"{key.removesuffix('_value')} {_plain(value)}"
              for key, value in config.kwargs.items()
              if key in ("min_value", "max_value", "value_set") and value is not None]
    column = config.kwargs.get("column") or "+".join(config.kwargs.get("column_list", []))
    return Result(gate, table.name, " ".join([config.type, *bounds]), column,
                  str(getattr(config.severity, "value", config.severity)), bool(one.success),
                  "" if one.success else _detail(one))


def _plain(bound: Any) -> str:
    return f"{bound:g}" if isinstance(bound, float) else str(bound)


def _detail(one: Any) -> str:
    """What was found: a metric that raised is a failure too, with its message."""
    info = one.exception_info or {}
    for part in ([info] if "raised_exception" in info else info.values()):
        if part.get("raised_exception"):
            return f"could not be computed: {part.get('exception_message')}"
    result = one.result or {}
    if "unexpected_count" in result:
        samples = ", ".join(str(value) for value in result.get("partial_unexpected_list", [])[:3])
        return (f"{result['unexpected_count']} of {result.get('element_count')} rows"
                + (f", e.g. {samples}" if samples else ""))
    return f"{result.get('observed_value')}"


def stop_on_critical(results: list[Result], remedy: str) -> None:
    """Stop the night when a critical expectation failed.

    Raises:
        GateFailed: Naming the first failure and how many there are.
    """
    failed = [result for result in results if not result.success and result.severity == CRITICAL]
    if failed:
        first = failed[0]
        more = f" (and {len(failed) - 1} more critical failures)" if len(failed) > 1 else ""
        where = f"{first.table}.{first.column}" if first.column else first.table
        raise GateFailed(f"gate {first.gate}: {where}", first.expectation,
                         first.detail + more, remedy)


def as_rows(results: list[Result]) -> list[dict[str, Any]]:
    """Results as JSON rows, for gates.json and the report."""
    return [asdict(result) for result in results]
