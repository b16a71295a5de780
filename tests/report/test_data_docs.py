"""Great Expectations' own pages, without their requests, scripts and samples of people."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from expectations.gate import run_suite
from expectations.suites import features
from expectations.validations import VALIDATIONS
from jobs import store
from jobs.config import Run
from jobs.contracts.table import Field, Table
from jobs.report import data_docs
from jobs.session import session
from tests.report.test_page import Reader

PEOPLE = Table(
    name="people", meaning="People.", grain="one user", key=("user_id",), owner="risk team",
    source="test", partition="", fields=(
        Field("user_id", "string", "id", "Who."),
        Field("card", "string", "token", "Card.", allowed=("gold", "plain")),
        Field("age_years", "integer", "years", "Age.", minimum=18)))
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose gate found a twin, a minor, and a card that nobody knows."""
    found = Run(home=tmp_path_factory.mktemp("docs"), as_of=dt.date(2026, 7, 1), run_id="aaa")
    df = session().createDataFrame([("user-ann", "gold", 30), ("user-ann", EVIL, 17)],
                                   PEOPLE.spark_schema)
    results = run_suite("intake", df, PEOPLE, features()[:1], found.folder)
    assert sum(not one.success for one in results) == 4
    return found


def kept(run: Run) -> str:
    return (run.folder / VALIDATIONS / "intake-people.json").read_text(encoding="utf-8")


def test_what_is_kept_names_nobody(run: Run) -> None:
    assert "user-ann" not in kept(run) and "alert(1)" not in kept(run)
    found = {(one["expectation_config"]["type"], one["expectation_config"]["kwargs"].get("column")):
             one["result"] for one in store.read_json(
                 run.folder / VALIDATIONS / "intake-people.json")["results"]}
    assert found["expect_column_values_to_be_between", "age_years"][
        "partial_unexpected_list"] == [17], "a number tells what was wrong, and of nobody"
    twins = found["expect_column_values_to_be_unique", "user_id"]
    assert twins["unexpected_count"] == 2 and "partial_unexpected_list" not in twins


def test_the_same_rows_keep_the_same_file(run: Run, tmp_path: Path) -> None:
    df = session().createDataFrame([("user-ann", "gold", 30), ("user-ann", EVIL, 17)],
                                   PEOPLE.spark_schema)
    run_suite("intake", df, PEOPLE, features()[:1], tmp_path)
    assert (tmp_path / VALIDATIONS / "intake-people.json").read_text() == kept(run)
    assert str(Path.cwd()) not in kept(run), "no trace names the machine's folders"


def pages(run: Run) -> dict[str, str]:
    data_docs.write(run)
    folder = run.home / "reports/2026-07-01/data_docs"
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_a_page_says_what_the_library_says(run: Run) -> None:
    words = Reader(pages(run)["intake-people.html"]).words
    for said in ("people at gate intake", "5 of 9 expectations met", "values must be unique",
                 "2 unexpected values found. 100% of 2 total rows", "age_years",
                 "values must be greater than or equal to 18", "Unexpected Value Count 17 1",
                 "raised an exception"):
        assert said in words, said
    assert "people 5 of 9 4" in Reader(pages(run)["index.html"]).words


def test_pages_are_well_formed_and_ask_for_nothing(run: Run) -> None:
    for html in pages(run).values():
        reader = Reader(html)
        assert reader.open == [] and "script" not in reader.tags and "link" not in reader.tags
        assert "http" not in html.replace("http-equiv", "") and "style=" not in html
        assert all(one.endswith(".html") for one in reader.fetched), reader.fetched


def test_the_same_results_give_the_same_pages(run: Run) -> None:
    assert pages(run) == pages(run)


def test_values_from_outside_are_escaped() -> None:
    # The library writes values as they are: whatever a result holds must not become an element.
    result: dict[str, Any] = {"observed_value": [EVIL], "element_count": 5, "unexpected_count": 2,
                              "unexpected_percent": 40.0, "partial_unexpected_list": [EVIL],
                              "partial_unexpected_counts": [{"value": EVIL, "count": 2}]}
    html = data_docs.rendered({
        "success": False, "suite_name": "people", "meta": {"great_expectations_version": "1"},
        "statistics": {"evaluated_expectations": 1, "successful_expectations": 0,
                       "unsuccessful_expectations": 1, "success_percent": 0.0},
        "results": [{"success": False, "result": result, "expectation_config": {
            "type": "expect_column_values_to_be_in_set", "severity": "critical",
            "kwargs": {"column": "card", "value_set": ["gold"]}}, "exception_info": {
                "raised_exception": False, "exception_traceback": "", "exception_message": None}}]})
    assert "<script" not in html and html.count("alert(1)") >= 2
    assert "&lt;script&gt;" in html


def test_a_run_without_results_has_an_index_that_says_so(tmp_path: Path) -> None:
    run = Run(home=tmp_path, as_of=dt.date(2026, 7, 1), run_id="aaa")
    assert data_docs.write(run) == []
    index = (tmp_path / "reports/2026-07-01/data_docs/index.html").read_text(encoding="utf-8")
    assert "The run kept no results" in Reader(index).words
