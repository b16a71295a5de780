"""Tables in folders: written whole beside their place, checked, then renamed into it.

A reader therefore sees a whole table or none, and a crash leaves only a `.tmp-` folder that the
next write removes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from jobs import lake
from jobs.contracts.table import Table
from jobs.errors import NightlistError, UsageError


def write(df: DataFrame, table: Table, folder: Path) -> int:
    """Write a frame as Parquet files and return the number of rows in them.

    Raises:
        SchemaMismatch: When the frame is not what the contract says.
    """
    return write_parts([df], table, folder)


def write_parts(parts: Iterable[DataFrame], table: Table, folder: Path) -> int:
    """Write frames one after another as one table: no query has to hold it all.

    Raises:
        SchemaMismatch: When a frame is not what the contract says.
    """
    staged = _staged(folder)
    staged.mkdir(parents=True)
    for number, df in enumerate(parts):
        table.check(df, f"mend the job that builds {table.name}")
        part = staged / f".part-{number:04d}"
        df.write.mode("overwrite").parquet(str(part))
        for path in sorted(part.glob("*.parquet")):
            path.replace(staged / f"{number:04d}-{path.name}")
        lake.remove(part)
    if not any(staged.glob("*.parquet")):  # Sail writes no file, nor the folder, for no rows
        pq.write_table(table.arrow_schema.empty_table(), staged / "part-0.parquet")
    _swap(staged, folder)
    return count(folder)


def write_sorted(rows: pa.Table, table: Table, folder: Path) -> str:
    """Write rows as one file in key order and return its sha256: the same rows, the same bytes."""
    if rows.schema.names != table.columns:
        raise UsageError(table.name, ", ".join(table.columns), ", ".join(rows.schema.names),
                         f"mend the job that builds {table.name}")
    rows = rows.cast(table.arrow_schema).sort_by([(column, "ascending") for column in table.key])
    with lake.staging(folder) as (staged,):
        staged.mkdir()
        pq.write_table(rows.combine_chunks(), staged / f"{table.name}.parquet", compression="zstd",
                       store_schema=False)
        sha256 = file_sha256(staged / f"{table.name}.parquet")
        _swap(staged, folder)
    return sha256


def single_file(folder: Path, table: Table) -> Path:
    """Where `write_sorted` keeps a table within a run's folder."""
    return folder / table.name / f"{table.name}.parquet"


def read(spark: SparkSession, folders: Path | Iterable[Path], table: Table) -> DataFrame:
    """Read a table from one or more folders, with the contract's columns in its order.

    Raises:
        NightlistError: When a folder does not exist.
        SchemaMismatch: When the files are not what the contract says.
    """
    paths = list(folders) if isinstance(folders, Iterable) else [folders]
    for path in paths:
        require(path, table.name)
    if not paths:
        return spark.createDataFrame([], table.spark_schema)
    df = spark.read.parquet(*[str(p) for p in paths])
    table.check(df, f"the files in {paths[0].name} were written by another version; rerun the "
                    f"step that writes {table.name}")
    return df


def read_arrow(folder: Path, table: Table) -> pa.Table:
    """Read a small table without an engine, in contract order."""
    require(folder, table.name)
    return pq.read_table(folder, partitioning=None).select(table.columns)


def require(folder: Path, name: str) -> None:
    """Refuse to go on where an earlier step has not written its table."""
    if not folder.is_dir():
        raise NightlistError(name, f"the table in {folder.parent.name}/{folder.name}",
                             "no such folder", "run the earlier steps first (nightlist steps)")


def keep(staged: Path, folder: Path) -> None:
    """Rename a folder into a place that its content names: who comes second finds the same."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        lake.arrive(staged, folder)
    except OSError:
        if not folder.is_dir():
            raise
        lake.remove(staged)


def count(folder: Path) -> int:
    """Rows in the Parquet files of a folder, from their footers."""
    return sum(pq.read_metadata(path).num_rows for path in folder.glob("*.parquet"))


def write_json(content: Any, path: Path) -> None:
    """Write canonical JSON (sorted keys); a reader sees all of it or what was there before."""
    lake.put((canonical(content, indent=2) + "\n").encode(), path)


def read_json(path: Path, otherwise: Any = None) -> Any:
    """The content of a JSON file that a night wrote; `otherwise` where there is no such file.

    Raises:
        NightlistError: When it cannot be read as JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return otherwise
    except (ValueError, RecursionError) as error:
        raise NightlistError(f"{path.parent.name}/{path.name}", "JSON as a night wrote it",
                             f"something else ({error})", "the file was changed or cut short: "
                             "take it away and rerun the night") from None


def canonical(content: Any, indent: int | None = None) -> str:
    """JSON with sorted keys: the same content gives the same text."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, indent=indent, default=str)


def fingerprint(content: Any) -> str:
    """sha256 over the canonical JSON of the content, as hex."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """sha256 of a file's bytes, as hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _staged(folder: Path) -> Path:
    staged = folder.with_name(f".tmp-{folder.name}")
    lake.remove(staged)
    staged.parent.mkdir(parents=True, exist_ok=True)
    return staged


def _swap(staged: Path, folder: Path) -> None:
    lake.remove(folder)
    lake.arrive(staged, folder)
