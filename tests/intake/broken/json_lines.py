"""JSON lines that are no rows, or hold what no cell can be."""

import json

from .case import CARD, PHONE, SUMS, Case, kept, plus, refused

_ANNA = {"user_id": "anna", "event_date": "2026-05-31", "balance_minor": 1200,
         "payment_minor": 100}
_CARL = {"user_id": "carl", "event_date": "2026-05-31", "balance_minor": 0, "payment_minor": 0}
_FIRST = json.dumps(_ANNA).encode() + b"\n"


def _second(name, raw, *reasons, adds=0):
    end = kept(1, 1, 0, *reasons) if reasons else kept(2)
    return Case(f"json_{name}", {"s.jsonl": _FIRST + raw + b"\n"}, [2], end, form="jsonl",
                totals=plus(SUMS, balance_minor=adds))


def _with(name, *reasons, adds=0, **cells):
    """A second row with these cells; a text that opens with a bang is put in as it is."""
    text = json.dumps({**_CARL, **cells})
    for value in cells.values():
        if isinstance(value, str) and value.startswith("!"):
            text = text.replace(json.dumps(value), value[1:])
    return _second(name, text.encode(), *reasons, adds=adds)


def _whole(name, content, end, rows=1, totals=None):
    return Case(f"json_{name}", {"s.jsonl": content}, [rows], end, form="jsonl",
                totals=SUMS if totals is None else totals)


def _cards(name, end, rows=1, raw=None, **cells):
    row = {"user_id": "ben", "event_date": "2026-05-31", "card_number": CARD, "action": "bind",
           "card_kind": "debit", "is_name_verified": True, "phone": PHONE, "age_years": 30}
    content = raw or json.dumps({**row, **cells}).encode()
    return Case(f"json_{name}", {"c.jsonl": content + b"\n"}, [rows], end, "bound_cards", "jsonl",
                {"age_years": 30})


_NO = "line:no_JSON_object"
_TYPE = "balance_minor:type"
_CELLS = [_with(name, _TYPE, balance_minor=value) for name, value in (
    ("true", True), ("text", "many"), ("decimal", 1.5), ("point_zero", 1.0),
    ("scientific", "!1e3"), ("nan", "!NaN"), ("infinity", "!Infinity"), ("huge", "!1" + "0" * 30),
    ("huge_exponent", "!1e400"), ("huge_digits", "!" + "9" * 500), ("minus_huge", -10**40))]

_LINES = [_second(name, raw, _NO) for name, raw in (
    ("open", b"{"), ("array", b"[1]"), ("array_of_rows", b"[" + _FIRST.strip() + b"]"),
    ("number", b"7"), ("null", b"null"), ("plain_text", b'"carl"'), ("csv", b"carl,2026-05-31,0,0"),
    ("two_objects", _FIRST.strip() * 2), ("single_quotes", b"{'user_id': 'carl'}"),
    ("cut", _FIRST[:40]), ("control_character", b'{"user_id": "ca\x01rl"}'),
    ("lone_surrogate", json.dumps({**_CARL, "user_id": "\ud800"}).encode()))]

CASES = _CELLS + _LINES + [
    _with("null_number", "balance_minor:missing", balance_minor=None),
    _with("null_user", "user_id:missing", user_id=None),
    _with("text_of_a_number", balance_minor="5", adds=5),
    _with("nul_escape", "user_id:unreadable", user_id="ca\0rl"),
    _with("date_of_february", "event_date:type", event_date="2026-02-31"),
    _with("date_as_number", "event_date:type", event_date=20260531),
    _with("minus_zero", balance_minor="!-0"),
    _with("formula", user_id="=cmd|' /C calc'!A0"),
    _with("newline_escape", user_id="ca\nrl"),
    _with("nested_object", "line:nested_value", user_id={"id": "carl", "card": CARD}),
    _with("nested_array", "line:nested_value", user_id=["carl", PHONE]),
    _second("deep", b'{"user_id": ' + b"[" * 5000 + b"]" * 5000 + b"}", "line:nested_value"),
    _with("nested_number", "line:nested_value", balance_minor=[5]),
    _second("empty_object", b"{}", "user_id:missing", "event_date:missing",
            "balance_minor:missing", "payment_minor:missing"),
    _second("key_twice", json.dumps(_CARL).encode()[:-1] + b', "user_id": "dora"}',
            "line:key_twice"),
    _second("other_bytes", b'{"user_id": "ca\xffrl", "event_date": "2026-05-31", '
            b'"balance_minor": 0, "payment_minor": 0}', "line:invalid_encoding"),
    _second("huge_row", json.dumps({**_CARL, "user_id": "x" * 1_100_000}).encode(),
            "line:line_size_over_maximum"),
    _whole("key_of_other_case", _FIRST.replace(b"user_id", b"User_Id"),
           refused("unexpected 'User_Id'")),
    _whole("key_unknown", _FIRST.replace(b"}", b', "note": "x"}'), refused("unexpected 'note'")),
    _whole("key_unknown_and_long", _FIRST.replace(b"}", b', "' + b"n" * 5000 + b'": 1}'),
           refused("unexpected '…'")),     # what is no name of a column may be an identifier
    _whole("pretty", json.dumps(_ANNA, indent=1).encode(), refused("expected 1 rows")),
    _whole("one_array", b"[" + _FIRST.strip() + b",\n" + _FIRST.strip() + b"]",
           kept(0, 2, 0, _NO), 2, {}),
    _whole("mark_at_start", b"\xef\xbb\xbf" + _FIRST, kept(1)),
    _whole("windows_lines", _FIRST.strip() + b"\r\n" + json.dumps(_CARL).encode() + b"\r\n",
           kept(2), 2),
    _whole("blank_lines", _FIRST + b"\n" + json.dumps(_CARL).encode() + b"\n\n", kept(2), 2),
    _whole("utf16", _FIRST.decode().encode("utf-16"), refused("s.jsonl")),
    _whole("empty", b"", refused("expected 1 rows", "found 0 rows")),
    _cards("identifier_as_number", kept(1), card_number=int(CARD), phone=int(PHONE)),
    _cards("identifier_as_key", refused("c.jsonl", "unexpected"), **{CARD: PHONE}),
    _cards("identifier_in_another_column", kept(0, 1, 0, "event_date:type"), event_date=CARD),
    _cards("identifier_in_a_list", kept(0, 1, 0, "action:not_allowed"), action=PHONE),
]
