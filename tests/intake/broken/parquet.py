"""Parquet files that are cut, lie, or hold other types than their contract."""

import datetime as dt
import io

import pyarrow as pa
import pyarrow.parquet as pq

from .case import CARD, PHONE, SUMS, Case, kept, plus, refused

_DAY = dt.date(2026, 5, 31)
_ANNA = {"user_id": "anna", "event_date": _DAY, "balance_minor": 1200, "payment_minor": 100}
_CARL = {"user_id": "carl", "event_date": _DAY, "balance_minor": 0, "payment_minor": 0}
_TYPES = {"user_id": pa.string(), "event_date": pa.date32(), "balance_minor": pa.int64(),
          "payment_minor": pa.int64()}


def _table(rows, **types):
    kinds = {**_TYPES, **types}
    return pa.table({name: pa.array([row[name] for row in rows], kind)
                     for name, kind in kinds.items() if kind is not None})


def _bytes(table, **options):
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def _file(name, content, end, rows=1, totals=None):
    return Case(f"parquet_{name}", {"s.parquet": content}, [rows], end, form="parquet",
                totals=SUMS if totals is None else totals)


def _rows(name, end, *rows, totals=None, types=None, **options):
    return _file(name, _bytes(_table(rows, **(types or {})), **options), end, len(rows), totals)


def _carl(name, *reasons, totals=None, **cells):
    """Anna's sound row and one with these cells."""
    end = kept(1, 1, 0, *reasons) if reasons else kept(2)
    sums = {key: value for key, value in cells.items() if isinstance(value, int)}
    return _rows(name, end, _ANNA, {**_CARL, **cells}, totals=totals or plus(SUMS, **sums))


def _typed(name, column, kind, value, *words):
    """A column of another type: the file is not of the contract."""
    return _rows(f"type_{name}", refused("s.parquet", f"{column} ", *words),
                 {**_ANNA, column: value}, types={column: kind})


_SOUND = _bytes(_table([_ANNA]))
_MANY = _bytes(_table([{**_CARL, "user_id": f"u{n}"} for n in range(20_000)]))


def _lying(content, *places):
    """A footer's row counts of 1 (thrift varints) made 9; the data have one row as before."""
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    for behind in places:
        place = content.index(b"\x16\x02" + behind, start) + 1
        content = content[:place] + bytes([2 * 9]) + content[place + 1:]
    return content


#: What follows a row count: the list of row groups, or the rest of a row group.
_OF_FILE, _OF_GROUP = b"\x19", b"\x26"


CASES = [
    _file("sound", _SOUND, kept(1)),
    _file("cut", _SOUND[:-20], refused("a whole Parquet file", "unreadable")),
    _file("cut_late", _MANY[:len(_MANY) // 2], refused("a whole Parquet file"), 20_000, {}),
    _file("without_its_first_bytes", _SOUND[4:], refused("a whole")),
    _file("page_overwritten", _MANY[:400] + b"\xff" * 400 + _MANY[800:],
          refused("a whole parquet file"), 20_000, {}),
    _file("footer_overwritten", _SOUND[:-60] + b"\xff" * 40 + _SOUND[-20:],
          refused("a whole Parquet file")),
    _file("length_of_footer_overwritten", _SOUND[:-8] + b"\xff\xff\xff\x7f" + b"PAR1",
          refused("a whole Parquet file")),
    _file("footer_that_lies", _lying(_SOUND, _OF_FILE), refused("expected 1 rows", "found 9 rows")),
    _file("footer_that_lies_as_its_manifest", _lying(_SOUND, _OF_FILE), refused("expected 9 rows"),
          9),
    _file("row_group_that_lies", _lying(_SOUND, _OF_GROUP), refused("whole parquet file")),
    _file("footer_and_row_group_that_lie", _lying(_SOUND, _OF_FILE, _OF_GROUP),
          refused("whole parquet file"), 9),
    _file("no_bytes", b"", refused("a whole Parquet file")),
    _file("csv_inside", b"user_id,event_date\nanna,2026-05-31\n", refused("a whole Parquet file")),
    _file("rows_fewer_than_said", _SOUND, refused("expected 2 rows", "found 1 rows"), 2),
    _file("rows_more_than_said", _bytes(_table([_ANNA, _CARL])),
          refused("expected 1 rows", "found 2 rows")),
    _file("no_rows", _bytes(_table([])), refused("expected 1 rows", "found 0 rows")),
    _file("totals_that_differ", _SOUND, refused("control total of balance_minor", "1200"),
          totals={"balance_minor": 1, "payment_minor": 100}),
    _rows("column_missing", refused("payment_minor missing"), _ANNA,
          types={"payment_minor": None}),
    _file("column_extra", _bytes(_table([_ANNA]).append_column("note", pa.array(["x"]))),
          refused("unexpected note")),
    _file("column_twice", _bytes(_table([_ANNA]).append_column("user_id", pa.array(["x"]))),
          refused("user_id twice")),
    _file("columns_reordered", _bytes(_table([_ANNA]).select(list(_TYPES)[::-1])), kept(1)),
    _file("strings_as_dictionary", _bytes(_table([_ANNA]), use_dictionary=True), kept(1)),
    _file("packed_with_brotli", _bytes(_table([_ANNA]), compression="brotli"), kept(1)),
    _typed("text_for_a_date", "event_date", pa.string(), "2026-05-31"),
    _typed("moment_for_a_date", "event_date", pa.timestamp("us"), dt.datetime(2026, 5, 31)),
    _typed("floats_for_money", "balance_minor", pa.float64(), 1200.5),
    _typed("decimals_for_money", "balance_minor", pa.decimal128(12, 2), 1200),
    _typed("unsigned_beyond_64_bits", "balance_minor", pa.uint64(), 2**64 - 1),
    _typed("numbers_for_an_id", "user_id", pa.int64(), 7),
    _typed("bytes_for_an_id", "user_id", pa.binary(), b"\xff\xfe"),
    _typed("list_for_an_id", "user_id", pa.list_(pa.string()), [CARD, PHONE]),
    _typed("struct_for_an_id", "user_id", pa.struct([("id", pa.string())]), {"id": CARD}),
    _carl("negative_payment", "payment_minor:below_minimum", payment_minor=-1),
    _carl("largest_number", "balance_minor:above_maximum", balance_minor=2**63 - 1,
          totals={"balance_minor": 1200 + 2**63 - 1, "payment_minor": 100}),
    _carl("smallest_number", "balance_minor:below_minimum", balance_minor=-2**63,
          totals={"balance_minor": 1200 - 2**63, "payment_minor": 100}),
    _carl("nothing", "user_id:missing", "event_date:missing", "balance_minor:missing",
          "payment_minor:missing", totals=SUMS,
          user_id=None, event_date=None, balance_minor=None, payment_minor=None),
    _carl("year_1", "event_date:below_minimum", event_date=dt.date.min),
    _carl("year_9999", "event_date:above_maximum", event_date=dt.date.max),
    _carl("blank_id", "user_id:missing", user_id="  "),
    _carl("nul_in_an_id", "user_id:unreadable", user_id="ca\0rl"),
    _carl("quotes_and_newlines", user_id='ca"r\nl'),
    _carl("huge_id", user_id="x" * 1_100_000),
    _rows("same_row_twice", kept(1, 0, 1), _ANNA, _ANNA,
          totals={"balance_minor": 2400, "payment_minor": 200}),
    _rows("identifier_as_amount", kept(1, 1, 0, "balance_minor:above_maximum"), _ANNA,
          {**_CARL, "balance_minor": int(CARD)}, totals=plus(SUMS, balance_minor=int(CARD))),
]
