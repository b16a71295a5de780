"""A small city's feeds in landing, without any night."""

import datetime as dt

import pytest

from jobs.__main__ import main
from tests.models.conftest import matrix, model, short_spec

__all__ = ["matrix", "model", "short_spec"]
FIRST, NIGHT = dt.date(2026, 6, 28), dt.date(2026, 6, 30)


@pytest.fixture(scope="session")
def city(tmp_path_factory):
    """Six days, to beyond the night; taken in is what came before it."""
    home = tmp_path_factory.mktemp("city")
    assert main(["simulate", "--users", "2000", "--from", FIRST.isoformat(), "--days", "6",
                 "--home", str(home)]) == 0
    assert main(["run", "intake", "--as-of", (NIGHT - dt.timedelta(days=1)).isoformat(),
                 "--home", str(home)]) == 0
    return home
