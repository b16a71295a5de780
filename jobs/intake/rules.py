"""Rows against their contract, in SQL: typed values, the reasons against a row, and its JSON.

A rule breaks with `column:rule`. Typed values come first (`column:type` where a cell cannot be what
the contract says), then bounds and lists; a missing value breaks only `missing`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import duckdb

from jobs.contracts.table import Field, Table
from jobs.intake.rows import ENGINE_TYPES
from jobs.intake.tokens import Key

#: What a text cell of a type looks like; anything else is not taken for it by guessing.
PATTERNS = {
    "integer": r"-?[0-9]{1,18}",
    "double": r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?",
    "rate": r"-?[0-9]{1,3}(\.[0-9]{1,6})?",
    "boolean": r"true|false",
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "timestamp": r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
                 r"(\.[0-9]{1,6})?Z?",
}
_PLAIN = "[!-~]+"
#: Characters that take no place or turn the reading round: two ids that look alike would differ.
#: The joiners of Indic and Arabic script belong to their words.
_UNSEEN = r"\x{200B}\x{200E}\x{200F}\x{202A}-\x{202E}\x{2060}-\x{206F}\x{FEFF}"
#: Spaces of any script: what a person reads as nothing.
_BLANK = (r"[\s\x{0085}\x{00A0}\x{115F}\x{1160}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}"
          r"\x{202F}\x{205F}\x{2800}\x{3000}\x{3164}\x{FFA0}" + _UNSEEN + "]*")
#: Characters that no name or code holds: controls, unseen ones, and the mark of a byte that could
#: not be read.
_UNREADABLE = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x{FFFD}" + _UNSEEN + "]"
#: From so many digits on, a cell of another kind may be an identifier in the wrong column: a phone
#: has 11, a card up to 19, a national id 18. A moment has 14 and is told by its shape.
_IDENTIFIER_DIGITS = 11
_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}.{0,20})?"


@dataclass(frozen=True)
class Plan:
    """The SQL of one delivery: everything `intake.py` puts together.

    Attributes:
        cells: Select list from `delivered`: its place, cells as `d_…`, typed values as `v_…`.
        is_broken: Whether any rule is broken, over those.
        reasons: List of the broken rules.
        row_json: The row as delivered, tokens for identifiers; what may be an identifier in the
            wrong column is told by its length only.
        identity: What two delivered rows have in common that are copies of each other; it holds
            what `row_json` hides, and is nowhere written.
        values: Select list of the typed values under the contract's names.
    """

    cells: str
    is_broken: str
    reasons: str
    row_json: str
    identity: str
    values: str


def plan(feed: Table, is_text: bool, delivery_date: dt.date, key: Key) -> Plan:
    """The SQL for the rows of a feed.

    Args:
        feed: The contract.
        is_text: Whether cells are text (CSV, JSON lines) or typed (Parquet).
        delivery_date: Knowledge time; an event after it is out of range.
        key: Makes the tokens.
    """
    rules = [(f"{field.name}:{rule}", condition) for field in feed.fields
             for rule, condition in _rules(field, is_text, delivery_date)]
    cells = [f"{f.name} as d_{f.name}, {_value(f, is_text, key)} as v_{f.name}"
             for f in feed.fields]
    named = ", ".join(f"case when {condition} then '{name}' end" for name, condition in rules)
    shown = ", ".join(f"'{f.name}', {_shown(feed, f)}" for f in feed.fields)
    return Plan(
        cells=", ".join(["place", *cells]),
        is_broken=" or ".join(f"coalesce({condition}, false)" for _, condition in rules),
        reasons=f"list_filter([{named}], lambda one: one is not null)",
        row_json=f"json_object({shown})",
        identity="hash({})".format(", ".join(
            f"{'v' if f.is_identifier else 'd'}_{f.name}" for f in feed.fields)),
        values=", ".join(f"v_{f.name} as {f.name}" for f in feed.fields))


def totals(connection: duckdb.DuckDBPyConnection, feed: Table, is_text: bool) -> dict[str, int]:
    """Exact sums of integer columns over all delivered rows; a cell that is none counts nothing."""
    fields = [field for field in feed.fields if field.type == "integer"]
    if not fields:
        return {}
    sums = ", ".join(f"coalesce(sum({_value(f, is_text, None)}), 0)" for f in fields)
    found = connection.execute(f"select {sums} from delivered").fetchall()[0]
    return {field.name: int(value) for field, value in zip(fields, found, strict=True)}


def _value(field: Field, is_text: bool, key: Key | None) -> str:
    cell = field.name
    if field.is_identifier and key:
        return key.sql(f"trim({cell})")
    if not is_text or field.type == "string":
        return cell
    cast = f"try_cast({cell} as {ENGINE_TYPES[field.type]})"
    return f"case when regexp_full_match({cell}, '{PATTERNS[field.type]}') then {cast} end"


def _shown(feed: Table, field: Field) -> str:
    """A cell of a row in quarantine; ids of the row itself stay readable, to find it by."""
    if field.is_identifier:
        return f"v_{field.name}"
    cell = f"d_{field.name}"
    if field.type == "string" and field.name in (*feed.key, "user_id"):
        return cell
    digits = f"length(regexp_replace({cell}::varchar, '[^0-9]', '', 'g'))"
    return (f"case when {digits} >= {_IDENTIFIER_DIGITS} and not "
            f"regexp_full_match({cell}::varchar, '{_MOMENT}') then "
            f"to_json('… (' || length({cell}::varchar) || ' characters)') else to_json({cell}) end")


def _rules(field: Field, is_text: bool, delivery_date: dt.date) -> list[tuple[str, str]]:
    """The (rule, SQL condition that breaks it) pairs of a field."""
    cell, value = f"d_{field.name}", f"v_{field.name}"
    rules: list[tuple[str, str]] = []
    if not field.nullable:
        rules.append(("missing", f"{cell} is null"))
    if field.type == "string" and not field.allowed:
        # Plain text first: one cheap match answers for nearly every cell.
        for rule, match in (("missing", f"regexp_full_match({cell}, '{_BLANK}')"),
                            ("unreadable", f"regexp_matches({cell}, '{_UNREADABLE}')")):
            rules.append((rule, f"case when regexp_full_match({cell}, '{_PLAIN}') then false "
                                f"else {match} end"))
    elif is_text and field.type != "string":
        rules.append(("type", f"{cell} is not null and {value} is null"))
    if field.type == "double":
        rules.append(("not_finite", f"not isfinite({value})"))
    return rules + _range(field, value, delivery_date)


def _range(field: Field, value: str, delivery_date: dt.date) -> list[tuple[str, str]]:
    """Bounds and lists; no event lies after the day of its delivery."""
    rules: list[tuple[str, str]] = []
    if field.minimum is not None:
        rules.append(("below_minimum", f"{value} < {_bound(field, field.minimum)}"))
    if field.type == "timestamp":
        after = delivery_date + dt.timedelta(days=1)
        rules.append(("above_maximum", f"{value} >= {_bound(field, after.isoformat())}"))
    elif field.type == "date":
        rules.append(("above_maximum", f"{value} > {_bound(field, delivery_date.isoformat())}"))
    elif field.maximum is not None:
        rules.append(("above_maximum", f"{value} > {_bound(field, field.maximum)}"))
    if field.allowed:
        listed = ", ".join(f"'{one}'" for one in field.allowed)
        rules.append(("not_allowed", f"{value} not in ({listed})"))
    if field.not_after:
        rules.append((f"after_{field.not_after}", f"{value} > v_{field.not_after}"))
    return rules


def _bound(field: Field, value: int | float | str) -> str:
    return f"cast('{value}' as {ENGINE_TYPES[field.type]})"
