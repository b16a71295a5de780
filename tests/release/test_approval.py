"""An approval is somebody's, for figures that were looked at."""

import datetime as dt

import pyarrow as pa
import pytest

from jobs import store
from jobs.__main__ import main
from jobs.config import Run
from jobs.contracts.campaign import CHANGES
from jobs.errors import UsageError
from jobs.inputs import frozen, record
from jobs.release.approval import CHURN, approve, approved
from jobs.release.changes import churn

DAY = dt.date(2026, 6, 30)
QUIET = churn(CHANGES.arrow_schema.empty_table(), 5)


@pytest.fixture()
def run(tmp_path):
    run = Run(home=tmp_path, as_of=DAY, run_id="aaa")
    store.write_json({"inputs": {}, CHURN: QUIET}, run.folder / "run.json")
    store.write_json({"run_id": "aaa", "seed": 7, "policy": "p"}, run.date_folder / "open.json")
    return run


def test_nobody_agreed_until_somebody_says_who_and_why(run, capsys):
    assert approved(frozen(run)) == ""
    assert main(["approve", "--as-of", "2026-06-30", "--by", "Mei ", "--reason", "a  new model",
                 "--home", str(run.home)]) == 0
    assert "churn 0.0% of 5" in capsys.readouterr().out
    said = approved(frozen(run))
    assert said.startswith("approved by Mei on ") and said.endswith(": a new model")


def test_without_a_name_and_a_reason_the_changes_are_only_shown(run, capsys):
    move = {"user_id": "zoe", "as_of_date": DAY, "release_id": run.release_id,
            "previous_release_id": "r0", "change": "left", "reason": "rule_failed",
            "reason_detail": "adult"}
    store.write_sorted(pa.Table.from_pylist([move], CHANGES.arrow_schema), CHANGES,
                       run.folder / "changes")
    assert main(["approve", "--as-of", "2026-06-30", "--home", str(run.home)]) == 0
    said = capsys.readouterr().out
    assert "rule_failed" in said and "to approve: 0 entered" in said
    assert approved(frozen(run)) == ""


def test_other_figures_ask_again(run):
    approve(run, "Mei", "a new model")
    record(run, CHURN, {**QUIET, "left": 3})
    assert approved(frozen(run)) == ""


@pytest.mark.parametrize(("by", "reason", "match"), [
    (" ", "why", "--by: expected a text"), ("Mei", "", "--reason: expected a text")])
def test_without_a_name_or_a_reason_it_is_none(run, by, reason, match):
    with pytest.raises(UsageError, match=match):
        approve(run, by, reason)
    assert approved(frozen(run)) == ""


def test_without_changes_there_is_nothing_to_approve(run):
    record(run, CHURN, None)
    with pytest.raises(UsageError, match="changes to approve.*nightlist run records"):
        approve(run, "Mei", "why")
