"""What lies beside runs and releases: what goes, what stays, and that a plan takes nothing else."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pyarrow as pa
import pytest

from jobs import store
from jobs.contracts.night import LABELS
from jobs.release import beside, expiry, removal

TODAY = dt.date(2031, 7, 15)


def file(path: Path, days_ago: int = 400, content: str = "1234") -> Path:
    """A file of four bytes; it and its folder were written so many days before TODAY."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    stamp = dt.datetime.combine(TODAY - dt.timedelta(days=days_ago), dt.time(12), dt.UTC)
    for one in (path, path.parent):
        os.utime(one, (stamp.timestamp(), stamp.timestamp()))
    return path


def planned(home: Path, rows_until: dict[str, dt.date] | None = None,
            runs: tuple[Path, ...] = ()) -> dict[tuple[str, str], removal.Removal]:
    kept = beside.Kept(rows_until or {}, runs)
    return {(one.kind, one.name): one for one in beside.plan(home, TODAY, kept)}


def test_what_was_sent_stays_as_long_as_the_rows_of_its_release(tmp_path: Path) -> None:
    for release in ("2025-01-01-aaa", "2025-01-02-bbb"):
        file(tmp_path / f"sends/2025-01-05/{release}-wave-1/push.csv")
    found = planned(tmp_path, {"2025-01-01-aaa": dt.date(2031, 7, 14),
                               "2025-01-02-bbb": dt.date(2031, 7, 15)})
    assert set(found) == {("sends", "2025-01-05/2025-01-01-aaa-wave-1")}
    assert found["sends", "2025-01-05/2025-01-01-aaa-wave-1"].size == 4


def test_what_was_sent_of_an_unknown_release_stays_five_years(tmp_path: Path) -> None:
    for day in ("2026-06-30", "2026-08-30"):
        file(tmp_path / f"sends/{day}/2026-06-30-gone-wave-2-sms.2/push.csv")
    assert set(planned(tmp_path)) == {("sends", "2026-06-30/2026-06-30-gone-wave-2-sms.2")}


def test_a_page_stays_while_a_release_of_its_night_has_its_rows(tmp_path: Path) -> None:
    for day in ("2020-01-01", "2020-01-02"):
        file(tmp_path / f"reports/{day}/index.html")
    found = planned(tmp_path, {"2020-01-01-old": dt.date(2025, 1, 1),
                               "2020-01-02-old": dt.date(2025, 1, 1),
                               "2020-01-02-in-force": dt.date.max})
    assert set(found) == {("report", "2020-01-01")}


def labelled(home: Path, as_of: dt.date) -> Path:
    """A run that learns from one person as of a date."""
    plain = {"string": "", "integer": 1, "double": 0.5, "boolean": False, "date": as_of,
             "rate": None, "strings": []}
    row = {field.name: (field.allowed or (plain[field.type],))[0] for field in LABELS.fields}
    run = home / "nights" / "2031-07-01" / "aaa"
    store.write_sorted(pa.Table.from_pylist([row], LABELS.arrow_schema), LABELS,
                       run / LABELS.name)
    return run


def test_tiles_and_windows_stay_that_a_kept_run_learns_from(tmp_path: Path) -> None:
    run = labelled(tmp_path, dt.date(2029, 12, 31))
    # The longest window of 2029-12-31 begins 364 days before it, on 2029-01-01.
    for day in ("2028-12-31", "2029-01-01"):
        file(tmp_path / f"tiles/logins/event_date={day}/f1/part-0.parquet")
    for day in ("2029-12-30", "2029-12-31"):
        file(tmp_path / f"windows/logins/as_of_date={day}/f1/part-0.parquet")
    old = dt.datetime(2030, 1, 1, tzinfo=dt.UTC).timestamp()
    for path in tmp_path.glob("*/logins/*"):
        os.utime(path, (old, old))
    found = planned(tmp_path, runs=(run,))
    assert {(kind, path.name) for (kind, _), one in found.items() for path in one.folders} == {
        ("tiles", "event_date=2028-12-31"), ("windows", "as_of_date=2029-12-30")}


def test_windows_that_a_backfill_wrote_lately_stay(tmp_path: Path) -> None:
    file(tmp_path / "windows/logins/as_of_date=2020-01-01/part-0.parquet", days_ago=90)
    file(tmp_path / "windows/rides/as_of_date=2020-01-01/part-0.parquet", days_ago=91)
    assert set(planned(tmp_path)) == {("windows", "rides")}


def test_logs_and_what_died_half_written_go_and_the_rest_stays(tmp_path: Path) -> None:
    file(tmp_path / "logs/nights-2031-01-01.jsonl", days_ago=91)
    file(tmp_path / "logs/nights-2031-07-14.jsonl", days_ago=1)
    file(tmp_path / "airflow/logs/dag_id=intake/1.log", days_ago=91)
    file(tmp_path / "nights/2031-01-01/aaa/.tmp-scores/0.parquet", days_ago=8)
    file(tmp_path / "nights/2031-07-14/bbb/.tmp-scores/0.parquet", days_ago=7)
    clean = file(tmp_path / "clean/logins/delivery_date=2020-01-01/part-0.parquet")
    landing = file(tmp_path / "landing/logins/2020-01-01/part.csv")
    found = planned(tmp_path)
    assert {(kind, name, one.count, one.size) for (kind, name), one in found.items()} == {
        ("logs", "logs", 1, 4), ("logs", "airflow", 1, 4), ("remains", "half-written", 1, 4)}
    assert expiry.carry_out(tmp_path, list(found.values()), TODAY) == (12, 0)
    assert planned(tmp_path) == {} and clean.is_file() and landing.is_file()
    assert (tmp_path / "logs/nights-2031-07-14.jsonl").is_file()
    assert (tmp_path / "nights/2031-07-14/bbb/.tmp-scores").is_dir()


@pytest.mark.parametrize("why", ["sends", "report", "logs"])
def test_a_home_with_nothing_old_has_nothing_to_go(tmp_path: Path, why: str) -> None:
    file(tmp_path / {"sends": "sends/2031-07-14/2031-07-13-aaa-wave-1/push.csv",
                     "report": "reports/2031-07-14/index.html",
                     "logs": "logs/nights-2031-07-14.jsonl"}[why], days_ago=1)
    assert planned(tmp_path) == {}
