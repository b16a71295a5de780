"""A home of its own in the bucket for each test."""

import uuid

import pytest

from jobs import lake


@pytest.fixture()
def store_home(bucket):
    return lake.place(f"{bucket}/{uuid.uuid4().hex}")
