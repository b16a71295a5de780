"""Releases in a real PostgreSQL: whole or not at all, once, and as the pointer says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest

from jobs.__main__ import main as command
from jobs.config import Backfill, Run
from jobs.contracts.campaign import CHANGES
from jobs.errors import MartError, PublicationStopped
from jobs.mart.mart import main, serve
from jobs.release import release, switch, warehouse
from jobs.release.rollback import take_back
from tests.mart.asking import Mart, ask, history, people, rows
from tests.release.nights import MAY, night

AAA = "2026-06-30-aaa"
pytestmark = pytest.mark.postgres
#: Where the rows lie: another file says that they were written again.
FILES = "select relname, relfilenode from pg_class where relkind = 'r' and " \
        "relnamespace = 'nightlist'::regnamespace and relname <> 'releases' order by relname"


def later(home: Path) -> Run:
    """A second run of June, which invites cleo alone."""
    return night(home, run_id="bbb", invited=("cleo",), refused=())


def test_the_release_in_force_is_what_the_views_show(published: Path, mart: Mart) -> None:
    served = serve(published, mart())
    assert (served.release_id, served.copied) == (AAA, (AAA,))
    assert ask(mart(), "select user_id, limit_cny, rate_daily::text, release_id from "
               "marketing.whitelist_current order by user_id") == [
        ("ann", 30_000, "0.000195", AAA), ("bob", 20_000, "0.000195", AAA)]
    assert ask(mart(), "select step, removed, remaining from marketing.waterfall_current "
               "order by step_number") == [("known", 0, 3), ("adult", 1, 2), ("invited", 0, 2)]
    assert ask(mart(), "select user_id, failing_rules from nightlist.decisions "
               "where not is_invited") == [("cleo", ["adult", "pd_appetite"])]


def test_every_table_of_the_release_is_there_row_by_row(published: Path, mart: Mart) -> None:
    serve(published, mart())
    for name, contract in warehouse.tables("CNY").items():
        rows = warehouse.read(published, name, AAA).to_pylist()
        columns = ", ".join(contract.columns)
        found = ask(mart(), f"select {columns} from nightlist.{name} order by "
                    + ", ".join(f"{key} collate \"C\"" if contract.field(key).type == "string"
                                else key for key in contract.key))
        texts = {field.name for field in contract.fields if field.unit == "JSON"}
        assert found == [tuple(json.loads(value) if name in texts and value else value
                               for name, value in row.items()) for row in rows], name
    for place in ("nightlist.whitelist", "marketing.whitelist_current"):
        assert ask(mart(), f"select col_description('{place}'::regclass, 4)") == [
            ("Names the offer in messages and at drawdown. [id]",)]


def test_the_next_release_takes_the_place_of_the_last_and_the_history_has_both(
        tmp_path: Path, mart: Mart) -> None:
    release.publish(night(tmp_path, MAY))
    serve(tmp_path, mart())
    release.publish(later(tmp_path))
    assert people(mart) == ["ann", "bob"]  # published, but not served yet
    served = serve(tmp_path, mart())
    assert served.copied == ("2026-06-30-bbb",) and people(mart) == ["cleo"]
    assert history(mart) == [("2026-05-31-aaa", 2), ("2026-06-30-bbb", 1)]


def test_after_a_rollback_only_the_views_turn(tmp_path: Path, mart: Mart) -> None:
    first, second = night(tmp_path), later(tmp_path)
    for run in (first, second):
        release.publish(run)
        serve(tmp_path, mart())
    files = ask(mart(), FILES)
    release.publish(first)  # the pointer goes back to it
    served = serve(tmp_path, mart())
    assert (served.copied, served.rows, served.release_id) == ((), 0, first.release_id)
    assert people(mart) == ["ann", "bob"] and ask(mart(), FILES) == files
    assert history(mart) == [(first.release_id, 2), (second.release_id, 1)]
    assert ask(mart(), "select move_number, release_id from nightlist.releases order by 1") == [
        (1, first.release_id), (2, second.release_id), (3, first.release_id)]


def test_a_release_that_is_served_again_is_counted_and_not_copied(
        published: Path, mart: Mart) -> None:
    serve(published, mart())
    before = ask(mart(), FILES)
    assert serve(published, mart()).copied == ()
    assert ask(mart(), FILES) == before and people(mart) == ["ann", "bob"]


@pytest.mark.parametrize(("change", "told"), [
    ("delete from nightlist.decisions where user_id = 'ann'", "expected 3 rows as in the "
     "warehouse, found 2"),
    ("update nightlist.whitelist set limit_cny = 90000 where user_id = 'ann'", "limits of 50,000 "
     "CNY in all, found 110,000")])
def test_a_partition_that_somebody_wrote_to_is_named(published: Path, mart: Mart, change: str,
                                                     told: str) -> None:
    serve(published, mart())
    with psycopg.connect(mart()) as owner:
        owner.execute(change)
    with pytest.raises(MartError, match=told):
        serve(published, mart())


def test_an_earlier_release_is_brought_for_the_history_only(tmp_path: Path, mart: Mart) -> None:
    for run in (night(tmp_path, MAY), later(tmp_path)):
        release.publish(run)
    served = serve(tmp_path, mart(), ["2026-05-31-aaa"])
    assert served.copied == ("2026-05-31-aaa", "2026-06-30-bbb") and people(mart) == ["cleo"]
    assert history(mart) == [("2026-05-31-aaa", 2), ("2026-06-30-bbb", 1)]


def test_texts_of_all_kinds_arrive_as_they_are(tmp_path: Path, mart: Mart) -> None:
    odd = ('a"b,c', "x\\y", "{}", "NULL", " ", "李\n四", "'; drop table t; --")
    release.publish(night(tmp_path, invited=odd))
    serve(tmp_path, mart())
    assert sorted(people(mart)) == sorted(odd)


def test_message_variables_are_jsonb(published: Path, mart: Mart) -> None:
    serve(published, mart())
    assert ask(mart(), "select distinct pg_typeof(message_variables)::text from "
               "marketing.whitelist_current") == [("jsonb",)]


def test_marketing_reads_changes_without_their_reasons(
        tmp_path: Path, mart: Mart, monkeypatch: pytest.MonkeyPatch) -> None:
    run = night(tmp_path)
    release.publish(run)
    if CHANGES.name not in warehouse.tables("CNY"):
        published = warehouse.tables("CNY")
        monkeypatch.setattr(warehouse, "tables", lambda _: {**published, CHANGES.name: CHANGES})
    with warehouse.opened(tmp_path) as catalog:
        table = warehouse.iceberg_table(catalog, CHANGES)
        with table.transaction() as transaction:
            transaction.append(pa.Table.from_pylist([{
                "user_id": "ann", "as_of_date": run.as_of, "release_id": run.release_id,
                "previous_release_id": "r0", "change": "limit_up", "reason": "score",
                "reason_detail": "pd", "previous_limit_minor": 2_000_000,
                "limit_minor": 3_000_000}], schema=CHANGES.arrow_schema))
    serve(tmp_path, mart())
    row, = rows(mart, "select * from marketing.changes_current")
    assert (row["change"], row["previous_limit_minor"], row["limit_minor"]) == (
        "limit_up", 2_000_000, 3_000_000)
    assert {"reason", "reason_detail"}.isdisjoint(row)
    assert rows(mart, "select reason from nightlist.changes") == [{"reason": "score"}]


def test_a_night_without_a_mart_says_so_and_touches_nothing(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NIGHTLIST_POSTGRES", raising=False)
    assert main(night(tmp_path)) == {"mart": "none is named in NIGHTLIST_POSTGRES"}


def test_the_step_serves_the_run_and_shows_the_release_in_force(
        tmp_path: Path, mart: Mart) -> None:
    past = night(tmp_path, MAY)
    for run in (past, later(tmp_path)):
        release.publish(run)
    said = main(past)  # a backfill: the newest night stays in force
    assert said["shows"] == "2026-06-30-bbb" and said["rows"] > 0
    assert "password" not in said["mart"] and said["mart"].startswith("loader@")
    assert [name for name, _ in history(mart)] == ["2026-05-31-aaa", "2026-06-30-bbb"]


def test_the_command_that_rolls_back_turns_the_mart_as_well(
        tmp_path: Path, mart: Mart, capsys: pytest.CaptureFixture[str]) -> None:
    for run in (night(tmp_path, MAY), later(tmp_path)):
        release.publish(run)
    serve(tmp_path, mart())
    assert command(["release", "rollback", "2026-05-31-aaa", "--reason", "wrong rates",
                    "--home", str(tmp_path)]) == 0
    assert ask(mart(), "select distinct release_id from marketing.whitelist_current") == [
        ("2026-05-31-aaa",)]
    assert "shows it" in capsys.readouterr().out


def test_a_user_who_is_there_twice_is_refused_and_nothing_is_shown(
        tmp_path: Path, mart: Mart) -> None:
    release.publish(night(tmp_path, invited=("ann", "ann")))
    with pytest.raises(MartError, match="expected each key once a release.*whitelist_2026-06-30"):
        serve(tmp_path, mart())
    assert ask(mart(), "select to_regclass('marketing.whitelist_current')") == [(None,)]


def test_the_command_brings_the_history_and_says_what_it_did(
        tmp_path: Path, mart: Mart, capsys: pytest.CaptureFixture[str]) -> None:
    for run in (night(tmp_path, MAY), later(tmp_path)):
        release.publish(run)
    assert command(["serve-postgres", "--history", "--home", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "mart     loader@" in said and "current  2026-06-30-bbb" in said
    assert "copied   2026-05-31-aaa, 2026-06-30-bbb, " in said
    assert history(mart) == [("2026-05-31-aaa", 2), ("2026-06-30-bbb", 1)]
    assert command(["serve-postgres", "--home", str(tmp_path)]) == 0
    assert "copied   nothing: it was there" in capsys.readouterr().out


def test_the_history_leaves_out_what_the_warehouse_let_go(
        tmp_path: Path, mart: Mart) -> None:
    for run in (night(tmp_path, MAY), later(tmp_path)):
        release.publish(run)
    with warehouse.opened(tmp_path) as catalog, \
            catalog.load_table(("nightlist", "whitelist")).transaction() as transaction:
        transaction.delete(warehouse.of_release("2026-05-31-aaa"))
    assert command(["serve-postgres", "--history", "--home", str(tmp_path)]) == 0
    assert history(mart) == [("2026-06-30-bbb", 1)]


def test_a_stop_holds_the_views_where_they_are_but_for_a_rollback(tmp_path: Path,
                                                                  mart: Mart) -> None:
    release.publish(night(tmp_path, MAY))
    serve(tmp_path, mart())
    shown = "select distinct release_id from marketing.whitelist_current"
    release.publish(night(tmp_path))
    switch.stop(tmp_path, "Mei", "complaints")
    with pytest.raises(PublicationStopped, match="mart views: expected publication that nobody"):
        serve(tmp_path, mart())
    assert ask(mart(), shown) == [("2026-05-31-aaa",)]
    switch.resume(tmp_path, "Mei", "answered")
    serve(tmp_path, mart())
    assert ask(mart(), shown) == [(AAA,)]
    switch.stop(tmp_path, "Mei", "complaints")
    assert take_back(tmp_path, "2026-05-31-aaa", "complaints", "Mei")[2] != ""
    assert ask(mart(), shown) == [("2026-05-31-aaa",)]


def test_history_comes_along_and_turns_no_view(published: Path, mart: Mart) -> None:
    past = night(published, MAY, invited=("cleo",), refused=())
    release.main(past)  # June's list is in force: May's is history
    assert main(past)["shows"] == AAA
    assert ask(mart(), "select distinct release_id from marketing.whitelist_current") == [(AAA,)]
    assert ask(mart(), "select user_id from nightlist.whitelist where release_id = "
               f"'{past.release_id}'") == [("cleo",)]
    assert ask(mart(), "select action from nightlist.releases order by move_number") == [
        ("publish",), ("backfill",)]


def test_where_there_is_history_only_nothing_is_shown(tmp_path: Path, mart: Mart) -> None:
    past = replace(night(tmp_path, MAY), backfill=Backfill())
    release.main(past)
    assert main(past)["shows"] == "nothing"
