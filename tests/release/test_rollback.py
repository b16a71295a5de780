"""Rollback in a real warehouse: one row more, and every reader sees the release before."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.expressions import EqualTo

from jobs.contracts.release import RELEASES
from jobs.errors import ReleaseError, UsageError
from jobs.lock import locked
from jobs.release import release, rollback, warehouse
from jobs.release.previous import previous
from jobs.release.rollback import rollback as go_back
from tests.release.nights import JUNE, MAY, night, people

JULY = dt.date(2026, 7, 1)
#: Columns of the pointer that its first version did not have.
LATER = ("action", "in_force_release_id", "moved_by", "reason")


@pytest.fixture()
def home(tmp_path: Path) -> Path:
    """May's release, June's, and then July's, which is in force."""
    for as_of, who in ((MAY, ("ann",)), (JUNE, ("ann", "bob")), (JULY, ("cleo",))):
        release.publish(night(tmp_path, as_of, invited=who, refused=("eve",)))
    return tmp_path


def last_row(home: Path) -> dict[str, object]:
    """The pointer's newest row, as any engine reads it."""
    with warehouse.opened(home) as catalog:
        rows = warehouse.iceberg_table(catalog, RELEASES).scan().to_arrow().to_pylist()
    newest: dict[str, object] = max(rows, key=lambda row: row["move_number"])
    return newest


def test_a_rollback_is_one_row_that_says_who_and_why(home: Path) -> None:
    before, after = go_back(home, "2026-06-30-aaa", "July's feed  was doubled", "Mei")
    assert (before.release_id, after.release_id) == ("2026-07-01-aaa", "2026-06-30-aaa")
    assert warehouse.current(home) == after and people(home, after.release_id) == ["ann", "bob"]
    row = last_row(home)
    assert len(warehouse.history(home)) == row["move_number"] == 4
    assert (row["action"], row["in_force_release_id"], row["moved_by"], row["reason"]) == (
        "rollback", "2026-06-30-aaa", "Mei", "July's feed was doubled")
    assert (row["invited"], row["as_of_date"]) == (2, JUNE)


def test_a_withdrawn_night_is_nowhere_but_by_its_id(home: Path) -> None:
    go_back(home, "2026-06-30-aaa", "a doubled feed", "Mei")
    with pytest.raises(ReleaseError, match="for 2026-07-01, found 2026-07-01-aaa, withdrawn by Mei "
                       r"on .* \(a doubled feed\) in favour of 2026-06-30-aaa; .*--release"):
        warehouse.current(home, JULY)
    assert people(home, "2026-07-01-aaa") == ["cleo"]
    assert warehouse.current(home, MAY).release_id == "2026-05-31-aaa"


def test_a_retry_does_not_publish_what_was_withdrawn(home: Path) -> None:
    go_back(home, "2026-06-30-aaa", "a doubled feed", "Mei")
    with pytest.raises(ReleaseError, match=r"2026-07-01-aaa: .* found one withdrawn by Mei on .* "
                       r"\(a doubled feed\).*nightlist release rollback 2026-07-01-aaa --reason"):
        release.publish(night(home, JULY, invited=("cleo",), refused=("eve",)))
    assert warehouse.current(home).release_id == "2026-06-30-aaa"
    go_back(home, "2026-07-01-aaa", "it was sound after all")
    assert warehouse.current(home, JULY).release_id == last_row(home)["in_force_release_id"]
    assert release.publish(night(home, JULY, invited=("cleo",), refused=("eve",)))[1] is False


def test_the_night_run_anew_is_in_force_again(home: Path) -> None:
    go_back(home, "2026-06-30-aaa", "a doubled feed")
    release.publish(night(home, JULY, "bbb", ("dan",)))
    assert warehouse.current(home).release_id == last_row(home)["in_force_release_id"] == (
        "2026-07-01-bbb")
    release.publish(night(home, MAY, "bbb", ("zoe",)))
    assert last_row(home)["in_force_release_id"] == "2026-07-01-bbb"


def test_a_withdrawn_release_is_no_night_s_previous(home: Path) -> None:
    def before() -> object:
        return (previous(home, JULY + dt.timedelta(days=1), "wallet_loan") or {}).get("release_id")

    assert before() == "2026-07-01-aaa"
    go_back(home, "2026-05-31-aaa", "two bad nights")
    assert before() == "2026-05-31-aaa"


def test_what_cannot_be_gone_back_to_is_refused(home: Path, tmp_path: Path) -> None:
    for name, match in (("2026-07-01-aaa", "one that is not in force, found the one in force"),
                        ("2026-07-02-zzz", "found none of it; .*nightlist release list")):
        with pytest.raises(ReleaseError, match=match):
            go_back(home, name, "why not")
    with pytest.raises(UsageError, match="--reason: expected a text"):
        go_back(home, "2026-06-30-aaa", "  ")
    with pytest.raises(ReleaseError, match="expected a release, found none"):
        go_back(tmp_path / "empty", "2026-06-30-aaa", "why not")
    assert len(warehouse.history(home)) == 3


def test_a_release_without_its_rows_cannot_be_gone_back_to(home: Path) -> None:
    with warehouse.opened(home) as catalog:
        catalog.load_table(("nightlist", "whitelist")).delete(
            EqualTo("release_id", "2026-05-31-aaa"))
    for use in (lambda: go_back(home, "2026-05-31-aaa", "why not"),
                lambda: people(home, "2026-05-31-aaa")):
        with pytest.raises(ReleaseError, match="expected 1 rows, found 0; its rows were kept"):
            use()
    assert warehouse.current(home).release_id == "2026-07-01-aaa"


def test_a_crash_in_the_move_leaves_what_was_in_force(
        home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(rollback.warehouse, "append_move", full)
    with pytest.raises(OSError, match="no space left"):
        go_back(home, "2026-06-30-aaa", "a doubled feed")
    assert warehouse.current(home).release_id == "2026-07-01-aaa"
    monkeypatch.undo()
    assert go_back(home, "2026-06-30-aaa", "a doubled feed")[1].move_number == 4


def test_a_rollback_waits_for_a_publisher_and_says_so(home: Path) -> None:
    lock = warehouse.catalog_file(home).with_name("publish.lock")
    with locked(lock, 0, "warehouse"), pytest.raises(ReleaseError, match="found one at work"):
        go_back(home, "2026-06-30-aaa", "a doubled feed", wait_seconds=0)


def test_a_pointer_of_the_first_version_is_read_and_grows_with_the_next_move(
        tmp_path: Path) -> None:
    run = night(tmp_path, MAY)
    first, _ = release.publish(run)
    with warehouse.opened(tmp_path) as catalog:
        rows = warehouse.iceberg_table(catalog, RELEASES).scan().to_arrow().drop_columns(
            list(LATER))
        catalog.drop_table(("nightlist", "releases"))
        catalog.create_table(("nightlist", "releases"), rows.schema).append(rows)
    old = warehouse.current(tmp_path)
    assert (old.release_id, old.action, old.moved_by) == (run.release_id, "publish", "")
    assert not release.publish(run)[1]

    release.publish(night(tmp_path, JUNE, "bbb", ("cleo",)))
    go_back(tmp_path, run.release_id, "June was a mistake")
    assert [move.action for move in warehouse.history(tmp_path)] == [
        "publish", "publish", "rollback"]
    assert last_row(tmp_path)["in_force_release_id"] == run.release_id


def test_a_table_of_an_earlier_version_grows_and_its_rows_stay_readable(tmp_path: Path) -> None:
    old = night(tmp_path, MAY)
    release.publish(old)
    with warehouse.opened(tmp_path) as catalog:
        name = ("nightlist", "decisions")
        rows = catalog.load_table(name).scan().to_arrow().drop_columns(["score_points"])
        catalog.drop_table(name)
        table = catalog.create_table(name, rows.schema)
        with table.update_spec() as spec:
            spec.add_identity("release_id")
        table.append(rows)
    seen = warehouse.read(tmp_path, "decisions", old.release_id)
    assert seen["score_points"].to_pylist() == [None] * 3
    release.publish(night(tmp_path, JUNE, "bbb"))
    assert warehouse.read(tmp_path, "decisions", old.release_id).equals(seen)
    assert warehouse.read(tmp_path, "decisions", "2026-06-30-bbb")["score_points"].equals(
        pa.chunked_array([[700, 700, 700]]))
