"""Is it safe? The worst of every kind of check, with its reason."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.release.switch import Throw
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


def guardrail(name: str, verdict: str = "passed", approved: str = "") -> dict[str, Any]:
    return {"name": name, "verdict": verdict, "approved": approved}


@pytest.mark.parametrize(("rows", "no", "status", "said"), [
    ([], "", "unjudged", "None are on record."),
    ([guardrail("churn")], "", "ok", "1 of 1 are within their bounds."),
    ([guardrail("churn"), guardrail("gap", "warning")], "", "warning",
     "1 of 2 are within their bounds; beyond one: gap."),
    ([guardrail("churn", "asks", "approved by Mei"), guardrail("gap")], "", "warning",
     "1 of 2 are within their bounds; beyond one: churn."),
    ([guardrail("churn", "asks"), guardrail("gap", "warning")], "", "stop",
     "0 of 2 are within their bounds; asked and not answered: churn."),
    ([guardrail("churn")], "rejected by Mei on 2026-06-30: why", "stop",
     "The night was rejected by Mei on 2026-06-30: why.")])
def test_guardrails_are_what_the_gate_has_on_record(rows: list[dict[str, Any]], no: str,
                                                    status: str, said: str) -> None:
    found = safety.guardrails(rows, no)
    assert (found["status"], found["text"]) == (status, said)


def test_a_stop_of_all_publication_is_told_first() -> None:
    throw = Throw("stop", "Mei", "complaints", "2026-06-30T21:04:05+00:00")
    found = safety.release({"stopped": throw, "withdrawn": None, "move": 3})
    assert (found["status"], found["text"]) == ("stop", (
        "All publication is stopped by Mei on 2026-06-30 21:04 UTC: complaints."))


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
