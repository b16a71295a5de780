"""Everything that a release says about one person, from its published tables alone.

Sources: decisions, criteria, whitelist, limits, changes, the other ledgers, documents. The run's
folder is not needed, so an answer can be given as long as the policy keeps the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jobs.contracts.release import LEDGERS, whitelist
from jobs.limits.problem import MINOR
from jobs.limits.sizes import LANGUAGES, text
from jobs.release import criteria, records, warehouse
from jobs.release.pointer import is_history
from jobs.release.warehouse import Release

INVITED, REFUSED, NOT_CONSIDERED = "invited", "refused", "not considered"
#: Said elsewhere in the answer, or the same in every row.
_REPEATED = ("user_id", "as_of_date", "release_id")
#: Of the whitelist, told as the offer; what a campaign adds comes after.
_TERMS = ("rate_daily", "rate_annual", "all_in_cost_annual", "valid_from", "valid_to")
_LANGUAGE_NAMES = {"en": "", "zh": " (Chinese)"}


def explained(home: Path, release: Release, user_id: str) -> dict[str, Any]:
    """What a release says about a person, as JSON content.

    Args:
        home: Where the warehouse is.
        release: Whose rows to read.
        user_id: The person.

    Raises:
        ReleaseError: When the release's rows are gone.
    """
    def rows(table: str) -> list[dict[str, Any]]:
        return [{key: value for key, value in row.items() if key not in _REPEATED}
                for row in warehouse.of_user(home, table, release.release_id, user_id)]

    decided, limits = _first(rows("decisions")), _first(rows("limits"))
    texts = records.documents_of(home, release.release_id)
    return {
        "user_id": user_id, "release_id": release.release_id,
        "as_of_date": release.as_of_date.isoformat(), "standing": _standing(home, release),
        "decision": (NOT_CONSIDERED if decided is None else
                     INVITED if decided["is_invited"] else REFUSED),
        "segment": decided and decided["segment"],
        "score": decided and {key: decided[key] for key in ("score_points", "pd",
                                                            "model_version")},
        "failing_rules": _rules(home, release, decided, limits),
        "offer": _first(rows(whitelist(release.currency).name)),
        "size": limits and {
            "reason": limits["size_reason"], "row": limits["size_row"],
            **{f"text_{one}": text(limits, release.currency, one) for one in LANGUAGES}},
        **{name: rows(name) for name, table in LEDGERS.items() if "user_id" in table.columns},
        "policy": texts.get(criteria.INPUTS, {}).get("policy"),
        "models": {name.removeprefix(criteria.MODEL): text["version"]
                   for name, text in sorted(texts.items()) if name.startswith(criteria.MODEL)},
        "currency": release.currency}


def _first(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    return rows[0] if rows else None


def _standing(home: Path, release: Release) -> str:
    """Whether readers get the release, in words."""
    now = warehouse.state(home)
    if (by := now.withdrawn.get(release.release_id)) is not None:
        return f"withdrawn {warehouse.told(by)}"
    if now.in_force and now.in_force.release_id == release.release_id:
        return "in force"
    past = (", backfilled: nobody was invited by it"
            if is_history(warehouse.history(home), release.release_id) else "")
    of_night = now.of_nights.get(release.as_of_date)
    return ("stands for its night" if of_night and of_night.release_id == release.release_id
            else "superseded by a later release of its night") + past


def _rules(home: Path, release: Release, decided: dict[str, Any] | None,
           limits: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Every rule that failed, as the release's criteria have it.

    The waterfall's last steps are no rules: what they mean is the reason for the limit's size.
    """
    stated = {row["rule"]: row
              for row in warehouse.read(home, "criteria", release.release_id).to_pylist()}
    found = []
    for name in (decided or {}).get("failing_rules") or []:
        rule = stated.get(name, {})
        own = limits if name not in stated else None
        found.append({"rule": name, "reason_code": rule.get("reason_code"),
                      "condition": rule.get("condition"),
                      "text": text(own, release.currency) if own else rule.get("text"),
                      "text_zh": (text(own, release.currency, "zh") if own
                                  else rule.get("text_zh")), "source": rule.get("source")})
    return found


def lines(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The same for a reader: what it is about, and a sentence."""
    told = [("person", said["user_id"]),
            ("release", f"{said['release_id']}, {said['standing']}"),
            ("decision", _decision(said))]
    if said["score"]:
        told.append(("score", "{score_points} points, PD {pd:.4f}, model {model_version}".format(
            **said["score"]) + f"; {said['segment'].replace('_', ' ')}"))
    for rule in said["failing_rules"]:
        topic = "passed over" if said["decision"] == INVITED else "rule failed"
        asked = f" [{rule['condition']}]" if rule["condition"] else ""
        told += [(topic, f"{rule['rule']}: {rule['text'] or ''}{asked}"),
                 *([(topic + _LANGUAGE_NAMES["zh"], rule["text_zh"])] if rule["text_zh"] else [])]
    if said["offer"]:
        told += _offer(said["offer"], said["currency"])
    if said["size"]:
        told += [(f"size of limit{_LANGUAGE_NAMES[one]}", said["size"][f"text_{one}"])
                 for one in LANGUAGES]
    for name in LEDGERS:
        told += [(name.replace("_", " "), _change(row, said["currency"]) if name == "changes"
                  else _pairs(row)) for row in said.get(name, [])]
    if said["policy"]:
        told.append(("policy", "{name}, version {version}".format(**said["policy"])))
    if said["models"]:
        told.append(("models", ", ".join(f"{name} {one}" for name, one in said["models"].items())))
    return told


def _decision(said: Mapping[str, Any]) -> str:
    if said["decision"] != NOT_CONSIDERED:
        return str(said["decision"])
    return (f"not considered on {said['as_of_date']}: no bound card of this person was known by "
            "then, or a loan with us was open; nothing about the person was looked at")


def _offer(offer: Mapping[str, Any], currency: str) -> list[tuple[str, str]]:
    limit = f"limit_{currency.lower()}"
    terms = (f"{currency} {offer[limit]:,} at {offer['rate_daily']} a day, "
             f"{offer['rate_annual']:.2%} a year, {offer['valid_from']} to {offer['valid_to']}")
    rest = {key: value for key, value in offer.items()
            if key not in (limit, "offer_id", *_TERMS) and value not in (None, [])}
    return [("offer", terms), ("offer id", offer["offer_id"]), ("about it", _pairs(rest))]


def _change(row: Mapping[str, Any], currency: str) -> str:
    """«limit up, best: CNY 20,000 at 0.000195 -> CNY 30,000 at 0.000195, since …»."""
    def terms(before: str) -> str:
        if row[f"{before}limit_minor"] is None:
            return "nothing"
        return (f"{currency} {row[f'{before}limit_minor'] // MINOR:,} at "
                f"{row[f'{before}rate_daily']}")

    why = row["reason"] + (f" ({row['reason_detail']})" if row["reason_detail"] else "")
    return (f"{row['change'].replace('_', ' ')}, {why}: {terms('previous_')} -> {terms('')}, since "
            f"{row['previous_release_id']}")


def _pairs(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{key.replace('_', ' ')} "
                     + (" ".join(value) if isinstance(value, list) else
                        {True: "yes", False: "no"}.get(value, str(value))
                        if isinstance(value, bool) else str(value))
                     for key, value in row.items() if value is not None)
