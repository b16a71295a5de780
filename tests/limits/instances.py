"""Small problems with random people, and their exact optimum by HiGHS on matrices built apart."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pyarrow as pa
from scipy.optimize import Bounds, LinearConstraint, milp

from jobs.contracts.limits import CANDIDATES
from jobs.limits.economics import entries
from jobs.limits.problem import (DRAW, LIMIT, LOSS, NOTHING, PEOPLE, VARIANCE, Economics, Group,
                                 Menu, People, Problem, Row, Step, Term)
from jobs.policies.policy import load

RULES = load("wallet_loan_cny", dt.date(2026, 6, 30)).limits
ECONOMICS = Economics(360, 1.0, 0.25, 1_000_000, 50, 500, {"limit": 0.3, "rate": -8.0},
                      {"limit": 0.1, "rate": -4.0})
MENU = Menu(np.array([2, 2, 5, 5, 10, 10]) * 1_000_000,
            np.array([0.0002, 0.0005] * 3))


def people(number, seed=7, groups=2, **columns):
    rng = np.random.default_rng(seed)
    member = np.ones((number, groups), bool)
    member[:, 1:] = rng.random((number, groups - 1)) < 0.4
    drawn = {
        "pd": rng.beta(1, 30, number).clip(1e-6, 0.5),
        "response_ratio": rng.beta(4, 4, number), "draw_ratio": rng.beta(3, 5, number),
        "lgd_ratio": np.full(number, 0.65),
        "income_minor": rng.lognormal(13.3, 0.5, number).round(),
        "limit_cap_minor": rng.choice([1, 3, 6, 20], number) * 1_000_000}
    return People(**{**drawn, **columns}, groups=member,
                  open_entry=np.full(number, NOTHING, np.int64),
                  user_id=pa.array([f"u{place:06d}" for place in range(number)]))


def row(name, capacity, *terms, steps=()):
    return Row(name, f"{name}.", "people", tuple(Term(*one) for one in terms), float(capacity),
               tuple(Step(*one) for one in steps))


def problem(*rows, groups=2, **changes):
    some = tuple(Group("segment", (f"g{place}",)) if place else Group()
                 for place in range(groups))
    return dataclasses.replace(Problem(ECONOMICS, MENU, some, rows), **changes)


def random_rows(rng, found):
    """Rows that bind: shares of what everyone's best entry would use, a minimum share, steps."""
    first = found.measures[0]
    return (
        row("money", 0, (DRAW, 1.0), steps=[("own", first[DRAW] * rng.uniform(0.2, 0.5), 0.03),
                                            ("bank", first[DRAW] * rng.uniform(0.1, 0.4), 0.06)]),
        row("people", max(1, int(first[PEOPLE] * rng.uniform(0.5, 0.9))), (PEOPLE, 1.0)),
        row("loss", first[LOSS] * rng.uniform(0.3, 0.8), (LOSS, 1.0)),
        row("exposure", 0, (LIMIT, 1.0, 1), (LIMIT, -0.5)),
        row("share", 0, (PEOPLE, -1.0, 1), (PEOPLE, 0.2)))


def exact(whole, some):
    """The optimum by HiGHS, in minor units; None where there is none."""
    found = entries(some, whole.menu, whole.economics)
    number, menu = found.value_minor.shape
    used = {PEOPLE: np.ones((number, menu)),
            LIMIT: np.tile(whole.menu.limit_minor.astype(float), (number, 1)),
            DRAW: found.draw_minor, LOSS: found.loss_minor, VARIANCE: found.variance}
    steps = [(place, step) for place, one in enumerate(whole.rows) for step in one.steps]
    left = []
    for place, one in enumerate(whole.rows):
        line = sum(term.weight * used[term.measure] * some.groups[:, term.group, None]
                   for term in one.terms).reshape(-1)
        bought = [-step.amount if of == place else 0.0 for of, step in steps]
        left.append(np.concatenate([line, bought]))
    right = np.array([one.capacity for one in whole.rows])
    size = np.maximum(np.abs(left).max(axis=1), 1.0) if left else np.ones(0)
    one_each = np.concatenate([np.kron(np.eye(number), np.ones(menu)),
                               np.zeros((number, len(steps)))], axis=1)
    allowed = whole.menu.limit_minor[None, :] <= some.limit_cap_minor[:, None]
    constraints = [LinearConstraint(one_each, 0, 1)]
    if left:
        constraints.append(LinearConstraint(np.array(left) / size[:, None], -np.inf,
                                            right / size))
    scale = max(np.abs(found.value_minor).max(), 1.0)
    paid = [step.price * step.amount for _, step in steps]
    outcome = milp(
        np.concatenate([-found.value_minor.reshape(-1), paid]) / scale,
        integrality=np.concatenate([np.ones(number * menu), np.zeros(len(steps))]),
        bounds=Bounds(0, np.concatenate([allowed.reshape(-1).astype(float),
                                         np.ones(len(steps))])),
        constraints=constraints, options={"mip_rel_gap": 1e-9})
    return None if outcome.x is None else -outcome.fun * scale


def candidates(some, **columns):
    """The same people as rows of CANDIDATES."""
    number = len(some)
    said = {
        "user_id": some.user_id, "segment": ["g1" if one else "g0" for one in some.groups[:, 1]],
        "pd": some.pd, "response_ratio": some.response_ratio, "draw_ratio": some.draw_ratio,
        "lgd_ratio": some.lgd_ratio, "income_minor": some.income_minor.astype(np.int64),
        "as_of_date": [dt.date(2026, 6, 30)] * number, "score_points": [600] * number,
        "cap_reason": ["affordability"] * number,
        "limit_cap_minor": some.limit_cap_minor, "is_eligible": [True] * number,
        "is_promised": [False] * number, **columns}
    return pa.table({field.name: pa.array(said.get(field.name, [None] * number)).cast(field.type)
                     for field in CANDIDATES.arrow_schema})
