"""`nightlist verify` says true or false of a release; `shadow-prices` says what more earns."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from jobs import store
from jobs.__main__ import main
from jobs.config import Run
from jobs.contracts.release import DECISIONS, WATERFALL, whitelist
from jobs.release import release
from tests.limits.proofs import DAY, drawn_candidates, problem, proved, write
from tests.release.nights import write_ledgers

NEXT = DAY + dt.timedelta(days=1)


def published(home: Path, as_of: dt.date = DAY, multiplier: float | None = None) -> str:
    """A release of twenty candidates; its proof with another multiplier of funding, if given."""
    run = Run(home=home, as_of=as_of, run_id="aaa")
    tables = proved(problem(funding=10**9), drawn_candidates(20), np.array([0.01, 0.03, 0, 0]))
    if multiplier is not None:
        rows = tables["coupling_rows"].to_pylist()
        rows[0] |= {"multiplier": multiplier}
        tables["coupling_rows"] = pa.Table.from_pylist(rows, tables["coupling_rows"].schema)
    named = pa.array([run.release_id] * tables["whitelist"].num_rows)
    listed = tables["whitelist"].set_column(2, "release_id", named)
    decided = [{"user_id": who, "as_of_date": as_of, "release_id": run.release_id, "pd": 0.01,
                "score_points": 700, "model_version": "m1", "segment": "thick_file",
                "is_invited": True, "first_failing_rule": None, "failing_rules": []}
               for who in listed["user_id"].to_pylist()]
    steps = [{"release_id": run.release_id, "step_number": 0, "step": "known", "reason_code": "",
              "removed": 0, "remaining": len(decided)}]
    hashes = write(run, tables) | write_ledgers(run)
    for table, rows in ((whitelist("CNY"), listed),
                        (DECISIONS, pa.Table.from_pylist(decided, DECISIONS.arrow_schema)),
                        (WATERFALL, pa.Table.from_pylist(steps, WATERFALL.arrow_schema))):
        hashes[table.name] = store.write_sorted(rows, table, run.folder / table.name)
    store.write_json({"tables": hashes, "audit": hashes, "inputs": {
        "policy": {"currency": "CNY"}}}, run.folder / "run.json")
    release.publish(run)
    return run.release_id


def test_a_release_is_verified_from_its_published_tables(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bent = published(tmp_path), published(tmp_path, NEXT, multiplier=0.02)
    assert main(["verify", "--release", good, "--home", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert said.endswith("\ntrue\n") and "bound at the multipliers" in said
    assert main(["verify", "--as-of", str(DAY), "--home", str(tmp_path)]) == 0
    capsys.readouterr()
    # In force is the newest night, and its proof is not true.
    assert main(["verify", "--home", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert printed.out.endswith("\nfalse\n")
    assert printed.err.startswith(f"nightlist: certificate of {bent}: bound at the multipliers: ")


@pytest.mark.parametrize(("words", "message"), [
    (["verify", "--release", "2026-06-30-bbb"], "expected release 2026-06-30-bbb, found none"),
    (["verify", "--release", "x", "--as-of", "2026-06-30"], "expected one of them, found both"),
    (["shadow-prices", "--as-of", "2026-05-31"], "expected a release for 2026-05-31")])
def test_what_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                    words: list[str], message: str) -> None:
    assert main([*words, "--home", str(tmp_path)]) == 1
    assert message in capsys.readouterr().err


def test_shadow_prices_are_told_in_a_table_and_in_words(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    published(tmp_path)
    assert main(["shadow-prices", "--home", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "Another CNY 100 M to lend would earn CNY 1 M." in said
    assert "at all capacities looked at" in said and "Invitations: more would earn nothing." in said
    assert main(["shadow-prices", "--format", "json", "--home", str(tmp_path)]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["row_name"]: row["price"] for row in rows} == {
        "funding": 0.01, "funding_cost": 0.03, "invitations": 0.0, "thin_share": 0.0}
