"""Text files: CSV and JSON lines, their encodings, and lines that are no rows."""

import datetime as dt
import json

import pytest

from jobs.errors import DeliveryRefused

from .conftest import DELIVERY, zipped

MAY = dt.date(2026, 5, 31)
HEADER = b"user_id,event_date,balance_minor,payment_minor\n"
ROWS = [("anna", MAY, 1200, 100, DELIVERY), ("ben", MAY, -50, 30, DELIVERY)]
BODY = b"anna,2026-05-31,1200,100\nben,2026-05-31,-50,30\n"
TOTALS = {"balance_minor": 1150, "payment_minor": 130}
JSON_ROWS = (b'{"user_id": "anna", "event_date": "2026-05-31", "balance_minor": 1200, '
             b'"payment_minor": 100}\n{"payment_minor": 30, "balance_minor": -50, '
             b'"event_date": "2026-05-31", "user_id": "ben"}\n')


@pytest.mark.parametrize(("files", "said"), [
    ({"s.csv": HEADER + BODY}, {}),
    ({"s.csv": b"\xef\xbb\xbf" + HEADER + BODY}, {}),
    ({"s.csv": (HEADER + BODY).replace(b"\n", b"\r\n")}, {}),
    ({"s.csv": HEADER + BODY.rstrip(b"\n")}, {}),
    ({"s.csv.gz": zipped(HEADER + BODY)}, {}),
    ({"s.csv": (HEADER + BODY).decode().encode("gb18030")}, {"encoding": "gb18030"}),
    ({"s.csv": b'payment_minor,user_id,balance_minor,event_date\n100,"anna",1200,2026-05-31\n'
               b'30,"ben",-50,2026-05-31\n'}, {}),
    ({"s.jsonl": JSON_ROWS}, {"format": "jsonl"}),
    ({"s.jsonl.gz": zipped(JSON_ROWS)}, {"format": "jsonl"}),
])
def test_every_format_gives_the_same_rows(desk, files, said):
    assert desk.take("statements", files, [2], TOTALS, **said)["accepted"] == 2
    assert desk.clean("statements") == ROWS


def test_a_chinese_text_survives_gb18030(desk):
    text = HEADER.decode() + "张伟,2026-05-31,1,0\n"
    desk.take("statements", {"s.csv": text.encode("gb18030")}, [1], {"balance_minor": 1},
              encoding="gb18030")
    assert desk.clean("statements")[0][0] == "张伟"


def test_several_files_are_one_delivery(desk):
    first, second = BODY.splitlines(keepends=True)
    files = {"a.csv": HEADER + first, "b.csv": HEADER + second}
    assert desk.take("statements", files, [1, 1], TOTALS)["accepted"] == 2


@pytest.mark.parametrize(("line", "reason"), [
    (b"carl,2026-05-31,12", "line:missing_columns"),
    (b"carl,2026-05-31,12,1,9", "line:too_many_columns"),
    (b"carl,2026-05-31,\xff,1", "line:invalid_encoding"),
    (b"carl,2026-05-31," + b"1" * 1_100_000 + b",1", "line:line_size_over_maximum"),
    (b"carl,2026-05-31,1e3,0", "balance_minor:type"),
    (b"carl,2026-05-31,1.0,0", "balance_minor:type"),
    (b"carl,2026-05-31,99999999999999999999,0", "balance_minor:type"),
    (b"carl,2026-05-31,NULL,0", "balance_minor:type"),
    (b"carl,2026-05-31,,0", "balance_minor:missing"),
    (b"carl,2026-02-30,0,0", "event_date:type"),
    (b"carl,0000-01-01,0,0", "event_date:below_minimum"),
    (b"carl,31/05/2026,0,0", "event_date:type"),
    (b",2026-05-31,0,0", "user_id:missing"),
    (b"ca\x00rl,2026-05-31,0,0", "user_id:unreadable"),
])
def test_a_broken_line_is_quarantined_and_the_others_stay(desk, line, reason):
    counts = desk.take("statements", {"s.csv": HEADER + BODY + line + b"\n"}, [3], TOTALS)
    assert (counts["accepted"], counts["quarantined"]) == (2, 1)
    (kept,) = desk.quarantine("statements")
    assert reason in kept["reasons"]


@pytest.mark.parametrize("line", [b"{", b"[1]", b"null", b'"text"', b"anna,1"])
def test_a_line_that_is_no_json_object_is_quarantined(desk, line):
    counts = desk.take("statements", {"s.jsonl": JSON_ROWS + line + b"\n"}, [3], TOTALS,
                       format="jsonl")
    assert (counts["accepted"], counts["quarantined"]) == (2, 1)
    (kept,) = desk.quarantine("statements")
    assert json.loads(kept["row_json"]) == {"file": "s.jsonl", "line": 3}


def test_quotes_and_newlines_inside_a_cell_are_part_of_it(desk):
    body = b'"an""na\nmaria",2026-05-31,1200,100\n'
    desk.take("statements", {"s.csv": HEADER + body}, [1],
              {"balance_minor": 1200, "payment_minor": 100})
    assert desk.clean("statements")[0][0] == 'an"na\nmaria'


@pytest.mark.parametrize(("content", "found"), [
    (b"", "a header line, found none"),
    (HEADER.replace(b"user_id,", b"") + b"2026-05-31,1,1\n", "no user_id"),
    (HEADER.replace(b"user_id", b"user_id,phone") + b"a,1,2026-05-31,1,1\n",
     "unexpected 'phone'"),
    (HEADER.replace(b"balance_minor", b"user_id") + b"a,2026-05-31,b,1\n", "user_id twice"),
    (HEADER.replace(b",", b";") + b"a;2026-05-31;1;1\n", "no user_id"),
    ((HEADER + BODY).decode().encode("utf-16"), "a header in UTF-8"),
    (HEADER + b'"anna,2026-05-31,1,1\nben,2026-05-31,1,1\n', "expected 2 rows"),
])
def test_a_file_that_is_not_the_feed_s_is_refused(desk, content, found):
    with pytest.raises(DeliveryRefused, match=found):
        desk.take("statements", {"s.csv": content}, [2], TOTALS)
    assert not (desk.home / "clean" / "statements" / f"delivery_date={DELIVERY}").exists()


def test_a_gzip_file_cut_short_is_refused(desk):
    with pytest.raises(DeliveryRefused, match="expected a whole csv file, found an unreadable"):
        desk.take("statements", {"s.csv.gz": zipped(HEADER + BODY * 50)[:-30]}, [100], TOTALS)
