"""The kill switch: whoever throws it is obeyed by everything that publishes, at any moment."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.__main__ import main
from jobs.campaign.sending import make
from jobs.errors import PublicationStopped, UsageError
from jobs.release import release, switch, warehouse
from jobs.release.rollback import rollback
from tests.campaign import sends
from tests.release.nights import JUNE, MAY, night


def command(home: Path, name: str, by: str = "Mei", reason: str = "complaints") -> int:
    return main([name, "--by", by, "--reason", reason, "--home", str(home)])


def test_a_stop_holds_a_release_until_somebody_resumes(tmp_path: Path) -> None:
    run = night(tmp_path)
    assert command(tmp_path, "stop-publication") == 0
    with pytest.raises(PublicationStopped, match="release 2026-06-30-aaa: expected publication "
                       "that nobody stopped, found stopped by Mei on .* UTC: complaints; .*"
                       "nightlist resume-publication --by NAME --reason TEXT"):
        release.publish(run)
    assert warehouse.history(tmp_path) == []
    assert command(tmp_path, "resume-publication", "Bo", "answered") == 0
    assert release.publish(run)[1]


def test_every_throw_is_kept_with_who_when_and_why(tmp_path: Path) -> None:
    for name, by in (("stop-publication", "Mei"), ("stop-publication", "Bo"),
                     ("resume-publication", "Ann")):
        assert command(tmp_path, name, by) == 0
    files = sorted((tmp_path / "publication").glob("*.json"))
    assert [file.name for file in files] == ["000001.json", "000002.json", "000003.json"]
    first = json.loads(files[0].read_text())
    assert sorted(first) == ["action", "at", "by", "reason"] and first["by"] == "Mei"
    assert [(one.action, one.by) for one in switch.history(tmp_path)] == [
        ("stop", "Mei"), ("stop", "Bo"), ("resume", "Ann")]
    assert switch.stopped(tmp_path) is None


@pytest.mark.parametrize(("by", "reason"), [(" ", "why"), ("Mei", "")])
def test_nobody_throws_it_without_a_name_and_a_reason(tmp_path: Path, by: str,
                                                      reason: str) -> None:
    with pytest.raises(UsageError, match="expected a text"):
        switch.stop(tmp_path, by, reason)
    with pytest.raises(UsageError, match="there is nothing to resume"):
        switch.resume(tmp_path, "Mei", "why")
    assert switch.history(tmp_path) == []


def test_thrown_while_rows_are_written_the_pointer_does_not_move(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release.publish(night(tmp_path, MAY))
    run, verify = night(tmp_path), release._verify

    def thrown(table: object, name: str, release_id: str, expected: int) -> None:
        """After the last table's rows are in, another process throws the switch."""
        verify(table, name, release_id, expected)
        if name == list(warehouse.tables("CNY"))[-1]:
            switch.stop(tmp_path, "Mei", "complaints")

    with monkeypatch.context() as patched, pytest.raises(PublicationStopped):
        patched.setattr(release, "_verify", thrown)
        release.publish(run)
    assert [move.as_of_date for move in warehouse.history(tmp_path)] == [MAY]
    switch.resume(tmp_path, "Mei", "answered")
    assert release.publish(run) == (warehouse.current(tmp_path), True)


def test_once_the_command_returns_no_publisher_is_still_at_it(tmp_path: Path) -> None:
    """It waits for the one under way, which has moved the pointer or never will."""
    release.publish(night(tmp_path, MAY))
    with release.publishing(tmp_path):
        words = [sys.executable, "-m", "jobs", "stop-publication", "--by", "Mei", "--reason",
                 "complaints", "--home", str(tmp_path)]
        stopping = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert stopping.stdout is not None
        assert stopping.stdout.readline().startswith("stopped    by Mei")
        assert stopping.poll() is None and switch.stopped(tmp_path) is not None
    said = stopping.communicate()[0]
    assert stopping.returncode == 0 and said.startswith("in force   2026-05-31-aaa; take it back")


def test_a_rollback_takes_away_and_is_allowed_but_none_brings_back(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for day in (MAY, JUNE):
        release.publish(night(tmp_path, day))
    switch.stop(tmp_path, "Mei", "complaints")
    assert main(["release", "rollback", "2026-05-31-aaa", "--reason", "complaints", "--by", "Mei",
                 "--home", str(tmp_path)]) == 0
    assert "a rollback takes away and is allowed all the same" in capsys.readouterr().out
    assert warehouse.current(tmp_path).as_of_date == MAY
    with pytest.raises(PublicationStopped):
        rollback(tmp_path, "2026-06-30-aaa", "it was right")
    assert warehouse.current(tmp_path).as_of_date == MAY


@pytest.mark.parametrize("words", [["release", "list"], ["summary"]])
def test_whoever_looks_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                               words: list[str]) -> None:
    release.publish(night(tmp_path))
    assert main([*words, "--home", str(tmp_path)]) == 0
    assert "stopped" not in capsys.readouterr().out
    switch.stop(tmp_path, "Mei", "complaints")
    assert main([*words, "--home", str(tmp_path)]) == 0
    assert "stopped    all publication, by Mei on " in capsys.readouterr().out


def test_no_file_is_handed_to_a_sender(tmp_path: Path) -> None:
    sends.released(tmp_path, {"anna": {}})
    made = make(tmp_path, 1, sends.WEDNESDAY)
    switch.stop(tmp_path, "Mei", "complaints")
    with pytest.raises(PublicationStopped, match="sends: expected publication"):
        make(tmp_path, 1, sends.WEDNESDAY)
    switch.resume(tmp_path, "Mei", "answered")
    assert make(tmp_path, 1, sends.WEDNESDAY).folder == made.folder
