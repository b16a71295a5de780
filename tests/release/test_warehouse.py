"""Readers of a real warehouse: whole releases, by id and by date, and clear words without."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from jobs import store
from jobs.contracts import limits
from jobs.contracts.release import DECISIONS, PROOF, RELEASES, WATERFALL, whitelist
from jobs.errors import ReleaseError, UsageError
from jobs.release import release, warehouse
from tests.release.nights import JUNE, MAY, night, people


def test_a_reader_gets_the_published_rows_in_contract_and_key_order(tmp_path: Path) -> None:
    run = night(tmp_path, invited=("bob", "ann"))
    assert release.main(run) == {"release_id": "2026-06-30-aaa", "invited": 2,
                                 "committed_amount": 50_000, "moved": True}
    for table in (whitelist("CNY"), DECISIONS, WATERFALL):
        rows = warehouse.read(tmp_path, table.name, run.release_id)
        assert rows.schema == table.arrow_schema
        assert rows.equals(store.read_arrow(run.folder / table.name, table).cast(rows.schema))
    assert people(tmp_path, run.release_id) == ["ann", "bob"]
    in_force = warehouse.current(tmp_path)
    assert (in_force.move_number, in_force.invited, in_force.considered) == (1, 2, 3)
    assert in_force.run_sha256 == store.file_sha256(run.folder / "run.json")


def test_the_proof_of_the_limits_is_published_under_the_release(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "PIECE_ROWS", 1)  # one person a piece
    run = night(tmp_path)
    release.publish(run)
    for table in limits.PROOF:
        rows = warehouse.read(tmp_path, table.name, run.release_id)
        written = store.read_arrow(run.folder / table.name, table)
        assert rows.schema == PROOF[table.name].arrow_schema
        assert rows.drop_columns(["release_id"]).equals(written.cast(table.arrow_schema))
        assert set(rows["release_id"].to_pylist()) == {run.release_id}
    assert len(warehouse.data_files(tmp_path, "candidates", run.release_id)) == 2


def test_an_empty_table_of_the_proof_is_published(tmp_path: Path) -> None:
    run = night(tmp_path)
    record = store.read_json(run.folder / "run.json")
    hashes = record["tables"] | {"coupling_steps": store.write_sorted(
        limits.COUPLING_STEPS.arrow_schema.empty_table(), limits.COUPLING_STEPS,
        run.folder / "coupling_steps")}
    store.write_json({**record, "tables": hashes, "audit": hashes}, run.folder / "run.json")
    release.publish(run)
    assert warehouse.read(tmp_path, "coupling_steps", run.release_id).num_rows == 0


def test_the_release_has_the_columns_of_its_contract() -> None:
    assert [field.name for field in fields(warehouse.Release)] == RELEASES.columns


def test_before_the_first_release_a_reader_is_told_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"releases: expected a release, found none; publish"):
        warehouse.current(tmp_path)
    assert not (tmp_path / "warehouse").exists()


def test_the_second_release_supersedes_and_the_first_stays_readable(tmp_path: Path) -> None:
    release.publish(night(tmp_path, MAY))
    release.publish(night(tmp_path, JUNE, "bbb", ("cleo",)))
    assert warehouse.current(tmp_path).release_id == "2026-06-30-bbb"
    of_may = warehouse.current(tmp_path, MAY)
    assert people(tmp_path, of_may.release_id) == ["ann", "bob"]
    with pytest.raises(ReleaseError, match="a release for 2026-01-01, found none"):
        warehouse.current(tmp_path, dt.date(2026, 1, 1))


def test_duckdb_reads_the_same_rows_from_the_data_files(tmp_path: Path) -> None:
    release.publish(night(tmp_path, MAY, invited=("zoe",)))
    run = night(tmp_path)
    release.publish(run)
    files = [str(f) for f in warehouse.data_files(tmp_path, "whitelist", run.release_id)]
    found = duckdb.execute("select user_id, limit_cny, rate_daily, reason_codes "
                           f"from read_parquet({files!r}) order by user_id").fetchall()
    assert found == [("ann", 30_000, Decimal("0.000195"), ["PAYS_IN_FULL"]),
                     ("bob", 20_000, Decimal("0.000195"), ["PAYS_IN_FULL"])]


def test_a_home_with_a_space_and_an_unknown_table(tmp_path: Path) -> None:
    home = tmp_path / "my nights"
    run = night(home)
    release.publish(run)
    assert people(home, run.release_id) == ["ann", "bob"]
    with pytest.raises(UsageError, match="expected whitelist or decisions or waterfall"):
        warehouse.read(home, "labels", run.release_id)


def test_a_copied_home_is_refused_and_the_original_is_left_alone(tmp_path: Path) -> None:
    run = night(tmp_path / "one")
    release.publish(run)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    before = sorted((tmp_path / "one").rglob("*"))
    later = night(tmp_path / "two", run_id="bbb", as_of=dt.date(2026, 7, 1))
    for use in (lambda: release.publish(later), lambda: warehouse.current(tmp_path / "two")):
        with pytest.raises(ReleaseError, match="neither copied nor moved"):
            use()
    assert sorted((tmp_path / "one").rglob("*")) == before
    shutil.rmtree(tmp_path / "one")
    with pytest.raises(ReleaseError, match="neither copied nor moved"):
        warehouse.current(tmp_path / "two")


def test_a_catalogue_that_is_none_is_named(tmp_path: Path) -> None:
    release.publish(night(tmp_path))
    warehouse.catalog_file(tmp_path).write_bytes(b"not a database" * 100)
    with pytest.raises(ReleaseError, match="catalog.db: expected the catalogue, an SQLite file"):
        warehouse.current(tmp_path)
