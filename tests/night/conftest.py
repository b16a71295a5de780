"""One simulated night, run once for all tests that only look at it."""

import datetime as dt

import pytest

from jobs.__main__ import main

AS_OF = dt.date(2026, 6, 30)
USERS = 5_000


def run_night(home, *words):
    return main(["night", "--as-of", AS_OF.isoformat(), "--feeds", "simulated", "--users",
                 str(USERS), "--home", str(home), *words])


@pytest.fixture(scope="session")
def night_home(tmp_path_factory):
    home = tmp_path_factory.mktemp("night")
    assert run_night(home) == 0
    return home


@pytest.fixture(scope="session")
def night_folder(night_home):
    (folder,) = [path for path in (night_home / "nights" / AS_OF.isoformat()).iterdir()
                 if path.is_dir()]
    return folder
