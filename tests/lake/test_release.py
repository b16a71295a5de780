"""Releases in an object store: published once, read by everybody, expired whole."""

import threading

import pytest

from jobs import lake
from jobs.__main__ import main
from jobs.errors import ReleaseError, UsageError
from jobs.release import expiry, iceberg, release, retention, warehouse
from tests.release import test_retention
from tests.release.nights import JUNE, MAY, night, people


@pytest.fixture()
def home(store_home, tmp_path, monkeypatch):
    monkeypatch.setenv(iceberg.VARIABLE, f"sqlite:///{tmp_path}/catalog.db")
    return store_home


def test_a_release_is_read_by_any_engine_and_published_once(home):
    run = night(home)
    assert release.publish(run)[1] and not release.publish(run)[1]
    assert people(home, run.release_id) == ["ann", "bob"]
    files = warehouse.data_files(home, "whitelist", run.release_id)
    assert files and all(str(file).startswith(f"{home}/warehouse/") for file in files)
    with lake.duck() as connection:
        assert connection.execute("select user_id from read_parquet($1) order by 1", [
            [str(file) for file in files]]).fetchall() == [("ann",), ("bob",)]
    assert [move.release_id for move in warehouse.history(home)] == [run.release_id]


def test_two_publishers_at_once_make_two_moves(home):
    runs = [night(home, MAY, "one"), night(home, JUNE, "two")]
    failed = []

    def publish(run):
        try:
            release.publish(run)
        except Exception as error:
            failed.append(error)
    both = [threading.Thread(target=publish, args=(run,)) for run in runs]
    for one in both:
        one.start()
    for one in both:
        one.join()
    moves = warehouse.history(home)
    assert failed == [] and [move.move_number for move in moves] == [1, 2]
    assert warehouse.current(home).release_id == runs[1].release_id


def test_who_does_not_wait_for_a_publisher_is_told(home):
    with iceberg.publishing(home):
        with pytest.raises(ReleaseError, match="warehouse: expected no other process"):
            release.publish(night(home), wait_seconds=0)


def test_a_publication_cut_short_is_made_whole_by_the_next(home, monkeypatch):
    run = night(home)

    def dies(*_):
        raise OSError("the machine went down")
    with monkeypatch.context() as patch, pytest.raises(OSError, match="went down"):
        patch.setattr(release, "_move", dies)
        release.publish(run)
    assert warehouse.history(home) == []
    release.publish(run)
    assert people(home, run.release_id) == ["ann", "bob"]
    assert warehouse.read(home, "decisions", run.release_id).num_rows == 3


def test_a_rollback_and_what_readers_see_of_it(home, capsys):
    first, second = (night(home, day, name) for day, name in ((MAY, "one"), (JUNE, "two")))
    for run in (first, second):
        release.publish(run)
    assert main(["release", "rollback", first.release_id, "--reason", "a test", "--home",
                 str(home)]) == 0
    capsys.readouterr()
    assert main(["whitelist", "--home", str(home), "--format", "csv"]) == 0
    assert first.release_id in capsys.readouterr().out


def test_what_is_old_expires_and_what_is_kept_stays(home):
    today = test_retention.TODAY
    for as_of in (test_retention.OLD, test_retention.BEFORE, test_retention.NEWEST):
        test_retention.published(home, as_of)
    removals = retention.plan(home, today)
    assert {(one.kind, one.name) for one in removals} >= {
        ("rows", f"{test_retention.OLD}-aaa")}
    expiry.carry_out(home, removals, today)
    assert retention.plan(home, today) == []
    with pytest.raises(ReleaseError, match="kept as long"):
        warehouse.read(home, "whitelist", f"{test_retention.OLD}-aaa")
    assert people(home, f"{test_retention.NEWEST}-aaa") == ["ann", "bob"]


def test_without_a_database_for_the_catalogue_nothing_is_published(store_home, monkeypatch):
    monkeypatch.delenv(iceberg.VARIABLE, raising=False)
    with pytest.raises(UsageError, match="NIGHTLIST_CATALOG: expected a database"):
        release.publish(night(store_home))


@pytest.mark.parametrize("said", ["no address", "oracle-of-delphi://me:s3cret@host/db"])
def test_an_address_that_is_none_is_refused_and_not_shown(store_home, monkeypatch, said):
    monkeypatch.setenv(iceberg.VARIABLE, said)
    with pytest.raises(UsageError, match="the address of a SQL database") as caught:
        warehouse.history(store_home)
    assert "s3cret" not in str(caught.value)
