"""What a release looks like in a terminal or a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jobs.errors import UsageError

FORMATS = ("table", "csv", "parquet", "json")
#: Columns that say the same in every row, or are for machines; files always have all.
UNSHOWN = ("as_of_date", "release_id", "offer_id", "model_version", "rate_daily", "valid_from",
           "step_number", "all_in_cost_annual", "cell", "language", "is_universal_holdout",
           "is_cell_holdout", "send_on", "expected_value_minor", "message_variables",
           "propensity_ratio")
#: Columns that make room for those of a campaign.
MAKE_ROOM = ("segment", "score_tier", "method")
#: Rows of a table in the terminal; files always have all.
TERMINAL_ROWS = 20
#: How a formula opens (OWASP, CSV injection); a number with a sign does not.
_FORMULA = r"^(?:[=@\t\r]|[+-][^0-9])"
#: Width of a table that goes into a pipe, characters.
PIPE_WIDTH = 120


def show(rows: pa.Table, form: str, output: Path | None, title: str) -> None:
    """Print rows, or write them to a file, in one of FORMATS.

    Raises:
        UsageError: For Parquet without a file, or a folder that does not exist.
    """
    if output is not None and not output.absolute().parent.is_dir():
        raise UsageError(f"--output {output}", "a file in a folder that exists",
                         "no such folder", f"mkdir -p {output.parent}")
    if form == "parquet":
        if output is None:
            raise UsageError("--format parquet", "a file to write", "the terminal",
                             "add --output FILE")
        pq.write_table(rows, output)
    elif form == "csv":
        _text(_csv(rows), output)
    elif form == "json":
        _text(json.dumps([_plain(row) for row in rows.to_pylist()], ensure_ascii=False,
                         indent=1) + "\n", output)
    else:
        terminal_table(rows, title, output)
    if output is not None:
        print(f"{rows.num_rows:,} rows in {output}", file=sys.stderr)


def table_of(rows: Sequence[dict[str, Any]], title: str) -> None:
    """Print rows of the same keys as a table."""
    terminal_table(pa.Table.from_pylist(list(rows)), title, columns=list(rows[0]),
                   limit=len(rows))


def terminal_table(rows: pa.Table, title: str, output: Path | None = None,
                   columns: Sequence[str] | None = None, limit: int = TERMINAL_ROWS) -> None:
    """Print the first rows as a table that fits the terminal; in a file all rows, full width."""
    whole = output is not None
    unshown = UNSHOWN + (MAKE_ROOM if "send_status" in rows.schema.names else ())
    names = list(columns or [name for name in rows.schema.names if whole or name not in unshown])
    shown = rows if whole else rows.slice(0, limit)
    table = Table(title=Text(title), box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for name in names:
        kind = rows.schema.field(name).type
        table.add_column(name, justify="right" if pa.types.is_integer(kind) else "left",
                         overflow="fold", no_wrap=not pa.types.is_list(kind))
    for row in shown.to_pylist():
        # As text: an id may look like markup.
        table.add_row(*[Text(_cell(row[name])) for name in names])
    if output is None:
        Console(width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)
        if rows.num_rows > shown.num_rows:
            print(f"... {rows.num_rows - shown.num_rows:,} more rows; all rows and columns with "
                  "--format csv|parquet|json --output FILE")
        return
    with output.open("w", encoding="utf-8") as stream:
        Console(file=stream, width=400).print(table)


def _csv(rows: pa.Table) -> str:
    """CSV with lists joined by `;`; text that a spreadsheet would run as a formula is quoted."""
    flat = {}
    for field in rows.schema:
        column = rows.column(field.name)
        if pa.types.is_list(field.type):
            column = pa.array([";".join(value or []) for value in column.to_pylist()], pa.string())
        if pa.types.is_string(column.type):
            column = pc.replace_substring_regex(column, _FORMULA, r"'\0")
        flat[field.name] = column
    sink = pa.BufferOutputStream()
    pa.csv.write_csv(pa.table(flat), sink, pa.csv.WriteOptions(quoting_style="needed"))
    return sink.getvalue().to_pybytes().decode("utf-8")


def _text(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """JSON values: decimals as numbers, dates as ISO text."""
    return {key: float(value) if isinstance(value, Decimal)
            else value if isinstance(value, (int, float, bool, str, list, type(None)))
            else str(value) for key, value in row.items()}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, list):
        return ", ".join(value)
    return str(value)
