"""Bounds at any capacities, against the linear programme itself."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.optimize import linprog

from jobs.limits.bounds import Bounds, capacities
from jobs.limits.economics import entries
from jobs.limits.problem import LOSS, People, Problem, Row, Term
from jobs.limits.shadow_prices import relaxed
from tests.limits.proofs import drawn_candidates, measured, people_of, problem

FUNDING, COST, INVITATIONS, THIN, LOSSES = range(5)


def city(people: int = 40, seed: int = 3) -> tuple[Problem, People]:
    """Money for a third of them, invitations for half, a loss row."""
    about = problem(funding=people * 500_000, invitations=people / 2, thin_share=0.5)
    loss = Row("loss", "", "1/100 currency", (Term(LOSS, 1.0),), people * 2_000.0)
    about = dataclasses.replace(about, rows=(*about.rows, loss))
    return about, people_of(drawn_candidates(people, seed), about)


def exact(about: Problem, people: People, capacity: np.ndarray,
          without: int | None = None) -> float:
    """The most that shares of entries can be worth, by HiGHS: what the least bound must be."""
    found = entries(people, about.menu, about.economics)
    measures = measured(found, about.menu)
    count, menu = found.value_minor.shape
    steps = [(place, step) for place, row in enumerate(about.rows) for step in row.steps]
    allowed = about.menu.limit_minor[None, :] <= people.limit_cap_minor[:, None]
    use = np.zeros((len(about.rows), count * menu + len(steps)))
    for place, row in enumerate(about.rows):
        for term in row.terms:
            use[place, :count * menu] += (term.weight * measures[:, :, term.measure]
                                          * people.groups[:, term.group, None]).ravel()
    for number, (place, _) in enumerate(steps):
        use[place, count * menu + number] = -1.0
    once = np.zeros((count, use.shape[1]))
    for person in range(count):
        once[person, person * menu:(person + 1) * menu] = 1.0
    kept = [place for place in range(len(about.rows)) if place != without]
    scale = np.abs(use).max(axis=1)[kept]
    answer = linprog(
        np.concatenate([-found.value_minor.ravel(), [step.price for _, step in steps]]),
        np.vstack([use[kept] / scale[:, None], once]),
        np.concatenate([capacity[kept] / scale, np.ones(count)]),
        bounds=[*((0, 1 if ok else 0) for ok in allowed.ravel()),
                *((0, step.amount) for _, step in steps)], method="highs")
    assert answer.status == 0
    return -float(answer.fun)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_least_bound_is_the_linear_programme_s_value(seed: int) -> None:
    about, people = city(seed=seed)
    found, prices = Bounds(about, people, 1.0).least(capacities(about))
    assert found == pytest.approx(exact(about, people, capacities(about).capacity), rel=2e-5)
    assert (prices >= 0).all()


@pytest.mark.parametrize("place", [COST, INVITATIONS, LOSSES])
@pytest.mark.parametrize("share", [0.6, 0.9, 1.3])
def test_another_capacity_has_its_own_least_bound(place: int, share: float) -> None:
    about, people = city()
    bounds, base = Bounds(about, people, 1.0), capacities(about)
    bounds.least(base)
    extra = (share - 1) * (base.capacity[place] or 5e6)
    asked = relaxed(about, base, place, extra)
    assert bounds.least(asked)[0] == pytest.approx(exact(about, people, asked.capacity), rel=2e-5)


def test_without_a_row_the_bound_is_that_of_the_others() -> None:
    about, people = city()
    base = capacities(about)
    highest = base.highest.copy()
    highest[LOSSES] = 0.0
    found = Bounds(about, people, 1.0).least(dataclasses.replace(base, highest=highest))[0]
    assert found == pytest.approx(exact(about, people, base.capacity, without=LOSSES), rel=2e-5)
    assert found > 1.003 * exact(about, people, base.capacity)


def test_what_was_learned_at_one_capacity_is_not_asked_again() -> None:
    about, people = city(400)
    bounds, base = Bounds(about, people, 1.0), capacities(about)
    bounds.least(base)
    first = bounds.evaluations
    bounds.least(base)
    assert bounds.evaluations == first


def test_a_sample_stands_for_scale_times_as_many() -> None:
    about, people = city()
    doubled = [dataclasses.replace(row, capacity=row.capacity / 2, steps=tuple(
        dataclasses.replace(step, amount=step.amount / 2) for step in row.steps))
        for row in about.rows]
    half = dataclasses.replace(about, rows=tuple(doubled))
    assert Bounds(about, people, 2.0).least(capacities(about))[0] == pytest.approx(
        2 * Bounds(half, people, 1.0).least(capacities(half))[0], rel=1e-5)
