"""Prediction: checked before LightGBM sees it, row by row, explained exactly."""

import decimal

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pytest

from jobs.errors import ModelMismatch
from models.prediction import contributions, margins, predict


def test_pd_is_lightgbms_margin_calibrated(matrix, model):
    pd, points = predict(model, matrix)
    rows = np.array([[np.nan if value is None else float(value) for value in row]
                     for row in zip(*(matrix[name].to_pylist() for name in model.feature_names),
                                    strict=True)])
    raw = lgb.Booster(model_str=model.text).predict(rows, raw_score=True)
    line = model.calibration.everyone
    assert pd == pytest.approx(1 / (1 + np.exp(-(line.slope * raw + line.intercept))))
    assert points == pytest.approx(600 + 50 / np.log(2) * np.log((1 - pd) / pd / 30), abs=0.5)


def test_batches_do_not_change_a_row(matrix, model):
    whole, whole_points = predict(model, matrix)
    for size in (1, 7, 599):
        cut = [predict(model, batch) for batch in matrix.to_batches(max_chunksize=size)]
        assert np.concatenate([pd for pd, _ in cut]).tolist() == whole.tolist()
        assert np.concatenate([points for _, points in cut]).tolist() == whole_points.tolist()


def test_other_columns_and_their_order_do_not_matter(matrix, model):
    turned = matrix.select(matrix.schema.names[::-1])
    assert margins(model, turned).tolist() == margins(model, matrix).tolist()


def test_no_rows_give_no_scores(matrix, model):
    pd, points = predict(model, matrix.slice(0, 0))
    assert (pd.shape, points.shape, points.dtype) == ((0,), (0,), np.int64)


@pytest.mark.parametrize(("values", "told"), [
    (pa.array(["1"] * 600), "string"),
    (pa.array(["1"] * 600).dictionary_encode(), "dictionary"),
    (pa.array([decimal.Decimal(1)] * 600), "decimal128"),
    (pa.array([1] * 600, pa.date32()), "date32"),
    (pa.array([1] * 600, pa.timestamp("us")), "timestamp"),
])
def test_what_aborts_lightgbm_is_refused_before_it(matrix, model, values, told):
    place = matrix.schema.get_field_index("overdue_months_1")
    wrong = matrix.set_column(place, "overdue_months_1", values)
    with pytest.raises(ModelMismatch, match=f"feature_matrix.overdue_months_1: .*found "
                                            f"overdue_months_1 {told}"):
        predict(model, wrong)


def test_all_missing_and_mistyped_features_are_named_at_once(matrix, model):
    wrong = matrix.drop(["card_limit_minor", "utilization_1_ratio"]).append_column(
        "utilization_1_ratio", pa.array(["a lot"] * 600))
    told = "found no column card_limit_minor, utilization_1_ratio string"
    with pytest.raises(ModelMismatch, match=told):
        predict(model, wrong)


def test_a_column_of_which_nothing_is_known_is_a_feature(matrix, model):
    place = matrix.schema.get_field_index("utilization_1_ratio")
    null = matrix.set_column(place, "utilization_1_ratio", pa.nulls(600, pa.float64()))
    untyped = matrix.set_column(place, "utilization_1_ratio", pa.nulls(600))
    assert margins(model, untyped).tolist() == margins(model, null).tolist()


def test_contributions_and_the_average_make_up_the_margin(matrix, model):
    _, sums = contributions(model, matrix)
    averages = margins(model, matrix) - sums.sum(axis=1)
    assert averages == pytest.approx(averages[0], abs=1e-6)
