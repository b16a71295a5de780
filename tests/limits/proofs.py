"""A small night's problem of limits, with a proof put together without the optimiser.

Any multipliers give a bound and any allocation that keeps the rows a value; here they are given.
"""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from jobs import store
from jobs.config import Run
from jobs.contracts.limits import CANDIDATES, LIMITS, PROOF, SHADOW_PRICES, VALUE_CURVES
from jobs.contracts.release import whitelist
from jobs.limits import proof
from jobs.limits.economics import Entries, entries
from jobs.limits.optimise import Solution
from jobs.limits.problem import (DRAW, LIMIT, LOSS, NOTHING, PEOPLE, VARIANCE, Chance, Economics,
                                 Group, Menu, People, Problem, Row, Step, Sums, Term, uses)
from tests.campaign.rows import CAMPAIGN

DAY = dt.date(2026, 6, 30)
ECONOMICS = Economics(360, 1.2, 0.25, 1_000_000, 50, 500, {"limit": 0.3, "rate": -4.0},
                      {"limit": -0.2, "rate": -1.0})
MENU = Menu(np.repeat(np.array([2_000_000, 5_000_000, 10_000_000]), 2),
            np.tile(np.array([0.000195, 0.0005]), 3))


def solved(multipliers: np.ndarray, bound_minor: float, value_minor: int, chosen: Sums) -> Solution:
    """As the optimiser returns it, without repairs."""
    return Solution(multipliers, bound_minor, value_minor, chosen, 1, pa.array([], pa.string()),
                    np.zeros(0, np.int64))


def problem(funding: int = 10**12, invitations: float = 1e9, thin_share: float = 0.0,
            economics: Economics = ECONOMICS, menu: Menu = MENU,
            highest: float = 0.0) -> Problem:
    """Funding (minor units) with its chance and cost, invitations, a least share of thin files."""
    z, spread, highest = 2.0, 0.1, max(highest, float(menu.limit_minor.max()))
    alone = funding / (1 + z * spread)
    a, b = 1 - (z * spread)**2, 2 * funding + z * z * highest
    least = (b - math.sqrt(b * b - 4 * a * funding**2)) / (2 * a)
    weight = (alone - least) / (highest * least) * 10_000 if funding else 0.0
    rows = (
        Row("funding", "Draws stay within the lines.", "1/100 currency",
            (Term(DRAW, 1.0), Term(VARIANCE, weight)), alone, (), Chance(funding, z, spread)),
        Row("funding_cost", "What is drawn is paid for.", "1/100 currency", (Term(DRAW, 1.0),),
            0.0, (Step("own", 0.6 * funding, 0.03), Step("interbank", 0.4 * funding, 0.045))),
        Row("invitations", "So many can be sent.", "people", (Term(PEOPLE, 1.0),), invitations),
        Row("thin_share", "Thin files, too.", "people",
            (Term(PEOPLE, -1.0, 1), Term(PEOPLE, thin_share)), 0.0))
    return Problem(economics, menu, (Group(), Group("segment", ("thin_file",))), rows)


def candidates(*people: dict[str, Any]) -> pa.Table:
    """Rows of CANDIDATES; what a person does not say is that of an ordinary one."""
    rows = [{"as_of_date": DAY, "segment": "thick_file", "region": "north", "partner": "bank",
             "score_points": 700, "pd": 0.01, "response_ratio": 0.5, "draw_ratio": 0.4,
             "lgd_ratio": 0.6, "income_minor": 800_000, "card_limit_minor": None,
             "limit_cap_minor": 10_000_000, "cap_reason": "menu", "open_offer_id": None,
             "open_limit_minor": None, "open_rate_daily": None, "open_until": None,
             "is_open_offer_sent": None, "is_eligible": True, "is_promised": False} | person
            for person in people]
    return pa.Table.from_pylist(rows, schema=CANDIDATES.arrow_schema).sort_by("user_id")


def drawn_candidates(count: int, seed: int = 7) -> pa.Table:
    """People drawn at random, in the shapes that a lender meets."""
    random = np.random.default_rng(seed)
    thin = random.random(count) < 0.4
    columns = {
        "user_id": np.char.add("u", np.char.zfill(np.arange(count).astype(str), 8)),
        "as_of_date": np.full(count, DAY), "segment": np.where(thin, "thin_file", "thick_file"),
        "region": random.choice(["north", "east", "south", "west"], count),
        "partner": random.choice(["bank", "wallet"], count),
        "score_points": random.integers(600, 800, count),
        "pd": np.clip(random.lognormal(-4.5, 0.8, count), 1e-6, 0.5),
        "response_ratio": random.beta(2, 3, count), "draw_ratio": random.beta(3, 4, count),
        "lgd_ratio": random.beta(6, 4, count),
        "income_minor": random.lognormal(13.4, 0.5, count).astype(np.int64),
        "limit_cap_minor": random.integers(1, 30, count) * 1_000_000,
        "cap_reason": np.full(count, "affordability"), "is_eligible": np.ones(count, bool),
        "is_promised": np.zeros(count, bool)}
    nothing = {field.name: pa.nulls(count, field.type) for field in CANDIDATES.arrow_schema
               if field.name not in columns}
    return pa.table({field.name: nothing.get(field.name, columns.get(field.name))
                     for field in CANDIDATES.arrow_schema}).cast(CANDIDATES.arrow_schema)


def people_of(rows: pa.Table, about: Problem) -> People:
    """The optimiser's view of candidates."""
    def floats(name: str) -> np.ndarray:
        return rows[name].cast(pa.float64()).to_numpy()

    groups = np.ones((rows.num_rows, len(about.groups)), bool)
    for place, group in enumerate(about.groups):
        if group.column:
            groups[:, place] = np.isin(rows[group.column].to_numpy(zero_copy_only=False),
                                       group.values)
    open_entry = np.full(rows.num_rows, NOTHING)
    menu = [(int(limit), Decimal(f"{rate:.6f}")) for limit, rate in zip(
        about.menu.limit_minor, about.menu.rate_daily, strict=True)]
    kept = ("open_limit_minor", "open_rate_daily", "is_open_offer_sent")
    for place, (limit, rate, sent) in enumerate(zip(*(rows[name].to_pylist() for name in kept),
                                                    strict=True)):
        if (limit, rate) in menu and not sent:
            open_entry[place] = menu.index((limit, rate))
    return People(floats("pd"), floats("response_ratio"), floats("draw_ratio"),
                  floats("lgd_ratio"), floats("income_minor"),
                  rows["limit_cap_minor"].to_numpy(), groups, open_entry,
                  rows["user_id"].combine_chunks())


def measured(found: Entries, menu: Menu) -> np.ndarray:
    """All measures of every entry, shape (people, entries, MEASURES)."""
    measures = np.ones((*found.value_minor.shape, 5))
    measures[:, :, LIMIT] = menu.limit_minor
    for place, values in ((DRAW, found.draw_minor), (LOSS, found.loss_minor),
                          (VARIANCE, found.variance)):
        measures[:, :, place] = values
    return measures


def sums(about: Problem, people: People, entry: np.ndarray) -> Sums:
    """Of the entries that people get."""
    who = np.flatnonzero(entry >= 0)
    found = entries(people, about.menu, about.economics)
    used = measured(found, about.menu)[who, entry[who]].astype(np.int64)
    return Sums(int(found.value_minor[who, entry[who]].sum()),
                people.groups[who].astype(np.int64).T @ used)


def dual(about: Problem, people: People, multipliers: np.ndarray,
         fixed: Sums | None = None) -> tuple[float, np.ndarray]:
    """L(multipliers), and the entry that each person would take at these prices."""
    fixed = fixed or Sums.zero(about)
    found = entries(people, about.menu, about.economics)
    score = found.value_minor.copy()
    measures = measured(found, about.menu)
    for row, price in zip(about.rows, multipliers, strict=True):
        for term in row.terms:
            score -= (price * term.weight * measures[:, :, term.measure]
                      * people.groups[:, term.group, None])
    score[about.menu.limit_minor[None, :] > people.limit_cap_minor[:, None]] = -np.inf
    best = score.max(axis=1)
    rest = sum(price * (row.capacity - used) + sum(step.amount * max(0.0, price - step.price)
                                                   for step in row.steps)
               for row, price, used in zip(about.rows, multipliers, uses(about, fixed),
                                           strict=True))
    return (fixed.value_minor + np.maximum(best, 0).sum() + rest,
            np.where(best > 0, score.argmax(axis=1), NOTHING))


def limits(about: Problem, rows: pa.Table, entry: np.ndarray) -> pa.Table:
    """LIMITS of candidates who get these entries by the optimiser."""
    found = entries(people_of(rows, about), about.menu, about.economics)
    given = []
    for place, (who, chosen) in enumerate(zip(rows["user_id"].to_pylist(), entry, strict=True)):
        offered = chosen != NOTHING

        def figure(values: np.ndarray, place: int = place, chosen: int = chosen) -> int:
            return int(values[place, chosen]) if chosen != NOTHING else 0

        limit = int(about.menu.limit_minor[chosen]) if offered else None
        rate = Decimal(f"{about.menu.rate_daily[chosen]:.6f}") if offered else None
        given.append({
            "user_id": who, "method": "optimiser", "is_offered": bool(offered), "score_tier": "A",
            "limit_minor": limit, "rate_daily": rate,
            "expected_draw_minor": figure(found.draw_minor),
            "expected_loss_minor": figure(found.loss_minor),
            "draw_variance": figure(found.variance),
            "expected_value_minor": figure(found.value_minor), "uncoupled_limit_minor": limit,
            "uncoupled_rate_daily": rate, "size_reason": "best" if offered else "no_value",
            "size_row": None, "propensity_ratio": None})
    return pa.Table.from_pylist(given, schema=LIMITS.arrow_schema)


def listed(decided: pa.Table, release_id: str = "2026-06-30-aaa") -> pa.Table:
    """The whitelist of these limits, in CNY."""
    rows = [{**CAMPAIGN, "user_id": row["user_id"], "as_of_date": DAY, "release_id": release_id,
             "offer_id": row["user_id"], "limit_cny": row["limit_minor"] // 100,
             "rate_daily": row["rate_daily"], "rate_annual": row["rate_daily"] * 360,
             "valid_from": DAY, "valid_to": DAY, "segment": "thick_file", "score_tier": "A",
             "method": row["method"], "reason_codes": []}
            for row in decided.to_pylist() if row["is_offered"]]
    return pa.Table.from_pylist(rows, schema=whitelist("CNY").arrow_schema)


def prices(about: Problem, multipliers: np.ndarray) -> pa.Table:
    """SHADOW_PRICES with what matters to nobody left plain."""
    return pa.Table.from_pylist(
        [{"row_name": row.name, "text": row.text, "unit": row.unit, "capacity": row.capacity,
          "price": float(price), "holds_from": None, "holds_to": None, "step": 1e10,
          "step_value_minor": 1e10 * float(price), "cost_minor": None}
         for row, price in sorted(zip(about.rows, multipliers, strict=True),
                                  key=lambda pair: pair[0].name)],
        schema=SHADOW_PRICES.arrow_schema)


def curve(about: Problem, bound: float) -> pa.Table:
    """VALUE_CURVES of funding: half as much money, and half as much again."""
    money = about.rows[0].chance.available_minor
    return pa.Table.from_pylist(
        [{"row_name": "funding", "capacity": share * money, "bound_minor": worth * bound}
         for share, worth in ((0.5, 0.7), (1.0, 1.0), (1.5, 1.1))],
        schema=VALUE_CURVES.arrow_schema)


def promised(rows: pa.Table, honoured: int) -> pa.Table:
    """CANDIDATES of whom the first so many stand for a promise."""
    place = rows.schema.names.index("is_promised")
    return rows.set_column(place, rows.schema.field(place),
                           pa.array(np.arange(rows.num_rows) < honoured))


def proved(about: Problem, rows: pa.Table, multipliers: np.ndarray,
           entry: np.ndarray | None = None, honoured: int = 0) -> dict[str, pa.Table]:
    """All tables of a proof where everyone gets their entry, or else what the prices give them.

    The first `honoured` people had theirs before.
    """
    people = people_of(rows, about)
    entry = dual(about, people, multipliers)[1] if entry is None else entry
    places = np.arange(rows.num_rows)
    fixed = sums(about, people.take(places[:honoured]), entry[:honoured])
    others = people.take(places[honoured:])
    bound = dual(about, others, multipliers, fixed)[0]
    chosen = sums(about, others, entry[honoured:])
    total = chosen.plus(fixed)
    paid = sum(step.price * used for row, use in zip(about.rows, uses(about, total), strict=True)
               for step, used in zip(row.steps, proof.steps_used(row, use), strict=True))
    found = solved(multipliers, bound, round(total.value_minor - paid), chosen)
    decided = limits(about, rows, entry)
    method = ["honoured"] * honoured + ["optimiser"] * (rows.num_rows - honoured)
    decided = decided.set_column(1, decided.schema.field("method"),
                                 pa.array(method, pa.string()))
    return {"candidates": promised(rows, honoured), "limits": decided, "whitelist": listed(decided),
            "shadow_prices": prices(about, multipliers), "value_curves": curve(about, bound),
            **proof.tables(about, found, fixed, DAY, len(others), honoured)}


def write(run: Run, tables: dict[str, pa.Table]) -> dict[str, str]:
    """The proof's tables in the run's folder; their hashes as in run.json."""
    return {table.name: store.write_sorted(tables[table.name], table, run.folder / table.name)
            for table in PROOF}
