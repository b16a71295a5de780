"""The page for a wrong model, on a night whose step `guardrails` finds it.

The night before was published with one PD model, tonight's was scored by another.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from jobs import store
from jobs.__main__ import main
from jobs.config import Run
from jobs.contracts.monitoring import MONITORING
from jobs.inputs import code_version, frozen
from jobs.policies import policy as policies
from jobs.release import release
from jobs.release.approval import asking, rejected
from jobs.release.previous import previous
from jobs.scores.train import stamped
from models import champions, registry
from models.registry import Model
from tests.release.nights import JUNE, MAY, night
from tests.runbook.pages import commands

POLICY = "wallet_loan_cny"


def identity(version: str) -> dict[str, str]:
    return {"name": "pd", "version": version, "sha256": "0"}


def scored(home: Path, version: str, run_id: str) -> Run:
    """June's night by a promoted model, up to the step before `guardrails`."""
    run = night(home, JUNE, run_id, invited=("ann",))
    policy = policies.load(POLICY, JUNE)
    record = frozen(run)
    store.write_json({**record, "models": {"pd": identity(version)}, "inputs": {
        **record["inputs"], "deliveries": [], "code_version": code_version(),
        "models": {"pd": identity(version)},
        "previous": previous(home, JUNE, "wallet_loan"), "policy": {
            "name": policy.name, "sha256": policy.sha256, "currency": "CNY"}}},
        run.folder / "run.json")
    store.write_sorted(MONITORING.arrow_schema.empty_table(), MONITORING, run.folder / "monitoring")
    store.write_json({"run_id": run_id, "seed": 7, "policy": POLICY},
                     run.date_folder / "open.json")
    return run


@pytest.fixture()
def right(tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch) -> str:
    """The version that May was published with; a proof put together without optimiser has a gap."""
    said = policies.document(POLICY)
    said["versions"][0]["guardrails"]["gap"] = {}
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / f"{POLICY}.yaml").write_text(yaml.safe_dump(said), encoding="utf-8")
    monkeypatch.setenv("NIGHTLIST_POLICIES", str(tmp_path / "policies"))
    model = stamped(model)
    registry.save(tmp_path, model)
    release.publish(night(tmp_path, MAY, invited=("ann",), ledgers={"documents": [
        {"document": name, "sha256": "0", "text": json.dumps(text)} for name, text in (
            ("inputs", {"models": {"pd": identity(model.version)}}),
            ("model/pd", {"version": model.version}))]}))
    return model.version


def test_the_night_asks_is_rejected_and_asks_nothing_with_the_right_model(
        tmp_path: Path, right: str, capsys: pytest.CaptureFixture[str]) -> None:
    run = scored(tmp_path, "wrong", "aaa")
    at = ["--as-of", JUNE.isoformat(), "--home", str(tmp_path)]
    assert main(["run", "guardrails", *at]) == 0
    assert [row["name"] for row in asking(frozen(run))] == ["model_change"]
    look, listed, reject, promote, anew = (
        [*words, "--home", str(tmp_path)] for words in commands(
            "wrong_model_promoted", DATE=JUNE.isoformat(), NAME="Mei", OTHER="Bo",
            VERSION_BEFORE=right, TEXT="promoted by mistake"))
    capsys.readouterr()
    assert main(look) == 0 and main(listed) == 0
    assert f"(pd/{right} to wrong), asks beyond 0" in capsys.readouterr().out
    page = (tmp_path / "reports" / "2026-06-30" / "draft.html").read_text(encoding="utf-8")
    assert "asked and not answered: model change" in page and "not published" in page
    assert main(reject) == 0 and main(promote) == 0
    assert "promoted by mistake" in rejected(frozen(run))
    assert main(["run", "check_release", *at]) == 1
    assert "rejected by Mei" in capsys.readouterr().err
    assert champions.version_on(tmp_path, "pd", JUNE) == right
    # What `anew` leaves at the step guardrails; tests/night runs whole nights.
    assert anew[:3] == ["night", "--as-of", "2026-06-30"]
    again = scored(tmp_path, right, "bbb")
    assert main(["run", "guardrails", *at]) == 0
    assert "asks nothing" in capsys.readouterr().out and asking(frozen(again)) == []
    assert main(["run", "release", *at]) == 1  # not before the audit
