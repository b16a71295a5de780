"""A backfill gives what the nights would have given, invites nobody and replaces nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import jobs.policies
from jobs import store
from jobs.__main__ import main
from jobs.config import Backfill
from jobs.errors import ReleaseError
from jobs.release import release, warehouse
from jobs.release.previous import previous
from jobs.steps import open_run
from tests.backfill.homes import FIRST, SECOND, THIRD, run_backfill

POLICY = "wallet_loan_cny"


def tables(home: Path) -> dict[str, str]:
    """Every file that was published of the two dates, by night, run and name: its hash."""
    found = {}
    for day in (FIRST, SECOND):
        run = open_run(home, day)
        for name in store.read_json(run.folder / "run.json")["tables"]:
            file = run.folder / name / f"{name}.parquet"
            found[f"{day} {run.run_id} {name}"] = store.file_sha256(file)
    return found


def test_a_backfill_gives_the_bytes_that_the_nights_gave(nights_home: Path,
                                                         filled_home: Path) -> None:
    assert tables(filled_home) == tables(nights_home)
    assert len(tables(nights_home)) > 20
    run = open_run(filled_home, SECOND)
    assert store.read_json(run.folder / "run.json")["inputs"]["previous"]["release_id"] == (
        open_run(nights_home, FIRST).release_id)


def test_nights_side_by_side_give_the_bytes_of_one_after_another(nights_home: Path,
                                                                 filled_home: Path) -> None:
    """Two nights and a backfill of the first at once; the others ran one after another."""
    assert [(move.action, move.as_of_date) for move in warehouse.history(nights_home)] == [
        ("publish", FIRST), ("publish", SECOND)]
    assert [open_run(nights_home, day).backfill for day in (FIRST, SECOND)] == [None, None]
    for part in ("tiles", "windows", "nights", "clean"):
        assert not list((nights_home / part).rglob(".tmp-*")), part
        assert not list((nights_home / part).rglob(".new-*")), part


def test_a_backfill_puts_nothing_in_force_and_nothing_of_it_is_sent(
        filled_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [move.action for move in warehouse.history(filled_home)] == ["backfill", "backfill"]
    assert {move.in_force_release_id for move in warehouse.history(filled_home)} == {""}
    stands = warehouse.current(filled_home, FIRST)
    assert warehouse.read(filled_home, "whitelist", stands.release_id).num_rows == stands.invited
    for words in ([], ["--release", stands.release_id]):
        assert main(["send-file", "--wave", "1", "--on", "2026-07-03", "--home", str(filled_home),
                     *words]) == 1
    assert "one that a backfill wrote into the history" in capsys.readouterr().err
    assert main(["release", "rollback", stands.release_id, "--reason", "why not", "--home",
                 str(filled_home)]) == 1


def test_a_night_after_backfills_keeps_no_promise_of_theirs(filled_home: Path,
                                                            nights_home: Path) -> None:
    assert previous(filled_home, THIRD, POLICY) is None
    before = previous(filled_home, THIRD, POLICY, backfill=True)
    assert before == previous(nights_home, THIRD, POLICY)
    assert before is not None and before["as_of"] == "2026-07-01"


def test_dates_are_chosen_as_airflow_chooses_them(
        nights_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def runs(reprocess: str) -> list[str]:
        capsys.readouterr()
        assert main(["backfill", "--from", "2026-06-30", "--to", "2026-07-02", "--reprocess",
                     reprocess, "--dry-run", "--format", "json", "--home", str(nights_home)]) == 0
        return [row["as_of"] for row in json.loads(capsys.readouterr().out)
                if row["runs"] == "yes"]

    folder = nights_home / "nights" / "2026-07-02"
    assert runs("none") == ["2026-07-02"]
    store.write_json({"run_id": "tried"}, folder / "open.json")
    assert (runs("none"), runs("failed")) == ([], ["2026-07-02"])
    assert len(runs("completed")) == 3
    (folder / "open.json").unlink()


@pytest.fixture()
def stricter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The policy asks for a lower PD by now."""
    shipped = Path(jobs.policies.__file__).parent
    text = (shipped / f"{POLICY}.yaml").read_text(encoding="utf-8")
    assert text.count("at_most: 0.015") == 1
    (tmp_path / f"{POLICY}.yaml").write_text(
        text.replace("at_most: 0.015", "at_most: 0.004"), encoding="utf-8")
    monkeypatch.setenv("NIGHTLIST_POLICIES", str(tmp_path))


@pytest.mark.usefixtures("stricter")
def test_published_history_is_superseded_only_on_purpose(
        nights_home: Path, scorer: str, capsys: pytest.CaptureFixture[str]) -> None:
    moves, opened = warehouse.history(nights_home), open_run(nights_home, FIRST)
    page = nights_home / "reports/2026-06-30/monitoring.html"
    made = page.stat().st_mtime_ns
    assert run_backfill(nights_home, FIRST, FIRST, scorer, "--reprocess", "completed", "--format",
                        "json") == 0
    out = capsys.readouterr()
    (said,) = json.loads(out.out)
    assert (said["said"], said["before"]) == ("differs: not published", opened.release_id)
    assert said["left"] > 0 and said["release_id"] != opened.release_id
    assert "--supersede --reason" in out.err
    assert warehouse.history(nights_home) == moves and page.stat().st_mtime_ns == made
    assert open_run(nights_home, FIRST) == opened

    other = replace(opened, run_id=said["release_id"][11:])
    with pytest.raises(ReleaseError, match="or a purpose to replace it, found another list of a"):
        release.main(other)
    release.main(replace(other, backfill=Backfill("the policy was mistaken", "Mei")))
    move = warehouse.history(nights_home)[-1]
    assert (move.action, move.reason, move.moved_by) == (
        "supersede", "the policy was mistaken", "Mei")
    assert move.in_force_release_id == warehouse.current(nights_home).release_id == (
        open_run(nights_home, SECOND).release_id)
    assert warehouse.current(nights_home, FIRST).release_id == said["release_id"]
    before = previous(nights_home, SECOND, POLICY)
    assert before is not None and before["release_id"] == opened.release_id
    assert main(["send-file", "--wave", "1", "--on", "2026-07-03", "--release", opened.release_id,
                 "--home", str(nights_home)]) == 1


@pytest.mark.usefixtures("stricter")
def test_the_list_in_force_is_no_history(nights_home: Path) -> None:
    run = replace(open_run(nights_home, SECOND), run_id="another",
                  backfill=Backfill("a purpose"))
    now = warehouse.state(nights_home)
    with pytest.raises(ReleaseError, match="a backfill invites nobody: .*nightlist night --as-of"):
        release.past.move_of(run, now)
