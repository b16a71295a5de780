"""The simulated city: repeatable, dated honestly, and with a truth that a model can find."""

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from jobs.contracts.feeds import FEEDS
from jobs.errors import UsageError
from jobs.intake.landing import DeliveryName, delivery_names, verify
from jobs.simulate import city, places

AS_OF = dt.date(2026, 6, 30)
MAY, JUNE = dt.date(2026, 5, 1), dt.date(2026, 6, 1)
FIRST = dt.date(2026, 6, 24)
USERS = 20_000
#: Feeds whose rows of a day come the day after.
LATE = ("account_flows", "shopping", "rides", "bureau_inquiries", "social_edges")
DAILY = ("logins", "payments", "virtual_property", "funding_lines", "loan_days", *LATE)


def days(home, feed, as_of):
    return [name.day for name in delivery_names(home, feed, as_of)]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("city")
    city.deliver(folder, AS_OF, USERS, 7)
    return folder


def sql(home, query):
    """Landing in SQL: {feed} stands for all of a feed's files."""
    files = {name: f"read_parquet('{home}/landing/{name}/*/*.parquet', filename=true)"
             for name in FEEDS}
    return duckdb.sql(query.format(**files, truth=f"{home}/truth")).fetchall()


def rows(home, feed, day):
    return pq.read_table(home / "landing" / feed / day.isoformat(), partitioning=None).to_pandas()


def valid(home, feed, *days):
    """Delivered rows without the planted dirt."""
    frame = pd.concat([rows(home, feed, day) for day in days]).drop_duplicates()
    for column, worst in (("age_years", 120), ("repayment_status", 9)):
        if column in frame:
            frame = frame[frame[column] <= worst]
    return frame[frame["payment_minor"] >= 0] if "payment_minor" in frame else frame


def test_every_delivery_is_what_its_manifest_says(home):
    for name, feed in FEEDS.items():
        for day in days(home, name, AS_OF):
            assert verify(home, feed, DeliveryName(day)).said["currency"] == "CNY"


def test_monthly_feeds_come_on_the_first_and_daily_ones_every_day(home):
    week = [FIRST + dt.timedelta(days=n) for n in range(7)]
    dates = {name: days(home, name, AS_OF) for name in FEEDS}
    assert dates["statements"] == dates["bureau_tradelines"] == [MAY, JUNE]
    assert dates["third_party_scores"] == [MAY, JUNE] and dates["loan_performance"] == [JUNE]
    assert dates["bound_cards"][0] == dates["consents"][0] == dates["suppressions"][0] == MAY
    assert all(dates[name] == week for name in DAILY if name != "social_edges")
    assert dates["social_edges"] == [dt.date(2026, 6, 29)]
    assert set(dates) == set(FEEDS)


@pytest.mark.parametrize("name", sorted(FEEDS))
def test_no_event_is_after_its_delivery(home, name):
    column = "event_at" if "event_at" in FEEDS[name].columns else "event_date"
    for day in days(home, name, AS_OF):
        newest = pd.Timestamp(rows(home, name, day)[column].max()).date()
        assert newest < day if name in LATE else newest <= day


@pytest.mark.parametrize("name", ["statements", "bureau_tradelines"])
def test_six_month_ends_come_first_and_then_one(home, name):
    assert sorted(set(rows(home, name, MAY)["event_date"])) == [
        dt.date(2025, 11, 30), dt.date(2025, 12, 31), dt.date(2026, 1, 31), dt.date(2026, 2, 28),
        dt.date(2026, 3, 31), dt.date(2026, 4, 30)]
    assert set(rows(home, name, JUNE)["event_date"]) == {dt.date(2026, 5, 31)}


def test_a_night_on_the_first_of_a_month_knows_that_day_s_delivery(tmp_path):
    city.deliver(tmp_path, dt.date(2026, 1, 1), 100, 7)
    assert days(tmp_path, "statements", dt.date(2026, 1, 1)) == [
        dt.date(2025, 11, 1), dt.date(2025, 12, 1), dt.date(2026, 1, 1)]


def test_outcomes_are_to_be_foreseen_on_the_first_delivery(home):
    assert set(rows(home, "loan_performance", JUNE)["observed_on"]) == {MAY}


def test_two_fifths_had_a_partner_s_loan_and_three_in_a_hundred_defaulted(home):
    loans = rows(home, "loan_performance", JUNE)
    assert 0.37 < len(loans) / USERS < 0.43
    assert abs(loans["is_default"].mean() - 0.03) < 0.0076  # four standard errors


def test_the_bureau_knows_three_eighths_and_rather_the_older(home):
    known = set(rows(home, "bureau_tradelines", MAY)["user_id"])
    cards = valid(home, "bound_cards", MAY)
    is_known = cards["user_id"].isin(known)
    assert len(known) == 7500
    assert cards[is_known]["age_years"].mean() > cards[~is_known]["age_years"].mean() + 4


def test_thin_files_are_workers_freelancers_and_the_young(home):
    share = dict(sql(home, "select occupation, avg(is_known_to_bureau::int) from "
                     "'{truth}/people/*.parquet' group by 1"))
    assert max(share["worker"], share["freelancer"], share["student"]) < 0.25
    assert min(share["employee"], share["civil_servant"]) > 0.45


def test_the_rules_have_someone_to_reject(home):
    cards = valid(home, "bound_cards", MAY)
    assert cards["age_years"].between(16, 75).all()
    assert (cards["age_years"] < 18).sum() > 50
    assert (cards["age_years"] > 60).sum() > 100
    assert cards["card_limit_minor"].between(300_000, 20_000_000).all()


def test_nobody_under_age_had_a_loan(home):
    cards = valid(home, "bound_cards", MAY)
    borrowers = rows(home, "loan_performance", JUNE)["user_id"]
    assert cards[cards["user_id"].isin(borrowers)]["age_years"].min() == 18


@pytest.mark.parametrize(("name", "day", "column", "value", "count"), [
    ("bound_cards", MAY, "age_years", 190, 20_000 // 4000),
    ("statements", MAY, "payment_minor", -100, 120_000 // 4000),
    ("statements", JUNE, "payment_minor", -100, 20_000 // 4000),
])
def test_the_planted_dirt_is_there(home, name, day, column, value, count):
    frame = rows(home, name, day)
    assert (frame[column] == value).sum() == count
    assert frame.duplicated().sum() == count
    assert not frame[frame.duplicated(keep=False)][column].eq(value).any()


def test_daily_feeds_are_a_little_dirty_too(home):
    (bad, twice), = sql(home, "select count_if(amount_minor < 0), count(*) - count(distinct "
                        "payment_id) from {payments}")
    assert 0 < bad < 20 and 0 < twice < 20


def test_record_ids_are_unique_and_belong_to_people_of_the_city(home):
    for name, key in (("logins", "session_id"), ("rides", "ride_id"), ("account_flows", "flow_id")):
        (rows, ids, people), = sql(home, f"select count(*), count(distinct {key}), "
                                   f"count(distinct user_id) from {{{name}}}")
        assert 0 <= rows - ids <= rows // 10_000 and people <= USERS


def test_raw_identifiers_are_one_a_person_and_well_formed(home):
    (people, cards, ids, phones), = sql(
        home, "select count(distinct user_id), count(distinct card_number), count(distinct "
        "national_id), count(distinct phone) from {bound_cards} where filename like '%2026-05-01%'")
    assert people == cards == ids == phones == USERS
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
    for (national_id,) in sql(home, "select national_id from {bound_cards} limit 50"):
        total = sum(int(digit) * weight for digit, weight in zip(national_id, weights))
        assert len(national_id) == 18 and national_id[-1] == "10X98765432"[total % 11]


def test_an_account_s_balance_moves_by_what_is_booked(home):
    (wrong, checked), = sql(home, """
        with booked as (select distinct user_id, event_at, amount_minor, balance_after_minor from
                        {account_flows} where amount_minor > -1e12),
             pairs as (select balance_after_minor - amount_minor as before, lag(balance_after_minor)
                       over (partition by user_id order by event_at) as was from booked)
        select count_if(before <> was), count(was) from pairs""")
    assert checked > 20_000 and wrong <= 10  # where a row in between was made invalid


def test_trips_lead_home_and_to_work(home):
    (share,), = sql(home, """
        select avg((to_cell = work_cell)::int) from {rides} join '{truth}/people/*.parquet'
        using (user_id) where hour(event_at) between 7 and 9 and from_cell = home_cell
        and dayofweek(event_at) between 1 and 5""")
    assert share > 0.8


def test_friends_are_alike_and_mostly_of_one_community(home):
    (same, alike), = sql(home, """
        select avg((a.community = b.community)::int), corr(a.income, b.income)
        from '{truth}/friends/*.parquet' join '{truth}/people/*.parquet' a using (user_id)
        join '{truth}/people/*.parquet' b on b.user_id = friend_user_id""")
    assert same > 0.7 and 0.1 < alike < 0.4


def test_published_figures_are_met(home, capsys):
    """Delinquency 0.6 to 1.5 %, most balances under 50,000 CNY; shown with `pytest -s`."""
    (loans, money), = sql(home, """
        with newest as (select * from {loan_days} qualify row_number() over (
            partition by loan_id order by event_date desc) = 1)
        select avg((overdue_days >= 30)::int), sum(balance_minor) filter (overdue_days >= 30)
               / sum(balance_minor) from newest where balance_minor > 0""")
    (bureau, small), = sql(home, """
        select avg((repayment_status >= 2)::int), avg((balance_minor < 5000000)::int)
        from {bureau_tradelines} where kind = 'credit_card' and repayment_status <= 9""")
    found = {"30 days past due, loans": loans, "30 days past due, money": money,
             "30 days past due, bureau cards": bureau, "balances under 50,000 CNY": small}
    for name, share in found.items():
        print(f"{name:<32}{share:>8.2%}")
    assert all(0.006 <= share <= 0.015 for share in (loans, money, bureau))
    assert small > 0.9


def test_a_simple_model_finds_the_truth(home):
    loans = rows(home, "loan_performance", JUNE).set_index("user_id")["is_default"]
    cards = valid(home, "bound_cards", MAY).set_index("user_id")["card_limit_minor"]
    bills = valid(home, "statements", MAY).groupby("user_id").agg(
        owed=("balance_minor", "sum"), paid=("payment_minor", "sum"),
        skipped=("payment_minor", lambda column: (column == 0).sum()))
    lines = valid(home, "bureau_tradelines", MAY)
    status = lines[lines["kind"] == "credit_card"].groupby("user_id")["repayment_status"]
    features = pd.concat([np.log(cards), bills["owed"] / cards,
                          (bills["paid"] / bills["owed"].clip(lower=1)).clip(upper=2),
                          bills["skipped"], status.max(), status.count()], axis=1).fillna(0)
    x = features.reindex(loans.index).fillna(0).to_numpy()
    model = make_pipeline(StandardScaler(), LogisticRegression())
    pd_hat = cross_val_predict(model, x, loans, cv=5, method="predict_proba")[:, 1]
    assert 0.70 < roc_auc_score(loans, pd_hat) < 0.85


def test_too_few_people_are_refused(tmp_path):
    with pytest.raises(UsageError, match="--users: expected 100 people or more, found 99"):
        city.deliver(tmp_path, AS_OF, 99, 7)


def test_money_is_as_short_in_a_city_of_any_size(home):
    lines = rows(home, "funding_lines", AS_OF).set_index("funder")
    assert dict(lines["available_minor"]) == {"own": USERS * 300_000, "interbank": USERS * 200_000}
    assert [float(lines["cost_annual"][name]) for name in ("own", "interbank")] == [0.03, 0.045]


@pytest.mark.parametrize(("cell", "region"), [
    (0, "south_west"), (39_0059, "south_west"), (39_0060, "north_west"), (40_0059, "south_middle"),
    (79_0060, "north_middle"), (80_0000, "south_east"), (119_0119, "north_east")])
def test_a_region_is_a_third_from_west_to_east_and_a_half_to_the_north(cell, region):
    assert places.regions(np.array([cell])).to_pylist() == [region]


def test_everyone_has_a_region_and_keeps_it(home):
    cards = valid(home, "bound_cards", MAY)
    assert set(cards["region"]) == {f"{side}_{part}" for side in ("south", "north")
                                    for part in ("west", "middle", "east")}
    assert cards["region"].value_counts(normalize=True).min() > 0.05
    later = rows(home, "bound_cards", FIRST).merge(cards, on="user_id")
    assert len(later) and (later["region_x"] == later["region_y"]).all()
