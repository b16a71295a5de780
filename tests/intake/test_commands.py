"""The commands of intake, as a data engineer sees them."""

import datetime as dt
import json

import pyarrow as pa
import pytest

from jobs.__main__ import main
from jobs.contracts.feeds import STATEMENTS
from jobs.intake.landing import DeliveryName
from jobs.intake.outgoing import write_correction, write_delivery

JUNE = dt.date(2026, 6, 1)


def bills(*rows):
    schema = pa.schema([field.with_nullable(True) for field in STATEMENTS.arrow_schema])
    return pa.Table.from_pylist([dict(zip(STATEMENTS.columns, row)) for row in rows], schema)


@pytest.fixture()
def home(tmp_path):
    write_delivery(tmp_path, STATEMENTS, JUNE, bills(
        ("anna", JUNE, 1, 0), ("ben", JUNE, 1, -5), ("ben", JUNE, 2, -6), ("cai", JUNE, 1, 0),
        ("cai", JUNE, 2, 0)), "CNY")
    return tmp_path


def run(home, capsys, *words):
    code = main([*words, "--home", str(home)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_one_delivery_is_taken_in_and_a_second_time_says_so(home, capsys):
    words = ("intake", "--feed", "statements", "--delivery", "2026-06-01")
    code, out, _ = run(home, capsys, *words)
    assert (code, out.strip()) == (0, "statements/2026-06-01  received 5, accepted 1, "
                                      "quarantined 4, duplicates 0")
    assert run(home, capsys, *words)[1].strip() == "statements/2026-06-01  taken in before"


def test_a_correction_of_the_day_is_named_with_its_sequence(home, capsys):
    run(home, capsys, "intake")
    write_correction(home, STATEMENTS, DeliveryName(JUNE, 2), bills(("anna", JUNE, 1, 0)), "CNY")
    code, out, _ = run(home, capsys, "intake", "--feed", "statements", "--delivery",
                       "2026-06-01.2")
    assert code == 0 and "statements/2026-06-01.2  received 1, accepted 1" in out


@pytest.mark.parametrize(("words", "message"), [
    (("intake", "--delivery", "June"), "expected a delivery like 2026-06-30"),
    (("intake", "--feed", "statements", "--delivery", "2026-06-09"), "in landing, found none"),
    (("intake", "--feed", "statement"), "--feed: expected one of bound_cards"),
    (("quarantine", "--feed", "payment"), "--feed: expected one of bound_cards"),
    (("quarantine", "--feed", "payments", "--delivery", "2026-06-09"),
     "a delivery of payments that was taken in"),
])
def test_a_word_that_is_off_gets_one_line(home, capsys, words, message):
    code, _, err = run(home, capsys, *words)
    assert code == 1 and message in err and err.count("\n") == 1


def test_reasons_come_with_counts_and_samples(home, capsys):
    run(home, capsys, "intake")
    code, out, _ = run(home, capsys, "quarantine", "--feed", "statements", "--samples", "2",
                       "--format", "json")
    assert code == 0
    first, second = json.loads(out)
    assert (first["reason"], first["rows"], first["people"]) == (
        "payment_minor:below_minimum", 2, 1)
    assert (second["reason"], second["rows"]) == ("user_id+event_date:conflict", 2)
    assert [json.loads(one)["payment_minor"] for one in first["samples"]] == [-5, -6]


def test_a_feed_without_quarantine_says_so(home, capsys):
    assert "nothing of payments is in quarantine" in run(home, capsys, "quarantine", "--feed",
                                                         "payments")[1]


def test_feeds_are_listed_with_what_is_late(home, capsys):
    code, out, _ = run(home, capsys, "feeds", "--as-of", "2026-08-01")
    assert code == 0
    (line,) = [line for line in out.splitlines() if line.strip().startswith("statements")]
    assert "late" in line and "2026-06-01" in line
