"""What a night holds itself against is the release it was frozen with, as it was then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyiceberg.expressions import EqualTo

from jobs.contracts.campaign import CHANGES
from jobs.errors import NightlistError, ReleaseError
from jobs.release import changes, records, release, warehouse
from jobs.release.previous import previous
from tests.release.nights import JUNE, MAY, night


@pytest.fixture()
def home(tmp_path: Path) -> Path:
    said = {"policy": {"name": "wallet_loan", "version": "2026.1", "sha256": "ab"}}
    release.publish(night(tmp_path, MAY, ledgers={"documents": [
        {"document": "inputs", "sha256": "0", "text": json.dumps(said)}]}))
    return tmp_path


def test_the_release_before_is_read_with_its_policy_from_the_warehouse(home: Path) -> None:
    frozen = previous(home, JUNE, "wallet_loan")
    run = night(home, JUNE, "bbb", ("bob", "dan"))
    before = records._checked(run, frozen)
    one = records.published(home, before)
    assert one.policy == ("2026.1", "ab")
    # dan is invited now, ann is not even considered.
    now = records.published(home, release.publish(run)[0])
    rows = changes.build(one, now, JUNE, "CNY").to_pylist()
    assert [(row["user_id"], row["change"], row["reason"]) for row in rows] == [
        ("ann", "left", "not_considered"), ("dan", "entered", "new_person")]
    assert now.policy == ("", "")


def test_another_list_under_the_same_name_is_refused(home: Path) -> None:
    run, frozen = night(home, JUNE, "bbb"), previous(home, JUNE, "wallet_loan")
    with pytest.raises(ReleaseError, match="whitelist's sha256 of release 2026-05-31-aaa: expected "
                                           "another, found .*nightlist night --as-of 2026-06-30"):
        records._checked(run, {**frozen, "whitelist_sha256": "another"})


def test_a_release_that_lost_decisions_is_refused(home: Path) -> None:
    run, frozen = night(home, JUNE, "bbb"), previous(home, JUNE, "wallet_loan")
    with warehouse.opened(home) as catalog:
        catalog.load_table("nightlist.decisions").delete(EqualTo("user_id", "cleo"))
    with pytest.raises(ReleaseError, match="decisions of release 2026-05-31-aaa: expected 3 rows, "
                                           "found 2 rows"):
        records._checked(run, frozen)


def test_without_a_release_before_there_are_no_changes(tmp_path: Path) -> None:
    run = night(tmp_path, JUNE)
    rows, found = records._changes(run, None, {"previous": None})
    assert (rows.schema, rows.num_rows, found) == (CHANGES.arrow_schema, 0, None)
    assert records.churn_of(tmp_path, release.publish(run)[0]) is None


def test_before_the_lists_there_is_nothing_to_record(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = night(tmp_path, JUNE)
    monkeypatch.setattr(records, "frozen_policy", lambda run: None)
    monkeypatch.setattr(records, "frozen", lambda run: {"inputs": {}})
    with pytest.raises(NightlistError, match="the lists of the night, found none; run the step "
                                             "first: nightlist run offers"):
        records.main(run)
