"""Limits for many people: seconds, memory, gap and violations, beside HiGHS and PDLP.

`make bench-limits`; `FULL=--full` for 10 million people. Generated people with 40 entries of a menu
and ten coupling rows; the people lie in Parquet files and are read by the engine at each pass.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.optimize import linprog
from scipy.sparse import coo_array, csc_matrix, csr_array, vstack

from jobs.contracts.limits import CANDIDATES
from jobs.limits.choice import choose_and_sum, people_of
from jobs.limits.economics import entries
from jobs.limits.optimise import optimise
from jobs.limits.problem import (DRAW, LIMIT, LOSS, MINOR, PEOPLE, VARIANCE, Economics, Group,
                                 Menu, Problem, Row, Sums, Term)
from jobs.limits.rooms import room_left
from jobs.limits.setting import FundingLine, funding, funding_cost
from jobs.limits.sources import InEngine
from jobs.session import session
from jobs.memory import peak_memory_mib, reset_peak_memory
from tests.limits.instances import RULES

PART = 500_000
#: After which PDLP is stopped.
MOST_SECONDS = 300
REGIONS = ("north", "east", "south", "west")
LIMITS_CNY = np.array([20, 30, 40, 50, 60, 80, 100, 120, 150, 200]) * 1_000
RATES = np.array([0.000195, 0.00028, 0.00039, 0.0005])


def candidates(start: int, number: int, seed: int = 7) -> pa.Table:
    """Seeded people as CANDIDATES: a few million rows look like a city's adults."""
    rng = np.random.default_rng([seed, start])
    income = rng.lognormal(np.log(600_000), 0.6, number).round().clip(100_000)
    drawn = {
        "user_id": pa.array(np.char.mod("u%09d", np.arange(start + 1, start + number + 1))),
        "segment": pa.array(np.where(rng.random(number) < 0.4, "thick_file", "thin_file")),
        "region": pa.array(np.array(REGIONS)[rng.integers(0, 4, number)]),
        "partner": pa.array(np.array(["bank_a", "bank_b", "bank_c"])[rng.integers(0, 3, number)]),
        "score_points": rng.integers(500, 800, number),
        "pd": rng.beta(1.2, 60, number).clip(1e-6, 1 - 1e-6),
        "response_ratio": rng.beta(5, 5, number), "draw_ratio": rng.beta(4, 7, number),
        "lgd_ratio": rng.beta(13, 7, number), "income_minor": income.astype(np.int64),
        "card_limit_minor": rng.integers(3, 200, number) * 100_000,
        "limit_cap_minor": (income * rng.uniform(2, 14, number)).astype(np.int64).clip(
            0, 20_000_000),
        "cap_reason": pa.array(["affordability"] * number), "is_eligible": np.ones(number, bool)}
    return pa.table({field.name: drawn.get(field.name, pa.nulls(number, field.type))
                     if field.name != "as_of_date" else pa.array([0] * number, pa.int32()).cast(
                         pa.date32()) for field in CANDIDATES.arrow_schema},
                    ).cast(pa.schema([field.with_nullable(True)
                                      for field in CANDIDATES.arrow_schema]))


def problem(sample: pa.Table, number: int) -> Problem:
    """Ten rows, each a share of what the sample's people would use alone."""
    menu = Menu(np.repeat(LIMITS_CNY * MINOR, 4), np.tile(RATES, 10))
    economics = Economics(360, 1.5, 0.25, 1_000_000, 50, 0, {"limit": 0.3, "rate": -8.0},
                          {"limit": 0.1, "rate": -4.0})
    groups = (Group(), Group("segment", ("thin_file",)),
              *(Group("region", (name,)) for name in REGIONS), Group("partner", ("bank_a",)))
    free = Problem(economics, menu, groups, ())
    used = choose_and_sum(free, people_of(sample, free), np.zeros(0)).measures
    used = used * (number / sample.num_rows)
    money = int(0.47 * used[0, DRAW])
    lines = [FundingLine("own", money * 3 // 5, RULES.cost_annual["own"]),
             FundingLine("interbank", money * 2 // 5, RULES.cost_annual["interbank"])]
    caps = [Row(f"exposure_{name}", "A region's limits.", "1/100 currency",
                (Term(LIMIT, 1.0, place), Term(LIMIT, -share)), 0.0)
            for place, (name, share) in enumerate(zip(REGIONS, (0.24, 0.245, 0.25, 0.3)), 2)]
    rows = (
        funding(RULES, lines, int(menu.limit_minor.max())), funding_cost(RULES, lines),
        Row("loss_rate", "Loss of what is drawn.", "1/100 currency",
            (Term(LOSS, 1.0), Term(DRAW, -0.28 * used[0, LOSS] / used[0, DRAW])), 0.0),
        Row("thin_people", "A minimum share.", "people", (Term(PEOPLE, -1.0, 1),
                                                          Term(PEOPLE, 0.62)), 0.0),
        *caps,
        Row("invitations", "A day's.", "people", (Term(PEOPLE, 1.0),),
            float(int(0.47 * used[0, PEOPLE]))),
        Row("partner", "One bank's.", "1/100 currency", (Term(DRAW, 1.0, 6),),
            float(int(0.12 * used[0, DRAW]))))
    return Problem(economics, menu, groups, rows)


def ours(number: int) -> None:
    """One size, in a process of its own for its peak memory."""
    with tempfile.TemporaryDirectory(prefix="nightlist-bench-") as folder:
        for start in range(0, number, PART):
            pq.write_table(candidates(start, min(PART, number - start)),
                           Path(folder) / f"{start:09d}.parquet")
        whole = problem(candidates(0, min(number, 100_000)), number)
        spark = session()
        spark.range(1).count()
        reset_peak_memory()
        start_at = time.perf_counter()
        source = InEngine(spark.read.parquet(folder))
        found = optimise(whole, source, Sums.zero(whole),
                         say=lambda text: print(f"  {text}", file=sys.stderr, flush=True))
        seconds = time.perf_counter() - start_at
    rooms = [room_left(row, found.sums.measures) for row in whole.rows]
    gap = (found.bound_minor - found.value_minor) / found.bound_minor
    bind = sum(one > 0 for one in found.multipliers)
    print(f"{number:>10,} {seconds:>8.1f} {peak_memory_mib():>7,} {gap:>10.5%} "
          f"{sum(room < 0 for room in rooms):>6} {bind:>6} {found.evaluations:>7} "
          f"{found.value_minor / MINOR:>16,.0f} {found.bound_minor / MINOR:>16,.0f}", flush=True)


@dataclass(frozen=True)
class Program:
    """The linear program of the same people: costs (of 10,000 minor units), rows, right sides."""

    costs: np.ndarray
    matrix: csr_array
    right: np.ndarray

    @classmethod
    def of(cls, number: int) -> Program:
        """Allowed entries in shares of 1, then the steps in shares of their amounts."""
        whole = problem(candidates(0, min(number, 100_000)), number)
        people = people_of(candidates(0, number), whole)
        found = entries(people, whole.menu, whole.economics)
        kept = np.flatnonzero(whole.menu.limit_minor[None, :] <= people.limit_cap_minor[:, None])
        person, entry = np.divmod(kept, len(whole.menu))
        used = {PEOPLE: np.ones(len(kept)), LIMIT: whole.menu.limit_minor[entry].astype(float),
                DRAW: found.draw_minor.reshape(-1)[kept], LOSS: found.loss_minor.reshape(-1)[kept],
                VARIANCE: found.variance.reshape(-1)[kept]}
        steps = [(place, step) for place, row in enumerate(whole.rows) for step in row.steps]
        lines, right = [], []
        for place, row in enumerate(whole.rows):
            own = sum(term.weight * used[term.measure] * people.groups[person, term.group]
                      for term in row.terms)
            size = max(np.abs(own).max(), 1.0)
            bought = [-step.amount if of == place else 0.0 for of, step in steps]
            lines.append(np.concatenate([own, bought]) / size)
            right.append(row.capacity / size)
        ones = coo_array((np.ones(len(kept)), (person, np.arange(len(kept)))),
                         shape=(number, len(kept) + len(steps)))
        costs = np.concatenate([-found.value_minor.reshape(-1)[kept],
                                [step.price * step.amount for _, step in steps]])
        return cls(costs / 1e4, vstack([ones, coo_array(np.array(lines))]).tocsr(),
                   np.concatenate([np.ones(number), right]))


def by_highs(number: int) -> None:
    """The LP by HiGHS, dual simplex or what it chooses."""
    program = Program.of(number)
    start = time.perf_counter()
    found = linprog(program.costs, A_ub=program.matrix, b_ub=program.right, bounds=(0, 1),
                    method="highs")
    _tell("HiGHS", number, time.perf_counter() - start, found.fun)


def by_pdlp(number: int) -> None:
    """The LP by OR-tools' PDLP, to a relative gap of 1e-5."""
    from ortools.pdlp import solve_log_pb2, solvers_pb2
    from ortools.pdlp.python import pdlp

    program = Program.of(number)
    whole = pdlp.QuadraticProgram()
    whole.resize_and_initialize(len(program.costs), len(program.right))
    whole.objective_vector = program.costs
    whole.constraint_matrix = csc_matrix(program.matrix)
    whole.constraint_upper_bounds = program.right
    whole.variable_lower_bounds = np.zeros(len(program.costs))
    whole.variable_upper_bounds = np.ones(len(program.costs))
    parameters = solvers_pb2.PrimalDualHybridGradientParams()
    wanted = parameters.termination_criteria.simple_optimality_criteria
    wanted.eps_optimal_relative = wanted.eps_optimal_absolute = 1e-5
    parameters.termination_criteria.time_sec_limit = MOST_SECONDS
    parameters.num_threads = 2
    start = time.perf_counter()
    found = pdlp.primal_dual_hybrid_gradient(whole, parameters)
    _tell("PDLP", number, time.perf_counter() - start, program.costs @ found.primal_solution,
          solve_log_pb2.TerminationReason.Name(found.solve_log.termination_reason))


def _tell(solver: str, number: int, seconds: float, costs: float, end: str = "") -> None:
    print(f"{solver:>10} {number:>9,} people {seconds:>8.1f} s  optimum "
          f"{-costs * 1e4 / MINOR:>16,.0f} {end}".rstrip(), flush=True)


def main() -> None:
    """All sizes, each in its own process."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--full", action="store_true", help="10 million people, too")
    words.add_argument("--people", type=int, help="only this size of ours")
    words.add_argument("--highs", type=int)
    words.add_argument("--pdlp", type=int)
    given = words.parse_args()
    for number, one in ((given.people, ours), (given.highs, by_highs), (given.pdlp, by_pdlp)):
        if number:
            return one(number)
    print(f"{'people':>10} {'seconds':>8} {'MiB':>7} {'gap':>10} {'broken':>6} {'bind':>6} "
          f"{'passes':>7} {'value CNY':>16} {'bound CNY':>16}", flush=True)
    jobs = [("--people", 2_000), ("--highs", 2_000), ("--people", 5_000), ("--highs", 5_000),
            ("--people", 100_000), ("--pdlp", 100_000), ("--people", 1_000_000),
            *([("--people", 10_000_000)] if given.full else [])]
    for option, number in jobs:
        subprocess.run([sys.executable, "-m", "tests.bench.limits", option, str(number)],
                       check=True)


if __name__ == "__main__":
    main()
