"""Reasons: what spoke for or against a person, in codes, and in words that a customer may read.

A feature adds to the log-odds of default, counted from the average of the people that the model
learned from; what the features of one code add is that code's. (For adverse action the official
commentary on Regulation B, 12 CFR 1002.9(b)(2), comment 5, allows the comparison with that
average.) What a feature adds because it is null says nothing that the person did: it is given to
the code NOT_KNOWN, so a code whose features are all null is never given, and NOT_KNOWN never
speaks for anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import yaml

from jobs.errors import ReasonError
from jobs.features.catalogue import ENTRIES
from jobs.features.fields import NOT_KNOWN
from models.prediction import contributions
from models.registry import Model

TEXTS = Path(__file__).with_name("reason_texts.yaml")
Direction = Literal["for", "against"]
Language = Literal["en", "zh"]
_LANGUAGES = ("en", "zh")
#: Code -> direction -> language -> text.
Texts = Mapping[str, Mapping[str, Mapping[str, str]]]


def reason_codes(model: Model, batch: pa.RecordBatch | pa.Table, how_many: int = 3,
                 direction: Direction = "for") -> list[list[str]]:
    """What lowered, or raised, each person's PD most.

    Args:
        model: The model that scored the rows.
        batch: Rows with the model's features.
        how_many: Codes a row at most.
        direction: `for`: what lowered the PD; `against`: what raised it.

    Returns:
        For each row the codes, strongest first, ties by code.

    Raises:
        ModelMismatch: When features are missing or not numbers; all are named.
    """
    codes, sums = contributions(model, batch)
    against = sums if direction == "against" else -sums
    if direction == "for" and NOT_KNOWN in codes:
        against[:, codes.index(NOT_KNOWN)] = 0.0
    order = np.argsort(-against, axis=1, kind="stable")[:, :how_many]
    return [[codes[column] for column in best if row[column] > 0]
            for row, best in zip(against, order, strict=True)]


def texts(codes: Sequence[str], language: Language = "en",
          direction: Direction = "for") -> list[str]:
    """Reasons in words, in the order of the codes.

    Args:
        codes: As `reason_codes` gives them.
        language: `en` or `zh`.
        direction: As the codes were asked for.

    Raises:
        ReasonError: When a code has no such text.
    """
    known = _texts()
    lacking = [code for code in codes
               if language not in known.get(code, {}).get(direction, {})]
    if lacking:
        raise ReasonError(f"reason {lacking[0]}", f"a text {direction} the person in {language}",
                          "none", f"add it to models/{TEXTS.name}")
    return [known[code][direction][language] for code in codes]


def load(path: Path = TEXTS) -> Texts:
    """The texts of a file, checked.

    Raises:
        ReasonError: When the file cannot be read, a feature's code lacks a text, or one is empty,
            too long, or under a key that means nothing.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ReasonError(path.name, "valid YAML in UTF-8", str(error), "mend the file") from None
    if not isinstance(found, dict):
        raise ReasonError(path.name, "codes with their texts", type(found).__name__,
                          "mend the file")
    needed = sorted({entry.field.reason_code for entry in ENTRIES} | {NOT_KNOWN})
    if missing := [code for code in needed if code not in found]:
        raise ReasonError(path.name, "a text for every reason code of a feature",
                          f"none for {', '.join(missing)}", "add them to the file")
    for code, directions in found.items():
        expected = ("against",) if code == NOT_KNOWN else ("for", "against")
        _check(f"{path.name}.{code}", directions, expected)
        for direction in expected:
            where = f"{path.name}.{code}.{direction}"
            _check(where, directions[direction], _LANGUAGES)
            for language in _LANGUAGES:
                _check_text(f"{where}.{language}", directions[direction][language])
    return found


def _check(where: str, found: Any, keys: Sequence[str]) -> None:
    if not isinstance(found, dict) or sorted(map(str, found)) != sorted(keys):
        told = ", ".join(map(str, found)) if isinstance(found, dict) else repr(found)
        raise ReasonError(where, f"the keys {', '.join(keys)}", told, "mend the file")


def _check_text(where: str, found: Any) -> None:
    """A customer reads it on a telephone: at most 120 characters, a whole sentence."""
    if not isinstance(found, str) or not found.endswith((".", "。")) or len(found) > 120:
        raise ReasonError(where, "a sentence of at most 120 characters with its full stop",
                          repr(found), "mend the text")


@lru_cache(maxsize=1)
def _texts() -> Texts:
    return load()
