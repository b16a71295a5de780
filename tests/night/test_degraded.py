"""A night without the bureau, in a city where a night with it was run: who is judged, and how."""

import json
import shutil
from pathlib import Path

import duckdb
import pytest
import yaml

import jobs.policies
from jobs.__main__ import main

from .conftest import AS_OF

#: The newest bureau delivery is 29 days old.
SAID = {"bureau_tradelines": {"mandatory": False, "max_age_days": 28, "then": "without"}}


@pytest.fixture(scope="module")
def folders(night_home, night_folder, tmp_path_factory):
    """The run of the night, and one of the same date and models that leaves the bureau out."""
    home, policies = tmp_path_factory.mktemp("degraded"), tmp_path_factory.mktemp("policies")
    shutil.copytree(night_home, home, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("nights", "warehouse", "reports"))
    shipped = Path(jobs.policies.__file__).parent / "wallet_loan_cny.yaml"
    document = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    document["versions"][0]["feeds"] |= SAID
    (policies / shipped.name).write_text(yaml.safe_dump(document), encoding="utf-8")
    (pd,) = (home / "models" / "pd").glob("*/model.txt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHTLIST_POLICIES", str(policies))
        for step in ("intake", "freeze", "check_intake", "labels", "tiles", "windows", "features",
                     "train", "score", "facts", "eligibility"):
            assert main(["run", step, "--as-of", AS_OF.isoformat(), "--home", str(home), "--model",
                         f"pd/{pd.parent.name}"]) == 0
    (run,) = (home / "nights" / AS_OF.isoformat()).glob("*/run.json")
    return night_folder, run.parent


@pytest.fixture(scope="module")
def ask(folders):
    """A query over tables of both runs, `usual` and `degraded`."""
    usual, degraded = folders

    def rows(query):
        with duckdb.connect() as connection:
            for kind, folder in (("usual", usual), ("degraded", degraded)):
                for table in ("feature_matrix", "scores", "rule_facts", "eligibility"):
                    connection.execute(f"create view {kind}_{table} as select * from "
                                       f"read_parquet('{folder / table}/*.parquet')")
            return connection.execute(query).fetchall()
    return rows


def test_the_frozen_inputs_say_so_and_hold_no_delivery_of_the_bureau(folders):
    inputs = json.loads((folders[1] / "run.json").read_text())["inputs"]
    found = {one["feed"]: one for one in inputs["degraded"]}["bureau_tradelines"]
    assert found == {"feed": "bureau_tradelines", "newest": "2026-06-01", "age_days": 29,
                     "action": "without", "why": "older than 28 days"}
    assert "bureau_tradelines" not in {row["feed"] for row in inputs["deliveries"]}
    assert "bureau_tradelines" in {row["feed"] for row in inputs["bureau_files"]}
    usual = json.loads((folders[0] / "run.json").read_text())["inputs"]
    assert usual["bureau_files"] == []


def test_the_gate_records_it_as_a_warning(folders):
    rows = json.loads((folders[1] / "gates.json").read_text())
    (row,) = [row for row in rows if row["table"] == "bureau_tradelines"]
    assert (row["severity"], row["success"]) == ("warning", False)
    assert "late, left out (of 2026-06-01, 29 days old" in row["detail"]


def test_whom_the_bureau_knows_is_not_invited_and_nobody_else_is_kept_out_by_it(ask):
    """On the usual night those are its thick files: by the features, not by the deliveries."""
    assert ask("select u.segment, d.bureau_unseen, e.is_eligible and d.bureau_unseen = 1, "
               "list_contains(e.failing_rules, 'bureau_seen') from usual_feature_matrix u "
               "join degraded_rule_facts d using (user_id) join degraded_eligibility e "
               "using (user_id) group by all order by all") == [
        ("thick_file", 1, False, True), ("thin_file", 0, False, False)]


def test_a_thin_file_is_scored_as_on_any_night(ask):
    ((people, same, eligible),) = ask(
        "select count(*), count(*) filter (u.pd = d.pd), count(*) filter (e.is_eligible) "
        "from usual_scores u join degraded_scores d using (user_id) join usual_feature_matrix m "
        "using (user_id) join degraded_eligibility e using (user_id) where m.segment = 'thin_file'")
    assert same == people > 2_000 and eligible > 0
    assert ask("select user_id from degraded_eligibility where is_eligible except "
               "select user_id from usual_eligibility where is_eligible") == []


def test_everybody_stands_in_the_segment_by_whose_evidence_they_are_judged(ask):
    assert ask("select distinct segment from degraded_feature_matrix") == [("thin_file",)]
