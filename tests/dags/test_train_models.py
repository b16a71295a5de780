"""The training DAG under Airflow's parser: the training steps, and none that scores or decides."""

import pytest

from .parsing import parsed

pytestmark = pytest.mark.airflow


@pytest.fixture(scope="module")
def dag(tmp_path_factory):
    return parsed("train_models", tmp_path_factory.mktemp("airflow"))


def test_it_walks_from_the_feeds_to_the_candidates_and_no_further(dag):
    assert dag["order"] == ["intake", "freeze", "check_intake", "labels", "tiles", "windows",
                            "features", "check_features", "train"]


def test_it_imports_nothing_heavy(dag):
    assert dag["heavy"] == []


def test_it_runs_once_a_month_and_ends(dag):
    assert dag["schedule"] == "0 3 2 * *"
    assert set(dag["retries"]) == {2} and set(dag["hours"]) == {6}


def test_its_doc_says_owner_impact_and_what_to_do(dag):
    assert dag["owner"] == "risk team" and "models" in dag["tags"]
    for word in ("**Owner**", "**Impact**", "**When a task fails**", "nightlist models promote"):
        assert word in " ".join(dag["doc"].split())


def test_date_segment_and_models_are_parameters(dag):
    assert {"as_of", "segment", "only", "seed"} <= set(dag["params"])
