"""Tokens in place of raw identifiers: keyed HMAC-SHA256, computed inside the engine.

The key comes from the file that `NIGHTLIST_TOKEN_KEYS` names: one `name:hex` a line, the newest
first, 32 bytes or more each. New deliveries get tokens of the first key, `name:` and 32 hex digits
(128 bits); a token therefore says which key made it. Without the variable a home makes a key of
its own at first use (`<home>/keys/tokens`, mode 0600), which is good for a laptop; one in an object
store does not.

To rotate, put a new line on top and leave the old ones below. From then on a delivery brings,
beside its tokens, links from each of them to the token of the oldest key; `jobs.inputs.facts`
follows them, so a card bound under the old key and unbound under the new one is the same card. A
key stays in the file as long as a clean table holds its tokens: intake refuses to go on without it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jobs import lake
from jobs.errors import UsageError

VARIABLE = "NIGHTLIST_TOKEN_KEYS"
#: HMAC-SHA256: block size in bytes, inner and outer pad (RFC 2104).
_BLOCK, _INNER, _OUTER = 64, 0x36, 0x5C
_DIGITS = 32
_LINE = re.compile(r"([A-Za-z0-9_-]{1,16}):([0-9a-fA-F]{64,})")


@dataclass(frozen=True)
class Key:
    """A named secret; its text never shows the secret."""

    name: str
    secret: bytes

    @property
    def mark(self) -> str:
        """Name and fingerprint: two secrets of one name have different marks."""
        return f"{self.name}-{hashlib.sha256(b'mark' + self.secret).hexdigest()[:8]}"

    def __repr__(self) -> str:
        """The name only: a key must not reach a log."""
        return f"Key({self.name})"

    def token(self, raw: str) -> str:
        """The token of one identifier."""
        digest = hmac.new(self.secret, raw.encode(), hashlib.sha256).hexdigest()
        return f"{self.name}:{digest[:_DIGITS]}"

    def sql(self, column: str) -> str:
        """The same token as a DuckDB expression over a text column; null stays null."""
        block = (hashlib.sha256(self.secret).digest() if len(self.secret) > _BLOCK
                 else self.secret).ljust(_BLOCK, b"\0")
        inner, outer = (bytes(byte ^ pad for byte in block).hex() for pad in (_INNER, _OUTER))
        return (f"'{self.name}:' || left(sha256(unhex('{outer}') || unhex(sha256("
                f"unhex('{inner}') || encode({column})))), {_DIGITS})")


def keys(home: Path) -> list[Key]:
    """All keys, the one for new tokens first.

    Raises:
        UsageError: When the file is missing, empty or holds a line that is no key. The line is
            not shown.
    """
    named = os.environ.get(VARIABLE)
    if not named and lake.is_remote(home):
        raise UsageError(VARIABLE, "a file of keys: none are kept in an object store beside what "
                         "they hide", "none", "name a file with one name:hex a line")
    path = Path(named) if named else home / "keys" / "tokens"
    if not named and not path.exists():
        _make(path)
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(VARIABLE, "a readable file of keys", type(error).__name__,
                         "name a file with one name:hex a line") from None
    found = [_LINE.fullmatch(line.strip()) for line in lines]
    if not found or None in found:
        bad = found.index(None) + 1 if None in found else 0
        raise UsageError(VARIABLE, "one name:hex a line, 32 bytes or more",
                         f"line {bad} is none" if bad else "no line", "mend the file of keys")
    return [Key(match[1], bytes.fromhex(match[2])) for match in found if match]


def refuse_lost(keys_there: list[Key], marks: Iterable[str]) -> None:
    """Refuse to make tokens that would not meet the ones made before.

    Args:
        keys_there: The keys of the file.
        marks: Marks of the keys that made the tokens of the clean tables.

    Raises:
        UsageError: Naming the key that is gone.
    """
    there = {key.mark for key in keys_there}
    for mark in sorted(set(marks)):
        if mark not in there:
            raise UsageError(VARIABLE, f"the key {mark}, which made tokens of this home",
                             "only " + ", ".join(sorted(there)), "put its line back below the "
                             "newest one: without it the same card has two tokens")


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(f"home:{secrets.token_hex(32)}\n")
