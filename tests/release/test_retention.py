"""What goes when, what stays whatever its age, and that a kept release needs nothing that went."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs import lake, store
from jobs.__main__ import main
from jobs.errors import ReleaseError
from jobs.lock import locked
from jobs.release import expiry, release, removal, retention, warehouse
from models import champions, registry
from models.champions import Entry
from models.registry import Model
from tests.release.nights import night, people

#: Releases are kept three years, criteria five, working tables 90 days.
POLICY = {"version": {"retention": {"releases_years": 3, "criteria_years": 5,
                                    "working_days": 90}}}
CRITERIA = [{"rule_number": 1, "rule": "adult", "reason_code": "AGE_UNDER",
             "condition": "age_years >= 18", "text": "At least 18."}]
TODAY = dt.date(2027, 1, 10)
#: One whose criteria go, one whose rows go, the one before, and the one in force.
OLDEST, OLD, BEFORE, NEWEST = (dt.date(2021, 12, 31), dt.date(2023, 12, 31), dt.date(2027, 1, 8),
                               dt.date(2027, 1, 9))


def published(home: Path, as_of: dt.date, model: str = "m1", stated: object = POLICY) -> str:
    """A release that a model scored; what its policy says of retention is published with it."""
    texts = [{"document": "policy", "sha256": "0", "text": json.dumps(stated)},
             {"document": "model/pd", "sha256": "0", "text": json.dumps({"version": model})}]
    run = night(home, as_of, ledgers={"criteria": CRITERIA, "documents": texts})
    record = store.read_json(run.folder / "run.json")
    store.write_json({**record, "models": {"pd": {"version": model}}}, run.folder / "run.json")
    store.write_json([], run.folder / "gates.json")
    release.publish(run)
    return run.release_id


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A home with four releases, and a copy of it."""
    folder = tmp_path_factory.mktemp("retention")
    for as_of in (OLDEST, OLD, BEFORE, NEWEST):
        published(folder / "home", as_of)
    shutil.copytree(folder / "home", folder / "copy")
    return folder / "home", folder / "copy"


@pytest.fixture()
def home(whole: tuple[Path, Path]) -> Path:
    """The home in its own place as it was: its tables name themselves by their whole path."""
    place, copy = whole
    shutil.rmtree(place)
    shutil.copytree(copy, place)
    return place


def planned(home: Path, today: dt.date = TODAY) -> set[tuple[str, str]]:
    return {(one.kind, one.name) for one in retention.plan(home, today)}


def expire(home: Path, today: dt.date = TODAY) -> tuple[int, int]:
    return expiry.carry_out(home, retention.plan(home, today), today)


def contents(home: Path) -> dict[str, str]:
    return {str(path.relative_to(home)): store.file_sha256(path)
            for path in home.rglob("*") if path.is_file()}


def check_kept(home: Path, as_of: dt.date, capsys: pytest.CaptureFixture[str]) -> None:
    """Whitelist, explanation and proof of a release can be read as ever."""
    name = f"{as_of}-aaa"
    assert people(home, name) == ["ann", "bob"]
    assert main(["explain", "cleo", "--release", name, "--home", str(home)]) == 0
    assert "adult: At least 18." in capsys.readouterr().out
    assert main(["verify", "--release", name, "--home", str(home)]) == 0
    capsys.readouterr()


def test_rows_go_before_criteria_and_those_of_kept_releases_stay(
        home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert planned(home) == {
        ("rows", "2021-12-31-aaa"), ("criteria", "2021-12-31-aaa"), ("rows", "2023-12-31-aaa"),
        ("working tables", "nights/2021-12-31/aaa"), ("working tables", "nights/2023-12-31/aaa")}
    expire(home)
    for as_of in (BEFORE, NEWEST):
        check_kept(home, as_of, capsys)
    assert warehouse.read(home, "criteria", "2023-12-31-aaa")["rule"].to_pylist() == ["adult"]
    assert warehouse.read(home, "documents", "2023-12-31-aaa").num_rows == 2
    assert warehouse.read(home, "criteria", "2021-12-31-aaa").num_rows == 0
    for words in (["whitelist"], ["explain", "ann"], ["verify"], ["decisions"]):
        assert main([*words, "--as-of", "2023-12-31", "--home", str(home)]) == 1
        assert "its rows were kept as long as the policy said" in capsys.readouterr().err
    assert main(["release", "list", "--format", "json", "--home", str(home)]) == 0
    assert [row["state"] for row in json.loads(capsys.readouterr().out)] == [
        "stands for its night, rows expired"] * 2 + ["stands for its night", "in force"]
    assert planned(home) == set()


def test_the_day_itself_is_still_kept(home: Path) -> None:
    assert ("rows", "2023-12-31-aaa") not in planned(home, dt.date(2026, 12, 31))
    assert ("rows", "2023-12-31-aaa") in planned(home, dt.date(2027, 1, 1))


def test_the_release_in_force_and_the_one_before_stay_whatever_their_age(home: Path) -> None:
    by = {name for kind, name in planned(home, dt.date(2099, 1, 1)) if kind == "rows"}
    assert by == {"2021-12-31-aaa", "2023-12-31-aaa"}


def test_a_release_is_kept_by_the_policy_it_was_made_under(tmp_path: Path) -> None:
    longer = {"version": {"retention": {"releases_years": 9, "criteria_years": 9}}}
    published(tmp_path, OLD, stated=longer)
    published(tmp_path, OLDEST)
    for as_of in (BEFORE, NEWEST):
        published(tmp_path, as_of)
    assert {name for kind, name in planned(tmp_path) if kind == "rows"} == {"2021-12-31-aaa"}


def test_planning_changes_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(home)
    assert main(["expire", "--dry-run", "--today", "2027-01-10", "--format", "json", "--home",
                 str(home)]) == 0
    printed = capsys.readouterr()
    rows = json.loads(printed.out)
    assert contents(home) == before and len(rows) == 5
    assert f"{len(rows)} things" in printed.err and "nothing was changed" in printed.err
    assert main(["expire", "--today", "2199-01-01", "--home", str(home)]) == 1
    assert "add --dry-run" in capsys.readouterr().err and contents(home) == before


def test_what_goes_is_what_was_planned_to_the_byte(home: Path) -> None:
    found, before = retention.plan(home, TODAY), removal.size(home)
    gone, records = expiry.carry_out(home, found, TODAY)
    assert gone == sum(one.size for one in found) > 0 and records > 0
    # New metadata came, too, of the deletion itself; all else adds up.
    assert before - removal.size(home) <= gone + records
    rows = next(one for one in found if one.name == "2023-12-31-aaa" and one.kind == "rows")
    assert rows.count > 10 and "criteria" not in rows.rows


def test_of_a_run_its_records_and_its_monitoring_stay(home: Path) -> None:
    folder = home / "nights" / "2023-12-31" / "aaa"
    (folder / "monitoring").mkdir()
    pq.write_table(pa.table({"a": [1]}), folder / "monitoring" / "monitoring.parquet")
    expire(home)
    assert sorted(path.name for path in folder.iterdir()) == ["gates.json", "monitoring",
                                                              "run.json"]
    assert (home / "nights" / "2027-01-08" / "aaa" / "whitelist").is_dir()


def test_what_monitoring_still_follows_keeps_what_it_reads(home: Path) -> None:
    folder = home / "nights" / "2023-12-31"
    store.write_json({"run_id": "aaa"}, folder / "open.json")
    expire(home)
    assert [path.name for path in (folder / "aaa").iterdir() if path.is_dir()] == ["decisions"]


def test_runs_never_released_and_trainings_go_alike(home: Path) -> None:
    for kind, days in (("nights", 91), ("nights", 90), ("trainings", 91)):
        folder = home / kind / (TODAY - dt.timedelta(days=days)).isoformat() / "bbb"
        (folder / "scores").mkdir(parents=True)
        pq.write_table(pa.table({"a": [1]}), folder / "scores" / "0.parquet")
        store.write_json({"inputs": {"policy": {"name": "wallet_loan_cny"}}}, folder / "run.json")
    assert {name for _, name in planned(home) if name.endswith("bbb")} == {
        "nights/2026-10-11/bbb", "trainings/2026-10-11/bbb"}


def saved(home: Path, text: str, written: dt.date = dt.date(2020, 1, 1)) -> str:
    """A model of the registry, written on a day."""
    version = registry.save(home, Model(text, {
        "name": "pd", "features": [], "metrics": {}, "parameters": {}, "objective": "binary",
        "calibration": {}, "terms": {}}))
    stamp = dt.datetime.combine(written, dt.time(), dt.UTC).timestamp()
    os.utime(home / "models" / "pd" / version, (stamp, stamp))
    return version


@pytest.fixture()
def plain_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model's card needs a whole training behind it; these have none."""
    monkeypatch.setattr(registry, "card", lambda version, metadata: "card")


@pytest.mark.usefixtures("plain_cards")
def test_a_model_goes_when_no_release_champion_or_run_names_it(tmp_path: Path) -> None:
    of = {name: saved(tmp_path, name) for name in (
        "of a gone release", "of a kept one", "of one without its run", "champion", "of nobody")}
    saved(tmp_path, "of nobody yet", TODAY - dt.timedelta(days=3))
    for as_of, name in ((OLDEST, "of a gone release"), (OLD, "of one without its run"),
                        (BEFORE, "of a kept one"), (NEWEST, "of a kept one")):
        published(tmp_path, as_of, of[name])
    shutil.rmtree(tmp_path / "nights" / OLD.isoformat())
    champions.add(tmp_path, "pd", Entry(of["champion"], OLD, "Mei", "Li", "better", ""), None)
    assert {name for kind, name in planned(tmp_path) if kind == "model"} == {
        f"pd/{of['of a gone release']}", f"pd/{of['of nobody']}"}
    expire(tmp_path)
    assert registry.load(tmp_path, "pd", of["of one without its run"]).text == (
        "of one without its run")
    assert ("pd", of["of nobody"]) not in registry.versions(tmp_path)


def test_rows_that_no_move_names_go_when_nobody_can_be_publishing_them(
        home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object) -> None:
        raise OSError("no space left on device")

    for as_of in (OLD, NEWEST):
        with monkeypatch.context() as patch, pytest.raises(OSError, match="no space"):
            patch.setattr(release, "_move", full)
            release.publish(night(home, as_of, "crashed"))
    assert {name for kind, name in planned(home) if kind == "left over"} == {"2023-12-31-crashed"}
    expire(home)
    release.publish(night(home, NEWEST, "crashed", ("ann", "bob")))
    assert people(home, "2027-01-09-crashed") == ["ann", "bob"]


@pytest.mark.parametrize("where", ["rmtree", "rename", "expire", "unlink"])
def test_a_crash_in_the_middle_leaves_all_that_is_kept_and_the_next_run_goes_on(
        home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
        where: str) -> None:
    calls = []

    def dies(whole):
        def third_time(*given, **named):
            calls.append(where)
            if len(calls) == 3:
                raise OSError("the machine went down")
            return whole(*given, **named)
        return third_time

    with monkeypatch.context() as patch, pytest.raises(OSError, match="went down"):
        if where == "rmtree":
            patch.setattr(lake, "remove", dies(lake.remove))
        elif where == "expire":
            patch.setattr(expiry, "_forget", dies(expiry._forget))
        else:
            patch.setattr(Path, where, dies(getattr(Path, where)))
        expire(home)
    check_kept(home, NEWEST, capsys)
    assert people(home, f"{BEFORE}-aaa") == ["ann", "bob"]
    assert warehouse.read(home, "criteria", "2023-12-31-aaa").num_rows == 1
    expire(home)
    check_kept(home, BEFORE, capsys)
    assert planned(home) == set() and not list(home.rglob(".expired-*"))
    assert not list(home.glob("warehouse/nightlist/*/data/release_id=2021-12-31-aaa"))


def test_the_next_night_is_published_onto_what_is_left(home: Path) -> None:
    expire(home)
    name = published(home, TODAY)
    assert warehouse.current(home).release_id == name and people(home, name) == ["ann", "bob"]


def test_a_table_with_a_file_missing_is_left_alone(home: Path) -> None:
    (lost, *_) = warehouse.data_files(home, "whitelist", "2027-01-08-aaa")
    lost.unlink()
    kept = warehouse.data_files(home, "whitelist", "2027-01-09-aaa")
    with pytest.raises(ReleaseError, match="whitelist: expected every file .* found 1 missing"):
        expire(home)
    assert all(file.is_file() for file in kept)


def test_it_waits_for_a_publisher_and_takes_nothing_meanwhile(
        home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, before = retention.plan(home, TODAY), contents(home)
    lock = warehouse.catalog_file(home).with_name("publish.lock")
    monkeypatch.setattr(expiry.iceberg, "locked", lambda path, wait, *rest: locked(path, 0, *rest))
    with locked(lock, 0, "warehouse"), pytest.raises(ReleaseError, match="found one at work"):
        expiry.carry_out(home, found, TODAY)
    assert contents(home) == before


def test_a_home_without_a_release_has_runs_only(tmp_path: Path) -> None:
    assert retention.plan(tmp_path, TODAY) == []
    run = night(tmp_path, OLD)
    assert planned(tmp_path) == {("working tables", "nights/2023-12-31/aaa")}
    expire(tmp_path)
    assert sorted(path.name for path in run.folder.iterdir()) == ["run.json"]
