"""A home with one small delivery of statements in landing."""

import pytest

from jobs.contracts.feeds import STATEMENTS
from jobs.intake.landing import write_delivery

from .deliveries import ANNA_AND_BEN, JUNE


@pytest.fixture
def folder(tmp_path):
    return write_delivery(tmp_path, STATEMENTS, JUNE, ANNA_AND_BEN, "CNY")
