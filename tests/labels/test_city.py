"""Labels of a simulated city against landing read in SQL, without our code."""

import datetime as dt

import duckdb
import pytest

from jobs.__main__ import main
from jobs.intake.outgoing import write_delivery
from jobs.policies.policy import folder as policies

AS_OF = dt.date(2026, 8, 31)
FIRST = dt.date(2026, 3, 25)
USERS = 600
#: 30 days past due within a month, answers within 20 days: windows that close in this city.
STATED = ("    outcomes: {default: {days_past_due: 30, within_months: 2}, response_days: 20,"
          " recovery_days: 45}\n")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labelled")
    policy = (policies() / "wallet_loan_cny.yaml").read_text(encoding="utf-8")
    (folder / "policies").mkdir()
    (folder / "policies" / "stated.yaml").write_text(policy.replace(
        "    offer_valid_days: 30\n", "    offer_valid_days: 30\n" + STATED), encoding="utf-8")
    days = (AS_OF - FIRST).days + 1
    assert main(["simulate", "--users", str(USERS), "--from", FIRST.isoformat(), "--days",
                 str(days), "--home", str(folder)]) == 0
    return folder
