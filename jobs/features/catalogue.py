"""Every feature of the matrix with its window and the feeds, and so the purposes, it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jobs.contracts import feeds
from jobs.contracts.table import Field, Table
from jobs.features import across, bureau, cards, debts, social, statements
from jobs.features.families import FEATURES as WINDOW_FEATURES
from jobs.store import fingerprint


_FINGERPRINT_DIGITS = 12


@dataclass(frozen=True)
class Entry:
    """A feature as the dictionary shows it.

    Attributes:
        field: Its column, unit, meaning and sign.
        window: How far it looks back.
        feeds: What it is made of; a person who withholds the purpose of one has none of it.
    """

    field: Field
    window: str
    feeds: tuple[Table, ...]

    @property
    def purposes(self) -> tuple[str, ...]:
        """The consents that it needs, each once."""
        return tuple(dict.fromkeys(feed.purpose for feed in self.feeds))

    @property
    def fingerprint(self) -> str:
        """First 12 hex digits of a sha256 over what the feature means.

        That is its name, type, unit, meaning, window and feeds. Who changes how a feature is
        made so that it says something else says so in its meaning, and every model that took the
        old one is refused. Its sign and reason code are not in it, nor the code: neither a sign
        for the next model nor a tidier module makes the feature another one.
        """
        said = [self.field.name, self.field.type, self.field.unit, self.field.meaning,
                self.window, [feed.name for feed in self.feeds]]
        return fingerprint(said)[:_FINGERPRINT_DIGITS]


def _all(fields: tuple[Field, ...], window: str, *told_by: Table) -> list[Entry]:
    return [Entry(field, window, told_by) for field in fields]


#: In the order of the matrix's columns. Of monthly facts a suffix `_1` is the latest, `_2` the one
#: before; `_3` and `_6` after a statistic are the last three and six. Null: not known.
ENTRIES: tuple[Entry, ...] = (
    *_all((cards.LIMIT,), "now", feeds.BOUND_CARDS),
    *_all(bureau.FIELDS, "6 months", feeds.BUREAU_TRADELINES),
    *_all(statements.FIELDS, "6 statements", feeds.STATEMENTS),
    *(Entry(one.field, f"{one.window_days} days", (one.source.feed,)) for one in WINDOW_FEATURES),
    *_all(social.FIELDS, f"{social.DAYS} days", feeds.SOCIAL_EDGES),
    *_all(cards.FIELDS, "now", feeds.BOUND_CARDS),
    *_all(debts.FIELDS, "latest month", feeds.BUREAU_TRADELINES),
    *_all(debts.RECORD_FIELDS, "ever", feeds.BUREAU_PUBLIC_RECORDS),
    *(Entry(field, "90 days", told_by) for field, told_by in across.TOLD.items()),
)


def fingerprints(names: Iterable[str]) -> dict[str, str]:
    """What features mean by this code: name -> fingerprint, "" of one that there is not."""
    known = {entry.field.name: entry.fingerprint for entry in ENTRIES}
    return {name: known.get(name, "") for name in names}
