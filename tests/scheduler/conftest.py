"""What tests with whole nights share: a home that needs no training."""

import datetime as dt

import pytest

from . import homes

#: A night of nothing but its own: any date would do.
NIGHT = dt.date(2026, 6, 27)


@pytest.fixture(scope="session")
def seed_home(tmp_path_factory):
    """Makes the seed of nights that begin on a date; the same for all workers."""
    folder = tmp_path_factory.getbasetemp()
    if folder.name.startswith("popen-"):
        folder = folder.parent
    return lambda first_night: homes.seed(folder, first_night)
