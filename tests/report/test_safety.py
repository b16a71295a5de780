"""Is it safe? The worst of every kind of check, with its reason."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from jobs.policies.campaign import CampaignRules
from jobs.report import safety


def feed(name: str, **own: Any) -> dict[str, Any]:
    return {"feed": name, "deliveries": 1, "status": "on time", "tone": "", **own}


def gate(met: int, warnings: int = 0, critical: int = 0) -> dict[str, Any]:
    return {"gate": "g", "expectations": met + warnings + critical, "met": met,
            "warnings": warnings, "critical": critical}


@pytest.mark.parametrize(("rows", "status", "said"), [
    ([], "unjudged", "No gate is recorded."),
    ([gate(3), gate(4)], "ok", "7 of 7 expectations are met."),
    ([gate(3, warnings=1), gate(4)], "warning", "7 of 8 expectations are met; 1 warning."),
    ([gate(3, 1), gate(0, critical=2)], "stop",
     "3 of 6 expectations are met; 2 critical failures; 1 warning.")])
def test_gates_are_as_bad_as_their_worst(rows: list[dict[str, Any]], status: str,
                                         said: str) -> None:
    found = safety.gates(rows)
    assert (found["status"], found["text"]) == (status, said)


def test_a_proof_is_as_good_as_its_recomputation() -> None:
    proof = {"limits": {"certificate": {"gap": "0.1 %"}}}
    checked = {"table": "certificate", "success": True}
    assert safety.proof({**proof, "results": []})["status"] == "unjudged"
    assert safety.proof({**proof, "results": [checked]})["status"] == "ok"
    failed = safety.proof({**proof, "results": [checked, {**checked, "success": False}]})
    assert (failed["status"], failed["text"]) == ("stop", "1 of 2 checks of the certificate fail.")


@pytest.mark.parametrize(("share", "rules", "status"), [
    (None, CampaignRules(), "unjudged"), (0.3, CampaignRules(), "unjudged"),
    (0.1, CampaignRules(churn_warning_ratio=0.2, churn_stop_ratio=0.5), "ok"),
    (0.2, CampaignRules(churn_warning_ratio=0.2, churn_stop_ratio=0.5), "warning"),
    (0.5, CampaignRules(churn_warning_ratio=0.2, churn_stop_ratio=0.5), "stop")])
def test_churn_is_judged_by_the_policy(share: float | None, rules: CampaignRules,
                                       status: str) -> None:
    policy: Any = SimpleNamespace(campaign=rules)
    assert safety.churn(share, policy)["status"] == status


def test_a_light_that_stops_is_named() -> None:
    lights = [{"title": "Stability", "status": "stop"}, {"title": "Fairness", "status": "warning"}]
    found = safety.monitoring({"lights": lights, "worst": "stop"})
    assert (found["status"], found["text"]) == ("stop", "Beyond a limit that stops: stability.")
    assert safety.monitoring({})["text"] == "The night has none."


def test_late_feeds_and_full_quarantines_are_named() -> None:
    found = safety.data([feed("logins"), feed("bound_cards", status="missing", deliveries=0),
                         feed("rides", tone="warn"), feed("shopping", status="late"),
                         feed("games", status="none yet", deliveries=0)])
    assert (found["status"], found["text"]) == ("warning", (
        "2 of 4 feeds are on time; late: bound cards, shopping; much in quarantine: rides."))


def test_a_feed_left_out_warns_though_nothing_of_it_counts() -> None:
    found = safety.data([feed("logins"), feed("rides", deliveries=0, status="left out")])
    assert (found["status"], found["text"]) == (
        "warning", "1 of 2 feeds are on time; left out: rides.")
    assert safety.data([feed("logins")])["status"] == "ok"
