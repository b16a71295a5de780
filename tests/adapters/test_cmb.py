"""The CMB adapter: cards are counted, amounts exact, sessions cut where nobody looked."""

import datetime as dt

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from jobs.adapters import cmb
from jobs.errors import DeliveryRefused
from tests.adapters import bank


def at(clock, day=11):
    return f"2019-06-{day} {clock}"


def views(*clocks):
    return [{"id": "Uann", "page_tm": clock} for clock in clocks]


@pytest.fixture
def data(tmp_path):
    return lambda **rows: bank.write(tmp_path / "cmb", **rows)


def test_each_counted_card_is_bound_by_the_day_of_the_snapshot(data):
    rows = cmb.bound_cards(data() / "tag.parquet").to_pylist()
    assert [(row["user_id"], row["card_number"], row["card_kind"]) for row in rows] == [
        ("Uann", "Uann-credit-1", "credit"), ("Uann", "Uann-debit-1", "debit"),
        ("Uann", "Uann-debit-2", "debit"), ("Ubob", "Ubob-credit-1", "credit"),
        ("Ucem", "Ucem-debit-1", "debit")]
    assert {row["event_date"] for row in rows} == {dt.date(2019, 6, 30)}
    assert {row["delivered_on"] for row in rows} == {dt.date(2019, 7, 1)}


def test_what_has_no_published_meaning_is_not_known(data):
    ann, bob = (cmb.bound_cards(data() / "tag.parquet").to_pylist()[place] for place in (0, 3))
    assert (ann["gender"], bob["gender"], ann["age_years"]) == ("female", None, 40)
    assert {ann[name] for name in ("card_limit_minor", "education", "marital_status",
                                   "national_id", "phone", "region")} == {None}


def test_two_transactions_that_are_alike_stay_two_and_come_the_day_after(data):
    rows = cmb.account_flows(data() / "trd.parquet").to_pylist()
    assert [(row["flow_id"], row["amount_minor"], row["delivered_on"]) for row in rows] == [
        ("trd-0000001", -3719, dt.date(2019, 7, 1)), ("trd-0000002", 24947, dt.date(2019, 5, 2)),
        ("trd-0000003", 24947, dt.date(2019, 5, 2))]
    assert rows[0]["event_at"] == dt.datetime(2019, 6, 30, 23, 59, 59)


@pytest.mark.parametrize("amount", [0.001, None, float("nan"), float("inf")])
def test_an_amount_that_is_not_whole_fen_is_refused(data, amount):
    rows = [{"id": "Uann", "trx_tm": "2019-05-01 00:00:00", "cny_trx_amt": 1.5},
            {"id": "Uann", "trx_tm": "2019-05-01 00:00:00", "cny_trx_amt": amount}]
    with pytest.raises(DeliveryRefused, match="amounts in CNY with two decimals, found 1 others"):
        cmb.account_flows(data(transactions=rows) / "trd.parquet")


@pytest.mark.parametrize(("clocks", "sessions"), [
    ([at("10:00:00")], [0]),
    ([at("10:00:00"), at("10:30:00")], [1800]),             # thirty minutes are not more
    ([at("10:00:00"), at("10:30:01")], [0, 0]),
    ([at("10:20:00"), at("10:00:00"), at("10:40:00")], [2400]),     # the file's order is none
    ([at("10:00:00"), at("10:00:00")], [0]),
    ([at("23:50:00"), at("00:10:00", 12)], [1200]),
])
def test_views_up_to_half_an_hour_apart_are_one_session(data, clocks, sessions):
    rows = cmb.logins(data(views=views(*clocks)) / "beh.parquet").to_pylist()
    assert [row["online_seconds"] for row in rows] == sessions


def test_a_session_over_midnight_is_known_the_day_after_its_end(data):
    (row,) = cmb.logins(data(views=views(at("23:50:00"), at("00:10:00", 12)))
                        / "beh.parquet").to_pylist()
    assert row["event_at"] == dt.datetime(2019, 6, 11, 23, 50)
    assert row["delivered_on"] == dt.date(2019, 6, 13)


def test_a_time_that_is_none_is_refused(data):
    with pytest.raises(DeliveryRefused, match="beh.parquet: expected values as in the published"):
        cmb.logins(data(views=views("yesterday")) / "beh.parquet")


def test_a_file_that_is_missing_or_another_is_named(data, tmp_path):
    folder = data()
    pq.write_table(pa.table({"id": ["Uann"]}), folder / "trd.parquet")
    with pytest.raises(DeliveryRefused, match="trd.parquet: .*no trx_tm, cny_trx_amt"):
        cmb.deliver(tmp_path / "home", folder)
    (folder / "tag.parquet").unlink()
    with pytest.raises(DeliveryRefused, match="tag.parquet: .*no such file"):
        cmb.deliver(tmp_path / "home", folder)
    assert not (tmp_path / "home").exists()


def test_delivering_twice_changes_nothing(data, tmp_path):
    folder = data()
    first = cmb.deliver(tmp_path / "home", folder)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "home").rglob("_manifest.json")}
    assert cmb.deliver(tmp_path / "home", folder) == first and len(first) == 4
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.real
def test_every_real_card_transaction_and_view_is_there(real_data):
    folder = real_data / "cmb_fintech2020"
    if not folder.is_dir():
        pytest.skip(f"no CMB data in {real_data}")
    cards, flows, sessions = (cmb.bound_cards(folder / "tag.parquet"),
                              cmb.account_flows(folder / "trd.parquet"),
                              cmb.logins(folder / "beh.parquet"))
    tag, trd, beh = (f"'{folder}/{name}.parquet'" for name in ("tag", "trd", "beh"))
    assert duckdb.sql(f"select sum(cur_debit_cnt + cur_credit_cnt) from {tag}").fetchall() == [
        (cards.num_rows,)]
    assert flows.num_rows == 142_645
    # Exact, unlike a sum of floats: each amount by its own text.
    assert duckdb.sql("select sum((cny_trx_amt::varchar::decimal(18, 2) * 100)::bigint) "
                      f"from {trd}").fetchall() == [(pc.sum(flows["amount_minor"]).as_py(),)]
    # A view begins a session when the person looked at nothing in the half hour before.
    assert duckdb.sql(
        "select count(*) from (select distinct id, page_tm::timestamp as seen "
        f"from {beh}) later where not exists (select 1 from {beh} earlier where "
        "earlier.id = later.id and earlier.page_tm::timestamp < later.seen and "
        "earlier.page_tm::timestamp >= later.seen - interval 30 minutes)").fetchall() == [
        (sessions.num_rows,)]
    # Every view lies in one session of its person.
    assert duckdb.sql(
        f"select count(*) from {beh} v join sessions s on s.user_id = v.id and "
        "v.page_tm::timestamp between s.event_at and s.event_at + to_seconds(s.online_seconds)"
    ).fetchall() == [(95_669,)]
