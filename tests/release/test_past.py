"""Releases of past nights in a real warehouse: history is added to, and replaced on purpose."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.campaign.sending import make
from jobs.config import Backfill, Run
from jobs.errors import ReleaseError, SendRefused
from jobs.release import release, retention, warehouse
from jobs.release.previous import previous
from jobs.release.rollback import rollback
from tests.release.nights import JUNE, MAY, night, people

APRIL, JULY = dt.date(2026, 4, 30), dt.date(2026, 7, 1)


@pytest.fixture()
def home(tmp_path: Path) -> Path:
    """April's and June's nights were published; May's was not."""
    for as_of in (APRIL, JUNE):
        release.publish(night(tmp_path, as_of, invited=("ann",)))
    return tmp_path


def backfilled(run: Run, reason: str = "") -> Run:
    return replace(run, backfill=Backfill(reason, "Mei" if reason else ""))


def actions(home: Path) -> list[str]:
    return [move.action for move in warehouse.history(home)]


def test_a_gap_is_filled_and_nobody_is_invited_by_it(home: Path) -> None:
    assert release.main(backfilled(night(home, MAY, invited=("bob",))))["moved"]
    assert actions(home)[-1] == "backfill"
    assert warehouse.current(home).as_of_date == JUNE
    assert people(home, warehouse.current(home, MAY).release_id) == ["bob"]
    with pytest.raises(SendRefused, match="found one that a backfill wrote into the history"):
        make(home, 1, JULY, "2026-05-31-aaa")
    with pytest.raises(ReleaseError, match="nightlist night --as-of 2026-05-31"):
        rollback(home, "2026-05-31-aaa", "why not")


def test_a_night_looks_back_to_who_was_invited_and_a_backfill_to_what_would_have_been(
        home: Path) -> None:
    release.main(backfilled(night(home, MAY, invited=("bob",))))

    def before(as_of: dt.date, backfill: bool) -> str:
        found = previous(home, as_of, "wallet_loan", backfill)
        return found["release_id"] if found else ""

    june_first = dt.date(2026, 6, 1)
    assert (before(june_first, False), before(june_first, True)) == (
        "2026-04-30-aaa", "2026-05-31-aaa")
    assert before(JUNE, True) == before(JUNE, False) == "2026-04-30-aaa"
    assert before(JULY, True) == before(JULY, False) == "2026-06-30-aaa"


def test_a_past_night_run_by_hand_is_history_and_replaces_nothing(home: Path) -> None:
    assert release.main(night(home, MAY))["moved"] and actions(home)[-1] == "backfill"
    with pytest.raises(ReleaseError, match="expected 2026-05-31-aaa, which stands for 2026-05-31, "
                       "or a purpose .*--from 2026-05-31 --to 2026-05-31 .*--supersede --reason"):
        release.main(night(home, MAY, "bbb", ("cleo",)))
    assert release.main(night(home, MAY))["moved"] is False


def test_another_list_of_a_published_date_is_told_and_not_published(home: Path) -> None:
    said = release.main(backfilled(night(home, APRIL, "bbb", ("cleo",))))
    assert said == {"release_id": "2026-04-30-bbb", "differs_from": "2026-04-30-aaa",
                    "moved": False}
    assert actions(home) == ["publish", "publish"]


def test_superseding_keeps_who_and_why_and_the_first_list_readable(home: Path) -> None:
    assert release.main(backfilled(night(home, APRIL, "bbb", ("cleo",)), "a doubled  feed"))[
        "moved"]
    move = warehouse.history(home)[-1]
    assert (move.action, move.moved_by, move.reason, move.in_force_release_id) == (
        "supersede", "Mei", "a doubled feed", "2026-06-30-aaa")
    assert people(home, warehouse.current(home, APRIL).release_id) == ["cleo"]
    assert people(home, "2026-04-30-aaa") == ["ann"]
    with pytest.raises(SendRefused, match="its list was taken back"):
        make(home, 1, JULY, "2026-04-30-aaa")


def test_the_list_in_force_cannot_be_superseded(home: Path) -> None:
    with pytest.raises(ReleaseError, match="a backfill invites nobody: to replace the list in "
                       "force run nightlist night --as-of 2026-06-30"):
        release.main(backfilled(night(home, JUNE, "bbb", ("cleo",)), "a doubled feed"))
    assert actions(home) == ["publish", "publish"]


def test_a_night_publishes_what_was_backfilled_before_it(home: Path) -> None:
    release.main(backfilled(night(home, JULY, invited=("bob",))))
    assert warehouse.current(home).as_of_date == JUNE
    assert release.main(night(home, JULY, invited=("bob",)))["moved"]
    assert actions(home)[-2:] == ["backfill", "publish"]
    assert warehouse.current(home).release_id == "2026-07-01-aaa"
    assert release.main(backfilled(night(home, JULY, invited=("bob",))))["moved"] is False


def test_history_does_not_push_what_invited_out_of_keeping(home: Path) -> None:
    for as_of in (MAY, JULY):
        release.main(backfilled(night(home, as_of, invited=("bob",))))
    gone = {one.name for one in retention.plan(home, dt.date(2099, 1, 1))
            if one.kind == retention.ROWS}
    assert gone == {"2026-05-31-aaa", "2026-07-01-aaa"}
