"""Shares, amounts, weights, segments and dates: what the trainer makes of each."""

import dataclasses
import datetime as dt

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from jobs.contracts.table import Field
from jobs.errors import ModelMismatch, TrainingRefused
from models.prediction import predict
from models.spec import LIGHTGBM, Spec
from models.training import train

FEATURES = (Field("months", "integer", "", "", True, monotone=1), Field("noise", "double", "", ""))
BINARY = Spec("pd", "is_default", "binary", FEATURES, LIGHTGBM, rounds=80)
SHARE = dataclasses.replace(BINARY, name="lgd", target="loss_ratio", objective="fraction")
AMOUNT = dataclasses.replace(BINARY, name="income", target="income_minor", objective="amount")
DATES = [dt.date(2025, 9, 30), dt.date(2025, 12, 31), dt.date(2026, 3, 31)]


def rows(people=900, dates=DATES[-1:], **columns):
    """Each person once, at one of the dates; months past due from 0 to 3 in turn."""
    rng = np.random.default_rng(5)
    months = np.arange(people) % 4
    known = {
        "user_id": [f"user-{number:04d}" for number in range(people)],
        "as_of_date": pa.array([dates[number * len(dates) // people] for number in range(people)]),
        "months": months, "noise": rng.random(people),
        "is_default": rng.random(people) < 0.1 + 0.2 * months, **columns}
    return pa.table(known)


def by_months(model, matrix):
    """What the model foretells at 0, 1, 2 and 3 months, on average."""
    values, _ = predict(model, matrix)
    return [values[matrix["months"].to_numpy() == months].mean() for months in range(4)]


def test_shares_are_foretold_within_zero_and_one():
    rng = np.random.default_rng(1)
    shares = np.clip(0.1 + 0.25 * (np.arange(900) % 4) + rng.normal(0, 0.1, 900), 0, 1)
    matrix = rows(loss_ratio=shares)
    model = train(matrix, 7, spec=SHARE)
    seen = [shares[np.arange(900) % 4 == months].mean() for months in range(4)]
    assert by_months(model, matrix) == pytest.approx(seen, abs=0.05)
    assert model.metadata["bads"] is None and model.metadata["challenger"] is None


def test_amounts_are_foretold_in_their_unit_with_the_right_mean():
    rng = np.random.default_rng(1)
    amounts = np.exp(13 + 0.3 * (np.arange(900) % 4) + rng.normal(0, 0.5, 900))
    matrix = rows(income_minor=amounts.astype(np.int64))
    values, points = predict(train(matrix, 7, spec=AMOUNT), matrix)
    assert values.mean() == pytest.approx(amounts.mean(), rel=0.02)
    assert points.tolist() == [0] * 900


def test_equal_weights_of_any_size_change_nothing():
    plain = train(rows(), 7, spec=BINARY)
    weighted = train(rows(weight=[4.0] * 900), 7, spec=BINARY)
    assert weighted == plain


def test_weights_of_defaults_raise_the_probability():
    matrix = rows()
    weights = np.where(matrix["is_default"].to_numpy(zero_copy_only=False), 3.0, 1.0)
    weighted = train(matrix.append_column("weight", pa.array(weights)), 7, spec=BINARY)
    expected = np.average(matrix["is_default"].to_numpy(zero_copy_only=False), weights=weights)
    values, _ = predict(weighted, matrix)
    assert np.average(values, weights=weights) == pytest.approx(expected, abs=0.02)
    size = weights.sum() ** 2 / (weights ** 2).sum()
    assert weighted.metadata["weights"]["effective_sample_size"] == pytest.approx(size)


def test_segments_are_calibrated_apart():
    rng = np.random.default_rng(2)
    risk = 0.1 + 0.15 * (np.arange(1_200) % 4) + 0.2 * (np.arange(1_200) >= 600)
    matrix = rows(1_200, segment=np.where(np.arange(1_200) < 600, "thick_file", "thin_file"),
                  is_default=rng.random(1_200) < risk)
    model = train(matrix, 7, spec=BINARY)
    values, _ = predict(model, matrix)
    labels = matrix["is_default"].to_numpy(zero_copy_only=False)
    for half in (slice(0, 600), slice(600, 1_200)):
        assert values[half].mean() == pytest.approx(labels[half].mean(), abs=0.02)
    assert set(model.metadata["metrics"]["segments"]) == {"thick_file", "thin_file"}
    with pytest.raises(ModelMismatch, match="found no column segment"):
        predict(model, matrix.drop(["segment"]))


def test_the_newest_date_judges_a_model_of_the_earlier_ones():
    matrix = rows(dates=DATES)
    model = train(matrix, 7, spec=BINARY)
    split = model.metadata["split"]
    assert (split["headline"], split["judged_on"]) == ("out_of_time", "2026-03-31")
    assert split["learned_from"] == ["2025-09-30", "2025-12-31"]
    assert model.metadata["metrics"]["rows"] == 300
    earlier = train(matrix.slice(0, 600), 7, spec=BINARY)
    values, _ = predict(earlier, matrix.slice(600))
    assert model.metadata["metrics"]["auc"] == pytest.approx(
        roc_auc_score(matrix["is_default"][600:], values))
    assert model.metadata["metrics_by_split"]["out_of_fold"]["rows"] == 900


def test_people_seen_at_an_earlier_date_stand_apart():
    matrix = rows(dates=DATES)
    known = matrix["user_id"].to_pylist()
    again = pa.array([*known[:600], *known[:50], *known[650:]])  # 50 of the newest 300 come again
    model = train(matrix.set_column(0, "user_id", again), 7, spec=BINARY)
    by_split = model.metadata["metrics_by_split"]
    assert by_split["out_of_time"]["rows"] == 300
    assert by_split["out_of_time_not_seen"]["rows"] == 250
    assert model.metadata["metrics"] == by_split["out_of_time_not_seen"]


def test_a_newest_date_of_few_cases_leaves_it_to_the_folds():
    matrix = rows(dates=[*[DATES[0]] * 9, DATES[2]])  # 90 rows, about 36 defaults
    model = train(matrix, 7, spec=BINARY)
    assert model.metadata["split"] == {"headline": "out_of_fold"}
    assert model.metadata["metrics_by_split"]["out_of_time"] is None


def test_rounds_are_found_and_stay_below_the_cap():
    model = train(rows(), 7, spec=dataclasses.replace(BINARY, rounds=1_000))
    assert 0 < model.metadata["best_rounds"] < 300
    assert lgb.Booster(model_str=model.text).num_trees() == model.metadata["best_rounds"]


def test_the_challenger_is_judged_on_the_same_rows():
    model = train(rows(dates=DATES), 7, spec=BINARY)
    challenger, metrics = model.metadata["challenger"], model.metadata["metrics"]
    assert (challenger["rows"], challenger["bads"]) == (metrics["rows"], metrics["bads"])
    assert challenger["auc"] == pytest.approx(metrics["auc"], abs=0.05)


@pytest.mark.parametrize(("spec", "column", "told"), [
    (SHARE, {"loss_ratio": [1.2, *[0.5] * 899]}, "a share from 0 to 1, found values from 0.5 to"),
    (SHARE, {"loss_ratio": [float("nan"), *[0.5] * 899]}, "a share from 0 to 1"),
    (SHARE, {"loss_ratio": [0.5] * 900}, "values that differ, found 0.5 in every row"),
    (AMOUNT, {"income_minor": [0, *[5] * 899]}, "amounts above zero, found values from 0 to 5"),
    (BINARY, {"weight": [0.0, *[1.0] * 899]}, "finite weights above zero"),
    (BINARY, {"weight": [None, *[1.0] * 899]}, "found 1 nulls"),
], ids=["share above one", "share not a number", "one share everywhere", "no amount",
        "weight of nothing", "weight not known"])
def test_values_that_cannot_be_learned_from_are_refused(spec, column, told):
    with pytest.raises(TrainingRefused, match=told):
        train(rows(**column), 7, spec=spec)


@pytest.mark.parametrize("values", [["red"] * 900, pa.array(["red"] * 900).dictionary_encode()],
                         ids=["text", "dictionary"])
def test_a_category_is_no_feature(values):
    with pytest.raises(ModelMismatch, match="training_matrix.noise: expected numbers"):
        train(rows(noise=values), 7, spec=BINARY)


def test_a_target_of_another_type_is_refused():
    with pytest.raises(ModelMismatch, match="is_default: expected boolean .*found int64"):
        train(rows(is_default=[0, 1] * 450), 7, spec=BINARY)
    with pytest.raises(ModelMismatch, match="loss_ratio: expected numbers, found string"):
        train(rows(loss_ratio=["half"] * 900), 7, spec=SHARE)


def test_features_that_tell_nothing_are_refused_or_barely_trusted():
    matrix = rows(is_default=np.random.default_rng(9).random(900) < 0.3)
    try:
        model = train(matrix, 7, spec=BINARY)
    except TrainingRefused as refused:
        assert "calibration slope" in str(refused)
    else:
        values, _ = predict(model, matrix)
        assert values == pytest.approx(0.3, abs=0.1)


def test_a_feature_renamed_after_training_is_refused():
    model = train(rows(), 7, spec=BINARY)
    with pytest.raises(ModelMismatch, match="found no column months"):
        predict(model, rows().rename_columns({"months": "months_late"}))
