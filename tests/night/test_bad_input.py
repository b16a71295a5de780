"""Bad deliveries: one line that says what to do, or quarantine; yesterday's release stays."""

import datetime as dt
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

import jobs.policies
from jobs.__main__ import main
from jobs.contracts import feeds
from jobs.intake import intake
from jobs.intake.landing import DeliveryName, delivery_folder
from jobs.intake.outgoing import write_delivery
from jobs.release import warehouse

from .conftest import AS_OF

NEXT = AS_OF + dt.timedelta(days=1)
BILLS = pa.table({"user_id": ["u0000001", "u0000002"], "event_date": [AS_OF, AS_OF],
                  "balance_minor": [100, 200], "payment_minor": [0, 0]},
                 schema=feeds.STATEMENTS.arrow_schema)

NONE = [None] * 10
TEN = [f"u{n:07d}" for n in range(10)]
BUREAU = pa.table({"user_id": TEN, "line_id": ["card"] * 10,
                   "event_date": [AS_OF] * 10, "kind": ["credit_card"] * 10,
                   "repayment_status": [0] * 10, "balance_minor": NONE, "limit_minor": NONE,
                   "instalment_minor": NONE, "opened_on": NONE},
                  schema=feeds.BUREAU_TRADELINES.arrow_schema)


@pytest.fixture()
def home(night_home, tmp_path):
    """A home where the night of AS_OF is published, ready for tomorrow's deliveries."""
    copy = tmp_path / "home"
    shutil.copytree(night_home, copy, ignore=shutil.ignore_patterns("warehouse"))
    assert main(["run", "release", "--as-of", AS_OF.isoformat(), "--home", str(copy)]) == 0
    return copy


def next_night(home, capsys):
    """Run the steps up to the gate for tomorrow; return the exit code and what was said."""
    capsys.readouterr()
    code = main(["night", "--as-of", NEXT.isoformat(), "--home", str(home)])
    said = capsys.readouterr().err.strip().splitlines()
    return code, said


def test_a_file_cut_short_stops_the_night_and_the_earlier_release_stays(home, capsys):
    folder = write_delivery(home, feeds.STATEMENTS, NEXT, BILLS, "CNY")
    (path,) = folder.glob("*.parquet")
    path.write_bytes(path.read_bytes()[:-20])
    before = {path.name for path in (home / "clean" / "statements").iterdir()}
    code, said = next_night(home, capsys)
    assert code == 1 and len(said) == 1
    assert said[0].startswith("nightlist: ") and "statements" in said[0] and "sha256" in said[0]
    assert {path.name for path in (home / "clean" / "statements").iterdir()} == before
    assert main(["whitelist", "--home", str(home)]) == 0
    assert f"whitelist of {AS_OF}" in capsys.readouterr().out


def test_a_missing_mandatory_feed_names_its_owner(tmp_path, capsys):
    assert main(["night", "--as-of", "2026-06-30", "--home", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "landing/bound_cards: expected a delivery by 2026-06-30, found none; ask" in said


def test_a_delivery_in_another_currency_is_refused(home, capsys):
    write_delivery(home, feeds.STATEMENTS, NEXT, BILLS, "TWD")
    code, said = next_night(home, capsys)
    assert code == 1 and "amounts in CNY" in said[0] and "found TWD" in said[0]


def test_a_delivery_changed_after_it_was_taken_in_is_refused(home, capsys):
    write_delivery(home, feeds.STATEMENTS, NEXT, BILLS, "CNY")
    assert main(["run", "intake", "--as-of", NEXT.isoformat(), "--home", str(home)]) == 0
    shutil.rmtree(delivery_folder(home, "statements", DeliveryName(NEXT)))
    write_delivery(home, feeds.STATEMENTS, NEXT, BILLS.slice(0, 1), "CNY")
    code, said = next_night(home, capsys)
    assert code == 1 and "append-only" in said[0]


def test_bad_rows_are_kept_with_their_reasons_and_the_rest_goes_on(home):
    mixed = pa.concat_tables([BILLS, BILLS.slice(0, 1), pa.table(
        {"user_id": ["u0000003"], "event_date": [NEXT + dt.timedelta(days=9)],
         "balance_minor": [5], "payment_minor": [-5]}, schema=feeds.STATEMENTS.arrow_schema)])
    write_delivery(home, feeds.STATEMENTS, NEXT, mixed, "CNY")
    assert main(["run", "intake", "--as-of", NEXT.isoformat(), "--home", str(home)]) == 0
    counts = intake.taken_in(home, "statements", NEXT)
    assert {key: counts[key] for key in ("received", "accepted", "quarantined", "duplicates")} == {
        "received": 4, "accepted": 2, "quarantined": 1, "duplicates": 1}
    kept = pa.parquet.read_table(home / "quarantine" / "statements" / f"delivery_date={NEXT}",
                                 partitioning=None).to_pylist()
    assert kept[0]["reasons"] == ["event_date:above_maximum", "payment_minor:below_minimum"]
    assert '"balance_minor":5' in kept[0]["row_json"]


def test_a_delivery_without_one_good_row_leaves_the_table_readable(home):
    hopeless = BILLS.set_column(3, feeds.STATEMENTS.arrow_schema.field("payment_minor"),
                                pa.array([-1, -2]))
    write_delivery(home, feeds.STATEMENTS, NEXT, hopeless, "CNY")
    for step in ("intake", "freeze", "labels", "tiles", "windows", "features"):
        assert main(["run", step, "--as-of", NEXT.isoformat(), "--home", str(home)]) == 0
    assert intake.taken_in(home, "statements", NEXT)["quarantined"] == 2


def test_a_whitelist_changed_after_it_was_written_is_not_released(home, capsys):
    (folder,) = [p for p in (home / "nights" / AS_OF.isoformat()).iterdir() if p.is_dir()]
    path = folder / "whitelist" / "whitelist.parquet"
    path.write_bytes(path.read_bytes() + b"x")
    capsys.readouterr()
    assert main(["run", "check_release", "--as-of", AS_OF.isoformat(), "--home", str(home)]) == 1
    assert "was changed after the night wrote it" in capsys.readouterr().err


def test_a_gate_that_stopped_the_night_cannot_be_walked_around(night_home, tmp_path, capsys):
    home = tmp_path / "home"
    shutil.copytree(night_home / "landing", home / "landing")
    day = AS_OF.isoformat()
    for step in ("intake", "freeze"):
        assert main(["run", step, "--as-of", day, "--home", str(home)]) == 0
    # A clean file exchanged behind the pipeline's back: everyone paid less than nothing.
    clean = next((home / "clean" / "statements" / "delivery_date=2026-06-01").glob("*.parquet"))
    table = pa.parquet.read_table(clean, partitioning=None)
    minus = pa.array([-1] * table.num_rows, pa.int64())
    pa.parquet.write_table(table.set_column(3, "payment_minor", minus), clean)
    assert main(["run", "check_intake", "--as-of", day, "--home", str(home)]) == 1
    assert "gate intake: statements.payment_minor" in capsys.readouterr().err
    for step in ("labels", "tiles", "windows", "features", "check_features", "train", "score",
                 "check_scores", "facts", "eligibility", "candidates", "limits", "offers"):
        assert main(["run", step, "--as-of", day, "--home", str(home)]) == 0
    assert main(["run", "check_release", "--as-of", day, "--home", str(home)]) == 1
    assert "gate intake: expected passed, found 1 critical failures" in capsys.readouterr().err
    assert main(["run", "release", "--as-of", day, "--home", str(home)]) == 1
    assert "passed the audit gate" in capsys.readouterr().err
    assert warehouse.history(home) == []


def steps(home, *names, policy=None):
    words = ["--as-of", AS_OF.isoformat(), "--home", str(home)]
    return [main(["run", name, *words, *(["--policy", policy] if policy else [])])
            for name in names]


def test_a_policy_that_changed_after_the_freeze_is_refused(home, tmp_path, capsys, monkeypatch):
    shipped = Path(jobs.policies.__file__).parent / "wallet_loan_cny.yaml"
    text = shipped.read_text(encoding="utf-8")
    (tmp_path / "wallet_loan_cny.yaml").write_text(text.replace("at_most: 0.015", "at_most: 0.99"))
    monkeypatch.setenv("NIGHTLIST_POLICIES", str(tmp_path))
    capsys.readouterr()
    assert steps(home, "eligibility", "limits", "offers", "check_release") == [1] * 4
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 4 and all("the policy changed since" in line for line in said)


def test_feeds_in_one_currency_are_not_frozen_under_a_policy_in_another(home, capsys):
    capsys.readouterr()
    assert steps(home, "freeze", policy="card_holder_loan_twd") == [1]
    # Its version ended with the law of 2021: whichever stops it first, nothing is frozen.
    assert "policy card_holder_loan_twd" in capsys.readouterr().err


def test_a_bureau_feed_mostly_in_quarantine_stops_the_night(home, capsys):
    said = BUREAU.set_column(4, "repayment_status", pa.array([12] * 3 + [0] * 7))
    write_delivery(home, feeds.BUREAU_TRADELINES, NEXT, said, "CNY")
    code, lines = next_night(home, capsys)
    assert code == 1 and "30.0% of 10" in lines[-1]
    assert "gate intake: bureau_tradelines" in lines[-1]


def test_two_nights_at_once_in_one_home_give_one_release(night_home, tmp_path):
    shutil.copytree(night_home / "landing", tmp_path / "landing")
    words = [sys.executable, "-m", "jobs", "night", "--as-of", AS_OF.isoformat(), "--home",
             str(tmp_path)]
    both = [subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            for _ in range(2)]
    assert [(one.communicate()[1], one.returncode) for one in both] == [("", 0)] * 2
    (alone,), (release,) = warehouse.history(night_home), warehouse.history(tmp_path)
    assert release.whitelist_sha256 == alone.whitelist_sha256


def test_a_delivery_that_would_rewrite_an_audited_night_is_refused(home, capsys):
    write_delivery(home, feeds.STATEMENTS, dt.date(2026, 5, 15), BILLS, "CNY")
    capsys.readouterr()
    assert steps(home, "intake") == [1]
    assert f"expected a date after {AS_OF}: the night of that date" in capsys.readouterr().err


def test_an_audit_that_fails_takes_back_the_one_that_passed(home, capsys):
    (folder,) = [p for p in (home / "nights" / AS_OF.isoformat()).iterdir() if p.is_dir()]
    gates = json.loads((folder / "gates.json").read_text())
    gates[0].update(success=False, severity="critical")
    (folder / "gates.json").write_text(json.dumps(gates))
    shutil.rmtree(home / "warehouse")
    capsys.readouterr()
    assert steps(home, "check_release", "release") == [1, 1]
    assert "expected tables that passed the audit gate" in capsys.readouterr().err
    assert warehouse.history(home) == []
