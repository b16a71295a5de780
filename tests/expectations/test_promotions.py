"""The gate on scores says of each model whether it was promoted; it warns, and does not stop."""

import datetime as dt

import pytest

from expectations.gates import promotions
from jobs import store
from jobs.config import Run
from models.champions import Entry, add
from tests.models.test_champions import make

NIGHT = dt.date(2026, 6, 30)


@pytest.fixture
def run(tmp_path):
    """A night that scored with a champion and with an income model trained that night."""
    versions = {name: make(tmp_path, "trees", name=name) for name in ("pd", "income")}
    add(tmp_path, "pd", Entry(versions["pd"], NIGHT, "Ann Li", "Bo Chen", "better", "2026-06-01"),
        None)
    run = Run(home=tmp_path, as_of=NIGHT, run_id="0123456789ab")
    store.write_json({"models": {name: {"name": name, "version": version, "sha256": "0"}
                                 for name, version in versions.items()}}, run.folder / "run.json")
    return run


def test_a_champion_passes_and_another_is_named_in_a_warning(run):
    found = {result.column: result for result in promotions(run)}
    assert found["pd"].success and not found["income"].success
    assert {result.severity for result in found.values()} == {"warning"}
    assert found["income"].detail.startswith("income/")


def test_a_champion_of_a_later_date_is_none_of_this_night(run):
    earlier = Run(home=run.home, as_of=dt.date(2026, 6, 29), run_id=run.run_id)
    store.write_json(store.read_json(run.folder / "run.json"), earlier.folder / "run.json")
    assert not any(result.success for result in promotions(earlier))
