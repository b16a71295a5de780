"""Runbook: an auditor asks for a past list again. What the page says, on a published night."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from jobs.steps import open_run
from tests.backfill.homes import FIRST
from tests.runbook.pages import do


def test_the_auditor_sees_the_list_made_again_its_criteria_and_a_person(
        nights_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = open_run(nights_home, FIRST)
    user = pq.read_table(run.folder / "whitelist")["user_id"][0].as_py()
    assert do("replay_for_an_auditor", 0, nights_home, RELEASE=run.release_id, USER=user) == 0
    said = capsys.readouterr().out
    assert f"{run.release_id}: byte-identical" in said and "not as frozen" not in said
    assert "pd_appetite" in said and user in said
