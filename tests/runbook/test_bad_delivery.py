"""Runbook: a delivery is bad. A manifest that lies, too much in quarantine, and the correction."""

import datetime as dt
import shutil

import pyarrow as pa
import pytest

from jobs.contracts.feeds import STATEMENTS
from jobs.intake.landing import DeliveryName
from jobs.intake.outgoing import write_correction, write_delivery
from tests.runbook.conftest import NIGHT
from tests.runbook.pages import do, newest_inputs

DATE = NIGHT.isoformat()
WORDS = {"DATE": DATE, "FEED": "statements"}


def bills(*payments):
    """A statement a person, of yesterday."""
    return pa.Table.from_pylist(
        [{"user_id": f"u{number:07d}", "event_date": NIGHT - dt.timedelta(days=1),
          "balance_minor": 100, "payment_minor": paid} for number, paid in enumerate(payments)],
        STATEMENTS.arrow_schema)


@pytest.fixture()
def home(city, tmp_path):
    return shutil.copytree(city, tmp_path / "home")


def correct(home):
    write_correction(home, STATEMENTS, DeliveryName(NIGHT, 2), bills(*[5] * 10), "CNY")


def counting(home):
    """The newest delivery of statements that the newest run has frozen."""
    rows = newest_inputs(home, DATE)["deliveries"]
    return [row["delivery"] for row in rows if row["feed"] == "statements"][-1]


def test_a_manifest_that_lies_is_refused_whole_and_its_correction_counts(home, capsys):
    folder = write_delivery(home, STATEMENTS, NIGHT, bills(*[5] * 10), "CNY")
    path = folder / "_manifest.json"
    path.write_text(path.read_text().replace('"payment_minor": 50', '"payment_minor": 51'))
    assert do("bad_delivery", 1, home, **WORDS) == 1
    said = capsys.readouterr().err
    assert (f"landing/statements/{DATE} control total of payment_minor: expected 51, found 50"
            in said)
    assert "have its owner, wallet team, deliver it again" in said
    assert not list((home / "nights" / DATE).glob("*/run.json"))
    correct(home)
    assert do("bad_delivery", 1, home, last="freeze", **WORDS) == 0
    assert counting(home) == f"{DATE}.2"


def test_too_much_in_quarantine_stops_at_the_gate_and_shows_why_till_it_is_corrected(home, capsys):
    write_delivery(home, STATEMENTS, NIGHT, bills(*[5] * 9, -5), "CNY")      # one in ten
    assert do("bad_delivery", 1, home, **WORDS) == 1
    said = capsys.readouterr().err
    assert "statements: expected quarantined share of the newest delivery at most 5.0%" in said
    assert "10.0% of 10 rows" in said
    assert do("bad_delivery", 0, home, **WORDS) == 0
    shown = capsys.readouterr().out
    assert "payment_minor:below_minimum" in shown and "-5" in shown
    correct(home)
    assert do("bad_delivery", 1, home, **WORDS) == 0
    assert counting(home) == f"{DATE}.2"
