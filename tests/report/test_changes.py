"""What the page says of changes since the release before."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa

from jobs.contracts.campaign import CHANGE_KINDS, CHANGES
from jobs.report import changes


def table(*rows: dict[str, Any]) -> pa.Table:
    same = {"as_of_date": dt.date(2026, 7, 1), "release_id": "r2", "previous_release_id": "r1",
            "reason": "rule"}
    return pa.Table.from_pylist([{**dict.fromkeys(CHANGES.columns), **same, **row}
                                 for row in rows], schema=CHANGES.arrow_schema)


CAME = {"user_id": "ann", "change": "entered", "reason": "newly_eligible", "limit_minor": 2_000_000}
WENT = {"user_id": "bob", "change": "left", "reason_detail": "pd_appetite",
        "previous_limit_minor": 5_000_000}
ROSE = {"user_id": "cleo", "change": "limit_up", "previous_limit_minor": 2_000_000,
        "limit_minor": 12_000_000}
FELL = {"user_id": "dan", "change": "limit_down", "previous_limit_minor": 3_000_000,
        "limit_minor": 2_000_000}
RATE = {"user_id": "dan", "change": "rate_changed", "previous_limit_minor": 3_000_000,
        "limit_minor": 2_000_000}


def test_each_kind_has_its_people_and_what_it_did_to_the_limits() -> None:
    found = changes.kind_rows(table(CAME, WENT, ROSE, FELL, RATE), "CNY")
    assert [(row["kind"], row["people"], row["money"]) for row in found] == [
        ("entered", 1, "+CNY 20 k"), ("left", 1, "−CNY 50 k"), ("limit_up", 1, "+CNY 100 k"),
        ("limit_down", 1, "−CNY 10 k"), ("rate_changed", 1, "")]


def test_reasons_stand_by_kind_the_most_frequent_first() -> None:
    found = changes.reason_rows(table(
        WENT, {**WENT, "user_id": "eve", "reason_detail": "not_opted_out"},
        {**WENT, "user_id": "fred", "reason_detail": "not_opted_out"}, CAME))
    assert [(row["text"], row["reason"], row["detail"], row["people"]) for row in found] == [
        ("came onto the list", "newly eligible", "", 1),
        ("left the list", "rule", "not opted out", 2), ("left the list", "rule", "pd appetite", 1)]


def test_every_kind_has_words() -> None:
    assert tuple(changes.KINDS) == CHANGE_KINDS


def test_the_section_is_there_of_any_table() -> None:
    found = changes.facts(table(CAME, WENT, ROSE, FELL, RATE), "CNY")
    assert found["chart"].startswith("<svg") and "came onto the list 1, left the" in found["chart"]
    assert found["previous"] == ["r1"]
    assert changes.facts(table(), "CNY")["chart"] == "", "nothing to draw of a first release"
    assert changes.facts(None, "CNY") == {}
