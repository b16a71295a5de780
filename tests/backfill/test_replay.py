"""A replay computes from frozen inputs alone and names the first value that is another."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from jobs import store
from jobs.__main__ import main
from jobs.backfill import scratch
from jobs.backfill.replay import PUBLISHED, Replayed, compare, find, replay
from jobs.config import RUN_FILE, Run
from jobs.errors import NightlistError
from jobs.steps import open_run
from tests.backfill.homes import FIRST, SECOND


def content(home: Path) -> dict[str, str]:
    """Every file of a home but locks, by its hash."""
    return {str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(home.rglob("*")) if path.is_file() and "lock" not in path.name}


@dataclasses.dataclass(frozen=True)
class Case:
    """A replay that is done, to be compared again."""

    run: Run
    record: dict[str, Any]
    made: scratch.Scratch
    found: Replayed
    was: dict[str, str]
    now: dict[str, str]


@pytest.fixture(scope="module")
def case(filled_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The second night's run, replayed after its working tables had expired."""
    run, folder = open_run(filled_home, SECOND), tmp_path_factory.mktemp("replay")
    kept = tmp_path_factory.mktemp("kept") / "night"
    shutil.move(run.folder / "feature_matrix", kept)
    was = content(filled_home)
    found = replay(find(filled_home, run.release_id), folder)
    now = content(filled_home)
    shutil.move(kept, run.folder / "feature_matrix")
    record = store.read_json(run.folder / RUN_FILE)
    made = scratch.Scratch(dataclasses.replace(run, home=folder, backfill=None), (), None)
    return Case(run, record, made, found, was, now)


def test_a_run_replayed_is_byte_identical(case: Case) -> None:
    assert case.found.identical and case.found.difference is None
    assert case.found.held_against == PUBLISHED and case.found.notes == ()
    assert case.found.tables["whitelist"] > 10 and case.found.tables["changes"] > 0


def test_a_replay_leaves_the_home_as_it_was(case: Case) -> None:
    assert case.was == case.now and len(case.was) > 500


@contextmanager
def changed(file: Path, row: int, column: str, value: Any) -> Iterator[str]:
    """One value of a Parquet file is another one meanwhile; its user."""
    kept, rows = file.read_bytes(), pq.read_table(file, partitioning=None)
    values = rows[column].to_pylist()
    values[row] = value
    place = rows.schema.get_field_index(column)
    field = rows.schema.field(column)
    pq.write_table(rows.set_column(place, field, pa.array(values, field.type)), file)
    yield rows["user_id"][row].as_py()
    file.write_bytes(kept)


def test_a_changed_value_is_named_with_table_key_and_column(case: Case) -> None:
    file = store.single_file(case.made.run.folder, dataclasses.replace(
        _contract("decisions"), name="decisions"))
    was = pq.read_table(file)["score_points"][7].as_py()
    with changed(file, 7, "score_points", was + 1) as user:
        found = compare(case.run, case.record, case.made)
    said = found.difference
    assert said is not None and not found.identical
    assert (said.table, said.column, said.published, said.replayed) == (
        "decisions", "score_points", str(was), str(was + 1))
    assert user in said.key.values()


def _contract(name: str) -> Any:
    from jobs.release import warehouse

    return warehouse.tables("CNY")[name]


def test_a_row_that_is_missing_is_named(case: Case) -> None:
    file = case.made.run.folder / "whitelist" / "whitelist.parquet"
    kept, rows = file.read_bytes(), pq.read_table(file)
    pq.write_table(rows.slice(1), file)
    said = compare(case.run, case.record, case.made).difference
    file.write_bytes(kept)
    assert said is not None and (said.table, said.published, said.replayed) == (
        "whitelist", "a row", "no row")
    assert rows["user_id"][0].as_py() in said.key.values()


def test_without_published_rows_the_hashes_are_what_counts(case: Case) -> None:
    unknown = dataclasses.replace(case.run, run_id="neverwas")
    made = dataclasses.replace(case.made)
    found = compare(unknown, case.record, made)
    assert (found.held_against, found.identical, found.difference) == (
        "the hashes in run.json", True, None)


def test_a_delivery_that_is_another_by_now_is_refused(filled_home: Path, tmp_path: Path) -> None:
    folder = filled_home / "clean" / "statements" / "delivery_date=2026-06-01"
    kept = folder.with_name(".kept")
    folder.rename(kept)
    try:
        with pytest.raises(NightlistError, match="as frozen, found none; restore it from a backup"):
            replay(open_run(filled_home, FIRST), tmp_path)
    finally:
        kept.rename(folder)


def test_a_clean_value_changed_by_hand_ends_in_the_first_difference(
        filled_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = open_run(filled_home, FIRST)
    listed = pq.read_table(run.folder / "whitelist")["user_id"][0].as_py()
    file, row = _card_of(filled_home, listed)
    with changed(file, row, "age_years", 12):
        assert main(["replay", run.run_id, "--home", str(filled_home)]) == 1
    said = capsys.readouterr().err
    assert f"nightlist: whitelist of {run.release_id}" in said and listed in said
    assert "expected a row as in the published rows, found no row in the replay" in said


def _card_of(home: Path, user: str) -> tuple[Path, int]:
    """The clean file and row of a person's bound card."""
    for file in sorted((home / "clean" / "bound_cards").glob("*/*.parquet")):
        users = pq.read_table(file, partitioning=None)["user_id"]
        found = pc.index(users, user).as_py()
        if found >= 0:
            return file, found
    raise AssertionError(f"no card of {user}")


def test_what_is_no_run_is_refused(filled_home: Path,
                                   capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "2026-06-30-nothing", "--home", str(filled_home)]) == 1
    assert "expected a release or run of this home, found none" in capsys.readouterr().err


def test_a_policy_is_taken_from_the_published_texts_where_its_file_changed(
        filled_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import jobs.policies
    from jobs.policies import policy

    shipped = Path(jobs.policies.__file__).parent / "wallet_loan_cny.yaml"
    text = shipped.read_text(encoding="utf-8").replace("offer_valid_days: 30",
                                                       "offer_valid_days: 20")
    (tmp_path / shipped.name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("NIGHTLIST_POLICIES", str(tmp_path))
    run = open_run(filled_home, FIRST)
    record = store.read_json(run.folder / RUN_FILE)
    made = scratch.prepare(run, record["inputs"], record, tmp_path / "scratch")
    assert "taken as it was published" in made.notes[0]
    with scratch.policies_of(made):
        assert policy.load("wallet_loan_cny", FIRST).sha256 == record["inputs"]["policy"]["sha256"]
    assert policy.load("wallet_loan_cny", FIRST).sha256 != record["inputs"]["policy"]["sha256"]
