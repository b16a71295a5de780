"""A delivery's files → one DuckDB table `delivered`, whatever their format.

Parquet, CSV and JSON lines, plain or gzip, UTF-8 or GB18030. Cells of text files stay text here:
what a cell should be is judged in `rules.py`, so that a broken one is kept with its reason. Lines
that are no row at all go to the table `unreadable` with file, number and fault; their text is not
kept, since nobody can say which part of it is an identifier.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import pyarrow.parquet as pq

from jobs import lake
from jobs.contracts.table import Table
from jobs.intake.manifest import Wrong, expect

#: Longest line of a text file, bytes; a longer one is quarantined.
MOST_LINE_BYTES = 1_000_000
#: Rows of one file at most: places of rows in different files do not meet.
_MOST_ROWS = 10**12
_MEMORY_LIMIT = "2GB"
_CHUNK_BYTES = 1 << 20
#: What a column may be called in an error.
_WORD = re.compile("[A-Za-z_]{1,40}")
_HEADER_BYTES = 1 << 16
#: What the engine says of a file whose lines end now in one way and now in another.
_MIXED = "state machine reached an invalid state"


@contextmanager
def engine(spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of its own that spills to a folder instead of failing."""
    connection = lake.duck(temp_directory=str(spill), memory_limit=_MEMORY_LIMIT)
    try:
        yield connection
    finally:
        connection.close()


def load(connection: duckdb.DuckDBPyConnection, feed: Table, folder: Path,
         said: dict[str, Any], spill: Path) -> None:
    """Make the tables `delivered` and `unreadable` from the files of a verified manifest.

    Raises:
        Wrong: When a file is no file of its format or has not the contract's columns.
    """
    connection.execute("create table unreadable (file varchar, line bigint, fault varchar)")
    read = {"csv": _csv, "jsonl": _json_lines, "parquet": _parquet}[said["format"]]
    parts = []
    for number, entry in enumerate(said["files"]):
        path, part = folder / entry["name"], f"part_{number}"
        with whole(said["format"], entry["name"]):
            if said["encoding"] != "utf-8":
                path = _recoded(path, said, spill / f"{number}.txt")
            elif path.suffix == ".gz":
                _check_packed(path)
            kind = "view" if said["format"] == "parquet" else "table"
            try:
                query = read(connection, feed, path, entry["name"])
                connection.execute(f"create {kind} {part} as {query}")
            except duckdb.InvalidInputException as error:
                if said["format"] != "csv" or _MIXED not in str(error):
                    raise
                path = _one_line_end(path, spill / f"{number}.csv")
                query = read(connection, feed, path, entry["name"])
                connection.execute(f"create {kind} {part} as {query}")
            _keep_rejects(connection, entry["name"], said["format"])
            rows = _count(connection, part) + _count(
                connection, f"unreadable where file = {_text(entry['name'])}")
        expect(rows == entry["rows"], entry["name"],
               f"{entry['rows']} rows as its manifest says", f"{rows} rows")
        place = "file_row_number" if kind == "view" else "rowid"
        parts.append(f"select {place} + {number * _MOST_ROWS} as place, "
                     f"{', '.join(feed.columns)} from {part}")
    connection.execute(f"create view delivered as {' union all '.join(parts)}")


@contextmanager
def whole(form: str, part: str = "") -> Iterator[None]:
    """What an engine cannot read is no whole file; a view is read only when it is used.

    Raises:
        Wrong: In place of the engine's error.
    """
    try:
        yield
    except (duckdb.Error, UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Wrong(part, f"a whole {form} file",
                    f"an unreadable one ({_first_line(error)})") from None


def _parquet(_: duckdb.DuckDBPyConnection, feed: Table, path: Path, __: str) -> str:
    there = feed.delivered_with(pq.read_schema(path).names).columns
    columns = ", ".join(f"cast({f.name if f.name in there else 'null'} as "
                        f"{ENGINE_TYPES[f.type]}) as {f.name}" for f in feed.fields)
    return (f"select {columns}, file_row_number from read_parquet({_text(str(path))}, "
            "file_row_number = true)")


def _csv(connection: duckdb.DuckDBPyConnection, feed: Table, path: Path, name: str) -> str:
    header = _header(path)
    check_names(name, feed, header)
    cells = ", ".join(column if column in header else f"null::varchar as {column}"
                      for column in feed.columns)
    columns = ", ".join(f"{_text(column)}: 'VARCHAR'" for column in header)
    connection.execute("drop table if exists reject_errors; drop table if exists reject_scans")
    return (f"select {cells} from read_csv({_text(str(path))}, header = true, "
            f"auto_detect = false, columns = {{{columns}}}, delim = ',', quote = '\"', "
            f"escape = '\"', nullstr = '', strict_mode = true, "
            f"max_line_size = {MOST_LINE_BYTES}, store_rejects = true, rejects_limit = 0, "
            "compression = 'auto_detect', parallel = false)")


def _json_lines(connection: duckdb.DuckDBPyConnection, feed: Table, path: Path, name: str) -> str:
    """Each line as text first: a broken one must not take its file with it."""
    run, paths = connection.execute, ", ".join(f"'$.{column}'" for column in feed.columns)
    run("drop table if exists reject_errors; drop table if exists reject_scans")
    source = (f"select line, row_number() over () as number from read_csv({_text(str(path))}, "
              "header = false, auto_detect = false, columns = {'line': 'VARCHAR'}, "
              "delim = '\x01', quote = '', escape = '', store_rejects = true, rejects_limit = 0, "
              f"max_line_size = {MOST_LINE_BYTES}, compression = 'auto_detect', parallel = false)")
    # Each look at a line parses it anew: what it is, its keys and its cells are three, no more.
    run("create or replace temp table lines as select line, number, coalesce("
        "case when json_valid(line) then json_type(line) end = 'OBJECT', false) as "
        f"is_row, null::varchar as fault from ({source}) where trim(line) <> ''")
    run("update lines set fault = 'no JSON object' where not is_row")
    # Only a line with a second bracket can hold a list or an object in a cell.
    run("update lines set fault = 'nested value' where is_row and (strpos(line, '[') > 0 or "
        "strpos(substr(ltrim(line), 2), '{') > 0) and "
        f"list_has_any(json_type(line, [{paths}]), ['ARRAY', 'OBJECT'])")
    found = run("select distinct json_keys(line) from lines where is_row").fetchall()
    twice = [keys for keys, in found if len(set(keys)) < len(keys)]
    if twice:
        run("update lines set fault = 'key twice' where is_row and json_keys(line) in "
            "(select unnest($1))", [twice])
    check_names(name, feed, [*feed.columns, *sorted({key for keys, in found for key in keys}
                                                    - set(feed.columns))])
    # Lines that the reader left out were not numbered: each moves those behind it on by one.
    moved = ("(select count(*) from (select line - row_number() over (order by line) as before "
             "from (select distinct line from reject_errors)) where before < number)")
    run(f"insert into unreadable select {_text(name)}, number + {moved}, fault from lines "
        "where fault is not null")
    cells = ", ".join(f"nullif(cells[{number}], '') as {column}"
                      for number, column in enumerate(feed.columns, start=1))
    return (f"select {cells} from (select number, json_extract_string(line, [{paths}]) as cells "
            "from lines where fault is null) order by number")


def check_names(part: str, feed: Table, names: list[str]) -> None:
    """All columns of the contract once each, in any order, and no other.

    One that came to the contract later may be left out whole.
    """
    missing = [name for name in feed.delivered_with(names).columns if name not in names]
    # A file without a header has a row in its place: what may be an identifier is not shown.
    extra = sorted({name if _WORD.fullmatch(name) else "…" for name in names
                    if name not in feed.columns})
    twice = sorted({name for name in feed.columns if names.count(name) > 1})
    found = ([f"no {name}" for name in missing] + [f"unexpected {name!r}" for name in extra]
             + [f"{name} twice" for name in twice])
    expect(not found, part, f"the columns {', '.join(feed.columns)}", ", ".join(found))


def _header(path: Path) -> list[str]:
    """Column names of a CSV file."""
    with _opened(path) as stream:
        line = re.split(b"[\r\n]", stream.read(_HEADER_BYTES), maxsplit=1)[0]
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Wrong(path.name, "a header in UTF-8", "other bytes") from None
    expect(bool(text.strip()), path.name, "a header line", "none")
    try:
        return next(csv.reader(io.StringIO(text.strip())), [])
    except csv.Error:
        raise Wrong(path.name, "a header line", "one that cannot be told into columns") from None


def _recoded(path: Path, said: dict[str, Any], target: Path) -> Path:
    """A UTF-8 copy of a text file in another encoding, in pieces."""
    decoder = codecs.getincrementaldecoder(said["encoding"])("replace")
    with _opened(path) as source, target.open("w", encoding="utf-8", newline="") as sink:
        while piece := source.read(_CHUNK_BYTES):
            sink.write(decoder.decode(piece))
        sink.write(decoder.decode(b"", True))
    return target


def _one_line_end(path: Path, target: Path) -> Path:
    """A copy of a file in which every line ends in a newline alone, in pieces."""
    with _opened(path) as source, target.open("wb") as sink:
        held = b""
        while piece := source.read(_CHUNK_BYTES):
            piece, held = held + piece, b""
            if piece.endswith(b"\r"):  # its newline may come with the next piece
                piece, held = piece[:-1], b"\r"
            sink.write(piece.replace(b"\r\n", b"\n"))
        sink.write(held)
    return target


def _check_packed(path: Path) -> None:
    """Unpack once for the checksum at the end, which the engine does not look at."""
    with _opened(path) as stream:
        while stream.read(_CHUNK_BYTES):
            pass


def _opened(path: Path) -> BinaryIO:
    stream = path.open("rb")
    return gzip.open(stream) if path.name.endswith(".gz") else stream  # type: ignore


def _keep_rejects(connection: duckdb.DuckDBPyConnection, name: str, form: str) -> None:
    """Move the reader's rejected lines to `unreadable`, without their text."""
    known = connection.execute("select count(*) from duckdb_tables() "
                               "where table_name = 'reject_errors'").fetchall()[0][0]
    if known:
        connection.execute(
            f"insert into unreadable select {_text(name)}, line, case when '{form}' = 'jsonl' and "
            f"fault = 'too many columns' then 'no JSON object' else fault end from (select line, "
            "lower(min(error_type::varchar)) as fault from reject_errors group by line)")
        connection.execute("drop table reject_errors; drop table reject_scans")


#: contract type -> DuckDB type of the clean table.
ENGINE_TYPES = {"string": "VARCHAR", "integer": "BIGINT", "double": "DOUBLE",
                "boolean": "BOOLEAN", "date": "DATE", "timestamp": "TIMESTAMP",
                "rate": "DECIMAL(9, 6)"}


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _first_line(error: Exception) -> str:
    """The first line of an engine's error without what it quotes: it may be an identifier."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return re.sub(r"""(["'`]).*?\1|\d{4,}""", "…", line)
