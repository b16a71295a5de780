"""What a correction touches: counted in tile folders, and named night by night."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from jobs.__main__ import main
from jobs.backfill.affected import CORRECTED, FROZEN, Affected, Night, advice, affected
from jobs.config import Run
from jobs.contracts.feeds import PAYMENTS
from jobs.errors import UsageError
from jobs.intake.landing import DeliveryName
from jobs.intake.outgoing import write_correction
from jobs.steps import open_run, run_step
from tests.backfill.homes import FIRST, SECOND, THIRD

FOURTH = dt.date(2026, 7, 3)


def tiles_for(home: Path, day: dt.date, scorer: str) -> set[str]:
    """Take in what has come, and build the tiles of a night; all tile folders there are then."""
    run = Run(home, day, models=(scorer,))
    for step in ("intake", "freeze", "labels", "tiles"):
        run = run_step(step, run)
    return {str(path.relative_to(home / "tiles")).rpartition("/")[0]
            + "/" + path.name for path in (home / "tiles").glob("*/event_date=*/*")}


@pytest.fixture(scope="module")
def corrected(filled_home: Path, scorer: str) -> tuple[Affected, set[str]]:
    """Payments of the first night, told anew three days later: what it touches, new tiles."""
    before = tiles_for(filled_home, THIRD, scorer)
    (file,) = (filled_home / "landing" / "payments" / FIRST.isoformat()).glob("*.parquet")
    rows = pq.read_table(file, partitioning=None).select(PAYMENTS.columns)
    write_correction(filled_home, PAYMENTS, DeliveryName(FOURTH), rows.slice(0, rows.num_rows // 2),
                     "CNY", [FIRST])
    run_step("intake", Run(filled_home, FOURTH))
    found = affected(filled_home, "payments", FOURTH.isoformat())
    return found, tiles_for(filled_home, FOURTH, scorer) - before


def test_a_correction_rebuilds_the_tile_of_its_day_and_no_other(
        corrected: tuple[Affected, set[str]]) -> None:
    found, new = corrected
    assert (found.event_dates, found.replaces) == (("2026-06-30",), ("2026-06-30",))
    assert (found.tiles, found.to_build) == (1, 1)
    assert [name.rpartition("/")[0] for name in new] == ["payments/event_date=2026-06-30"]


def test_it_names_the_nights_that_decided_on_what_it_corrects(
        corrected: tuple[Affected, set[str]], filled_home: Path) -> None:
    found, _ = corrected
    nights = [night for night in found.nights if night.as_of <= SECOND]
    assert nights == [Night(day, open_run(filled_home, day).run_id, CORRECTED,
                            "stands for its night") for day in (FIRST, SECOND)]
    assert any(line.startswith("the nights from 2026-06-30 to") and "nights from 2026-07-03 on"
               in line for line in advice(found))


def test_a_delivery_names_the_nights_that_froze_it(corrected: object, filled_home: Path) -> None:
    found = affected(filled_home, "payments", SECOND.isoformat())
    assert [(night.as_of, night.inputs) for night in found.nights] == [
        (day, FROZEN) for day in (SECOND, THIRD, FOURTH)]
    assert [night.state for night in found.nights] == [
        "stands for its night", "nothing published", "nothing published"]
    assert (found.tiles, found.to_build) == (1, 0)
    assert advice(found) == ["nothing to run: every night that sees it has it"]


def test_a_night_that_has_not_seen_it_is_named_with_the_command(
        filled_home: Path, corrected: object, capsys: pytest.CaptureFixture[str]) -> None:
    """A higher sequence of the day, taken in after the night had frozen the lower one."""
    (file,) = (filled_home / "landing" / "payments" / THIRD.isoformat()).glob("*.parquet")
    rows = pq.read_table(file, partitioning=None).select(PAYMENTS.columns)
    write_correction(filled_home, PAYMENTS, DeliveryName(THIRD, 2), rows.slice(0, 5), "CNY", [])
    run_step("intake", Run(filled_home, THIRD))
    assert main(["affected", "--feed", "payments", "--delivery", "2026-07-02.2", "--format",
                 "json", "--home", str(filled_home)]) == 0
    (said,) = json.loads(capsys.readouterr().out.partition("\n[")[2].join(["[", ""]))
    assert [(night["as_of"], night["inputs"]) for night in said["nights"]] == [
        (day, "would see other deliveries by now") for day in ("2026-07-02", "2026-07-03")]
    assert said["advice"][0].startswith("run: nightlist backfill --from 2026-07-02 --to 2026-07-03")


def test_what_was_not_taken_in_is_refused(filled_home: Path) -> None:
    with pytest.raises(UsageError, match="nightlist intake --feed payments --delivery 2026-07-09"):
        affected(filled_home, "payments", "2026-07-09")
