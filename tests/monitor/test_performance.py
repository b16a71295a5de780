"""Performance of a night's PDs, promised and realised, by segment."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import ks_2samp
from sklearn.metrics import roc_auc_score

from jobs.monitor import performance


def people(pd, **columns):
    rows = {"pd": pd, "segment": ["thick_file"] * len(pd), **columns}
    return pa.table(rows)


def test_the_auc_promised_is_held_against_the_models_own():
    metrics = {"auc": 0.7, "segments": {"thick_file": {"auc": 0.6}}}
    first, second = performance.promised(people([0.2, 0.8]), metrics)
    assert (first.segment, first.reference, first.against) == ("all", 0.7, "model")
    assert first.value == second.value == pytest.approx(0.8)
    assert (second.segment, second.reference) == ("thick_file", 0.6)


def test_the_mean_pd_stands_beside_the_earlier_nights():
    before = pa.table({"pd": [0.1, 0.2], "segment": ["thin_file"] * 2})
    found = performance.mean_pds(people([0.1, 0.3]), before, "2026-05-31")
    assert [(one.segment, one.value, one.reference, one.against) for one in found] == [
        ("all", pytest.approx(0.2), pytest.approx(0.15), "2026-05-31"),
        ("thick_file", pytest.approx(0.2), None, "")]


def test_a_vintage_has_its_calibration_and_its_auc():
    rng = np.random.default_rng(4)
    pd = rng.beta(1, 5, 300)
    labels = rng.random(300) < pd
    found = {one.metric: one for one in performance.realised(
        "2026-05-31", people(pd, is_default=labels)) if one.segment == "all"}
    assert found["calibration_ratio"].value == pytest.approx(labels.sum() / pd.sum())
    assert found["calibration_ratio"].reference == pytest.approx(pd.mean())
    assert found["realised_auc"].value == pytest.approx(roc_auc_score(labels, pd))
    assert found["realised_ks"].value == pytest.approx(ks_2samp(pd[labels], pd[~labels]).statistic)
    assert found["realised_auc"].against == "promised"


def test_one_default_is_too_few_for_an_auc():
    found = performance.realised("2026-05-31", people([0.1, 0.2], is_default=[True, False]))
    assert {one.metric for one in found} == {"calibration_ratio"}


def test_rows_learned_from_have_their_calibration_by_date():
    (found,) = performance.learned([{"observed_on": "2026-05-01", "rows": 100, "bads": 20,
                                     "expected": 10.0}])
    assert (found.subject, found.against) == ("2026-05-01", "out_of_fold")
    assert (found.value, found.reference) == (2.0, 0.1)
