"""The store: whole tables or none, by contract, and the same rows give the same bytes."""

import datetime as dt

import pyarrow as pa
import pytest

from jobs import store
from jobs.contracts.feeds import STATEMENTS
from jobs.errors import NightlistError, SchemaMismatch
from jobs.session import session

MAY = dt.date(2026, 5, 31)
ROWS = [("anna", MAY, 100, 0), ("ben", MAY, 200, 10)]


def frame(rows=ROWS):
    return session().createDataFrame(rows, STATEMENTS.spark_schema)


def test_a_table_comes_back_as_it_was_written(tmp_path):
    assert store.write(frame(), STATEMENTS, tmp_path / "t") == 2
    found = store.read(session(), tmp_path / "t", STATEMENTS).collect()
    assert sorted(tuple(row) for row in found) == ROWS


def test_a_table_without_rows_is_still_a_table(tmp_path):
    assert store.write(frame([]), STATEMENTS, tmp_path / "t") == 0
    assert store.read(session(), tmp_path / "t", STATEMENTS).collect() == []


def test_parts_come_back_as_one_table_and_empty_ones_do_not_count(tmp_path):
    parts = (frame(rows) for rows in (ROWS[:1], [], ROWS[1:]))
    assert store.write_parts(parts, STATEMENTS, tmp_path / "t") == 2
    found = store.read(session(), tmp_path / "t", STATEMENTS).collect()
    assert sorted(tuple(row) for row in found) == ROWS
    assert not list((tmp_path / "t").glob(".part-*"))


def test_a_bad_part_leaves_the_old_table(tmp_path):
    store.write(frame(), STATEMENTS, tmp_path / "t")
    with pytest.raises(SchemaMismatch, match="balance_minor"):
        store.write_parts([frame(ROWS[:1]), frame().drop("balance_minor")], STATEMENTS,
                          tmp_path / "t")
    assert store.count(tmp_path / "t") == 2


def test_a_frame_against_its_contract_leaves_the_old_table(tmp_path):
    store.write(frame(), STATEMENTS, tmp_path / "t")
    with pytest.raises(SchemaMismatch, match="balance_minor"):
        store.write(frame().drop("balance_minor"), STATEMENTS, tmp_path / "t")
    assert store.count(tmp_path / "t") == 2


def test_a_crash_while_writing_leaves_the_old_table(tmp_path, monkeypatch):
    store.write(frame(), STATEMENTS, tmp_path / "t")
    monkeypatch.setattr(store, "_swap", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        store.write(frame(ROWS[:1]), STATEMENTS, tmp_path / "t")
    monkeypatch.undo()
    assert store.count(tmp_path / "t") == 2
    assert store.write(frame(ROWS[:1]), STATEMENTS, tmp_path / "t") == 1


def test_the_order_of_rows_does_not_change_the_bytes(tmp_path):
    table = pa.Table.from_pylist([dict(zip(STATEMENTS.columns, row, strict=True)) for row in ROWS],
                                 schema=STATEMENTS.arrow_schema)
    one = store.write_sorted(table, STATEMENTS, tmp_path / "a")
    assert one == store.write_sorted(table.take([1, 0]), STATEMENTS, tmp_path / "b")
    assert one != store.write_sorted(table.slice(0, 1), STATEMENTS, tmp_path / "c")


def test_a_missing_table_says_which_steps_to_run(tmp_path):
    with pytest.raises(NightlistError, match="run the earlier steps first"):
        store.read(session(), tmp_path / "scores", STATEMENTS)
