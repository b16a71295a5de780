"""The commands that read and move the pointer, as somebody types them."""

from __future__ import annotations

import csv
import json
from argparse import Namespace
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.__main__ import main
from jobs.contracts.release import LEDGERS
from jobs.release import release, warehouse
from jobs.release.commands import READERS, show_rows
from tests.campaign.rows import CAMPAIGN
from tests.release.nights import JUNE, MAY, night

#: June held against May, where ann had less and zoe was invited.
CHANGED = {"as_of_date": JUNE, "previous_release_id": "2026-05-31-aaa"}
LEDGER_ROWS = {
    "changes": [{**CHANGED, "user_id": "ann", "change": "limit_up", "reason": "score_rose",
                 "previous_limit_minor": 2_000_000, "limit_minor": 3_000_000,
                 "previous_rate_daily": Decimal("0.000195"), "rate_daily": Decimal("0.000195")},
                {**CHANGED, "user_id": "zoe", "change": "left", "reason": "rule_failed",
                 "reason_detail": "adult", "previous_limit_minor": 2_000_000,
                 "previous_rate_daily": Decimal("0.000195")}],
    "criteria": [{"rule_number": 1, "rule": "adult", "reason_code": "AGE_UNDER",
                  "condition": "age_years >= 18", "text": "At least 18 years old. " * 8}],
    "documents": [{"document": "inputs", "sha256": "0", "text": json.dumps(
        {"previous": {"release_id": "2026-05-31-aaa"}, "degraded": [
            {"feed": "rides", "newest": "2026-06-28", "age_days": 2, "action": "without",
             "why": "older than 1 day"}]})}]}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """May's release, and June's in force."""
    folder = tmp_path_factory.mktemp("home")
    release.publish(night(folder, MAY, invited=("bob", "zoe"), refused=("ann",)))
    release.publish(night(folder, JUNE, "bbb", ledgers=LEDGER_ROWS))
    return folder


def said(capsys: pytest.CaptureFixture[str], home: Path, *words: str, code: int = 0) -> str:
    assert main([*words, "--home", str(home)]) == code
    printed = capsys.readouterr()
    return printed.err if code else printed.out


@pytest.mark.parametrize("name", [name for name, (table, _) in READERS.items()
                                  if table in ("whitelist", "decisions", "waterfall", *LEDGERS)])
def test_every_table_is_read_by_night_and_by_release_in_every_format(
        home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    table = READERS[name][0]
    expected = warehouse.read(home, table, "2026-06-30-bbb")
    rows = json.loads(said(capsys, home, name, "--format", "json", "--as-of", "2026-06-30"))
    assert [list(row) for row in rows] == [expected.schema.names] * expected.num_rows
    as_csv = said(capsys, home, name, "--format", "csv", "--release", "2026-06-30-bbb")
    assert len(list(csv.DictReader(as_csv.splitlines()))) == expected.num_rows
    main([name, "--home", str(home), "--format", "parquet", "--output", str(tmp_path / "x")])
    assert pq.read_table(tmp_path / "x").equals(expected)
    capsys.readouterr()
    of_may = said(capsys, home, name, "--format", "json", "--as-of", "2026-05-31")
    assert "2026-06-30" not in of_may


@pytest.mark.parametrize("words", [*([name] for name, (table, _) in READERS.items()
                                     if table != "honour_ledger"), ["release", "list"],
                                   ["explain", "ann"],
                                   ["release", "diff", "2026-05-31-aaa", "2026-06-30-bbb"]],
                         ids=" ".join)
def test_a_table_fits_a_terminal_of_120_columns(
        home: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    lines = said(capsys, home, *words).splitlines()
    assert len(lines) > 3 and max(map(len, lines)) <= 120


def test_changes_are_shown_in_whole_units_and_nothing_is_cut(
        home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(capsys, home, "changes")
    assert "20,000" in shown and "30,000" in shown and "score_rose" in shown
    assert said(capsys, home, "criteria").count("old.") == 8


def test_the_summary_says_what_changed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ("changes    0 entered, 1 left, 1 limit up, 0 limit down, 0 rate changed; churn "
            "100.0% of 2, 0 took the offer; -50.0% in all") in said(capsys, home, "summary")
    assert "changes    no release before" in said(capsys, home, "summary", "--as-of", "2026-05-31")


def test_the_summary_says_which_feeds_were_late(
        home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ("degraded   rides: late, left out (of 2026-06-28, 2 days old; older than 1 day)"
            in said(capsys, home, "summary"))
    assert "degraded" not in said(capsys, home, "summary", "--as-of", "2026-05-31")


def test_a_release_and_a_night_are_not_named_both(
        home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--release and --as-of: expected one of them" in said(
        capsys, home, "whitelist", "--as-of", "2026-06-30", "--release", "x", code=1)
    assert "release 2026-01-01-x, found none" in said(
        capsys, home, "whitelist", "--release", "2026-01-01-x", code=1)


def test_a_diff_of_neighbours_is_what_was_published(
        home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("2026-05-31-aaa", "2026-06-30-bbb")
    rows = json.loads(said(capsys, home, "release", "diff", *names, "--format", "json"))
    assert [(row["user_id"], row["reason"]) for row in rows] == [
        ("ann", "score_rose"), ("zoe", "rule_failed")]


def test_a_diff_of_any_two_is_worked_out_from_the_warehouse(
        home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Backwards: zoe comes anew, ann goes because May's rules said so.
    names = ("2026-06-30-bbb", "2026-05-31-aaa")
    rows = json.loads(said(capsys, home, "release", "diff", *names, "--format", "json"))
    assert [(row["user_id"], row["change"], row["reason"], row["reason_detail"])
            for row in rows] == [("ann", "left", "rule_failed", "adult"),
                                 ("zoe", "entered", "new_person", None)]
    shown = said(capsys, home, "release", "diff", *names)
    assert "1 entered, 1 left, 0 limit up" in shown and "churn 50.0% of 2" in shown
    assert "expected two releases" in said(capsys, home, "release", "diff", names[0], names[0],
                                           code=1)


def test_a_rollback_says_before_and_after_and_the_list_what_became_of_it(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release.publish(night(tmp_path, MAY))
    release.publish(night(tmp_path, JUNE, "bbb", ("cleo",)))
    assert json.loads(said(capsys, tmp_path / "empty", "release", "list", "--format",
                           "json")) == []
    shown = said(capsys, tmp_path, "release", "rollback", "2026-05-31-aaa", "--reason",
                 "a doubled feed", "--by", "Mei")
    assert shown.splitlines() == [
        "before     2026-06-30-bbb: 1 people, 20,000 CNY",
        "now        2026-05-31-aaa: 2 people, 50,000 CNY",
        "withdrawn  2026-06-30-bbb", "move       3, by Mei: a doubled feed"]
    listed = json.loads(said(capsys, tmp_path, "release", "list", "--format", "json"))
    assert [(row["action"], row["state"]) for row in listed] == [
        ("publish", "superseded"), ("publish", "withdrawn by move 3"), ("rollback", "in force")]
    assert "a doubled feed" in said(capsys, tmp_path, "release", "list")
    assert "one that is not in force" in said(capsys, tmp_path, "release", "rollback",
                                              "2026-05-31-aaa", "--reason", "again", code=1)


def test_a_whitelist_fits_a_pipe_of_120_characters_with_every_shown_cell_whole(
        capsys: pytest.CaptureFixture[str]) -> None:
    row = {**CAMPAIGN, "user_id": "u0000013", "offer_id": "9b74d137f8eed66f", "limit_cny": 150_000,
           "rate_annual": 0.18, "valid_to": "2026-07-30", "segment": "thick_file",
           "score_tier": "D", "method": "exploration", "send_status": "universal_holdout",
           "reason_codes": ["PAYMENTS", "HEADROOM", "UTILIZATION"]}
    show_rows(pa.Table.from_pylist([row]), Namespace(format="table", output=None), "whitelist",
              "whitelist of 2026-06-30-aaa")
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 120
    for cell in ("u0000013", "limit_cny", "150,000", "2026-07-30", "in_app", "universal_holdout",
                 "priority", "UTILIZATION"):
        assert cell in shown
