"""Champions: which version of a model scores the nights of which dates, and who said so.

    <home>/models/<name>/champions.json   entries in the order in which they were made

Entries are only ever added, and none may take effect on a date that has been published, so a
backfill scores with the model of its date. Training adds none: one person promotes, another
approves.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jobs import store
from jobs.errors import PromotionRefused
from jobs.lock import locked
from models import registry

CHAMPIONS_FILE = "champions.json"
#: How long to wait for another person's promotion, in seconds.
LOCK_WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class Entry:
    """One decision.

    Attributes:
        version: The champion from then on; None: the model is retired, there is none.
        effective_from: The first as-of date it scores.
        promoted_by: Who decided it.
        approved_by: Who agreed; another person.
        reason: Why.
        recorded_at: When it was written down, ISO 8601 in UTC.
    """

    version: str | None
    effective_from: dt.date
    promoted_by: str
    approved_by: str
    reason: str
    recorded_at: str


def history(home: Path, name: str) -> list[Entry]:
    """All decisions about a model, oldest first; empty where there was none.

    Raises:
        PromotionRefused: When the file is not what promotions write.
    """
    rows = store.read_json(_file(home, name), [])
    try:
        return [Entry(**{**row, "effective_from": dt.date.fromisoformat(row["effective_from"])})
                for row in rows]
    except (TypeError, KeyError, ValueError) as error:
        raise PromotionRefused(f"models/{name}/{CHAMPIONS_FILE}", "entries as promotions write "
                               "them", f"something else ({error})",
                               "restore the file from a backup") from None


def version_on(home: Path, name: str, as_of: dt.date) -> str | None:
    """The champion's version on a date; None where there is none.

    Entries never go back in time, so the last one in effect is the last in the list.
    """
    in_effect = [entry for entry in history(home, name) if entry.effective_from <= as_of]
    return in_effect[-1].version if in_effect else None


def add(home: Path, name: str, entry: Entry, published: dt.date | None) -> None:
    """Write a decision down.

    Args:
        home: The root of everything that is written.
        name: The model's name in the registry.
        entry: The decision; its texts are kept without surrounding spaces.
        published: As-of date of the newest release, which must stay as it was scored.

    Raises:
        PromotionRefused: When a name or the reason is missing, one person is both, or the date is
            published or lies before that of an earlier decision.
        ModelMismatch: When there is no such version, or its files were changed.
    """
    where = f"models/{name}/{CHAMPIONS_FILE}"
    promoted_by, approved_by, reason = (" ".join(text.split()) for text in (
        entry.promoted_by, entry.approved_by, entry.reason))
    _check_people(where, promoted_by, approved_by, reason)
    if entry.version is not None:
        _check_model(registry.load(home, name, entry.version))
    path = _file(home, name)
    with locked(home / "models" / ".lock", LOCK_WAIT_SECONDS, where, PromotionRefused):
        known = history(home, name)
        _check_date(where, entry, known, published)
        kept = Entry(entry.version, entry.effective_from, promoted_by, approved_by, reason,
                     entry.recorded_at)
        store.write_json([_row(one) for one in (*known, kept)], path)


def _check_people(where: str, promoted_by: str, approved_by: str, reason: str) -> None:
    for option, text in (("--by", promoted_by), ("--approved-by", approved_by),
                         ("--reason", reason)):
        if not text:
            raise PromotionRefused(f"{where} {option}", "a text", "none", "say who, and why")
    if promoted_by.casefold() == approved_by.casefold():
        raise PromotionRefused(f"{where} --approved-by", "a second person",
                               f"{approved_by}, who promotes", "ask somebody else to approve")


def _check_model(model: registry.Model) -> None:
    if segment := model.metadata.get("segment"):
        raise PromotionRefused(f"model {model.name}/{model.version}", "one that learned from "
                               "everyone", f"one that learned from {segment} only",
                               "train without --segment")


def _check_date(where: str, entry: Entry, known: list[Entry],
                published: dt.date | None) -> None:
    if published and entry.effective_from <= published:
        raise PromotionRefused(f"{where} --from", f"a date after {published}, the newest night "
                               "published", str(entry.effective_from), "give a later date: what "
                               "was published stays as it was scored")
    if known and entry.effective_from < known[-1].effective_from:
        raise PromotionRefused(f"{where} --from", "a date not before the last decision's, "
                               f"{known[-1].effective_from}", str(entry.effective_from),
                               "give that date or a later one")
    if entry.version is None and (not known or known[-1].version is None):
        raise PromotionRefused(where, "a champion to retire", "none", "see: nightlist models list")


def _row(entry: Entry) -> dict[str, Any]:
    return {**asdict(entry), "effective_from": entry.effective_from.isoformat()}


def _file(home: Path, name: str) -> Path:
    return home / "models" / name / CHAMPIONS_FILE
