"""The engine and memory give the same offers, however people are cut into partitions."""

import datetime as dt
import hashlib

import numpy as np
import pyarrow as pa
import pytest

from jobs.contracts.limits import CANDIDATES
from jobs.limits import optimise as optimiser
from jobs.limits.choice import people_of
from jobs.limits.problem import DRAW, LIMIT, PEOPLE, Group, Problem, Sums
from jobs.limits.sources import InEngine, InMemory
from jobs.session import session

from .instances import ECONOMICS, MENU, people, row

NUMBER = 1_200


@pytest.fixture(scope="module")
def candidates():
    """Ids as tokens are: unlike running numbers, their hashes do not lie evenly."""
    some = people(NUMBER)
    columns = {name: getattr(some, name) for name in (
        "pd", "response_ratio", "draw_ratio", "lgd_ratio", "limit_cap_minor")}
    columns |= {
        "user_id": sorted(hashlib.sha256(b"%d" % one).hexdigest()[:12] for one in range(NUMBER)),
        "income_minor": some.income_minor.astype(np.int64), "is_eligible": [True] * NUMBER,
        "is_promised": [False] * NUMBER,
        "segment": np.where(some.groups[:, 1], "thin_file", "thick_file"),
        "as_of_date": [dt.date(2026, 6, 30)] * NUMBER, "is_open_offer_sent": [False] * NUMBER,
        "score_points": [600] * NUMBER, "cap_reason": ["menu"] * NUMBER}
    return pa.table({field.name: pa.array(columns[field.name], field.type)
                     if field.name in columns else pa.nulls(NUMBER, field.type)
                     for field in CANDIDATES.arrow_schema})


@pytest.fixture(scope="module")
def whole():
    groups = (Group(), Group("segment", ("thin_file",)))
    return Problem(ECONOMICS, MENU, groups, (
        row("money", 0, (DRAW, 1.0), steps=[("own", 3e8, 0.03)]),
        row("people", 500, (PEOPLE, 1.0)), row("exposure", 0, (LIMIT, 1.0, 1), (LIMIT, -0.4)),
        row("share", 0, (PEOPLE, -1.0, 1), (PEOPLE, 0.35))))


def in_engine(candidates):
    return session().createDataFrame(candidates)


def said(found):
    return (found.multipliers.tolist(), found.bound_minor, found.value_minor, found.evaluations,
            found.sums.measures.tolist(), found.changed_user_id.to_pylist(),
            found.changed_entry.tolist())


def test_a_sample_of_the_people_leads_to_the_same_offers(candidates, whole, monkeypatch):
    monkeypatch.setattr(optimiser, "SAMPLE_PEOPLE", 400)
    monkeypatch.setattr(optimiser, "CORE_PEOPLE", 150)

    memory = optimiser.optimise(whole, InMemory(people_of(candidates, whole)), Sums.zero(whole))
    one, seven = (optimiser.optimise(
        whole, InEngine(in_engine(candidates).repartition(parts)), Sums.zero(whole))
        for parts in (1, 7))

    assert memory.value_minor > 0 and len(memory.changed_entry)
    assert said(one) == said(memory)
    assert said(seven) == said(memory)


def test_nobody_in_the_engine_gets_nothing(candidates, whole):
    nobody = InEngine(in_engine(candidates).where("false"))

    found = optimiser.optimise(whole, nobody, Sums.zero(whole))

    assert (found.value_minor, found.bound_minor, len(found.changed_user_id)) == (0, 0.0, 0)
