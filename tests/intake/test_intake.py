"""Intake: rows against their contract, and the equation that nothing is lost."""

import datetime as dt
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.contracts.feeds import BOUND_CARDS, FEEDS, LOAN_PERFORMANCE, STATEMENTS
from jobs.errors import NightlistError
from jobs.intake.intake import reconcile, take_in
from jobs.intake.landing import DeliveryName, verify
from jobs.intake.outgoing import write_delivery

from .conftest import DELIVERY

MAY = dt.date(2026, 5, 31)


def take(desk, feed, *rows):
    """Deliver rows as Parquet and take them in."""
    schema = pa.schema([field.with_nullable(True) for field in feed.arrow_schema])
    table = pa.Table.from_pylist([dict(zip(feed.columns, row, strict=True)) for row in rows],
                                 schema)
    write_delivery(desk.home, feed, DELIVERY, table, "CNY")
    return take_in(desk.home, feed, verify(desk.home, feed, DeliveryName(DELIVERY)))


def reasons(desk, feed=STATEMENTS):
    return {row["user_id"]: row["reasons"] for row in desk.quarantine(feed.name)}


def test_a_row_that_keeps_its_contract_is_accepted_with_both_clocks(desk):
    assert take(desk, STATEMENTS, ("anna", MAY, 1200, 100))["accepted"] == 1
    assert desk.clean("statements") == [("anna", MAY, 1200, 100, DELIVERY)]


def test_identical_rows_count_once_and_the_copies_are_duplicates(desk):
    counts = take(desk, STATEMENTS, *[("anna", MAY, 1200, 100)] * 3, ("ben", MAY, 1, 1))
    assert (counts["accepted"], counts["duplicates"], counts["quarantined"]) == (2, 2, 0)
    assert [row[0] for row in desk.clean("statements")] == ["anna", "ben"]


def test_rows_that_share_a_key_but_differ_are_all_quarantined(desk):
    counts = take(desk, STATEMENTS, ("anna", MAY, 1200, 100), ("anna", MAY, 9900, 100),
                  ("anna", MAY, 9900, 100), ("ben", MAY, 1, 1))
    assert (counts["accepted"], counts["quarantined"], counts["duplicates"]) == (1, 2, 1)
    assert reasons(desk) == {"anna": ["user_id+event_date:conflict"]}
    assert [row[0] for row in desk.clean("statements")] == ["ben"]


def test_an_invalid_twin_does_not_condemn_the_valid_row(desk):
    take(desk, STATEMENTS, ("anna", MAY, 1200, 100), ("anna", MAY, 1200, -1))
    assert desk.clean("statements") == [("anna", MAY, 1200, 100, DELIVERY)]
    assert reasons(desk) == {"anna": ["payment_minor:below_minimum"]}


@pytest.mark.parametrize(("row", "reason"), [
    (("ben", MAY, 1200, -1), "payment_minor:below_minimum"),
    (("ben", MAY, 10**12 + 1, 0), "balance_minor:above_maximum"),
    (("ben", dt.date(2026, 6, 2), 0, 0), "event_date:above_maximum"),
    (("ben", dt.date(9999, 12, 31), 0, 0), "event_date:above_maximum"),
    (("ben", dt.date(1989, 12, 31), 0, 0), "event_date:below_minimum"),
    (("ben", dt.date(1, 1, 1), 0, 0), "event_date:below_minimum"),
    (("ben", None, 0, 0), "event_date:missing"),
    (("b\ufffdn", MAY, 0, 0), "user_id:unreadable"),
    (("b\0n", MAY, 0, 0), "user_id:unreadable"),
])
def test_a_value_out_of_range_names_column_and_rule(desk, row, reason):
    take(desk, STATEMENTS, row, ("anna", MAY, 0, 0))
    assert reasons(desk) == {row[0]: [reason]}


def test_a_window_that_opens_after_it_closes_is_quarantined(desk):
    take(desk, LOAN_PERFORMANCE, ("anna", MAY, MAY, False), ("ben", MAY, DELIVERY, True))
    # The first of June is also the day of delivery, so it is not in the future.
    assert reasons(desk, LOAN_PERFORMANCE) == {"ben": ["observed_on:after_event_date"]}


@pytest.mark.parametrize("blank", [None, "", " ", "\t\n", "\u00a0", "\u3000"])
def test_a_row_without_a_user_is_quarantined_whole(desk, blank):
    take(desk, STATEMENTS, (blank, MAY, 5, 0))
    (kept,) = desk.quarantine("statements")
    assert kept["reasons"] == ["user_id:missing"]
    assert json.loads(kept["row_json"])["balance_minor"] == 5


def test_every_broken_rule_of_a_row_is_kept(desk):
    row = {"user_id": "carl", "event_date": MAY, "card_number": "6222", "action": "bind",
           "card_kind": "credit", "is_name_verified": True, "card_limit_minor": -5,
           "age_years": 190, "gender": "robot"}
    take(desk, BOUND_CARDS, tuple(row.get(column) for column in BOUND_CARDS.columns))
    assert reasons(desk, BOUND_CARDS) == {"carl": [
        "card_limit_minor:below_minimum", "age_years:above_maximum", "gender:not_allowed"]}


def test_files_of_one_delivery_may_differ_in_width(desk):
    whole = take(desk, STATEMENTS, ("anna", MAY, 1200, 100))
    assert whole["accepted"] == 1
    files, narrow = {}, {"balance_minor": pa.int32(), "user_id": pa.large_string()}
    for name, kinds, user in (("a", {}, "anna"), ("b", narrow, "ben")):
        schema = pa.schema([pa.field(f.name, kinds.get(f.name, f.type))
                            for f in FEEDS["statements"].arrow_schema])
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table([[user], [MAY], [5], [0]], schema=schema), sink)
        files[f"{name}.parquet"] = sink.getvalue().to_pybytes()
    desk.home = desk.home / "other"
    counts = desk.take("statements", files, [1, 1], {"balance_minor": 10}, format="parquet")
    assert counts["accepted"] == 2


def test_counts_that_lose_a_row_are_refused():
    with pytest.raises(NightlistError, match="rows were lost"):
        reconcile("statements", DELIVERY, 3,
                  {"received": 3, "accepted": 1, "quarantined": 1, "duplicates": 0})
