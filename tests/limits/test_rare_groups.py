"""A sample may miss a group of a few people; everyone decides what is possible."""

import hashlib

import numpy as np
import pyarrow as pa
import pytest

from jobs.errors import InfeasibleRows
from jobs.limits import optimise as optimiser
from jobs.limits.problem import PEOPLE, Sums
from jobs.limits.rooms import room_left
from jobs.limits.sources import InMemory

from .instances import people, problem, row


@pytest.fixture
def rare(monkeypatch):
    """13 of 5,000 people in the group, about one of them in the sample."""
    monkeypatch.setattr(optimiser, "SAMPLE_PEOPLE", 500)
    monkeypatch.setattr(optimiser, "CORE_PEOPLE", 200)
    ids = sorted(hashlib.sha256(b"%d" % one).hexdigest()[:12] for one in range(5_000))
    member = np.ones((5_000, 2), bool)
    member[:, 1] = False
    caps = people(5_000, seed=3).limit_cap_minor
    member[np.flatnonzero(caps >= 2_000_000)[::300], 1] = True
    some = people(5_000, seed=3)
    assert member[:, 1].sum() == 13
    return InMemory(type(some)(**{**vars(some), "groups": member, "user_id": pa.array(ids)}))


def at_least(number):
    return problem(row("rare", -number, (PEOPLE, -1.0, 1)), row("people", 1_000, (PEOPLE, 1.0)))


def test_a_minimum_that_the_sample_alone_could_not_reach_is_kept(rare):
    whole = at_least(11)

    found = optimiser.optimise(whole, rare, Sums.zero(whole))

    assert found.sums.measures[1, PEOPLE] >= 11
    assert all(room_left(one, found.sums.measures) >= 0 for one in whole.rows)
    assert found.value_minor >= 0.999 * found.bound_minor


def test_a_minimum_beyond_everyone_in_the_group_is_refused_by_its_name(rare):
    whole = at_least(14)

    with pytest.raises(InfeasibleRows, match="limits.rows rare: expected"):
        optimiser.optimise(whole, rare, Sums.zero(whole))
