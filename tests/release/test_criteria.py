"""Criteria and documents: the rules in words, and texts that prove what run.json names."""

import datetime as dt
import hashlib
import json

import pytest

from jobs.config import Run
from jobs.contracts.campaign import CRITERIA, DOCUMENTS
from jobs.policies import policy as policies
from jobs.policies.rules import Rule
from jobs.release.criteria import condition, criteria, documents
from jobs.release.records import _stated
from jobs.store import fingerprint
from models.registry import Model

DAY, WALLET = dt.date(2026, 6, 30), "wallet_loan_cny"


@pytest.fixture(scope="module")
def policy():
    return policies.load(WALLET, DAY)


@pytest.mark.parametrize(("said", "expected"), [
    ({"at_most": 0.015}, "pd <= 0.015"), ({"at_least": 18, "at_most": 60}, "pd >= 18 and pd <= 60"),
    ({"one_of": ("north", "south"), "missing_passes": True},
     "pd in (north, south) or missing"), ({"none_of": ("x",)}, "pd not in (x)")])
def test_a_condition_says_what_has_to_hold(said, expected):
    assert condition(Rule("one", "ONE", "text", "pd", **said)) == expected


def test_criteria_are_the_rules_in_force_in_order(policy):
    rows = criteria(policy, "r1")
    assert rows.schema == CRITERIA.arrow_schema
    assert rows["rule"].to_pylist() == [rule.name for rule in policy.rules]
    student = next(row for row in rows.to_pylist() if row["rule"] == "not_student")
    assert (student["rule_number"], student["condition"], student["text_zh"]) == (
        4, "student_lists <= 0", "不属于在校学生名单。")
    assert "2021 no. 28" in student["source"] and "  " not in student["source"]
    # Students were not yet kept out in 2020, so that night's criteria do not say so.
    earlier = criteria(policies.load(WALLET, dt.date(2020, 6, 30)), "r0")
    assert "not_student" not in earlier["rule"].to_pylist()


def written(policy, tmp_path):
    model = Model("tree", {"name": "pd", "features": [], "data": {"rows": 7}})
    run = Run(home=tmp_path, as_of=DAY, run_id="aaa")
    return documents("r1", _stated(run, policy), policy, {"as_of": "2026-06-30", "seed": 7},
                     {"pd": model}), model


def test_documents_are_whole_texts_with_their_hashes(policy, tmp_path):
    rows, model = written(policy, tmp_path)
    assert rows.schema == DOCUMENTS.arrow_schema and rows.equals(written(policy, tmp_path)[0])
    texts = {row["document"]: row["text"] for row in rows.to_pylist()}
    assert sorted(texts) == ["inputs", "law", "model/pd", "policy"]
    for row in rows.to_pylist():
        assert hashlib.sha256(row["text"].encode()).hexdigest() == row["sha256"]
    assert json.loads(texts["model/pd"]) == {**model.metadata, "version": model.version}
    assert json.loads(texts["inputs"])["seed"] == 7
    assert "违约概率在风险偏好之内" in texts["policy"]


def test_policy_and_law_prove_the_hash_that_the_night_was_frozen_with(policy, tmp_path):
    texts = {row["document"]: json.loads(row["text"])
             for row in written(policy, tmp_path)[0].to_pylist()}
    said = texts["policy"]
    assert fingerprint([said["product"], said["currency"], said["languages"], said["version"],
                        texts["law"]]) == policy.sha256
