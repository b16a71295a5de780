"""Terms of an offer: effects that were planted are found, keep their sign, and cost no tree."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from jobs.contracts.table import Field
from jobs.errors import TrainingRefused
from models.prediction import calibrated_margins, predict
from models.spec import LIGHTGBM, Spec, Term
from models.terms import shift
from models.training import train

SPEC = Spec("response", "is_accepted", "binary", (Field("need", "double", "", "", True),),
            LIGHTGBM, rounds=200,
            terms=(Term("limit", "offered_limit_minor", 1), Term("rate", "offered_rate_daily", -1)))


def offers(by_limit, by_rate, people=6_000):
    rng = np.random.default_rng(8)
    need, limit = rng.normal(size=people), rng.choice([20_000, 50_000, 100_000, 200_000], people)
    rate = rng.choice([0.08, 0.12, 0.18], people)
    margin = -1 + need + by_limit * np.log(limit / 30_000) + by_rate * (rate - 0.12)
    return pa.table({
        "user_id": [f"user-{number:05d}" for number in range(people)],
        "as_of_date": pa.array([dt.date(2026, 3, 31)] * people), "need": need,
        "offered_limit_minor": limit * 100, "offered_rate_daily": rate / 360,
        "is_accepted": rng.random(people) < 1 / (1 + np.exp(-margin))})


@pytest.fixture(scope="module")
def response():
    return train(offers(0.6, -9.0), 7, spec=SPEC)


def test_reference_terms_add_nothing():
    assert shift({"limit": 0.6, "rate": -9.0}, np.array([3_000_000]), np.array([0.12])) == 0


def test_twice_the_limit_and_six_points_less_by_hand():
    added = shift({"limit": 0.5, "rate": -10.0}, np.array([6_000_000]), np.array([0.06]))
    assert added == pytest.approx([0.5 * np.log(2) + 0.6])


def test_planted_effects_are_found(response):
    coefficients = response.metadata["terms"]["coefficients"]
    assert coefficients["limit"] == pytest.approx(0.6, abs=0.1)
    assert coefficients["rate"] == pytest.approx(-9.0, abs=2.0)


def test_the_response_at_other_terms_is_the_share_seen_there(response):
    rows = offers(0.6, -9.0)
    lines = calibrated_margins(response, rows) + shift(
        response.metadata["terms"]["coefficients"], rows["offered_limit_minor"].to_numpy(),
        360 * rows["offered_rate_daily"].to_numpy())
    foretold, seen = 1 / (1 + np.exp(-lines)), rows["is_accepted"].to_numpy()
    dear = rows["offered_rate_daily"].to_numpy() * 360 > 0.15
    assert foretold[dear].mean() == pytest.approx(seen[dear].mean(), abs=0.02)
    assert foretold[~dear].mean() == pytest.approx(seen[~dear].mean(), abs=0.02)


def test_prediction_needs_no_terms_and_is_at_the_reference(response):
    rows = offers(0.6, -9.0).select(["need"])
    shares, _ = predict(response, rows)
    assert shares == pytest.approx(1 / (1 + np.exp(-calibrated_margins(response, rows))), abs=1e-9)


def test_an_effect_against_its_sign_is_none():
    coefficients = train(offers(-0.6, 9.0), 7, spec=SPEC).metadata["terms"]["coefficients"]
    assert coefficients == {"limit": 0.0, "rate": 0.0}


def test_a_limit_of_nothing_is_refused():
    rows = offers(0.6, -9.0, 200)
    free = rows.set_column(3, "offered_limit_minor", pa.array([0] * 200))
    with pytest.raises(TrainingRefused, match="offered_limit_minor: .*limits above zero"):
        train(free, 7, spec=SPEC)
