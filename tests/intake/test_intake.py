"""Intake: rows against their contract, and the equation that nothing is lost."""

import datetime as dt
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.contracts.feeds import BOUND_CARDS, LOAN_PERFORMANCE, STATEMENTS
from jobs.errors import NightlistError
from jobs.intake.intake import accepted, build, reconcile, rejected, take_in
from jobs.intake.landing import Delivery
from jobs.session import session

DELIVERY = dt.date(2026, 6, 1)
MAY = dt.date(2026, 5, 31)


def classify(*rows):
    df = session().createDataFrame(list(rows), STATEMENTS.spark_schema)
    return build(df, STATEMENTS, DELIVERY)


def reasons_of(*rows):
    return {row["user_id"]: row["reasons"] for row in classify(*rows).collect()}


def test_a_row_that_keeps_its_contract_is_accepted_with_both_clocks():
    rows = accepted(classify(("anna", MAY, 1200, 100)), STATEMENTS, DELIVERY).collect()
    assert [tuple(row) for row in rows] == [("anna", MAY, 1200, 100, DELIVERY)]


def test_identical_rows_count_once_and_the_copies_are_known():
    rows = classify(("anna", MAY, 1200, 100), ("anna", MAY, 1200, 100)).collect()
    assert [(row["copies"], row["reasons"]) for row in rows] == [(2, [])]


def test_rows_that_share_a_key_but_differ_are_both_quarantined():
    rows = classify(("anna", MAY, 1200, 100), ("anna", MAY, 9900, 100)).collect()
    assert [row["reasons"] for row in rows] == [["user_id+event_date:conflict"]] * 2


def test_an_invalid_twin_does_not_condemn_the_valid_row():
    rows = classify(("anna", MAY, 1200, 100), ("anna", MAY, 1200, -1)).collect()
    assert sorted(row["reasons"] for row in rows) == [[], ["payment_minor:below_minimum"]]


@pytest.mark.parametrize(("row", "reason"), [
    (("ben", MAY, 1200, -1), "payment_minor:below_minimum"),
    (("ben", MAY, 10**12 + 1, 0), "balance_minor:above_maximum"),
    (("ben", dt.date(2026, 6, 2), 0, 0), "event_date:above_maximum"),
    (("ben", dt.date(1989, 12, 31), 0, 0), "event_date:below_minimum"),
])
def test_a_value_out_of_range_names_column_and_rule(row, reason):
    assert reasons_of(row) == {"ben": [reason]}


def test_a_window_that_opens_after_it_closes_is_quarantined():
    rows = [("anna", MAY, MAY, False), ("ben", MAY, DELIVERY, True)]
    df = session().createDataFrame(rows, LOAN_PERFORMANCE.spark_schema)
    found = build(df, LOAN_PERFORMANCE, DELIVERY).collect()
    assert {row["user_id"]: row["reasons"] for row in found} == {
        "anna": [], "ben": ["observed_on:after_event_date"]}


def test_files_of_one_delivery_may_differ_in_width(tmp_path):
    narrow = {"balance_minor": pa.int32(), "user_id": pa.large_string()}
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for path, kinds, user in zip(paths, ({}, narrow), ("anna", "ben")):
        schema = pa.schema([pa.field(f.name, kinds.get(f.name, f.type))
                            for f in STATEMENTS.arrow_schema])
        pq.write_table(pa.table([[user], [MAY], [5], [0]], schema=schema), path)
    delivery = Delivery("statements", DELIVERY, tmp_path, 2, "CNY", tuple(paths), "f")
    assert take_in(tmp_path, STATEMENTS, delivery)["accepted"] == 2


@pytest.mark.parametrize("blank", ["", " ", "\t\n", "\u00a0", "\u3000"])
def test_a_row_without_a_user_is_quarantined_whole(blank):
    df = session().createDataFrame([(blank, MAY, 5, 0)], STATEMENTS.spark_schema)
    kept = rejected(build(df, STATEMENTS, DELIVERY), STATEMENTS, DELIVERY).collect()
    assert kept[0]["reasons"] == ["user_id:missing"]
    assert json.loads(kept[0]["row_json"])["balance_minor"] == 5


def test_every_broken_rule_of_a_row_is_kept():
    df = session().createDataFrame([("carl", MAY, -5, 190, "robot", None, None)],
                                   BOUND_CARDS.spark_schema)
    assert build(df, BOUND_CARDS, DELIVERY).collect()[0]["reasons"] == [
        "card_limit_minor:below_minimum", "age_years:above_maximum", "gender:not_allowed"]


def test_counts_that_lose_a_row_are_refused():
    with pytest.raises(NightlistError, match="rows were lost"):
        reconcile("statements", DELIVERY, 3,
                  {"received": 3, "accepted": 1, "quarantined": 1, "duplicates": 0})
