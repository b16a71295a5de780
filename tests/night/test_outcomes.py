"""The step `labels` on feeds that landed: the policy's definition, consent, and what it counts."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

import jobs.policies
from jobs.__main__ import main
from jobs.contracts import feeds
from jobs.intake.outgoing import write_delivery
from jobs.steps import open_run

MARCH, JULY = dt.date(2026, 3, 1), dt.date(2026, 7, 31)
RATE = Decimal("0.000300")
STATED = {
    "feeds": {**{name: {"mandatory": False} for name in ("statements", "bureau_tradelines",
                                                         "loan_performance")},
              "account_flows": {"late": "last_known", "max_age_days": 152}},
    "outcomes": {"default": {"days_past_due": 90, "within_months": 4}, "recovery_days": 30}}


def loan(user, on, drawn=0, repaid=0, owed=0, overdue=0):
    return (f"loan of {user}", user, on, "partner", 10_000, RATE, drawn, repaid, owed, overdue)


def salary(user, year, month):
    return (f"{user}{month}", user, dt.datetime(year, month, 15), None, 600_000, None, "salary")


#: Anna and Ben borrow on March 2nd, Ben stops paying; Cem refuses; Dora is invited in July only.
DELIVERED = {
    "bound_cards": [("anna", MARCH, "6222021234567890", "bind", "debit", None, None, True, None,
                     None, 30, None, None, None, None)],
    "invitations": [(f"{day:%m}{user}", user, day, "partner", "sms", 10_000, RATE, True, 0.5)
                    for day, users in ((MARCH, ("anna", "ben", "cem")),
                                       (dt.date(2026, 7, 15), ("dora",))) for user in users],
    "loan_days": [loan("zoe", MARCH, drawn=1, owed=1),
                  loan("anna", dt.date(2026, 3, 2), drawn=5_000, owed=5_000),
                  loan("anna", dt.date(2026, 6, 1), repaid=5_000),
                  loan("ben", dt.date(2026, 3, 2), drawn=8_000, owed=8_000),
                  loan("ben", dt.date(2026, 6, 20), owed=8_000, overdue=90),
                  loan("ben", dt.date(2026, 7, 1), repaid=2_000, owed=6_000, overdue=101)],
    "account_flows": [salary(user, *month) for user in ("anna", "cem")
                      for month in ((2025, 11), (2025, 12), (2026, 1), (2026, 2))],
    "consents": [("anna", MARCH, "account_data", "given"),
                 ("cem", MARCH, "account_data", "given"),
                 ("cem", dt.date(2026, 7, 1), "account_data", "withdrawn")],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("outcomes")
    shipped = Path(jobs.policies.__file__).parent / "wallet_loan_cny.yaml"
    (home / "policies").mkdir()
    document = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    document["versions"][0] |= STATED
    (home / "policies" / "stated.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    for name, rows in DELIVERED.items():
        schema = feeds.FEEDS[name].arrow_schema
        table = pa.Table.from_pylist([dict(zip(schema.names, row)) for row in rows], schema)
        # Accounts are known by the first observation date, all else by the night.
        write_delivery(home, feeds.FEEDS[name], MARCH if name == "account_flows" else JULY, table,
                       "CNY")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("NIGHTLIST_POLICIES", str(home / "policies"))
        for step in ("intake", "freeze", "labels"):
            assert main(["run", step, "--as-of", JULY.isoformat(), "--home", str(home),
                         "--policy", "stated"]) == 0
    return open_run(home, JULY).folder


@pytest.fixture(scope="module")
def labels(folder):
    return {row["user_id"]: row for row in pq.read_table(folder / "labels").to_pylist()}


def test_defaults_and_losses_are_by_the_definition_of_the_policy(labels):
    assert {user: (labels[user]["is_default"], labels[user]["loss_given_default_ratio"])
            for user in ("anna", "ben")} == {"anna": (False, None), "ben": (True, 0.75)}


def test_who_was_invited_has_accepted_or_refused(labels):
    assert {user: (row["is_accepted"], row["drawn_ratio"], row["weight"])
            for user, row in labels.items() if user != "zoe"} == {
        "anna": (True, 0.5, 2.0), "ben": (True, 0.8, 2.0), "cem": (False, None, 2.0)}


def test_an_income_is_known_only_of_those_who_agree_to_the_use_of_accounts(labels):
    assert labels["anna"]["income_minor"] == 600_000
    assert labels["cem"]["income_minor"] is None


def test_the_run_says_how_many_windows_are_closed_or_open(folder):
    counts = json.loads((folder / "run.json").read_text())["outcomes"]
    assert counts["response_window"] == {"closed": 3, "open": 1, "unknown": 0}
    assert counts["performance_window"] == {"closed": 3, "open": 0, "unknown": 0}
    assert counts["recovery_window"] == {"closed": 1, "open": 0, "unknown": 0}
    assert counts["default_source"] == {"stated": 3, "delivered": 0}
    assert counts["refusals"] == 1 and counts["known"]["is_accepted"] == 3
