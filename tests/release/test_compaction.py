"""Compaction leaves every row, and fewer files to open; what it replaced goes with an expiry."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from jobs.__main__ import main
from jobs.release import compaction, expiry, iceberg, release, warehouse
from tests.release.nights import night, people

FIRST, NIGHTS = dt.date(2026, 6, 1), compaction.FEWEST_MANIFESTS


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with as many nights as make a compaction worth it."""
    home = tmp_path_factory.mktemp("compaction")
    for number in range(NIGHTS):
        release.publish(night(home, FIRST + dt.timedelta(days=number)))
    return home


def looked_at(home: Path, name: str) -> int:
    with warehouse.opened(home) as catalog:
        table = iceberg.load(catalog, name)
        assert table is not None
        return compaction.manifests(table)


def test_rows_stay_files_become_fewer_and_the_next_night_is_published(
        home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"{FIRST + dt.timedelta(days=number)}-aaa" for number in range(NIGHTS)]
    before = [warehouse.read(home, "decisions", name) for name in names]
    assert looked_at(home, "decisions") == looked_at(home, "releases") == NIGHTS
    assert main(["compact", "--home", str(home)]) == 0
    assert looked_at(home, "decisions") == looked_at(home, "releases") == 1
    assert "manifests" in capsys.readouterr().err
    assert [warehouse.read(home, "decisions", name) for name in names] == before
    assert warehouse.current(home).release_id == names[-1]
    assert compaction.compact(home)["tables"] == 0
    release.publish(night(home, dt.date(2026, 6, 30)))
    assert looked_at(home, "decisions") == 2

    files = len(list(home.rglob("*.avro")))
    expiry.carry_out(home, [], dt.date.today() + dt.timedelta(days=1))
    assert len(list(home.rglob("*.avro"))) < files / 3
    assert people(home, names[2]) == people(home, "2026-06-30-aaa") == ["ann", "bob"]
    assert main(["verify", "--release", names[2], "--home", str(home)]) == 0


def test_a_home_without_a_warehouse_has_nothing_to_compact(tmp_path: Path) -> None:
    assert compaction.compact(tmp_path) == {"tables": 0, "manifests_before": 0,
                                            "manifests_after": 0}
