"""Which earlier night is looked at, and which of its people have an outcome."""

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs import store
from jobs.config import Run
from jobs.monitor import nights

JULY = dt.date(2026, 7, 31)


def home_with(home, **dates):
    """Nights of a home: date (with _ for -) -> whether they passed their audit."""
    for name, is_audited in dates.items():
        day = name.removeprefix("d").replace("_", "-")
        store.write_json({"run_id": f"r{day}"}, home / "nights" / day / "open.json")
        store.write_json({"audit": {"whitelist": "0"} if is_audited else None},
                         home / "nights" / day / f"r{day}" / "run.json")
        (home / "nights" / day / f"r{day}" / "histograms").mkdir()
    return Run(home=home, as_of=JULY, run_id="tonight")


def test_only_earlier_nights_that_passed_their_audit_count(tmp_path):
    run = home_with(tmp_path, d2026_06_30=True, d2026_07_01=False, d2026_07_31=True,
                    d2026_08_01=True)
    assert [night.name for night in nights.earlier(run)] == ["2026-06-30"]


@pytest.mark.parametrize(("days", "expected"), [
    (1, "2026-07-30"), (28, "2026-06-30"), (45, "2026-06-01"), (90, "2026-06-01")])
def test_the_newest_night_old_enough_is_taken_or_the_oldest(tmp_path, days, expected):
    run = home_with(tmp_path, d2026_06_01=True, d2026_06_30=True, d2026_07_30=True)
    assert nights.to_compare(nights.earlier(run), JULY, days).name == expected


def test_a_rerun_takes_the_night_it_took_before(tmp_path):
    run = home_with(tmp_path, d2026_06_01=True, d2026_06_30=True)
    found = nights.to_compare(nights.earlier(run), JULY, 28, pinned="r2026-06-01")
    assert found.name == "2026-06-01"


def test_a_first_night_has_none(tmp_path):
    assert nights.to_compare(nights.earlier(home_with(tmp_path)), JULY, 28) is None


def test_vintages_are_the_newest_night_of_each_month(tmp_path):
    run = home_with(tmp_path, d2026_05_30=True, d2026_06_01=True, d2026_06_30=True)
    assert [night.name for night in nights.vintages(nights.earlier(run))] == [
        "2026-05-30", "2026-06-30"]


def test_the_first_outcome_after_a_night_counts(tmp_path):
    run = home_with(tmp_path, d2026_05_31=True)
    (night,) = nights.earlier(run)
    labels = [("anna", dt.date(2026, 5, 1), True), ("anna", dt.date(2026, 7, 1), True),
              ("anna", dt.date(2026, 6, 1), False), ("bela", dt.date(2026, 6, 1), None),
              ("cleo", dt.date(2026, 5, 31), True)]
    (run.folder / "labels").mkdir(parents=True)
    pq.write_table(pa.table({"user_id": [row[0] for row in labels],
                             "as_of_date": pa.array([row[1] for row in labels], pa.date32()),
                             "is_default": [row[2] for row in labels]}),
                   run.folder / "labels" / "part.parquet")
    assert nights.outcomes_after(run, night).to_pylist() == [
        {"user_id": "anna", "is_default": False}]
