"""The simulated city: repeatable, dated honestly, and with a truth that a model can find."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from jobs.contracts.feeds import FEEDS
from jobs.errors import UsageError
from jobs.intake.landing import delivery_dates, verify
from jobs.simulate import city
from jobs.simulate.people import People, live

AS_OF = dt.date(2026, 6, 30)
MAY, JUNE = dt.date(2026, 5, 1), dt.date(2026, 6, 1)
USERS = 20_000


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("city")
    city.deliver(folder, AS_OF, USERS, 7)
    return folder


def rows(home, feed, day):
    return pq.read_table(home / "landing" / feed / day.isoformat(), partitioning=None).to_pandas()


def valid(home, feed, *days):
    """Delivered rows without the planted dirt."""
    frame = pd.concat([rows(home, feed, day) for day in days]).drop_duplicates()
    for column, worst in (("age_years", 120), ("repayment_status", 9)):
        if column in frame:
            frame = frame[frame[column] <= worst]
    return frame[frame["payment_minor"] >= 0] if "payment_minor" in frame else frame


def hashes(home, seed):
    return {str(path.relative_to(home)): path.read_bytes()
            for folder in city.deliver(home, AS_OF, 300, seed) for path in folder.iterdir()}


def alike(users, **traits):
    """People who are all the same, with the traits given and 10,000 CNY of limit."""
    hidden = {"income": 0.0, "stability": 0.0, "need": 0.0, **traits}
    return People(*(np.full(users, hidden[name]) for name in ("income", "stability", "need")),
                  np.full(users, 30), np.full(users, 10_000), np.full(users, True),
                  np.full(users, True))


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    assert hashes(tmp_path / "one", 7) == hashes(tmp_path / "other", 7)


def test_another_seed_gives_other_people(tmp_path):
    one, other = hashes(tmp_path / "one", 7), hashes(tmp_path / "other", 8)
    assert one.keys() == other.keys()
    assert all(one[name] != other[name] for name in one)


def test_every_delivery_is_what_its_manifest_says(home):
    verified = {(name, day): verify(home, feed, day).said["currency"]
                for name, feed in FEEDS.items() for day in delivery_dates(home, name, AS_OF)}
    assert verified == {("bound_cards", MAY): "CNY", ("statements", MAY): "CNY",
                        ("statements", JUNE): "CNY", ("bureau_tradelines", MAY): "CNY",
                        ("bureau_tradelines", JUNE): "CNY", ("loan_performance", JUNE): "CNY"}


def test_nothing_is_dated_after_its_delivery(home):
    for name in FEEDS:
        for day in delivery_dates(home, name, AS_OF):
            assert max(rows(home, name, day)["event_date"]) < day, name


@pytest.mark.parametrize("name", ["statements", "bureau_tradelines"])
def test_six_month_ends_come_first_and_then_one(home, name):
    assert sorted(set(rows(home, name, MAY)["event_date"])) == [
        dt.date(2025, 11, 30), dt.date(2025, 12, 31), dt.date(2026, 1, 31), dt.date(2026, 2, 28),
        dt.date(2026, 3, 31), dt.date(2026, 4, 30)]
    assert set(rows(home, name, JUNE)["event_date"]) == {dt.date(2026, 5, 31)}


def test_on_the_first_of_a_month_that_day_s_delivery_is_known(tmp_path):
    city.deliver(tmp_path, dt.date(2026, 1, 1), 100, 7)
    assert delivery_dates(tmp_path, "statements", dt.date(2026, 1, 1)) == [
        dt.date(2025, 12, 1), dt.date(2026, 1, 1)]


def test_outcomes_are_to_be_foreseen_on_the_first_delivery(home):
    assert set(rows(home, "loan_performance", JUNE)["observed_on"]) == {MAY}


def test_two_fifths_had_a_pilot_loan_and_three_in_a_hundred_defaulted(home):
    loans = rows(home, "loan_performance", JUNE)
    # Four standard errors: 8,000 of 20,000 +- 277, and 3 % of 8,000 +- 0.76 %.
    assert abs(len(loans) - 8000) < 300
    assert abs(loans["is_default"].mean() - 0.03) < 0.0076


def test_the_bureau_knows_three_eighths_and_rather_the_older(home):
    known = set(rows(home, "bureau_tradelines", MAY)["user_id"])
    cards = valid(home, "bound_cards", MAY)
    is_known = cards["user_id"].isin(known)
    assert len(known) == 7500
    assert cards[is_known]["age_years"].mean() > cards[~is_known]["age_years"].mean() + 5


def test_the_rules_have_someone_to_reject(home):
    cards = valid(home, "bound_cards", MAY)
    assert cards["age_years"].between(16, 75).all()
    assert (cards["age_years"] < 18).sum() > 50
    assert (cards["age_years"] > 60).sum() > 100
    assert cards["card_limit_minor"].between(300_000, 20_000_000).all()


def test_nobody_under_age_had_a_pilot_loan(home):
    cards = valid(home, "bound_cards", MAY)
    borrowers = rows(home, "loan_performance", JUNE)["user_id"]
    assert cards[cards["user_id"].isin(borrowers)]["age_years"].min() == 18


@pytest.mark.parametrize(("name", "day", "column", "value", "count"), [
    ("bound_cards", MAY, "age_years", 190, 20_000 // 4000),
    ("statements", MAY, "payment_minor", -100, 120_000 // 4000),
    ("statements", JUNE, "payment_minor", -100, 20_000 // 4000),
    ("bureau_tradelines", MAY, "repayment_status", 12, 45_000 // 4000),
    ("bureau_tradelines", JUNE, "repayment_status", 12, 1),
])
def test_the_planted_dirt_is_there(home, name, day, column, value, count):
    frame = rows(home, name, day)
    assert (frame[column] == value).sum() == count
    assert frame.duplicated().sum() == count
    assert not frame[frame.duplicated(keep=False)][column].eq(value).any()


def test_a_simple_model_finds_the_truth(home):
    loans = rows(home, "loan_performance", JUNE).set_index("user_id")["is_default"]
    cards = valid(home, "bound_cards", MAY).set_index("user_id")["card_limit_minor"]
    bills = valid(home, "statements", MAY).groupby("user_id").agg(
        owed=("balance_minor", "sum"), paid=("payment_minor", "sum"),
        skipped=("payment_minor", lambda column: (column == 0).sum()))
    status = valid(home, "bureau_tradelines", MAY).groupby("user_id")["repayment_status"]
    features = pd.concat([np.log(cards), bills["owed"] / cards,
                          (bills["paid"] / bills["owed"].clip(lower=1)).clip(upper=2),
                          bills["skipped"], status.max(), status.count()], axis=1).fillna(0)
    x = features.reindex(loans.index).fillna(0).to_numpy()
    model = make_pipeline(StandardScaler(), LogisticRegression())
    pd_hat = cross_val_predict(model, x, loans, cv=5, method="predict_proba")[:, 1]
    assert 0.70 < roc_auc_score(loans, pd_hat) < 0.85


def test_need_and_little_stability_fill_the_card():
    rng = np.random.Generator(np.random.PCG64(1))
    calm = live(rng, alike(500, stability=1.0, need=-1.0), 6).balance_minor.mean()
    pressed = live(rng, alike(500, stability=-1.0, need=1.0), 6).balance_minor.mean()
    assert pressed > 2 * calm


def test_months_past_due_grow_by_one_or_end():
    rng = np.random.Generator(np.random.PCG64(1))
    status = live(rng, alike(2000, stability=-2.0, need=2.0), 12).repayment_status
    before, after = status[:-1].clip(min=0), status[1:].clip(min=0)
    assert (before > 0).sum() > 500
    assert np.isin(after - before, (1,)).any()
    assert ((after == 0) | (after == np.minimum(before + 1, 8))).all()


def test_a_month_past_due_is_a_month_without_payment():
    rng = np.random.Generator(np.random.PCG64(1))
    life = live(rng, alike(2000, stability=-2.0, need=2.0), 6)
    assert (life.payment_minor[life.repayment_status > 0] == 0).all()


def test_paid_in_full_is_paid_to_the_last_cent():
    rng = np.random.Generator(np.random.PCG64(1))
    life = live(rng, alike(500, stability=2.0), 6)
    is_full = life.repayment_status[1:] == -1
    assert is_full.sum() > 1000
    assert (life.payment_minor[1:] == life.balance_minor[:-1])[is_full].all()


def test_too_few_people_are_refused(tmp_path):
    with pytest.raises(UsageError, match="--users: expected 100 people or more, found 99"):
        city.deliver(tmp_path, AS_OF, 99, 7)


def test_user_ids_are_unique_and_spoken_for_by_number(home):
    ids = pa.array(valid(home, "bound_cards", MAY)["user_id"])
    assert ids[0].as_py() == "u0000001"
    assert len(ids.unique()) == len(ids)
