"""A small labelled matrix whose risk is known: it rises with the months past due."""

import dataclasses
import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from jobs.contracts.night import TRAINING_MATRIX
from models.spec import PD
from models.training import train

OBSERVED = dt.date(2026, 3, 31)


def make_matrix(people=600, seed=3, **columns):
    """Rows after the contract; features not named are null everywhere."""
    rng = np.random.default_rng(seed)
    overdue = rng.choice([0, 1, 2, 3], people, p=[0.6, 0.2, 0.1, 0.1])
    known = {
        "user_id": [f"user-{number:04d}" for number in range(people)],
        "as_of_date": [OBSERVED] * people, "segment": ["thick_file"] * people,
        "statement_months": [6] * people, "bureau_months": [6] * people,
        "is_thin_file": [0] * people, "known_source_count": [0] * people,
        "coverage_ratio": [0.0] * people, "weight": [1.0] * people,
        "overdue_months_1": overdue, "overdue_count_6": np.arange(people) % 3,
        "card_limit_minor": rng.integers(1_000_000, 50_000_000, people),
        "utilization_1_ratio": rng.random(people),
        "is_default": rng.random(people) < 0.1 + 0.2 * overdue, **columns}
    return pa.table({field.name: pa.array(known.get(field.name, [None] * people), field.type)
                     for field in TRAINING_MATRIX.arrow_schema})


@pytest.fixture(scope="session")
def short_spec():
    return dataclasses.replace(PD, rounds=60)


@pytest.fixture(scope="session")
def matrix():
    return make_matrix()


@pytest.fixture(scope="session")
def model(matrix, short_spec):
    return train(matrix, 7, dt.date(2026, 6, 30), "code-1", short_spec)


@pytest.fixture(scope="session")
def matrix_of():
    return make_matrix
