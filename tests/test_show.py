"""Tables for people and files: what an id holds is shown, never run, and read by nobody else."""

import csv
import io
import os
import stat

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.command import FORMATS
from jobs.show import as_csv, show

ODD = pa.table({"user_id": ["[/red]u1", "=HYPERLINK(1)", "-5", "-A1", "@x", "+8613800138000"],
                "codes": [["A", "B"]] * 6})


def cell(text):
    """What a reader of CSV finds of one text."""
    return next(csv.reader(io.StringIO(as_csv(pa.table({"a": ["x", text]})).split("\n", 2)[2])))[0]


def test_an_id_that_looks_like_markup_is_shown_as_it_is(capsys):
    show(ODD, "table", None, "whitelist [of] today")
    said = capsys.readouterr().out
    assert "[/red]u1" in said and "whitelist [of] today" in said


def test_csv_does_not_hand_a_formula_to_a_spreadsheet(capsys):
    show(ODD, "csv", None, "whitelist")
    ids = [line.split(",")[0].strip('"') for line in capsys.readouterr().out.splitlines()[1:]]
    assert ids == ["[/red]u1", "'=HYPERLINK(1)", "-5", "'-A1", "'@x",
                   "+8613800138000"]


@pytest.mark.parametrize("text", [
    "=1+1", "+1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(1)", "＝1", "＋1", "－1", "＠a", "−1+A1",
    " =1", "\u00a0=1", "\u3000＝1", "\t=1", "\tx", "\rx", "\n=1", "\nx", "-1;2", "+", "-", "1\x00",
    "\x00=1", "-5 =1", "\u200b=1", "\ufeff+A1", "+49 30 1", "-1\n=2"])
def test_a_text_that_opens_like_a_formula_gets_a_quote(text):
    expected = text if text == "1\x00" else "'" + text
    assert cell(text) == expected


@pytest.mark.parametrize("text", ["-5", "+5", "-5.25", "-1,000.50", "+3%", "+8613800138000", "a=b",
                                  "", " a", "1-2", "李四", "2026-06-30", "a@b"])
def test_plain_numbers_and_texts_stay_as_they_are(text):
    assert cell(text) == text


def test_lists_and_headers_are_texts_too():
    rows = pa.table({"=1+1": [["=A1", "B"], [], None], "n": [-1, 2, None]})
    assert as_csv(rows).splitlines() == ["\"'=1+1\",\"n\"", "\"'=A1;B\",-1", '"",2', ","]


def test_json_and_parquet_keep_every_text_as_it_is(tmp_path, capsys):
    show(ODD, "parquet", tmp_path / "o.parquet", "whitelist")
    assert pq.read_table(tmp_path / "o.parquet").equals(ODD)
    show(ODD, "json", None, "whitelist")
    assert '"=HYPERLINK(1)"' in capsys.readouterr().out


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_is_its_owner_s_alone_whatever_was_there(tmp_path, form, monkeypatch):
    path = tmp_path / f"whitelist.{form}"
    path.write_text("of last year")
    path.chmod(0o644)
    seen, write = [], os.fdopen
    monkeypatch.setattr(os, "fdopen", lambda number, *given: seen.append(
        stat.S_IMODE(os.fstat(number).st_mode)) or write(number, *given))
    before = os.umask(0)
    try:
        show(ODD, form, path, "whitelist")
    finally:
        os.umask(before)
    assert seen == [0o600]  # before its first byte
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and path.stat().st_size > 0
    assert b"last year" not in path.read_bytes()


def test_what_is_no_file_is_written_to_and_stays(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    show(ODD, "csv", tmp_path / "pipe", "whitelist")
    assert os.read(reader, 9) == b'"user_id"' and (tmp_path / "pipe").is_fifo()
    os.close(reader)
