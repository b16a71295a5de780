"""The page for a list that should not have been published, on a real warehouse."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.__main__ import main
from jobs.errors import ReleaseError
from jobs.release import release, warehouse
from tests.release.nights import JUNE, MAY, night, people
from tests.runbook.pages import commands


def test_the_release_before_is_in_force_and_no_retry_publishes_the_wrong_one(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release.publish(night(tmp_path, MAY, invited=("ann",)))
    wrong = night(tmp_path, invited=("ann", "bob"))
    release.publish(wrong)
    for words in commands("rollback", RELEASE_BEFORE="2026-05-31-aaa", NAME="Mei",
                          TEXT="a doubled feed"):
        assert main([*words, "--home", str(tmp_path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "withdrawn by move 3" in said and "in force Mei a doubled feed" in said
    assert warehouse.current(tmp_path).as_of_date == MAY
    assert people(tmp_path, "2026-05-31-aaa") == ["ann"]
    with pytest.raises(ReleaseError, match="withdrawn by Mei"):
        release.publish(wrong)
    again = night(tmp_path, JUNE, "bbb", invited=("bob",))
    assert release.publish(again)[0] == warehouse.current(tmp_path)
