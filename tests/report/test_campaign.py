"""What the page says of waves, hold-outs, kept offers and suppression lists."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa

from jobs import store
from jobs.config import Run
from jobs.contracts.campaign import HONOUR_LEDGER, SEND_STATUSES, SUPPRESSIONS_APPLIED
from jobs.report import campaign

JULY = dt.date(2026, 7, 1)
SAME = {"as_of_date": JULY, "release_id": "r2"}


def listed(*rows: dict[str, Any]) -> pa.Table:
    """Rows of the whitelist, of which only what the section reads is there."""
    ordinary = {"cell": "champion", "channel": "in_app", "language": "zh", "limit_cny": 20_000,
                "is_universal_holdout": False, "is_cell_holdout": False, "send_status": "planned",
                "wave": 1, "send_on": JULY, "expected_value_minor": 30_000}
    return pa.Table.from_pylist([{**ordinary, **row} for row in rows])


HELD = {"send_status": "universal_holdout", "is_universal_holdout": True, "wave": None,
        "send_on": None}


def test_people_are_counted_by_what_is_to_be_sent() -> None:
    found = campaign.status_rows(listed({}, {}, HELD, {"send_status": "sent", "wave": None}))
    assert [(row["status"], row["people"], row["share"]) for row in found] == [
        ("planned", 2, 0.5), ("sent", 1, 0.25), ("universal_holdout", 1, 0.25)]
    assert set(SEND_STATUSES) <= set(campaign.STATUSES), "each has words"


def test_waves_say_their_day_people_and_money() -> None:
    later = {"wave": 2, "send_on": dt.date(2026, 7, 3)}
    found = campaign.wave_rows(listed({}, {"limit_cny": 50_000}, later, HELD), "limit_cny", "CNY")
    assert found == [
        {"wave": 1, "day": "2026-07-01 Wed", "people": 2, "limits": "CNY 70 k", "value": "CNY 600"},
        {"wave": 2, "day": "2026-07-03 Fri", "people": 1, "limits": "CNY 20 k", "value": "CNY 300"}]


def test_many_waves_end_in_one_row() -> None:
    rows = [{"wave": day, "send_on": JULY + dt.timedelta(days=day - 1)} for day in range(1, 15)]
    found = campaign.wave_rows(listed(*rows), "limit_cny", "CNY")
    assert len(found) == 11 and found[-1] == {
        "wave": "11 to 14", "day": "to 2026-07-14 Tue", "people": 4, "limits": "CNY 80 k",
        "value": "CNY 1.2 k"}


def test_a_cell_says_who_of_it_is_held_out() -> None:
    found = campaign.cell_rows(listed({}, HELD, {"cell": "tiers", "is_cell_holdout": True}))
    assert found == [{"cell": "champion", "people": 2, "universal": 1, "own": 0},
                     {"cell": "tiers", "people": 1, "universal": 0, "own": 1}]


def test_people_without_an_open_channel_are_counted_too() -> None:
    found = campaign.channel_rows(listed({}, {}, {"channel": None}))
    assert [(row["channel"], row["people"]) for row in found] == [("in app", 2), ("none open", 1)]


def offer(number: int, outcome: str, criterion: str | None = None,
          text: str = "") -> dict[str, Any]:
    return {**SAME, "user_id": f"u{number}", "offer_id": f"o{number}", "limit_minor": 1,
            "rate_daily": None, "open_until": JULY, "outcome": outcome, "criterion": criterion,
            "text": text}


def test_the_ledger_says_what_became_of_sent_offers_and_why() -> None:
    ledger = pa.Table.from_pylist([
        offer(1, "kept"), offer(2, "kept"), offer(3, "taken"),
        offer(4, "withdrawn", "not_suppressed", "On a list."),
        offer(5, "withdrawn", "not_suppressed", "On a list."),
        offer(6, "withdrawn", "law", "Above the ceiling.")])
    assert [row["offers"] for row in campaign.honour_rows(ledger)] == [2, 1, 3]
    assert campaign.criterion_rows(ledger) == [
        {"criterion": "not suppressed", "text": "On a list.", "offers": 2},
        {"criterion": "law", "text": "Above the ceiling.", "offers": 1}]


def test_a_list_says_whom_it_kept_off(tmp_path: Path) -> None:
    run = Run(home=tmp_path, as_of=JULY, run_id="aaa")
    rows = [{**SAME, "user_id": user, "list_name": name, "listed_on": JULY, "is_barred": barred}
            for user, name, barred in (("ann", "fraud", True), ("bob", "opt_out_sms", False),
                                       ("cleo", "opt_out_sms", True))]
    store.write_sorted(pa.Table.from_pylist(rows, schema=SUPPRESSIONS_APPLIED.arrow_schema),
                       SUPPRESSIONS_APPLIED, run.folder / SUPPRESSIONS_APPLIED.name)
    found = campaign.facts(run, listed({}), "CNY")
    assert found["lists"] == [{"list": "fraud", "people": 1, "barred": 1},
                              {"list": "opt out sms", "people": 2, "barred": 1}]
    assert (found["has_lists"], found["has_ledger"]) == (True, False)


def test_an_empty_ledger_is_told_of_and_a_missing_one_is_not(tmp_path: Path) -> None:
    run = Run(home=tmp_path, as_of=JULY, run_id="aaa")
    before = campaign.facts(run, pa.table({"limit_cny": [1]}), "CNY")
    assert before["statuses"] == [] and not before["has_ledger"]
    store.write_sorted(HONOUR_LEDGER.arrow_schema.empty_table(), HONOUR_LEDGER,
                       run.folder / HONOUR_LEDGER.name)
    found = campaign.facts(run, pa.table({"limit_cny": [1]}), "CNY")
    assert [row["offers"] for row in found["honour"]] == [0, 0, 0] and found["criteria"] == []
