"""A small city's nights: two in one home, and the same two backfilled in another.

Every test's conftest knows these fixtures: what is heavy is imported where it is used.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.__main__ import main

FIRST, SECOND, THIRD = dt.date(2026, 6, 30), dt.date(2026, 7, 1), dt.date(2026, 7, 2)
USERS, SEED = 600, 7
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a model that was made in a second, so that no night has to train one."""
    import numpy as np

    from jobs.scores.train import stamped
    from models import registry
    from models.spec import PD
    from models.training import train
    from tests.models.conftest import make_matrix

    home, rng = tmp_path_factory.mktemp("scorer"), np.random.default_rng(5)
    overdue = rng.choice([0, 1, 2, 3], 8_000, p=[0.9, 0.06, 0.03, 0.01])
    matrix = make_matrix(8_000, overdue_months_1=overdue,
                         is_default=rng.random(8_000) < 0.003 + 0.06 * overdue)
    made = stamped(train(matrix, SEED, FIRST, "made by a test", PD))
    return str(home / "models" / "pd" / registry.save(home, made))


@pytest.fixture(scope="session")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What three nights are delivered."""
    from jobs.simulate import city

    home = tmp_path_factory.mktemp("landed")
    city.deliver(home, THIRD, USERS, SEED)
    return home / "landing"


def home_of(landed: Path, home: Path) -> Path:
    """A home with the same deliveries, and nothing else."""
    shutil.copytree(landed, home / "landing")
    return home


def run_night(home: Path, as_of: dt.date, scorer: str) -> int:
    """A night on what has landed."""
    return main(["night", "--as-of", as_of.isoformat(), "--home", str(home), "--model", scorer])


def run_backfill(home: Path, first: dt.date, last: dt.date, scorer: str, *words: str) -> int:
    """A backfill with the same model."""
    return main(["backfill", "--from", first.isoformat(), "--to", last.isoformat(), "--home",
                 str(home), "--model", scorer, *words])


@pytest.fixture(scope="session")
def nights_home(landed: Path, scorer: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nights and a backfill of the first, started side by side as processes of their own.

    Each night was published, and the second is in force.
    """
    home = home_of(landed, tmp_path_factory.mktemp("nights"))

    def started(*words: str) -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, "-m", "jobs", *words, "--home", str(home),
                                 "--model", scorer], cwd=ROOT, text=True, env=dict(os.environ),
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    first = started("night", "--as-of", FIRST.isoformat())
    assert first.stdout is not None
    assert "deliver" in first.stdout.readline()  # the first has begun: the second waits for it
    second = started("night", "--as-of", SECOND.isoformat())
    again = started("backfill", "--from", FIRST.isoformat(), "--to", FIRST.isoformat(),
                    "--reprocess", "completed", "--format", "json")
    for process in (first, second, again):
        said = process.communicate()[0]
        assert process.returncode == 0, said[-2000:]
    assert "the same run: nothing moved" in said, said[-2000:]
    return home


@pytest.fixture(scope="session")
def filled_home(landed: Path, scorer: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same two dates, backfilled where no night ever ran."""
    home = home_of(landed, tmp_path_factory.mktemp("filled"))
    assert run_backfill(home, FIRST, SECOND, scorer) == 0
    return home
