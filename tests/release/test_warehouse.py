"""Releases in a real Iceberg warehouse: whole or not at all, in order, and never twice."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from decimal import Decimal
import shutil
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from jobs import store
from jobs.config import Run
from jobs.contracts import limits
from jobs.contracts.release import DECISIONS, PROOF, RELEASES, WATERFALL, whitelist
from jobs.errors import ReleaseError, UsageError
from jobs.lock import locked
from jobs.release import release, warehouse
from tests.campaign.rows import CAMPAIGN
from tests.limits import proofs

MAY, JUNE = dt.date(2026, 5, 31), dt.date(2026, 6, 30)


def night(home: Path, as_of: dt.date = JUNE, run_id: str = "aaa", invited: tuple[str, ...] = (
        "ann", "bob"), refused: tuple[str, ...] = ("cleo",), currency: str = "CNY") -> Run:
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
    hashes = {table.name: store.write_sorted(
        pa.Table.from_pylist(rows, schema=table.arrow_schema), table, run.folder / table.name)
        for table, rows in ((whitelist(currency), listed), (DECISIONS, decided),
                            (WATERFALL, steps))}
    proved = proofs.proved(proofs.problem(), proofs.candidates(
        *({"user_id": who} for who in invited)), np.zeros(4))
    hashes |= proofs.write(run, proved)
    store.write_json({"run_id": run_id, "tables": hashes, "audit": hashes, "inputs": {
        "as_of": as_of, "policy": {"name": "wallet_loan", "currency": currency}}},
        run.folder / "run.json")
    return run


def people(home: Path, release_id: str) -> list[str]:
    return warehouse.read(home, "whitelist", release_id)["user_id"].to_pylist()


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


def test_a_table_without_an_audited_hash_is_refused(tmp_path: Path) -> None:
    run = night(tmp_path)
    record = store.read_json(run.folder / "run.json")
    hashes = {name: sha for name, sha in record["tables"].items() if name != "certificate"}
    store.write_json({**record, "tables": hashes, "audit": hashes}, run.folder / "run.json")
    with pytest.raises(ReleaseError, match="certificate: expected a table that run.json lists"):
        release.publish(run)
    assert warehouse.history(tmp_path) == []


def test_the_release_has_the_columns_of_its_contract() -> None:
    assert [field.name for field in fields(warehouse.Release)] == RELEASES.columns


def test_before_the_first_release_a_reader_is_told_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"releases: expected a release, found none; publish"):
        warehouse.current(tmp_path)
    assert not (tmp_path / "warehouse").exists()


@pytest.mark.parametrize("broken", ["_replace", "_verify", "_move"])
def test_a_crash_before_the_pointer_moves_leaves_the_earlier_release(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    earlier, later = night(tmp_path, MAY), night(tmp_path, JUNE, "bbb", ("cleo", "dan"), ("eve",))
    release.publish(earlier)
    whole, calls = getattr(release, broken), []

    def dies_in_the_middle(*given: object) -> object:
        calls.append(broken)
        if len(calls) == (1 if broken == "_move" else 2):
            raise OSError("no space left on device")
        return whole(*given)

    monkeypatch.setattr(release, broken, dies_in_the_middle)
    with pytest.raises(OSError, match="no space left"):
        release.publish(later)
    assert warehouse.current(tmp_path).release_id == earlier.release_id
    assert people(tmp_path, earlier.release_id) == ["ann", "bob"]
    with pytest.raises(ReleaseError, match="expected release 2026-06-30-bbb, found none of it"):
        warehouse.read(tmp_path, "whitelist", later.release_id)

    monkeypatch.undo()
    assert release.main(later)["moved"]
    assert people(tmp_path, later.release_id) == ["cleo", "dan"]
    assert warehouse.read(tmp_path, "decisions", later.release_id).num_rows == 3
    assert people(tmp_path, earlier.release_id) == ["ann", "bob"]


def test_a_killed_publisher_leaves_no_lock_and_no_duplicates(tmp_path: Path) -> None:
    run = night(tmp_path)
    dies = ("import datetime, os, sys, pathlib\n"
            "from jobs.config import Run\n"
            "from jobs.release import release\n"
            "release._move = lambda *given: os.kill(os.getpid(), 9)\n"
            "release.publish(Run(pathlib.Path(sys.argv[1]), datetime.date(2026, 6, 30),\n"
            "                    run_id='aaa'))\n")
    killed = subprocess.run([sys.executable, "-c", dies, str(tmp_path)],
                            cwd=Path(__file__).parents[2], check=False)
    assert killed.returncode == -9
    assert warehouse.history(tmp_path) == []
    release.publish(run, wait_seconds=0)
    assert people(tmp_path, run.release_id) == ["ann", "bob"]


def test_publishing_the_release_in_force_again_moves_nothing(tmp_path: Path) -> None:
    run = night(tmp_path)
    first, _ = release.publish(run)
    again, moved = release.publish(night(tmp_path))
    assert (again, moved) == (first, False)
    assert warehouse.history(tmp_path) == [first]
    assert people(tmp_path, run.release_id) == ["ann", "bob"]


def test_the_second_release_supersedes_and_the_first_stays_readable(tmp_path: Path) -> None:
    release.publish(night(tmp_path, MAY))
    release.publish(night(tmp_path, JUNE, "bbb", ("cleo",)))
    assert warehouse.current(tmp_path).release_id == "2026-06-30-bbb"
    of_may = warehouse.current(tmp_path, MAY)
    assert people(tmp_path, of_may.release_id) == ["ann", "bob"]
    with pytest.raises(ReleaseError, match="a release for 2026-01-01, found none"):
        warehouse.current(tmp_path, dt.date(2026, 1, 1))


def test_an_earlier_release_of_a_night_published_again_is_a_new_move(tmp_path: Path) -> None:
    old = night(tmp_path)
    release.publish(old)
    release.publish(night(tmp_path, run_id="bbb", invited=("cleo",)))
    release.publish(old)
    assert [(m.move_number, m.release_id) for m in warehouse.history(tmp_path)] == [
        (1, "2026-06-30-aaa"), (2, "2026-06-30-bbb"), (3, "2026-06-30-aaa")]
    assert warehouse.current(tmp_path).release_id == old.release_id
    assert people(tmp_path, old.release_id) == ["ann", "bob"]


def test_other_rows_under_a_published_name_are_refused(tmp_path: Path) -> None:
    release.publish(night(tmp_path))
    with pytest.raises(ReleaseError, match="whitelist of release 2026-06-30-aaa: expected the 2 "
                                           "rows already published, found other rows"):
        release.publish(night(tmp_path, invited=("ann", "mallory")))
    assert people(tmp_path, "2026-06-30-aaa") == ["ann", "bob"]


def test_publishing_a_past_night_does_not_displace_the_newest(tmp_path: Path) -> None:
    release.publish(night(tmp_path, run_id="aaa"))
    past = night(tmp_path, as_of=JUNE - dt.timedelta(days=30), run_id="bbb")
    assert release.publish(past)[1]
    assert warehouse.current(tmp_path).release_id == f"{JUNE}-aaa"
    assert warehouse.current(tmp_path, past.as_of).release_id == past.release_id
    assert release.publish(past) == (warehouse.current(tmp_path, past.as_of), False)


def test_tables_that_did_not_pass_the_audit_are_refused(tmp_path: Path) -> None:
    run = night(tmp_path)
    record = json.loads((run.folder / "run.json").read_text())
    for audit in (None, {}, {**record["tables"], "whitelist": "0" * 64}):
        store.write_json({**record, "audit": audit}, run.folder / "run.json")
        with pytest.raises(ReleaseError, match="passed the audit gate.*check_release"):
            release.publish(run)
    assert warehouse.history(tmp_path) == []


def test_an_empty_whitelist_is_refused(tmp_path: Path) -> None:
    release.publish(night(tmp_path, MAY))
    with pytest.raises(ReleaseError, match="whitelist: expected at least one row, found 0 rows"):
        release.publish(night(tmp_path, JUNE, invited=()))
    assert warehouse.current(tmp_path).as_of_date == MAY


def test_a_missing_or_exchanged_table_is_refused(tmp_path: Path) -> None:
    run = night(tmp_path)
    file = run.folder / "decisions" / "decisions.parquet"
    file.write_bytes((run.folder / "waterfall" / "waterfall.parquet").read_bytes())
    with pytest.raises(ReleaseError, match="decisions: expected sha256 .* found another file"):
        release.publish(run)
    file.unlink()
    with pytest.raises(ReleaseError, match="decisions: expected the table to publish, found no"):
        release.publish(run)
    assert warehouse.history(tmp_path) == []


def test_another_currency_needs_another_home(tmp_path: Path) -> None:
    release.publish(night(tmp_path, MAY))
    with pytest.raises(ReleaseError, match="expected columns limit_twd, found limit_cny; use "
                                           "another --home for each product and currency"):
        release.publish(night(tmp_path, JUNE, currency="TWD"))
    assert warehouse.current(tmp_path).currency == "CNY"


def test_duckdb_reads_the_same_rows_from_the_data_files(tmp_path: Path) -> None:
    release.publish(night(tmp_path, MAY, invited=("zoe",)))
    run = night(tmp_path)
    release.publish(run)
    files = [str(f) for f in warehouse.data_files(tmp_path, "whitelist", run.release_id)]
    found = duckdb.execute("select user_id, limit_cny, rate_daily, reason_codes "
                           f"from read_parquet({files!r}) order by user_id").fetchall()
    assert found == [("ann", 30_000, Decimal("0.000195"), ["PAYS_IN_FULL"]),
                     ("bob", 20_000, Decimal("0.000195"), ["PAYS_IN_FULL"])]


def test_of_two_publishers_at_once_both_are_whole_and_one_is_in_force(tmp_path: Path) -> None:
    runs = [night(tmp_path, MAY), night(tmp_path, JUNE, "bbb", ("cleo",))]
    with ThreadPoolExecutor(2) as pool:
        moves = [found.move_number for found, _ in pool.map(release.publish, runs)]
    assert sorted(moves) == [1, 2]
    assert people(tmp_path, "2026-05-31-aaa") == ["ann", "bob"]
    assert people(tmp_path, "2026-06-30-bbb") == ["cleo"]


def test_a_publisher_that_cannot_wait_says_so(tmp_path: Path) -> None:
    run = night(tmp_path)
    lock = tmp_path / "warehouse" / "publish.lock"
    with locked(lock, 0, "warehouse"), pytest.raises(ReleaseError, match="expected no other "
                                                     "process at work on it, found one at work"):
        release.publish(run, wait_seconds=0)
    assert release.main(run)["moved"]


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
