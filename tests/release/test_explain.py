"""Everything about one person, from published tables alone."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from jobs.__main__ import main
from jobs.release import release, rollback, warehouse
from jobs.release.explain import explained, lines
from tests.release.nights import JUNE, MAY, night

RULES = [{"rule_number": 1, "rule": "adult", "reason_code": "AGE_UNDER", "text": "At least 18.",
          "condition": "age_years >= 18", "text_zh": "年满18周岁。", "source": "Civil Code"},
         {"rule_number": 2, "rule": "pd_appetite", "reason_code": "PD_HIGH",
          "condition": "pd <= 0.015", "text": "Within the appetite.", "text_zh": None}]
MOVED = {"as_of_date": JUNE, "previous_release_id": "2026-05-31-aaa", "user_id": "ann",
         "change": "limit_up", "reason": "row", "reason_detail": "funding",
         "previous_limit_minor": 2_000_000, "limit_minor": 3_000_000,
         "previous_rate_daily": Decimal("0.000195"), "rate_daily": Decimal("0.000195")}
TEXTS = [{"document": "inputs", "sha256": "0", "text": json.dumps(
            {"policy": {"name": "wallet_loan", "version": "2026.1", "sha256": "ab"}})},
         {"document": "model/pd", "sha256": "0", "text": json.dumps({"version": "m1"})}]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two releases, the run folders of both gone."""
    folder = tmp_path_factory.mktemp("home")
    release.publish(night(folder, MAY))
    release.publish(night(folder, JUNE, "bbb", ledgers={
        "criteria": RULES, "changes": [MOVED], "documents": TEXTS}))
    shutil.rmtree(folder / "nights")
    return folder


def about(home: Path, who: str, name: str = "2026-06-30-bbb") -> dict:
    return explained(home, warehouse.named(home, name), who)


def test_who_is_invited_is_told_the_offer_its_size_and_what_changed(home: Path) -> None:
    said = about(home, "ann")
    assert (said["decision"], said["standing"], said["failing_rules"]) == (
        "invited", "in force", [])
    assert said["score"] == {"score_points": 700, "pd": 0.01, "model_version": "m1"}
    assert (said["offer"]["limit_cny"], said["offer"]["offer_id"]) == (30_000, "offer-ann")
    assert said["size"]["reason"] == "best" and "is worth most" in said["size"]["text_en"]
    assert "价值最大" in said["size"]["text_zh"]
    (change,) = said["changes"]
    assert (change["change"], change["reason"], change["reason_detail"]) == (
        "limit_up", "row", "funding")
    assert said["policy"]["version"] == "2026.1" and said["models"] == {"pd": "m1"}


def test_who_is_refused_is_told_every_rule_with_its_text_and_condition(home: Path) -> None:
    said = about(home, "cleo")
    assert (said["decision"], said["offer"], said["changes"]) == ("refused", None, [])
    assert [(rule["rule"], rule["condition"], rule["text_zh"])
            for rule in said["failing_rules"]] == [
        ("adult", "age_years >= 18", "年满18周岁。"), ("pd_appetite", "pd <= 0.015", None)]
    told = lines(said)
    assert ("rule failed", "adult: At least 18. [age_years >= 18]") in told
    assert ("rule failed (Chinese)", "年满18周岁。") in told


def test_who_was_never_considered_gets_a_clear_answer(
        home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = about(home, "nobody")
    assert (said["decision"], said["score"], said["size"]) == ("not considered", None, None)
    assert main(["explain", "nobody", "--home", str(home)]) == 0
    assert "not considered on 2026-06-30: no bound card of this person" in " ".join(
        capsys.readouterr().out.split())


def test_a_reader_is_told_in_sentences(home: Path) -> None:
    told = dict(lines(about(home, "ann")))
    assert told["offer"] == "CNY 30,000 at 0.000195 a day, 7.02% a year, 2026-06-30 to 2026-06-30"
    assert told["changes"] == ("limit up, row (funding): CNY 20,000 at 0.000195 -> CNY 30,000 at "
                               "0.000195, since 2026-05-31-aaa")
    assert told["models"] == "pd m1" and told["policy"] == "wallet_loan, version 2026.1"


def test_json_has_it_all_and_csv_the_sentences(
        home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "ann", "--home", str(home), "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["offer"]["rate_daily"] == "0.000195" and said["release_id"] == "2026-06-30-bbb"
    assert main(["explain", "ann", "--home", str(home), "--format", "csv"]) == 0
    assert '"decision","invited"' in capsys.readouterr().out


def test_a_release_without_ledgers_is_explained_by_what_it_has(home: Path) -> None:
    said = about(home, "cleo", "2026-05-31-aaa")
    assert (said["standing"], said["policy"], said["models"]) == ("stands for its night", None, {})
    assert [rule["text"] for rule in said["failing_rules"]] == [None, None]
    assert ("rule failed", "adult: ") in lines(said)


def test_a_withdrawn_release_says_so(tmp_path: Path) -> None:
    release.publish(night(tmp_path, MAY))
    release.publish(night(tmp_path, JUNE, "bbb"))
    rollback.rollback(tmp_path, "2026-05-31-aaa", "a doubled feed", "Mei")
    assert about(tmp_path, "ann")["standing"].startswith("withdrawn by Mei on ")
    assert about(tmp_path, "ann", "2026-05-31-aaa")["standing"] == "in force"
