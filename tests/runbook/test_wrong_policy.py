"""The page for a wrong policy, on a real warehouse; the run anew is made as a night leaves it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs import store
from jobs.__main__ import main
from jobs.inputs import frozen, record
from jobs.release import release, warehouse
from tests.release.nights import JUNE, MAY, night, people
from tests.runbook.pages import commands


def test_nothing_goes_out_until_the_night_is_run_anew_and_somebody_resumes(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release.publish(night(tmp_path, MAY, invited=("ann",)))
    release.publish(night(tmp_path, invited=("ann", "bob")))
    stop, back, anew, report, resume, publish, serve = (
        [*words, "--home", str(tmp_path)] for words in commands(
            "wrong_policy", RELEASE_BEFORE="2026-05-31-aaa", NAME="Mei", DATE=JUNE.isoformat(),
            TEXT="limits ten times too high"))
    assert main(stop) == 0 and main(back) == 0
    assert warehouse.current(tmp_path).as_of_date == MAY
    # What `anew` leaves at the step release, of the mended policy; tests/night runs whole nights.
    assert anew[:3] == ["night", "--as-of", "2026-06-30"]
    run = night(tmp_path, JUNE, "bbb", invited=("bob",))
    record(run, "inputs", {**frozen(run)["inputs"], "deliveries": []})
    store.write_json({"run_id": "bbb", "seed": 7, "policy": "p"}, run.date_folder / "open.json")
    assert main(publish) == 1
    assert "stopped by Mei on" in capsys.readouterr().err
    assert warehouse.current(tmp_path).as_of_date == MAY
    assert main(report) == 0
    page = (tmp_path / "reports" / "2026-06-30" / "index.html").read_text(encoding="utf-8")
    assert "All publication is stopped by Mei on" in page
    assert main(resume) == 0 and main(publish) == 0 and main(serve) == 0
    assert warehouse.current(tmp_path).release_id == run.release_id
    assert people(tmp_path, run.release_id) == ["bob"]
    capsys.readouterr()
    assert main(["release", "list", "--home", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "stopped    all publication" not in said and "withdrawn by move 3" in said
