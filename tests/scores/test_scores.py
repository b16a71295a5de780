"""The model in the engine: the same numbers as without one, whatever the partitions."""

import dataclasses
import datetime as dt
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs import store
from jobs.config import Run
from jobs.contracts.night import FEATURE_MATRIX, SCORES, TRAINING_MATRIX
from jobs.errors import ModelMismatch, NightlistError, TrainingRefused
from jobs.inputs import code_version
from jobs.scores import reasons, score, train
from jobs.session import session
from models.prediction import predict
from models.reasons import reason_codes
from models.spec import PD
from models.training import train as train_model

PEOPLE = 400
NIGHT = dt.date(2026, 6, 30)


@pytest.fixture(scope="module")
def labelled():
    rng = np.random.default_rng(3)
    overdue = rng.choice([0, 1, 2, 3], PEOPLE)
    known = {"user_id": [f"user-{number:04d}" for number in range(PEOPLE)],
             "as_of_date": [dt.date(2026, 3, 31)] * PEOPLE, "segment": ["thick_file"] * PEOPLE,
             "statement_months": [6] * PEOPLE, "bureau_months": [6] * PEOPLE,
             "is_thin_file": [0] * PEOPLE, "known_source_count": [0] * PEOPLE,
             "coverage_ratio": [0.0] * PEOPLE,
             "overdue_months_1": overdue, "utilization_1_ratio": rng.random(PEOPLE),
             "card_limit_minor": rng.integers(1_000_000, 50_000_000, PEOPLE),
             "is_default": rng.random(PEOPLE) < 0.1 + 0.2 * overdue}
    return pa.table({field.name: pa.array(known.get(field.name, [None] * PEOPLE), field.type)
                     for field in TRAINING_MATRIX.arrow_schema})


@pytest.fixture(scope="module")
def model(labelled):
    return train_model(labelled, 7, spec=dataclasses.replace(PD, rounds=60))


@pytest.fixture(scope="module")
def frame(labelled, tmp_path_factory):
    """The feature matrix as the engine reads it: three files, so more than one partition."""
    folder = tmp_path_factory.mktemp("night") / FEATURE_MATRIX.name
    folder.mkdir()
    for number, start in enumerate(range(0, PEOPLE, 150)):
        pq.write_table(labelled.select(FEATURE_MATRIX.columns).slice(start, 150),
                       folder / f"part-{number}.parquet")
    return store.read(session(), folder, FEATURE_MATRIX)


def frozen(home, code=None):
    run = Run(home=home, as_of=NIGHT, seed=7, run_id="0123456789ab")
    store.write_json({"inputs": {"code_version": code or code_version(), "model": "trained"}},
                     run.folder / "run.json")
    return run


@pytest.fixture
def run(labelled, tmp_path):
    run = frozen(tmp_path)
    for table in (TRAINING_MATRIX, FEATURE_MATRIX):
        store.write_sorted(labelled.select(table.columns), table, run.folder / table.name)
    return run


def test_scores_equal_the_models_own(frame, labelled, model):
    scored = score.build(frame, model)
    SCORES.check(scored, "mend jobs/scores/score.py")
    rows = {row.user_id: row for row in scored.collect()}
    pd, points = predict(model, labelled)
    assert [rows[user].pd for user in labelled["user_id"].to_pylist()] == pd.tolist()
    assert [rows[user].score_points for user in labelled["user_id"].to_pylist()] == points.tolist()
    assert {(row.as_of_date, row.model_version) for row in rows.values()} == {
        (dt.date(2026, 3, 31), model.version)}


def test_partitions_do_not_change_a_score(frame, model):
    as_read = score.build(frame, model).orderBy("user_id").collect()
    cut = score.build(frame.repartition(7), model).orderBy("user_id").collect()
    assert as_read == cut and len(cut) == PEOPLE


def test_nobody_to_score_gives_an_empty_table(frame, model):
    assert score.build(frame.where("user_id = 'nobody'"), model).collect() == []


def test_a_renamed_feature_is_refused_before_the_engine_runs(frame, model):
    with pytest.raises(ModelMismatch, match="feature_matrix.spend_1_minor: expected numbers"):
        score.build(frame.withColumnRenamed("spend_1_minor", "spending_1_minor"), model)


def test_a_mistyped_feature_is_refused_before_the_engine_runs(frame, model):
    text = frame.withColumn("spend_1_minor", frame.spend_1_minor.cast("string"))
    with pytest.raises(ModelMismatch, match="found spend_1_minor string"):
        reasons.build(text, model)


@pytest.mark.parametrize("direction", ["for", "against"])
def test_reasons_equal_the_models_own_for_those_asked(frame, labelled, model, direction):
    explained = reasons.build(frame.where("user_id < 'user-0020'").repartition(3), model,
                              direction=direction)
    assert explained.columns == ["user_id", "reason_codes"]
    expected = dict(zip(labelled["user_id"].to_pylist()[:20],
                        reason_codes(model, labelled.slice(0, 20), direction=direction),
                        strict=True))
    assert {row.user_id: list(row.reason_codes) for row in explained.collect()} == expected


def test_train_then_score_leaves_model_and_scores_of_the_run(run, labelled):
    trained = train.main(run)
    named = json.loads((run.folder / "model.json").read_text())
    folder = run.home / "models" / "pd" / named["version"]
    assert named == {"name": "pd", "version": trained["model_version"],
                     "sha256": store.file_sha256(folder / "model.txt")}
    bads = sum(labelled["is_default"].to_pylist())
    assert (trained["rows"], trained["bads"]) == (PEOPLE, bads)
    metrics = json.loads((folder / "metadata.json").read_text())["metrics"]
    assert trained["auc"] == round(metrics["auc"], 4)

    assert score.main(run) == {"rows": PEOPLE, "model_version": named["version"]}
    scores = store.read_arrow(run.folder / SCORES.name, SCORES)
    assert set(scores["model_version"].to_pylist()) == {named["version"]}


def test_training_again_is_the_same_model(run):
    assert train.main(run) == train.main(run)
    assert len(list((run.home / "models" / "pd").iterdir())) == 1


def test_scoring_before_training_says_what_to_run(run):
    with pytest.raises(ModelMismatch, match="nightlist run train --as-of 2026-06-30"):
        score.main(run)


def test_training_without_a_matrix_says_what_to_run(tmp_path):
    with pytest.raises(NightlistError, match="training_matrix: .*run the earlier steps first"):
        train.main(frozen(tmp_path))


def test_neither_training_nor_scoring_runs_on_other_code_than_was_frozen(tmp_path):
    for step in (train, score):
        with pytest.raises(NightlistError, match="the code changed since"):
            step.main(frozen(tmp_path, code="another"))


def test_a_night_without_outcomes_is_refused(run, labelled):
    store.write_sorted(labelled.slice(0, 0), TRAINING_MATRIX, run.folder / TRAINING_MATRIX.name)
    with pytest.raises(TrainingRefused, match="training_matrix: .*found no rows"):
        train.main(run)
    assert not (run.home / "models").exists()
