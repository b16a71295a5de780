"""The release in force as other engines read it, each finding it by the pointer's newest row.

pyiceberg asks the catalogue; Polars takes a table of it, or a metadata file alone; Spark on Sail
takes the table's folder; DuckDB takes the Parquet files that pyiceberg names, as its own Iceberg
extension has to be downloaded for each version of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pytest
from pyiceberg.expressions import EqualTo

from jobs.release import expiry, iceberg, release, retention
from jobs.release.rollback import rollback
from jobs.session import engine, session
from tests.release.nights import JUNE, MAY, night

JULY = dt.date(2026, 7, 1)
#: user_id, limit: the rows of a whitelist as an engine gives them.
Listed = list[tuple[str, int]]


def pyiceberg(home: Path) -> Listed:
    with iceberg.opened(home) as catalog:
        moves = catalog.load_table("nightlist.releases").scan().to_arrow().sort_by("move_number")
        name = moves["in_force_release_id"][-1].as_py()
        rows = catalog.load_table("nightlist.whitelist").scan(EqualTo("release_id", name))
        return sorted((row["user_id"], row["limit_cny"]) for row in rows.to_arrow().to_pylist())


def _polars(moves: pl.LazyFrame, listed: pl.LazyFrame) -> Listed:
    name = moves.sort("move_number").last().select("in_force_release_id").collect().item()
    return listed.filter(pl.col("release_id") == name).select(
        "user_id", "limit_cny").sort("user_id").collect().rows()


def polars(home: Path) -> Listed:
    with iceberg.opened(home) as catalog:
        return _polars(*(pl.scan_iceberg(catalog.load_table(f"nightlist.{name}"))
                         for name in ("releases", "whitelist")))


def polars_by_metadata_file(home: Path) -> Listed:
    with iceberg.opened(home) as catalog:
        files = [catalog.load_table(f"nightlist.{name}").metadata_location
                 for name in ("releases", "whitelist")]
    return _polars(*map(pl.scan_iceberg, files))


def duckdb_by_parquet_files(home: Path) -> Listed:
    with iceberg.opened(home) as catalog:
        moves, listed = ([task.file.file_path for task in catalog.load_table(
            f"nightlist.{name}").scan().plan_files()] for name in ("releases", "whitelist"))
    return duckdb.execute(
        "select user_id, limit_cny from read_parquet($listed) where release_id = (select "
        "arg_max(in_force_release_id, move_number) from read_parquet($moves)) order by user_id",
        {"moves": moves, "listed": listed}).fetchall()


def spark(home: Path) -> Listed:
    folder = home / "warehouse" / "nightlist"
    moves, listed = (session().read.format("iceberg").load(str(folder / name))
                     for name in ("releases", "whitelist"))
    name = moves.orderBy("move_number", ascending=False).first()["in_force_release_id"]
    return sorted((row.user_id, row.limit_cny)
                  for row in listed.where(listed.release_id == name).collect())


#: JVM Spark reads Iceberg with Iceberg's own jar, which no Python package brings.
ON_SAIL = pytest.mark.skipif(engine() != "sail", reason="needs Iceberg's jar on JVM Spark")
ENGINES = [pyiceberg, polars, polars_by_metadata_file, duckdb_by_parquet_files,
           pytest.param(spark, marks=ON_SAIL)]


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Homes where a night was published, one was rolled back, and old rows were taken away."""
    homes = {name: tmp_path_factory.mktemp(name) for name in ("published", "back", "expired")}
    for home in homes.values():
        release.publish(night(home, MAY, invited=("zoe",)))
        release.publish(night(home, JUNE))
        release.publish(night(home, JULY, invited=("cleo",), refused=("ann",)))
    rollback(homes["back"], "2026-06-30-aaa", "a doubled feed")
    later = dt.date(2036, 1, 1)
    expiry.carry_out(homes["expired"], retention.plan(homes["expired"], later), later)
    return homes


@pytest.mark.parametrize("read", ENGINES, ids=lambda read: read.__name__)
@pytest.mark.parametrize(("stage", "expected"), [
    ("published", [("cleo", 20_000)]), ("back", [("ann", 30_000), ("bob", 20_000)]),
    ("expired", [("cleo", 20_000)])])
def test_an_engine_finds_and_reads_the_release_in_force(
        stages: dict[str, Path], read: Callable[[Path], Listed], stage: str,
        expected: Listed) -> None:
    assert read(stages[stage]) == expected
