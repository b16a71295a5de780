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
from models import registry
from models.prediction import predict
from models.reasons import reason_codes
from models.spec import INCOME, PD, SPECS
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
             "coverage_ratio": [0.0] * PEOPLE, "weight": [1.0] * PEOPLE,
             "overdue_months_1": overdue, "utilization_1_ratio": rng.random(PEOPLE),
             "card_limit_minor": rng.integers(1_000_000, 50_000_000, PEOPLE),
             "income_minor": 900_000 - 100_000 * overdue + rng.integers(0, 50_000, PEOPLE),
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


def frozen(home, code=None, trained=("pd",), **inputs):
    run = Run(home=home, as_of=NIGHT, seed=7, run_id="0123456789ab")
    models = {spec.name: "trained" if spec.name in trained else "none" for spec in SPECS}
    store.write_json({"inputs": {"code_version": code or code_version(), "models": models,
                                 **inputs}}, run.folder / "run.json")
    return run


@pytest.fixture
def run(labelled, tmp_path):
    run = frozen(tmp_path)
    for table in (TRAINING_MATRIX, FEATURE_MATRIX):
        store.write_sorted(labelled.select(table.columns), table, run.folder / table.name)
    return run


def test_scores_equal_the_models_own(frame, labelled, model):
    scored = score.build(frame, {"pd": model})
    SCORES.check(scored, "mend jobs/scores/score.py")
    rows = {row.user_id: row for row in scored.collect()}
    pd, points = predict(model, labelled)
    assert [rows[user].pd for user in labelled["user_id"].to_pylist()] == pd.tolist()
    assert [rows[user].score_points for user in labelled["user_id"].to_pylist()] == points.tolist()
    assert {(row.as_of_date, row.model_version) for row in rows.values()} == {
        (dt.date(2026, 3, 31), model.version)}


def test_each_model_fills_its_own_column_and_one_that_there_is_not_leaves_nulls(
        frame, labelled, model):
    income = train_model(labelled, 7, spec=dataclasses.replace(INCOME, rounds=60))
    rows = {row.user_id: row for row in score.build(frame, {"pd": model,
                                                            "income": income}).collect()}
    people = labelled["user_id"].to_pylist()
    assert [rows[user].pd for user in people] == predict(model, labelled)[0].tolist()
    assert [rows[user].income_minor for user in people] == [
        round(amount) for amount in predict(income, labelled)[0].tolist()]
    assert {(row.response_ratio, row.draw_ratio, row.lgd_ratio) for row in rows.values()} == {
        (None, None, None)}


def test_partitions_do_not_change_a_score(frame, model):
    as_read = score.build(frame, {"pd": model}).orderBy("user_id").collect()
    cut = score.build(frame.repartition(7), {"pd": model}).orderBy("user_id").collect()
    assert as_read == cut and len(cut) == PEOPLE


def test_nobody_to_score_gives_an_empty_table(frame, model):
    assert score.build(frame.where("user_id = 'nobody'"), {"pd": model}).collect() == []


def test_a_renamed_feature_is_refused_before_the_engine_runs(frame, model):
    with pytest.raises(ModelMismatch, match="feature_matrix.utilization_1_ratio: expected numbers"):
        score.build(frame.withColumnRenamed("utilization_1_ratio", "used_1_ratio"), {"pd": model})


def test_a_mistyped_feature_is_refused_before_the_engine_runs(frame, model):
    text = frame.withColumn("utilization_1_ratio", frame.utilization_1_ratio.cast("string"))
    with pytest.raises(ModelMismatch, match="found utilization_1_ratio string"):
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
    named = json.loads((run.folder / "run.json").read_text())["models"]["pd"]
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


def test_a_model_that_the_rows_cannot_carry_is_left_out_and_the_reason_kept(run, labelled):
    again = frozen(run.home, trained=("pd", "response"))
    trained = train.main(again)
    record = json.loads((again.folder / "run.json").read_text())
    assert set(record["models"]) == {"pd"} and trained["not_trained"] == "response"
    assert "rows with a known is_accepted, found no rows" in record["not_trained"]["response"]


def test_a_training_of_a_segment_learns_from_its_people_only(run, labelled):
    thin = labelled.set_column(
        labelled.schema.get_field_index("segment"), labelled.schema.field("segment"),
        pa.array(["thin_file" if number < 300 else "thick_file" for number in range(PEOPLE)]))
    again = frozen(run.home, training={"segment": "thin_file", "only": []})
    store.write_sorted(thin, TRAINING_MATRIX, again.folder / TRAINING_MATRIX.name)
    assert train.main(again)["rows"] == 300
    version = json.loads((again.folder / "run.json").read_text())["models"]["pd"]["version"]
    assert registry.load(run.home, "pd", version).metadata["segment"] == "thin_file"


def test_a_training_that_no_model_comes_of_says_why_of_each(run):
    again = frozen(run.home, trained=("response", "draw"), training={"segment": "", "only": []})
    with pytest.raises(TrainingRefused, match="response lacks .*known is_accepted.*draw lacks"):
        train.main(again)


def test_a_model_of_other_features_is_refused_before_it_scores(run):
    train.main(run)
    record = json.loads((run.folder / "run.json").read_text())
    model = registry.load(run.home, "pd", record["models"]["pd"]["version"])
    features = [{**feature, "fingerprint": "0123456789ab"} if feature["name"] == "card_limit_minor"
                else feature for feature in model.metadata["features"]]
    other = dataclasses.replace(model, metadata={**model.metadata, "features": features})
    registry.save(run.home, other)
    store.write_json({**record, "models": {"pd": other.identity}}, run.folder / "run.json")
    with pytest.raises(ModelMismatch, match="another definition of card_limit_minor; train again"):
        score.main(run)


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
