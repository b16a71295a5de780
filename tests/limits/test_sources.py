"""People in memory and candidates in the engine give the same numbers, however they are cut."""

import numpy as np
import pyarrow as pa
import pytest

from jobs.limits import optimise as optimiser
from jobs.limits.choice import choose_and_sum
from jobs.limits.optimise import optimise
from jobs.limits.problem import DRAW, LIMIT, LOSS, PEOPLE, Sums
from jobs.limits.sources import InEngine, InMemory, hashes, margins
from jobs.session import session
from tests.limits.instances import candidates, people, problem, row

SOME = people(3_000)
WHOLE = problem(row("people", 1_500, (PEOPLE, 1.0)), row("loss", 3e6, (LOSS, 1.0)),
                row("exposure", 0, (LIMIT, 1.0, 1), (LIMIT, -0.4)),
                row("money", 0, (DRAW, 1.0), steps=[("own", 4e8, 0.03), ("bank", 4e8, 0.06)]))
PRICES = np.array([1_000.0, 0.1, 1e-3, 0.04])


@pytest.fixture(scope="module")
def frame():
    return session().createDataFrame(candidates(SOME))


def assert_same(one, other):
    assert one.value_minor == other.value_minor
    assert (one.measures == other.measures).all()


@pytest.mark.parametrize("parts", [1, 7])
def test_sums_do_not_depend_on_partitions(frame, parts):
    assert_same(InEngine(frame.repartition(parts)).sums(WHOLE, PRICES),
                choose_and_sum(WHOLE, SOME, PRICES))


def test_sums_in_memory_are_those_of_one_pass():
    assert_same(InMemory(SOME).sums(WHOLE, PRICES), choose_and_sum(WHOLE, SOME, PRICES))


@pytest.mark.parametrize("size", [100, 3_000, 9_000])
def test_both_take_the_same_sample_in_the_same_order(frame, size):
    one = InMemory(SOME).sample(WHOLE, size)
    other = InEngine(frame.repartition(5)).sample(WHOLE, size)
    assert one.user_id.equals(other.user_id)
    assert (one.pd == other.pd).all()
    assert len(one) == pytest.approx(min(size, 3_000), rel=0.3)


def test_both_take_the_same_undecided(frame):
    one = InMemory(SOME).undecided(WHOLE, PRICES, (-1.0, 2_000.0), 3, 40)
    other = InEngine(frame).undecided(WHOLE, PRICES, (-1.0, 2_000.0), 3, 40)
    assert len(one) == 40 and one.user_id.equals(other.user_id)


def test_undecided_come_by_hash_and_each_once():
    source, band = InMemory(SOME), (-1.0, 1e6)
    parts = [source.undecided(WHOLE, PRICES, band, skip, 100).user_id.to_pylist()
             for skip in (0, 100, 200)]
    taken = [who for part in parts for who in part]
    assert len(set(taken)) == len(taken) > 200
    order = hashes(pa.array(taken)).to_pylist()
    assert order == sorted(order)


def test_bands_part_people():
    margin = margins(WHOLE, SOME, PRICES)
    source = InMemory(SOME)
    bands = [(-1.0, 500.0), (500.0, 5_000.0), (5_000.0, np.inf)]
    sizes = [len(source.undecided(WHOLE, PRICES, band, 0, 9_000)) for band in bands]
    assert sum(sizes) == 3_000
    assert sizes[0] == (margin <= 500.0).sum()


def test_margin_is_the_first_choice_less_the_second_nothing_counted():
    """Where one entry at most is allowed it is that entry's worth, or what it falls short of 0."""
    few = people(200, limit_cap_minor=np.full(200, 2_000_000))
    whole = problem(row("people", 9, (PEOPLE, 1.0)))
    from jobs.limits.economics import entries
    value = entries(few, whole.menu, whole.economics).value_minor[:, :2]
    ordered = np.sort(np.concatenate([value, np.zeros((200, 1))], axis=1), axis=1)
    assert margins(whole, few, np.zeros(1)).tolist() == (ordered[:, 2] - ordered[:, 1]).tolist()


def assert_same_solution(one, other):
    assert_same(one.sums, other.sums)
    assert one.multipliers.tolist() == other.multipliers.tolist()
    assert (one.bound_minor, one.value_minor, one.evaluations) == (
        other.bound_minor, other.value_minor, other.evaluations)
    assert one.changed_user_id.equals(other.changed_user_id)
    assert one.changed_entry.tolist() == other.changed_entry.tolist()


@pytest.mark.parametrize("parts", [1, 7])
def test_the_engine_solves_as_memory_does(frame, parts, monkeypatch):
    """With a sample and a core smaller than everyone, as of millions."""
    monkeypatch.setattr(optimiser, "SAMPLE_PEOPLE", 1_000)
    monkeypatch.setattr(optimiser, "CORE_PEOPLE", 300)
    zero = Sums.zero(WHOLE)
    assert_same_solution(optimise(WHOLE, InEngine(frame.repartition(parts)), zero),
                         optimise(WHOLE, InMemory(SOME), zero))


def test_nobody_in_the_engine(frame):
    found = optimise(WHOLE, InEngine(frame.where("1 = 0")), Sums.zero(WHOLE))
    assert (found.value_minor, found.bound_minor, len(found.changed_user_id)) == (0, 0, 0)
