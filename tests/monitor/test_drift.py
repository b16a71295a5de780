"""Stability column by column and segment by segment."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import chi2

from jobs.monitor import drift
from models import stability
from models.prediction import predict


@pytest.fixture()
def written(tmp_path):
    """Write a matrix with a still feature and one that has moved among thin files by `moved`."""
    def write(name, moved=0.0, seed=1, people=2_000):
        rng = np.random.default_rng(seed)
        thin = rng.random(people) < 0.5
        (tmp_path / name).mkdir()
        rows = pa.table({
            "segment": np.where(thin, "thin_file", "thick_file"),
            "still": rng.normal(size=people), "moving": rng.normal(size=people) + moved * thin,
            "count": pa.array(rng.poisson(2, people), mask=rng.random(people) < 0.2)})
        pq.write_table(rows, tmp_path / name / "part.parquet")
        return tmp_path / name
    return write


NAMES = ["still", "moving", "count"]


def measured(folder, *references):
    figures, kept = drift.measure(drift.columns(folder, NAMES), references)
    return {(one.subject, one.segment): one for one in figures}, kept


def against(folder, rate=0.01):
    _, kept = measured(folder)
    return drift.Reference("2026-05-31", "", drift.kept(kept), rate)


def test_only_what_moved_is_beyond_what_chance_reaches(written):
    found, _ = measured(written("now", moved=0.5, seed=2), against(written("before")))
    assert len(found) == 9
    assert {key for key, one in found.items() if one.value > one.null_threshold} == {
        ("moving", "all"), ("moving", "thin_file")}


def test_all_features_of_a_segment_share_the_false_alarm_rate(written):
    found, _ = measured(written("now", seed=2), against(written("before"), rate=0.03))
    expected = chi2.ppf(0.99, 9) * (1 / 2_000 + 1 / 2_000)
    assert found["still", "all"].null_threshold == pytest.approx(expected, abs=1e-8)


def test_a_night_is_held_against_what_an_earlier_one_kept(written):
    reference = against(written("before"))
    assert {one.value for one in measured(written("again"), reference)[0].values()} == {0.0}


def test_a_column_that_the_reference_lacks_is_left_out(written):
    reference = drift.Reference("training", "_training", {"all": {}}, 0.01)
    assert measured(written("now"), reference)[0] == {}


def test_the_score_has_an_index_of_its_own_name():
    scores = pa.table({"segment": ["thin_file"] * 40, "pd": np.linspace(0.01, 0.4, 40)})
    before = stability.reference(np.ones((5, 1)), ["pd"], ["thin_file"] * 5)
    figures, _ = drift.measure(drift.by_segment(scores, ["pd"]), [
        drift.Reference("training", "_training", before, 0.01)])
    assert [(one.metric, one.subject, one.segment) for one in figures] == [
        ("psi_training", "pd", "all"), ("psi_training", "pd", "thin_file")]


def test_an_earlier_night_is_scored_by_the_model_of_this_one(tmp_path, model, matrix):
    pq.write_table(matrix, tmp_path / "part.parquet")
    pd = predict(model, matrix)[0]
    expected = {"pd": stability.histogram(stability.sample(pd))}
    assert drift.rescored(tmp_path, model) == {"all": expected, "thick_file": expected}


def test_what_a_model_learned_from_has_moved_nowhere_from_itself(tmp_path, model, matrix):
    pq.write_table(matrix, tmp_path / "part.parquet")
    learned = model.metadata["reference"]
    reference = drift.Reference("training", "_training", learned, 0.01)
    figures, _ = drift.measure(drift.columns(tmp_path, model.feature_names), [reference])
    assert {one.value for one in figures} == {0.0}
    assert {one.subject for one in figures} == set(model.feature_names)
