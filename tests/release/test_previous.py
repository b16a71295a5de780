"""The release before a night: of an earlier date, of the same policy, in force then."""

import datetime as dt
from dataclasses import asdict

import pyarrow as pa
import pytest

from jobs import store
from jobs.contracts.release import RELEASES
from jobs.release import warehouse
from jobs.release.previous import multipliers, previous

OURS = "wallet_loan_cny"


def day(number):
    return dt.date(2026, 6, number)


@pytest.fixture()
def released(tmp_path):
    """Move the pointer to releases, each (day, run, policy or None where the run is gone)."""
    def move(*releases):
        moves = []
        for number, (on, run_id, policy) in enumerate(releases, start=1):
            moves.append(asdict(warehouse.Release(
                number, f"{on}-{run_id}", on, "2026-07-01T00:00:00Z", "CNY", 1, 2, 3,
                f"sha of {run_id}", "sha")))
            if policy:
                store.write_json({"inputs": {"policy": {"name": policy}}},
                                 tmp_path / "nights" / on.isoformat() / run_id / "run.json")
        warehouse.catalog_file(tmp_path).parent.mkdir(parents=True)
        with warehouse.opened(tmp_path, create=True) as catalog:
            warehouse.iceberg_table(catalog, RELEASES).append(
                pa.Table.from_pylist(moves, schema=RELEASES.arrow_schema))
        return tmp_path
    return move


def before(home, on):
    found = previous(home, on, OURS)
    return found and found["release_id"]


def test_a_home_without_a_release_has_none(tmp_path):
    assert previous(tmp_path, day(30), OURS) is None


def test_it_is_named_with_all_that_a_night_reads_of_it(released):
    home = released((day(29), "aa", OURS))
    assert previous(home, day(30), OURS) == {
        "release_id": "2026-06-29-aa", "as_of": "2026-06-29", "whitelist_sha256": "sha of aa",
        "currency": "CNY", "multipliers": {}}


def test_it_is_the_newest_night_before_and_of_that_the_last_move(released):
    home = released((day(28), "aa", OURS), (day(29), "bb", OURS), (day(29), "cc", OURS),
                    (day(27), "dd", OURS))
    assert before(home, day(30)) == "2026-06-29-cc"
    assert before(home, day(29)) == "2026-06-28-aa"


def test_a_night_s_own_release_and_later_ones_are_not_before_it(released):
    home = released((day(29), "aa", OURS), (day(30), "bb", OURS))
    assert before(home, day(29)) is None
    assert before(home, day(30)) == "2026-06-29-aa"


@pytest.mark.parametrize("policy", ["card_holder_loan_twd", None])
def test_another_product_s_release_does_not_count_nor_one_whose_run_is_gone(released, policy):
    home = released((day(28), "aa", OURS), (day(29), "bb", policy))
    assert before(home, day(30)) == "2026-06-28-aa"


def test_the_multipliers_are_those_that_the_release_was_published_with(released):
    home = released((day(28), "aa", OURS), (day(29), "bb", OURS))
    rows = pa.table({"release_id": ["2026-06-28-aa", "2026-06-29-bb", "2026-06-29-bb"],
                     "row_name": ["funding", "thin", "funding"], "multiplier": [9.0, 0.5, 0.25]})
    with warehouse.opened(home) as catalog:
        catalog.create_table((warehouse.NAMESPACE, "coupling_rows"), rows.schema).append(rows)
    assert previous(home, day(30), OURS)["multipliers"] == {"funding": 0.25, "thin": 0.5}
    assert multipliers(home, "2026-06-27-zz") == {}
