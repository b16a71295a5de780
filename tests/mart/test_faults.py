"""What goes wrong while a mart is loaded: its views show the earlier release, whole."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from jobs.errors import MartError
from jobs.mart import mart as loading
from jobs.mart import setting_up
from jobs.mart.mart import serve
from jobs.release import release, warehouse
from tests.mart.asking import Mart, ask, history, people
from tests.mart.server import Server
from tests.release.nights import JUNE, MAY, night

pytestmark = pytest.mark.postgres
OLD, NEW = ["ann", "bob"], ["dan"]


@pytest.fixture
def home(tmp_path: Path, mart: Mart) -> Path:
    """The release of May is served; that of June is published and not yet served."""
    release.publish(night(tmp_path, MAY))
    serve(tmp_path, mart())
    release.publish(night(tmp_path, JUNE, invited=("dan",)))
    return tmp_path


def at(what: str, then: Callable[[], object]) -> Callable[[str, int, int | None], None]:
    """Progress that does something once, when the load has come to a table."""
    done: list[object] = []

    def told(name: str, *_: object) -> None:
        if name == what and not done:
            done.append(then())
    return told


def test_a_reader_sees_the_old_release_whole_until_the_views_turn(home: Path, mart: Mart) -> None:
    seen: dict[str, Any] = {}

    def look() -> None:
        seen["current"], seen["history"] = people(mart), history(mart)
        seen["steps"] = ask(mart(), "select distinct remaining from marketing.waterfall_current "
                            "where step = 'known'")
    serve(home, mart(), told=at("value_curves", look))  # the last table, the others are copied
    assert seen == {"current": OLD, "history": [("2026-05-31-aaa", 2)], "steps": [(3,)]}
    assert people(mart) == NEW and [name for name, _ in history(mart)] == [
        "2026-05-31-aaa", "2026-06-30-aaa"]


def test_a_reader_s_transaction_keeps_all_views_at_its_release(home: Path, mart: Mart) -> None:
    """It has read one view before the load and reads another after it: both are of May."""
    with psycopg.connect(mart()) as reader:
        assert reader.execute("select count(*) from marketing.whitelist_current").fetchall() == [
            (2,)]
        loader = threading.Thread(target=serve, args=(home, mart()))
        loader.start()
        wait_until(lambda: ask(mart(), "select to_regclass('nightlist.\"whitelist_2026-06-30-aaa\""
                               "') is not null") == [(True,)])
        time.sleep(1)
        assert reader.execute("select distinct remaining from marketing.waterfall_current where "
                              "step = 'known'").fetchall() == [(3,)]
        reader.rollback()
        loader.join(30)
    assert people(mart) == NEW


def test_a_transaction_that_began_before_the_load_never_finds_an_empty_list(
        home: Path, mart: Mart) -> None:
    with psycopg.connect(mart()) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.execute("select 1")  # its snapshot is of now
        serve(home, mart())
        assert reader.execute("select user_id from marketing.whitelist_current").fetchall() == [
            ("dan",)]


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it never came")


def test_readers_that_never_let_go_are_named(home: Path, mart: Mart,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "TURN_SECONDS", 0.0)
    with psycopg.connect(mart()) as reader:
        reader.execute("select 1 from marketing.whitelist_history")
        with pytest.raises(MartError, match="a moment in which nobody is reading them"):
            serve(home, mart())
    assert people(mart) == OLD
    assert serve(home, mart()).copied == ()  # it was loaded: only the views turn
    assert people(mart) == NEW


def test_a_loader_that_is_killed_leaves_the_earlier_release(home: Path, mart: Mart) -> None:
    dies = ("import os, pathlib, sys\n"
            "from jobs.mart.mart import serve\n"
            "def told(name, done, total):\n"
            "    if name == 'waterfall':\n"
            "        os.kill(os.getpid(), 9)\n"
            "serve(pathlib.Path(sys.argv[1]), os.environ['NIGHTLIST_POSTGRES'], told=told)\n")
    killed = subprocess.run([sys.executable, "-c", dies, str(home)], check=False,
                            cwd=Path(__file__).parents[2])
    assert killed.returncode == -signal.SIGKILL
    assert (people(mart), history(mart)) == (OLD, [("2026-05-31-aaa", 2)])
    assert serve(home, mart()).copied == ("2026-06-30-aaa",) and people(mart) == NEW


@pytest.mark.parametrize("table", ["whitelist", "value_curves", "turning the views"])
def test_a_database_that_goes_away_in_the_middle_leaves_the_earlier_release(
        home: Path, mart: Mart, server: Server, table: str) -> None:
    def cut() -> None:
        with psycopg.connect(server.address(), autocommit=True) as admin:
            admin.execute("select pg_terminate_backend(pid) from pg_stat_activity "
                          "where application_name = 'nightlist'")
    with pytest.raises(MartError, match="expected a database that answers to the end"):
        serve(home, mart(), told=at(table, cut))
    assert (people(mart), history(mart)) == (OLD, [("2026-05-31-aaa", 2)])
    assert serve(home, mart()).release_id == "2026-06-30-aaa" and people(mart) == NEW


def test_a_disk_that_is_full_leaves_the_earlier_release(home: Path, mart: Mart) -> None:
    def full(name: str, *_: object) -> None:
        if name == "decisions":
            raise OSError(28, "No space left on device")
    with pytest.raises(OSError, match="No space left"):
        serve(home, mart(), told=full)
    assert people(mart) == OLD


def test_of_two_loaders_at_once_one_waits_and_the_release_comes_once(
        home: Path, mart: Mart) -> None:
    found: list[Any] = []
    loaders = [threading.Thread(target=lambda: found.append(serve(home, mart())))
               for _ in range(2)]
    for loader in loaders:
        loader.start()
    for loader in loaders:
        loader.join(60)
    assert sorted(len(one.copied) for one in found) == [0, 1] and people(mart) == NEW


def test_a_loader_that_cannot_wait_says_so(home: Path, mart: Mart,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setting_up, "LOCK_WAIT_SECONDS", 0.0)
    with psycopg.connect(mart()) as other:
        other.execute("select pg_advisory_lock(hashtext('nightlist mart'))")
        with pytest.raises(MartError, match="no other loader at work"):
            serve(home, mart())
    assert people(mart) == OLD


def test_a_mart_of_another_currency_is_refused(home: Path, mart: Mart, tmp_path_factory:
                                               pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("taiwan")
    release.publish(night(other, currency="TWD"))
    with pytest.raises(MartError, match="expected releases in TWD, found in CNY; one product a "
                       "mart"):
        serve(other, mart())
    assert people(mart) == OLD


def test_a_mart_of_another_home_is_refused(home: Path, mart: Mart, tmp_path_factory:
                                           pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    release.publish(night(other, JUNE, "ccc"))
    with pytest.raises(MartError, match="2026-06-30-ccc as move 1.*found 2026-05-31-aaa; the mart "
                       "is another --home's"):
        serve(other, mart())
    assert people(mart) == OLD


def test_a_mart_of_an_earlier_version_grows_and_its_rows_lack_the_column(
        home: Path, mart: Mart) -> None:
    with psycopg.connect(mart()) as owner:
        owner.execute("alter table nightlist.whitelist drop column segment cascade")
    serve(home, mart())
    assert ask(mart(), "select release_id, segment from marketing.whitelist_history "
               "order by release_id, user_id") == [
        ("2026-05-31-aaa", None), ("2026-05-31-aaa", None), ("2026-06-30-aaa", "thick_file")]


def test_a_mart_of_a_later_version_is_refused(home: Path, mart: Mart) -> None:
    with psycopg.connect(mart()) as owner:
        owner.execute("alter table nightlist.decisions add column mood text")
    with pytest.raises(MartError, match="nightlist.decisions: expected columns user_id,.*found "
                       "mood as well"):
        serve(home, mart())


def test_a_view_of_an_earlier_version_is_made_anew(home: Path, mart: Mart) -> None:
    with psycopg.connect(mart()) as owner:
        owner.execute("drop view marketing.whitelist_current")
        owner.execute("create view marketing.whitelist_current as select user_id as old_name "
                      "from nightlist.whitelist")
    serve(home, mart())
    assert people(mart) == NEW


def test_what_the_warehouse_lets_go_the_mart_lets_go(home: Path, mart: Mart) -> None:
    with warehouse.opened(home) as catalog:
        for name in ("whitelist", "decisions"):
            with catalog.load_table(("nightlist", name)).transaction() as transaction:
                transaction.delete(warehouse.of_release("2026-05-31-aaa"))
    serve(home, mart())
    assert history(mart) == [("2026-06-30-aaa", 1)]
    found = ask(mart(), "select relname from pg_class where relname ~ '_2026-05-31-aaa$'")
    assert {("whitelist_2026-05-31-aaa",), ("decisions_2026-05-31-aaa",)}.isdisjoint(found)
    assert ("waterfall_2026-05-31-aaa",) in found  # the warehouse still has it
