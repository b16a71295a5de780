"""Is it safe to use? Of every kind of check the worst that was found, and where to look.

Sources: what the other sections found.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jobs.contracts.monitoring import OK, STOP, UNJUDGED, WARNING
from jobs.intake.status import LATE, MISSING
from jobs.release.approval import ASKS, GUARDRAILS, PASSED, approved, sentence
from jobs.release.warehouse import told
from jobs.report.quality import LEFT_OUT
from jobs.report.words import number

Check = dict[str, str]


def checks(content: dict[str, Any]) -> list[Check]:
    """The checks in the order a reader asks; of each its title, status, a sentence, and a section.

    Args:
        content: The page's facts without these.
    """
    return [release(content), gates(content["gates"]), proof(content),
            monitoring(content["models"]["monitoring"]),
            guardrails(content["guardrails"], content["rejected"]), data(content["feeds"])]


def release(content: dict[str, Any]) -> Check:
    """Whether readers see the night's rows, and whether anything may be published."""
    if content["stopped"] is not None:
        return _check("Release", STOP, f"All publication is stopped {content['stopped'].told}.",
                      "versions")
    if content["withdrawn"] is not None:
        return _check("Release", STOP, f"Withdrawn {told(content['withdrawn'])}.", "versions")
    if content["move"] is None:
        return _check("Release", WARNING, "Not published: readers do not see it.", "versions")
    if content["is_history"]:
        return _check("Release", OK, f"Backfilled as move {content['move']} of the pointer: nobody "
                      "is invited by it.", "versions")
    return _check("Release", OK, f"Published as move {content['move']} of the pointer.", "versions")


def gates(rows: Iterable[dict[str, Any]]) -> Check:
    """Expectations of all gates together."""
    total = {key: sum(row[key] for row in rows) for key in ("expectations", "met", "warnings",
                                                            "critical")}
    if not total["expectations"]:
        return _check("Gates", UNJUDGED, "No gate is recorded.", "gates")
    worst = STOP if total["critical"] else WARNING if total["warnings"] else OK
    said = f"{number(total['met'])} of {number(total['expectations'])} expectations are met"
    missed = [f"{number(total[key])} {word}{'' if total[key] == 1 else 's'}" for key, word in (
        ("critical", "critical failure"), ("warnings", "warning")) if total[key]]
    return _check("Gates", worst, "; ".join([said, *missed]) + ".", "gates")


def proof(content: dict[str, Any]) -> Check:
    """Whether the certificate was recomputed and found true, and how much was left unearned."""
    own = [row for row in content["results"] if row.get("table") == "certificate"]
    gap = content["limits"]["certificate"]["gap"]
    if not own:
        return _check("Proof", UNJUDGED, "Not recomputed yet.", "money")
    failed = [row for row in own if not row["success"]]
    if failed:
        return _check("Proof", STOP, f"{number(len(failed))} of {number(len(own))} checks of the "
                      "certificate fail.", "money")
    return _check("Proof", OK, f"Limits keep every row; at most {gap} of the value was left "
                  "unearned.", "money")


def monitoring(found: dict[str, Any]) -> Check:
    """The worst light of the monitoring, and whose it is."""
    if not found:
        return _check("Monitoring", UNJUDGED, "The night has none.", "score")
    own = [one["title"].lower() for one in found["lights"] if one["status"] == found["worst"]]
    said = {STOP: "Beyond a limit that stops", WARNING: "Beyond a limit that warns",
            OK: "Within the policy's limits", UNJUDGED: "No limit, or nothing to judge"}
    return _check("Monitoring", found["worst"], f"{said[found['worst']]}: {', '.join(own)}.",
                  "score")


def guardrails(rows: Iterable[dict[str, Any]], no: str) -> Check:
    """What asked a person, and what was said, as the gate takes it.

    Args:
        rows: Of `guardrail_rows`.
        no: Who rejected the night, in words; empty where nobody did.
    """
    known = list(rows)
    if no:
        return _check("Guardrails", STOP, f"The night was {no}.",
                      "guardrails" if known else "versions")
    if not known:
        return _check("Guardrails", UNJUDGED, "None are on record.", "versions")
    still_open = [row["name"] for row in known if row["verdict"] == ASKS and not row["approved"]]
    beyond = [row["name"] for row in known if row["verdict"] != PASSED]
    said = f"{number(len(known) - len(beyond))} of {number(len(known))} are within their bounds"
    if still_open:
        said += f"; asked and not answered: {_some(still_open)}"
    elif beyond:
        said += f"; beyond one: {_some(beyond)}"
    return _check("Guardrails", STOP if still_open else WARNING if beyond else OK, said + ".",
                  "guardrails")


def guardrail_rows(content: dict[str, Any]) -> list[dict[str, Any]]:
    """The guardrails on record, with who agreed (empty: nobody), and figure and bounds in words.

    Args:
        content: Of run.json.
    """
    return [{**row, "approved": approved(content, row), "told": sentence(row).partition(": ")[2]}
            for row in content.get(GUARDRAILS) or []]


def data(feeds: Iterable[dict[str, Any]]) -> Check:
    """Late feeds, and those with too much in quarantine."""
    known = [row for row in feeds if row["deliveries"] or row["status"] in (MISSING, LEFT_OUT)]
    late = [row["feed"] for row in known if row["status"] in (LATE, MISSING)]
    out = [row["feed"] for row in known if row["status"] == LEFT_OUT]
    bad = [row["feed"] for row in known if row["tone"]]
    if not known:
        return _check("Data", UNJUDGED, "No deliveries are recorded.", "data")
    on_time = len(known) - len(late) - len(out)
    said = [f"{number(on_time)} of {number(len(known))} feeds are on time"]
    said += [f"late: {_some(late)}"] if late else []
    said += [f"left out: {_some(out)}"] if out else []
    said += [f"much in quarantine: {_some(bad)}"] if bad else []
    return _check("Data", WARNING if late or out or bad else OK, "; ".join(said) + ".", "data")


def _some(names: list[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(name.replace("_", " ") for name in names[:most]) + more


def _check(title: str, status: str, text: str, section: str) -> Check:
    return {"title": title, "status": status, "text": text, "section": section}
