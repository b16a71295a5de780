"""What a release looks like in a terminal or a file."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jobs import lake
from jobs.errors import UsageError

#: Columns that say the same in every row, or are for machines; files always have all.
UNSHOWN = ("as_of_date", "release_id", "offer_id", "model_version", "rate_daily", "valid_from",
           "step_number")
#: Rows of a table in the terminal; files always have all.
TERMINAL_ROWS = 20
#: How a formula opens (OWASP, CSV injection): full-width signs too, after any blanks; and a blank
#: that spreadsheets drop or take for a new cell.
_FORMULA = r"^(?:[\s\p{Z}\p{C}]*[=@+\-＝＠＋－−]|[\t\r\n\x00])"
#: What opens like one and is none: a number with a sign, and nothing after it.
_NUMBER = r"^[+-][0-9]+(?:[.,][0-9]+)*%?$"
#: Who may read what is written: the owner.
FILE_MODE = 0o600
#: Width of a table that goes into a pipe, characters.
PIPE_WIDTH = 120


def show(rows: pa.Table, form: str, output: Path | None, title: str) -> None:
    """Print rows, or write them to a file, in one of `jobs/command.py`, FORMATS.

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
        with private(output) as stream:
            pq.write_table(rows, stream)
    elif form == "csv":
        _text(as_csv(rows), output)
    elif form == "json":
        _text(json.dumps([_plain(row) for row in rows.to_pylist()], ensure_ascii=False,
                         indent=1) + "\n", output)
    else:
        terminal_table(rows, title, output)
    if output is not None:
        print(f"{rows.num_rows:,} rows in {output}", file=sys.stderr)


def show_json(content: Any, output: Path | None) -> None:
    """Print one JSON text, or write it to a file; what JSON does not know as text."""
    _text(json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n", output)


def table_of(rows: Sequence[dict[str, Any]], title: str, wrap: Sequence[str] = ()) -> None:
    """Print rows of the same keys as a table."""
    terminal_table(pa.Table.from_pylist(list(rows)), title, columns=list(rows[0]),
                   limit=len(rows), wrap=wrap)


def terminal_table(rows: pa.Table, title: str, output: Path | None = None,
                   columns: Sequence[str] | None = None, limit: int = TERMINAL_ROWS,
                   wrap: Sequence[str] = ()) -> None:
    """Print the first rows as a table that fits the terminal; in a file all rows, full width.

    Lists and the columns to `wrap` go on in the next line where they are too long.
    """
    whole = output is not None
    names = list(columns or [name for name in rows.schema.names if whole or name not in UNSHOWN])
    shown = rows if whole else rows.slice(0, limit)
    table = Table(title=Text(title), box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for name in names:
        kind = rows.schema.field(name).type
        table.add_column(name, justify="right" if pa.types.is_integer(kind) else "left",
                         overflow="fold",
                         no_wrap=not pa.types.is_list(kind) and name not in wrap)
    for row in shown.to_pylist():
        # As text: an id may look like markup.
        table.add_row(*[Text(_cell(row[name])) for name in names])
    if output is None:
        Console(width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)
        if rows.num_rows > shown.num_rows:
            print(f"... {rows.num_rows - shown.num_rows:,} more rows; all rows and columns with "
                  "--format csv|parquet|json --output FILE")
        return
    with private(output) as stream, io.TextIOWrapper(stream, encoding="utf-8") as text:
        Console(file=text, width=400).print(table)


def as_csv(rows: pa.Table) -> str:
    """CSV with lists joined by `;`, in which no text runs as a formula in a spreadsheet."""
    flat = []
    for column in rows.columns:
        if pa.types.is_list(column.type):
            column = pc.binary_join(column, ";").combine_chunks()
        flat.append(harmless(column) if pa.types.is_string(column.type) else column)
    names = harmless(pa.array(rows.schema.names, pa.string())).to_pylist()
    sink = pa.BufferOutputStream()
    pa.csv.write_csv(pa.table(flat, names), sink, pa.csv.WriteOptions(quoting_style="needed"))
    return sink.getvalue().to_pybytes().decode("utf-8")


def harmless(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """The texts, with a `'` before those that open like a formula; plain numbers stay."""
    is_formula = pc.and_not(pc.match_substring_regex(texts, _FORMULA),
                            pc.match_substring_regex(texts, _NUMBER))
    return pc.if_else(is_formula, pc.binary_join_element_wise("'", texts, ""), texts)


def private(path: Path) -> BinaryIO:
    """A file to write that nobody else may read, from its first byte on.

    A file that was there goes: its readers may be others. What is none (/dev/stdout) is written to.
    In an object store the bucket says who may read.
    """
    if lake.is_remote(path):
        return path.open("wb")
    if path.is_symlink() or path.exists() and not path.is_file():
        return path.open("wb")
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb")


def _text(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
        return
    with private(output) as stream:
        stream.write(text.encode("utf-8"))


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
