"""The UCI adapter: months in their place, codes in words, money in minor units."""

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.adapters import uci
from jobs.contracts.feeds import FEEDS
from jobs.errors import DeliveryRefused
from jobs.intake.landing import delivery_names, verify

NOVEMBER = dt.date(2005, 11, 1)


def holder(**known):
    row = {"ID": 17, "LIMIT_BAL": 20000, "SEX": 2, "EDUCATION": 2, "MARRIAGE": 1, "AGE": 24}
    row |= {f"PAY_{n}": n for n in (0, 2, 3, 4, 5, 6)}
    for back in range(1, 7):
        row |= {f"BILL_AMT{back}": 100 * back, f"PAY_AMT{back}": back}
    return row | known


def cards(*holders):
    return pa.Table.from_pylist([holder(**known) for known in holders or ({},)])


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "uci"
    folder.mkdir()
    pq.write_table(cards({"ID": 17}, {"ID": 18}), folder / "cards.parquet")
    pq.write_table(pa.table({"ID": [17], uci.OUTCOME: [1]}), folder / "outcomes.parquet")
    return folder


def test_the_limit_is_in_minor_units_and_seen_at_the_end_of_september():
    row = uci.bound_cards(cards({"LIMIT_BAL": 20000})).to_pylist()[0]
    assert row["card_limit_minor"] == 2_000_000
    assert row["event_date"] == dt.date(2005, 9, 30)


def test_the_user_id_is_the_id_as_delivered():
    assert uci.bound_cards(cards({"ID": 30000}))["user_id"].to_pylist() == ["30000"]


@pytest.mark.parametrize(("code", "column", "value", "name"), [
    ("SEX", "gender", 1, "male"), ("SEX", "gender", 2, "female"),
    ("EDUCATION", "education", 1, "graduate_school"), ("EDUCATION", "education", 2, "university"),
    ("EDUCATION", "education", 3, "high_school"), ("EDUCATION", "education", 4, "other"),
    ("EDUCATION", "education", 0, None), ("EDUCATION", "education", 5, None),
    ("EDUCATION", "education", 6, None),
    ("MARRIAGE", "marital_status", 1, "married"), ("MARRIAGE", "marital_status", 2, "single"),
    ("MARRIAGE", "marital_status", 3, "other"), ("MARRIAGE", "marital_status", 0, None),
])
def test_a_code_becomes_its_word_and_an_undocumented_one_nothing(code, column, value, name):
    assert uci.bound_cards(cards({code: value}))[column].to_pylist() == [name]


def test_column_1_is_september_and_column_6_april():
    by_month = {row["event_date"]: (row["balance_minor"], row["payment_minor"])
                for row in uci.statements(cards()).to_pylist()}
    assert by_month[dt.date(2005, 9, 30)] == (10_000, 100)
    assert by_month[dt.date(2005, 4, 30)] == (60_000, 600)
    assert len(by_month) == 6


def test_status_column_0_is_september_and_column_2_august():
    by_month = {row["event_date"]: row["repayment_status"]
                for row in uci.bureau_tradelines(cards()).to_pylist()}
    assert by_month == {dt.date(2005, 9, 30): 0, dt.date(2005, 8, 31): 2, dt.date(2005, 7, 31): 3,
                        dt.date(2005, 6, 30): 4, dt.date(2005, 5, 31): 5, dt.date(2005, 4, 30): 6}


def test_an_outcome_is_known_after_its_window_and_learnt_for_its_first_day():
    rows = uci.loan_performance(pa.table({"ID": [3, 4], uci.OUTCOME: [0, 1]})).to_pylist()
    assert [row["is_default"] for row in rows] == [False, True]
    assert rows[0]["observed_on"] == dt.date(2005, 10, 1)
    assert rows[0]["event_date"] == dt.date(2005, 10, 31)


def test_each_feed_lands_on_its_date(data, tmp_path):
    uci.deliver(tmp_path, data)
    assert {name: days for name in FEEDS
            if (days := [one.day for one in delivery_names(tmp_path, name, NOVEMBER)])} == {
        "bound_cards": [dt.date(2005, 10, 1)], "statements": [dt.date(2005, 10, 1)],
        "bureau_tradelines": [dt.date(2005, 10, 1)], "loan_performance": [NOVEMBER]}


def test_delivering_again_changes_nothing(data, tmp_path):
    folders = uci.deliver(tmp_path, data)
    before = [(folder / "_manifest.json").stat().st_mtime_ns for folder in folders]
    assert uci.deliver(tmp_path, data) == folders
    assert [(folder / "_manifest.json").stat().st_mtime_ns for folder in folders] == before


@pytest.mark.parametrize("name", ["cards.parquet", "outcomes.parquet"])
def test_a_missing_file_names_itself_and_the_option(data, tmp_path, name):
    (data / name).unlink()
    with pytest.raises(DeliveryRefused, match=f"{name}: .*no such file; point --data"):
        uci.deliver(tmp_path, data)
    assert not (tmp_path / "landing").exists()


def test_a_file_cut_short_is_refused(data, tmp_path):
    path = data / "cards.parquet"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DeliveryRefused, match="cards.parquet: expected a whole Parquet file"):
        uci.deliver(tmp_path, data)


def test_missing_columns_are_all_named(data, tmp_path):
    pq.write_table(cards().drop_columns(["AGE", "PAY_0"]), data / "cards.parquet")
    with pytest.raises(DeliveryRefused, match="found no AGE, PAY_0; point --data"):
        uci.deliver(tmp_path, data)


@pytest.mark.parametrize(("values", "found"), [
    (["much"], "cards.parquet.LIMIT_BAL: expected whole numbers, found string"),
    ([0.5], "cards.parquet.LIMIT_BAL: expected whole numbers, found Float value 0.5"),
])
def test_amounts_that_are_no_whole_numbers_are_refused(data, tmp_path, values, found):
    table = cards().drop_columns(["LIMIT_BAL"]).append_column("LIMIT_BAL", pa.array(values))
    pq.write_table(table, data / "cards.parquet")
    with pytest.raises(DeliveryRefused, match=found):
        uci.deliver(tmp_path, data)


@pytest.mark.parametrize(("outcome", "found"), [(2, "found 2"), (None, "found 1 empty")])
def test_an_outcome_that_is_neither_is_refused(data, tmp_path, outcome, found):
    pq.write_table(pa.table({"ID": [17], uci.OUTCOME: pa.array([outcome], pa.int64())}),
                   data / "outcomes.parquet")
    with pytest.raises(DeliveryRefused, match=f"{uci.OUTCOME}: expected 0 or 1, {found}"):
        uci.deliver(tmp_path, data)


@pytest.mark.real
def test_the_30000_card_holders_land_whole(real_data, tmp_path):
    uci.deliver(tmp_path, real_data / "uci_credit_card")
    rows = {name: verify(tmp_path, FEEDS[name], day).said["rows"] for name in FEEDS
            for day in delivery_names(tmp_path, name, NOVEMBER)}
    assert rows == {"bound_cards": 30_000, "statements": 180_000, "bureau_tradelines": 180_000,
                    "loan_performance": 21_091}


@pytest.mark.real
def test_the_first_real_holder_is_as_published(real_data, tmp_path):
    folder = uci.deliver(tmp_path, real_data / "uci_credit_card")[0]
    first = pq.read_table(folder / "bound_cards.parquet", partitioning=None).slice(0, 1)
    assert first.to_pylist() == [{
        "user_id": "1", "event_date": dt.date(2005, 9, 30), "card_number": "UCI-1",
        "action": "bind", "card_kind": "credit", "bank": None, "card_limit_minor": 2_000_000,
        "is_name_verified": True, "national_id": None, "phone": None, "age_years": 24,
        "gender": "female", "education": "university", "marital_status": "married",
        "region": None}]
