"""A yes is somebody's, for figures that were looked at; a no is for the run."""

import datetime as dt

import pyarrow as pa
import pytest

from expectations.changes import reconciled, remedy, within_bounds
from jobs import store
from jobs.__main__ import main
from jobs.config import AUDIT, Run
from jobs.contracts.campaign import CHANGES
from jobs.errors import ReleaseError, UsageError
from jobs.inputs import frozen, record
from jobs.release import release
from jobs.release.approval import (APPROVALS, GUARDRAILS, approve, asking, reject, rejected,
                                   sentence)
from tests.release.nights import night

DAY = dt.date(2026, 6, 30)


def row(name, verdict="asks", figure=0.95, **own):
    return {"name": name, "figure": figure, "unit": "share", "warn": 0.3, "ask": 0.9,
            "verdict": verdict, "before": None, "detail": "", **own}


CHURN, GAP, LOSS = row("churn"), row("gap"), row("loss", "warning", 0.5)


@pytest.fixture()
def run(tmp_path):
    run = Run(home=tmp_path, as_of=DAY, run_id="aaa")
    store.write_json({"inputs": {}, GUARDRAILS: [CHURN, GAP, LOSS]}, run.folder / "run.json")
    store.write_json({"run_id": "aaa", "seed": 7, "policy": "p"}, run.date_folder / "open.json")
    store.write_sorted(CHANGES.arrow_schema.empty_table(), CHANGES, run.folder / "changes")
    return run


def command(run, name, *words):
    return main([name, "--as-of", "2026-06-30", "--home", str(run.home), *words])


def test_one_yes_by_name_and_reason_is_for_all_that_asks(run, capsys):
    assert asking(frozen(run)) == [CHURN, GAP]
    assert command(run, "approve", "--by", "Mei ", "--reason", "a  new model") == 0
    assert "approved: churn: 95.0% of the list before" in capsys.readouterr().out
    assert asking(frozen(run)) == []
    said = frozen(run)[APPROVALS]
    assert sorted(said) == ["churn", "gap"]
    assert (said["gap"]["by"], said["gap"]["reason"]) == ("Mei", "a new model")


def test_without_a_name_and_a_reason_it_is_only_shown(run, capsys):
    move = {"user_id": "zoe", "as_of_date": DAY, "release_id": run.release_id,
            "previous_release_id": "r0", "change": "left", "reason": "rule_failed",
            "reason_detail": "adult"}
    store.write_sorted(pa.Table.from_pylist([move], CHANGES.arrow_schema), CHANGES,
                       run.folder / "changes")
    assert command(run, "approve") == 0
    said = capsys.readouterr().out
    assert "rule_failed" in said and "to approve: gap: 95.0% of the value" in said
    assert "loss" not in said and asking(frozen(run)) == [CHURN, GAP]


def test_other_figures_ask_again_and_the_same_do_not(run):
    approve(run, "Mei", "a new model")
    record(run, GUARDRAILS, [row("churn", figure=0.96), GAP])
    assert [one["name"] for one in asking(frozen(run))] == ["churn"]


def test_a_yes_to_figures_that_are_others_by_now_counts_for_nothing(run):
    with pytest.raises(UsageError, match="expected the figures that were shown, found churn: 95"):
        approve(run, "Mei", "a new model", [GAP])
    assert asking(frozen(run)) == [CHURN, GAP]


@pytest.mark.parametrize(("by", "reason", "match"), [
    (" ", "why", "--by: expected a text"), ("Mei", "", "--reason: expected a text")])
@pytest.mark.parametrize("answer", [approve, reject])
def test_without_a_name_or_a_reason_it_is_no_answer(run, by, reason, match, answer):
    with pytest.raises(UsageError, match=match):
        answer(run, by, reason)
    assert asking(frozen(run)) == [CHURN, GAP] and not rejected(frozen(run))


def test_where_nothing_asks_there_is_nothing_to_approve(run):
    record(run, GUARDRAILS, [LOSS])
    with pytest.raises(UsageError, match="something to approve.*nightlist run check_release"):
        approve(run, "Mei", "why")


def test_after_a_no_nobody_can_say_yes_and_nothing_is_published(tmp_path, capsys):
    run = night(tmp_path)
    record(run, GUARDRAILS, [CHURN])
    store.write_json({"run_id": "aaa", "seed": 7, "policy": "p"}, run.date_folder / "open.json")
    assert command(run, "reject", "--by", "Mei", "--reason", "the wrong model") == 0
    assert "run of its own: nightlist night --as-of 2026-06-30" in capsys.readouterr().out
    assert frozen(run)[AUDIT] is None
    with pytest.raises(UsageError, match="rejected by Mei on .*: the wrong model; change what"):
        approve(run, "Bo", "it is fine")
    with pytest.raises(ReleaseError, match="passed the audit gate"):
        release.publish(run)


def test_what_was_published_is_rolled_back_and_not_rejected(tmp_path):
    run = night(tmp_path)
    release.publish(run)
    with pytest.raises(ReleaseError, match="not published yet, found release 2026-06-30-aaa.*roll"):
        reject(run, "Mei", "the wrong model")
    assert not rejected(frozen(run))


def test_what_asks_is_critical_until_it_is_approved(run):
    assert {one.column: (one.severity, one.success) for one in within_bounds(frozen(run))} == {
        "churn": ("critical", False), "gap": ("critical", False), "loss": ("warning", False)}
    approve(run, "Mei", "a new model")
    found = within_bounds(frozen(run))
    assert {one.severity for one in found} == {"warning"}
    assert found[0].detail.endswith(": a new model") and "; approved by Mei on" in found[0].detail


def test_of_a_backfill_nobody_is_asked_and_what_is_beyond_a_bound_is_marked(run):
    found = within_bounds(frozen(run), is_history=True)
    assert {(one.severity, one.success) for one in found} == {("warning", False)}


def test_the_remedy_is_an_answer_only_where_nothing_else_failed(run):
    asks = within_bounds(frozen(run))
    assert "nightlist approve --as-of 2026-06-30" in remedy(asks, "2026-06-30")
    wrong = reconciled(CHANGES.arrow_schema.empty_table(), 5, 4)
    assert remedy([*asks, wrong], "2026-06-30") == "nothing was published; rerun the night"


def test_a_guardrail_is_said_with_its_bounds_and_the_release_before():
    assert sentence(row("loss", figure=0.0412, before=0.02)) == (
        "loss: 4.12% of expected draws is expected to be lost, warns beyond 30.0%, asks beyond "
        "90.0%, before 2.00%")
    assert sentence(row("model_change", figure=1.0, unit="models", warn=None, ask=0.0,
                        detail="pd/a to pd/b")) == (
        "model change: 1 other than the release before's (pd/a to pd/b), asks beyond 0")
