"""Training repeats, obeys its signs, keeps people whole and refuses what cannot carry a model."""

import dataclasses
import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from jobs.errors import ModelMismatch, TrainingRefused
from jobs.features.catalogue import ENTRIES
from models.folds import person_folds
from models.prediction import margins
from models.spec import PD, SPECS
from models.training import train

AS_OF = dt.date(2026, 6, 30)


def changed(matrix, name, values):
    field = matrix.schema.field(name)
    return matrix.set_column(matrix.schema.get_field_index(name), field,
                             pa.array(values, field.type))


def test_recipe_takes_every_feature_of_the_catalogue_and_no_trait_of_the_person():
    assert PD.feature_names == [entry.field.name for entry in ENTRIES]
    assert not {"age_years", "gender", "marital_status"} & set(PD.feature_names)


def test_signs_are_those_of_the_pd_and_no_other_targets():
    assert [field.monotone for field in PD.features] == [one.field.monotone for one in ENTRIES]
    assert not any(field.monotone for spec in SPECS if spec != PD for field in spec.features)


def test_same_rows_and_seed_give_the_same_model_in_any_order(matrix, model, short_spec):
    shuffled = matrix.take(np.random.default_rng(1).permutation(len(matrix)))
    again = train(shuffled, 7, AS_OF, "code-1", short_spec)
    assert again.text == model.text
    assert again == model and again.version == model.version


def test_another_seed_is_another_model(matrix, model, short_spec):
    assert train(matrix, 8, AS_OF, "code-1", short_spec).text != model.text


def test_number_of_threads_does_not_change_the_trees(matrix, model, short_spec):
    parameters = tuple({**dict(short_spec.parameters), "num_threads": 2}.items())
    two = dataclasses.replace(short_spec, parameters=parameters)
    other = train(matrix, 7, AS_OF, "code-1", two)
    assert other.text.replace("[num_threads: 2]", "[num_threads: 1]") == model.text


def test_margin_does_not_fall_when_more_months_are_past_due(matrix, model):
    worse = [margins(model, changed(matrix, "overdue_months_1", [months] * len(matrix)))
             for months in range(5)]
    assert (np.diff(worse, axis=0) >= 0).all()
    assert (worse[3] > worse[0]).any()


def test_margin_does_not_rise_with_the_card_limit(matrix, model):
    limits = np.arange(0, 60_000_000, 5_000_000)
    by_limit = [margins(model, changed(matrix, "card_limit_minor", [limit] * len(matrix)))
                for limit in limits]
    assert (np.diff(by_limit, axis=0) <= 0).all()


def test_metadata_tells_what_the_model_learned_from(matrix, model):
    known = model.metadata
    bads = sum(matrix["is_default"].to_pylist())
    assert (known["rows"], known["people"], known["bads"]) == (600, 600, bads)
    assert (known["as_of_date"], known["observed_to"]) == ("2026-06-30", "2026-03-31")
    assert (known["seed"], known["most_rounds"], known["code_version"]) == (7, 60, "code-1")
    assert known["calibration"]["all"]["slope"] > 0
    # Risk was drawn as 0.1 + 0.2 a month: out of fold the model finds it, and no more than it.
    attainable = roc_auc_score(matrix["is_default"], matrix["overdue_months_1"])
    assert 0.6 < known["metrics"]["auc"] <= attainable + 0.02
    assert known["metrics"]["auc_low"] < known["metrics"]["auc"] < known["metrics"]["auc_high"]


def test_data_fingerprint_sees_one_changed_value(matrix, model, short_spec):
    limits = matrix["card_limit_minor"].to_pylist()
    limits[0] += 1
    other = train(changed(matrix, "card_limit_minor", limits), 7, AS_OF, "code-1", short_spec)
    assert other.metadata["data_sha256"] != model.metadata["data_sha256"]


def test_people_stay_whole_and_bads_are_spread():
    people = [f"user-{number // 3}" for number in range(300)]  # three rows each
    labels = np.array([number // 3 < 20 for number in range(300)])
    folds = person_folds(people, labels, 5, seed=7)
    assert all(len(set(folds[start:start + 3])) == 1 for start in range(0, 300, 3))
    assert np.bincount(folds).tolist() == [60] * 5
    assert np.bincount(folds[labels]).tolist() == [12] * 5


def test_null_and_constant_features_are_left_out_and_named(model):
    taken = [one["name"] for one in model.metadata["features"]]
    assert taken == ["card_limit_minor", "overdue_months_1", "overdue_count_6",
                     "utilization_1_ratio"]
    assert {"spend_1_minor", "known_source_count"} < set(model.metadata["left_out"])
    assert len(taken) + len(model.metadata["left_out"]) == len(ENTRIES)


def test_no_rows_are_refused(matrix):
    with pytest.raises(TrainingRefused, match="found no rows"):
        train(matrix.slice(0, 0), 7)


@pytest.mark.parametrize(("label", "kind"), [(True, "did not default"), (False, "defaulted")])
def test_one_class_is_refused(matrix, label, kind):
    with pytest.raises(TrainingRefused, match=f"at least 50 people who {kind}, found none in 600"):
        train(changed(matrix, "is_default", [label] * 600), 7)


def test_49_bads_are_refused_and_50_are_enough(matrix_of, short_spec):
    overdue = np.array([3] * 50 + [0] * 550)
    with pytest.raises(TrainingRefused, match="at least 50 people who defaulted, found 49"):
        train(matrix_of(overdue_months_1=overdue, is_default=np.arange(600) < 49), 7)
    enough = matrix_of(overdue_months_1=overdue, is_default=np.arange(600) < 50)
    assert train(enough, 7, spec=short_spec).metadata["bads"] == 50


def test_infinite_values_are_refused_and_named(matrix):
    ratios = [float("inf"), float("-inf"), *[0.5] * 598]
    with pytest.raises(TrainingRefused, match=r"infinite values in utilization_1_ratio \(2 rows\)"):
        train(changed(matrix, "utilization_1_ratio", ratios), 7)


def test_features_that_never_differ_are_refused(matrix, short_spec):
    blank = matrix
    for name in ("overdue_months_1", "overdue_count_6", "card_limit_minor",
                 "utilization_1_ratio"):
        blank = changed(blank, name, [None] * 600)
    with pytest.raises(TrainingRefused, match="expected features that differ from row to row"):
        train(blank, 7, spec=short_spec)


def test_a_person_and_date_twice_is_refused(matrix):
    with pytest.raises(TrainingRefused, match="two for user-0005 on 2026-03-31"):
        train(pa.concat_tables([matrix, matrix.slice(5, 1)]), 7)


def test_rows_without_a_known_target_are_not_learned_from(matrix, short_spec):
    labels = [None, *matrix["is_default"].to_pylist()[1:]]
    blank = train(changed(matrix, "is_default", labels), 7, AS_OF, "code-1", short_spec)
    assert blank == train(matrix.slice(1), 7, AS_OF, "code-1", short_spec)


def test_missing_columns_are_named(matrix):
    with pytest.raises(ModelMismatch, match="no column is_default"):
        train(matrix.drop(["is_default"]), 7)
    with pytest.raises(ModelMismatch, match="no column overdue_months_1, spend_1_minor"):
        train(matrix.drop(["spend_1_minor", "overdue_months_1"]), 7)


def test_few_cases_are_learned_from_with_random_thresholds(matrix_of, short_spec):
    few, many = (train(matrix_of(people), 7, spec=short_spec) for people in (600, 3_000))
    assert few.metadata["bads"] < 250 < many.metadata["bads"]
    assert "[extra_trees: 1]" in few.text and "[extra_trees: 0]" in many.text
