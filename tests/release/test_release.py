"""Publishing into a real warehouse: whole or not at all, in order, and never twice."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jobs import store
from jobs.errors import ReleaseError
from jobs.lock import locked
from jobs.release import release, warehouse
from tests.release.nights import JUNE, MAY, night, people


def test_a_table_without_an_audited_hash_is_refused(tmp_path: Path) -> None:
    run = night(tmp_path)
    record = store.read_json(run.folder / "run.json")
    hashes = {name: sha for name, sha in record["tables"].items() if name != "certificate"}
    store.write_json({**record, "tables": hashes, "audit": hashes}, run.folder / "run.json")
    with pytest.raises(ReleaseError, match="certificate: expected a table that run.json lists"):
        release.publish(run)
    assert warehouse.history(tmp_path) == []


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
