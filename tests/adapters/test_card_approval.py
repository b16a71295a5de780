"""The card approval adapter: people by profile, months in their place, outcomes in their window."""

import datetime as dt

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.adapters import card_approval
from jobs.errors import DeliveryRefused

ANN, BOB = {"AMT_INCOME_TOTAL": 1000.0}, {"AMT_INCOME_TOTAL": 2000.0}


def applicant(number, **known):
    row = {"ID": number, **dict.fromkeys(card_approval.PROFILE, "N"), "CNT_CHILDREN": 0,
           "AMT_INCOME_TOTAL": 1000.0, "DAYS_BIRTH": -10957, "DAYS_EMPLOYED": -1,
           "OCCUPATION_TYPE": None, "NAME_EDUCATION_TYPE": "Higher education",
           "NAME_FAMILY_STATUS": "Married", "CODE_GENDER": "F"}
    return row | known


def record(number, first_month, statuses):
    """One row a month, from `first_month` on."""
    return [{"ID": number, "MONTHS_BALANCE": first_month + place, "STATUS": status}
            for place, status in enumerate(statuses)]


@pytest.fixture
def opened(tmp_path):
    def write(applicants, months):
        pq.write_table(pa.Table.from_pylist(applicants), tmp_path / "application_record.parquet")
        pq.write_table(pa.Table.from_pylist(months), tmp_path / "credit_record.parquet")
        return card_approval.opened(tmp_path)
    return write


def test_equal_profiles_are_one_person_with_two_lines(opened):
    lines = card_approval.bureau_tradelines(opened(
        [applicant(10), applicant(11), applicant(13, **BOB)],
        record(10, 0, "0") + record(11, 0, "C") + record(13, 0, "X"))).to_pylist()
    assert [(row["user_id"], row["line_id"], row["repayment_status"]) for row in lines] == [
        ("10", "10", 0), ("10", "11", -1), ("13", "13", -2)]


def test_an_account_without_an_application_and_an_id_of_two_people_have_no_person(opened):
    lines = card_approval.bureau_tradelines(opened(
        [applicant(10), applicant(20), applicant(20, **BOB)],
        record(10, 0, "0") + record(20, 0, "0") + record(99, 0, "0")))
    assert lines["user_id"].to_pylist() == ["10"]


def test_months_count_back_from_december_2020_and_come_on_the_next_day(opened):
    lines = card_approval.bureau_tradelines(opened(
        [applicant(10)], record(10, -60, "0") + record(10, -10, "5"))).to_pylist()
    assert [(row["event_date"], row["delivered_on"], row["repayment_status"]) for row in lines] == [
        (dt.date(2015, 12, 31), dt.date(2016, 1, 1), 0),
        (dt.date(2020, 2, 29), dt.date(2020, 3, 1), 5)]


def test_a_card_is_bound_from_the_first_month_of_its_account(opened):
    (card,) = card_approval.bound_cards(opened(
        [applicant(10)], record(10, -12, "00"))).to_pylist()
    # Born 10,957 days before 2020-12-31, on 1991-01-01: 28 at the end of 2019.
    assert (card["event_date"], card["delivered_on"], card["age_years"]) == (
        dt.date(2019, 12, 31), dt.date(2020, 1, 1), 28)
    assert (card["education"], card["marital_status"], card["gender"]) == (
        "university", "married", "female")


@pytest.mark.parametrize(("statuses", "outcome"), [
    ("0" + "000000", [False]), ("0" + "000001", [True]), ("1" + "000000", [False]),
    ("0" + "0000001", [False]),     # one month after the window
    ("0" + "C", [False]), ("0", []),    # nothing is known of the window
])
def test_default_is_a_month_past_due_within_the_half_year_after(opened, statuses, outcome):
    rows = card_approval.loan_performance(opened(
        [applicant(10)], record(10, -24, statuses))).to_pylist()
    observed = [row for row in rows if row["observed_on"] == dt.date(2019, 1, 1)]
    assert [row["is_default"] for row in observed] == outcome
    for row in observed:
        assert (row["event_date"], row["delivered_on"]) == (dt.date(2019, 6, 30),
                                                            dt.date(2019, 7, 1))


def test_any_line_of_a_person_in_default_is_a_default(opened):
    rows = card_approval.loan_performance(opened(
        [applicant(10), applicant(11)],
        record(10, -24, "0000000") + record(11, -20, "2"))).to_pylist()
    assert [row["is_default"] for row in rows if row["observed_on"] == dt.date(2019, 1, 1)] == [
        True]


def test_the_outcome_of_one_person_in_three_is_withheld(opened):
    rows = card_approval.loan_performance(opened(
        [applicant(9), applicant(10, **BOB)],
        record(9, -24, "0000000") + record(10, -24, "0000000")))
    assert set(rows["user_id"].to_pylist()) == {"10"}


def test_a_missing_file_or_another_set_is_named(tmp_path, opened):
    with pytest.raises(DeliveryRefused, match="application_record.parquet: .*no such file"):
        card_approval.deliver(tmp_path / "home", tmp_path)
    with pytest.raises(DeliveryRefused, match="credit_record.parquet: .*no MONTHS_BALANCE, STATUS"):
        opened([applicant(10)], [{"ID": 10}])


@pytest.mark.real
def test_every_month_of_the_real_people_is_there_once(real_data):
    folder = real_data / "credit_card_approval"
    if not folder.is_dir():
        pytest.skip(f"no card approval data in {real_data}")
    with card_approval.opened(folder) as connection:
        cards = card_approval.bound_cards(connection)
        lines = card_approval.bureau_tradelines(connection)
        loans = card_approval.loan_performance(connection)
    months, asked = (f"'{folder}/{name}.parquet'"
                     for name in ("credit_record", "application_record"))
    assert cards.num_rows == 36_457
    assert duckdb.sql(f"select count(*), count(*) filter (STATUS in ('1', '2', '3', '4', '5')) "
                      f"from {months} where ID in (select ID from {asked})").fetchall() == [
        (lines.num_rows, sum(status > 0 for status in lines["repayment_status"].to_pylist()))]
    assert duckdb.sql(
        f"select count(*) from (select distinct * exclude ID from {asked} "
        f"where ID in (select ID from {months}))").fetchall() == [
        (len(set(cards["user_id"].to_pylist())),)]
    assert not [user for user in set(loans["user_id"].to_pylist()) if int(user) % 3 == 0]
