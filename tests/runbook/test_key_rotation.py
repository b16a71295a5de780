"""Runbook: the key of the tokens changes between two nights. What the page says, done."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs import store
from jobs.__main__ import main
from jobs.contracts.feeds import BOUND_CARDS
from jobs.inputs import facts
from jobs.intake.outgoing import write_delivery
from jobs.release import warehouse
from jobs.session import session
from jobs.steps import open_run
from tests.backfill.homes import FIRST, THIRD, run_night
from tests.runbook.pages import blocks

SHELL = shutil.which("bash")


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl here to make a key with")
def test_after_a_rotation_people_stay_linked_and_the_old_run_replays(
        nights_home: Path, scorer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> None:
    keys = tmp_path / "tokens"
    shutil.copy(os.environ["NIGHTLIST_TOKEN_KEYS"], keys)
    monkeypatch.setenv("NIGHTLIST_TOKEN_KEYS", str(keys))
    (rotate,) = blocks("key_rotation")[0]
    assert SHELL and subprocess.run([SHELL, "-c", rotate]).returncode == 0
    new, old = [line.partition(":")[0] for line in keys.read_text().splitlines()]
    assert (new, old) == ("k2", "test")

    _unbind(nights_home)
    night, replay = (shlex.split(line) for line in blocks("key_rotation")[1])
    assert night == ["nightlist", "night", "--as-of", "DATE"]
    assert run_night(nights_home, THIRD, scorer) == 0
    run, before = open_run(nights_home, THIRD), open_run(nights_home, FIRST)
    assert warehouse.current(nights_home).release_id == run.release_id

    folder = nights_home / "clean" / "bound_cards"
    newest = folder / f"delivery_date={THIRD}"
    assert store.read_json(newest / "_counts.json")["token_key"].startswith("k2-")
    stored = pq.read_table(newest, partitioning=None)
    assert all(token.startswith("k2:") for token in stored["card_number"].to_pylist())
    seen = facts(session(), run, BOUND_CARDS).toArrow().to_pylist()
    actions = {row["action"] for row in seen if row["card_number"] == _card_of_the_unbound(seen)}
    assert actions == {"bind", "unbind"}
    assert all(row["card_number"].startswith("test:") for row in seen)

    capsys.readouterr()
    assert main([*(before.release_id if word == "RELEASE_BEFORE" else word
                   for word in replay[1:]), "--home", str(nights_home)]) == 0
    assert f"{before.release_id}: byte-identical" in capsys.readouterr().out


def _unbind(home: Path) -> None:
    """Somebody takes a card away on the third day that was bound under the old key."""
    (file,) = (home / "landing" / "bound_cards" / "2026-05-01").glob("*.parquet")
    bound = pq.read_table(file, partitioning=None).select(BOUND_CARDS.columns).slice(0, 1)
    rows = [{**row, "event_date": THIRD, "action": "unbind"} for row in bound.to_pylist()]
    write_delivery(home, BOUND_CARDS, THIRD, pa.Table.from_pylist(rows, bound.schema), "CNY")


def _card_of_the_unbound(seen: list[dict[str, Any]]) -> str:
    (row,) = [row for row in seen if row["event_date"] == THIRD]
    card: str = row["card_number"]
    return card
