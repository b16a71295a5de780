"""What is said of an engine that went away, and when nothing is."""

import pytest

from jobs.errors import EngineError
from jobs.session import lost


@pytest.mark.parametrize("said", [
    "[INVALID_HANDLE.SESSION_CHANGED] The handle is invalid.",
    "[NO_ACTIVE_SESSION] No active Spark session found.",
    "Job aborted due to stage failure: Task 1 failed 4 times: ExecutorLostFailure (executor 3)"])
def test_a_cluster_that_went_away_is_an_error_of_its_own(monkeypatch, said):
    monkeypatch.setenv("NIGHTLIST_SPARK", "sc://spark.example:15002/;token=secret")
    gone = lost(RuntimeError(said))
    assert isinstance(gone, EngineError) and gone.where == "engine at sc://spark.example:15002"
    assert said in gone.found and "secret" not in str(gone)


def test_an_error_of_a_query_stays_what_it_is(monkeypatch):
    monkeypatch.setenv("NIGHTLIST_SPARK", "sc://spark.example:15002")
    assert lost(RuntimeError("[DIVIDE_BY_ZERO] Division by zero.")) is None


def test_sail_is_in_the_process_and_does_not_go_away(monkeypatch):
    monkeypatch.setenv("NIGHTLIST_SPARK", "sail")
    assert lost(RuntimeError("[NO_ACTIVE_SESSION] none")) is None
