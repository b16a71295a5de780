"""Benchmark of policies in a simulated city, by their true value.

Run it with `make bench-policies`. A city lives for five months, models learn from the partners'
loans, and a night finds its candidates. Then, by what offers truly lead to:

- every strategy with the money of the night
- the optimiser beside the tier matrix at equal funding and equal loss: its lines and its loss row
  are moved until as much is truly drawn, and no more truly lost, as with the matrix. The matrix
  stands as the policy has it, and as its best tweak: one rate for all tiers and a factor on all
  limits, chosen by true profit, which no lender could know; last who knew of each person what
  every offer would lead to
- how far plan and truth are apart, and what the pilot's loans say of the policy's elasticity

All figures are expected over acceptance and default but those called realised.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs import store
from jobs.__main__ import main as nightlist
from jobs.config import Run
from jobs.contracts.limits import CANDIDATES
from jobs.contracts.night import TRAINING_MATRIX
from jobs.inputs import frozen_policy
from jobs.limits import comparison, setting
from jobs.limits.problem import MINOR
from jobs.policies.limits import RowRule
from jobs.policies.policy import Policy
from jobs.scores.score import models_of
from jobs.show import table_of
from jobs.simulate import credit, lending, truth, value
from jobs.simulate import people as city_people
from jobs.simulate.blocks import month_of
from jobs.steps import STEPS, find, open_run
from models.prediction import predict

AS_OF, FIRST_DAY, SEED = dt.date(2026, 6, 30), dt.date(2026, 2, 1), 7
#: Currency units a user of the city, and what they cost a year.
LINES = {"own": (3_000, Decimal("0.030")), "interbank": (2_000, Decimal("0.045"))}
FACTORS = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
#: How near draws and losses have to come to those of the other policy.
NEAR = 0.003
ROUNDS = 15


class City:
    """A home with a night's candidates, and what may be asked of them."""

    def __init__(self, home: Path, users: int) -> None:
        """Take the candidates of the home's night."""
        run = open_run(home, AS_OF)
        self.run, self.users, self.policy = run, users, frozen_policy(run)
        self.rows = store.read_arrow(run.folder / CANDIDATES.name, CANDIDATES).sort_by("user_id")
        self.terms = {name: model.metadata["terms"]["coefficients"]
                      for name, model in models_of(run).items() if model.metadata.get("terms")}
        self.home = home

    def decide(self, policy: Policy, lines: float = 1.0, most_loss: float | None = None
               ) -> comparison.Decision:
        """Offers of a policy with a part of the city's money, and an expected loss at most."""
        rules = policy.limits
        if most_loss is not None:
            rules = replace(rules, rows=(*rules.rows, RowRule(
                "bench_loss", "As much as another loses.", "expected_loss", False, most_loss)))
        highest = policy.law.highest_rate_daily
        money = [setting.FundingLine(name, round(amount * self.users * MINOR * lines), cost)
                 for name, (amount, cost) in LINES.items()]
        problem = setting.problem(rules, money, self.terms, highest)
        return comparison.decide_in_memory(self.rows, problem, policy, SEED, AS_OF, highest)

    def row(self, name: str, decision: comparison.Decision) -> dict[str, float]:
        """Its figures."""
        return comparison.summary(name, decision, lambda offers: value.of_offers(
            self.home, offers, AS_OF))


def lived(home: Path, users: int) -> City:
    """A city that has lived since FIRST_DAY, and its night up to the candidates, once."""
    words = ["--home", str(home)]
    if not (home / "truth" / "city.json").is_file():
        assert nightlist(["simulate", "--users", str(users), "--from", FIRST_DAY.isoformat(),
                          "--days", str((AS_OF - FIRST_DAY).days + 1), "--seed", str(SEED),
                          *words]) == 0
    night = Run(home=home, as_of=AS_OF).date_folder
    for step in STEPS[1:find("candidates")[1]]:
        if any(night.glob(f"*/{CANDIDATES.name}/*")):
            break
        assert nightlist(["run", step.name, "--as-of", AS_OF.isoformat(), *words]) == 0
    return City(home, users)


def at_equal(city: City, policy: Policy, other: dict[str, float], is_drawn_alike: bool
             ) -> dict[str, float]:
    """The policy that truly loses no more than another: money and loss row move in proportion.

    Args:
        city: Theirs.
        policy: Whose lines and loss row are moved.
        other: Figures of the other.
        is_drawn_alike: Whether as much is drawn, too; else all of the city's money is there.
    """
    lines, most_loss = 1.0, None
    for _ in range(ROUNDS):
        row = city.row(policy.limits.method, city.decide(policy, lines, most_loss))
        drawn, lost = (other[key] / row[key] for key in ("true_draw", "true_loss"))
        is_drawn = not is_drawn_alike or abs(drawn - 1) < NEAR
        is_bound = most_loss is not None and row["expected_loss"] > 0.999 * most_loss
        if is_drawn and lost > 1 - NEAR and (not is_bound or lost < 1 + NEAR):
            break
        if is_drawn_alike:
            lines *= drawn
        if most_loss is not None:  # by half the way: a tighter row loses more than in proportion
            most_loss *= lost**0.5
        elif is_drawn and lost < 1 - NEAR:
            most_loss = row["expected_loss"] * lost
    return row


def matrices(city: City) -> Iterator[tuple[str, Policy]]:
    """The tier matrix as it stands, its best single rate, and that with its best limits."""
    rules = replace(city.policy.limits, method="tier_matrix", exploration=None, challengers=())
    plain = replace(city.policy, limits=rules)
    yield "as the policy has it", plain
    highest = max(rules.limits)

    def tweaked(rate: Decimal, factor: float) -> Policy:
        return replace(plain, tiers=tuple(replace(tier, rate_daily=rate, limits=tuple(
            min(highest, max(min(rules.limits), round(limit * factor / 1_000) * 1_000))
            for limit in tier.limits)) for tier in plain.tiers))

    def profit(policy: Policy) -> float:
        return city.row("", city.decide(policy))["true_profit"]

    rate = max(rules.rates_daily, key=lambda one: profit(tweaked(one, 1.0)))
    yield f"all at {float(rate) * 360:.1%}", tweaked(rate, 1.0)
    rate, factor = max(((one, factor) for one in rules.rates_daily for factor in FACTORS),
                       key=lambda pair: profit(tweaked(*pair)))
    yield f"all at {float(rate) * 360:.1%}, limits x {factor:g}", tweaked(rate, factor)


def best_possible(city: City, drawn: float) -> float:
    """True profit of who knew what each person would do, with `drawn` as well; CNY."""
    reached = truth.reached(city.home)
    assert reached
    rules, rows = city.policy.limits, city.rows
    menu = [(limit, float(rate)) for limit in rules.limits for rate in rules.rates_daily]
    number = value.read_offers(pa.table({
        "user_id": rows["user_id"], "limit_cny": np.ones(len(rows)),
        "rate_daily": np.zeros(len(rows))}), reached.city)[0]
    caps = rows["limit_cap_minor"].to_numpy() / MINOR
    draws, profits = np.zeros((2, len(rows), len(menu)))
    clock = reached.city.world.clock(AS_OF, lending.TERM_DAYS)
    for block in reached.city.blocks():
        mine = np.flatnonzero((number > block.before) & (number <= block.before + block.people))
        person, people = number[mine] - 1 - block.before, city_people.draw(block)
        life = credit.life(block, people, month_of(AS_OF))
        strain = credit.strain(life, month_of(AS_OF), people.card_limit_cny)
        for place, (limit, rate) in enumerate(menu):
            rates = np.full(len(people), rate)
            found = lending.outcome(people, strain, lending.own_luck(block),
                                    np.full(len(people), float(limit)), rates, clock)
            profits[mine, place] = lending.expected_profit(found, rates, clock)[0][person]
            draws[mine, place] = (found.accept_probability * found.balance_cny)[person]
    allowed = np.array([limit for limit, _ in menu]) <= caps[:, None]
    everyone, low, high = np.arange(len(rows)), 0.0, 1.0
    for _ in range(40):
        price = (low + high) / 2
        gain = np.where(allowed, profits - price * draws, -np.inf)
        best = gain.argmax(axis=1)
        taken = gain[everyone, best] > 0
        used = draws[everyone, best][taken].sum()
        low, high = (price, high) if used > drawn else (low, price)
    return float(profits[everyone, best][taken].sum())


def beside_matrices(city: City) -> None:
    """Print the optimiser at equal funding and equal loss beside each tier matrix."""
    rules = replace(city.policy.limits, method="optimiser", exploration=None, challengers=())
    optimiser = replace(city.policy, limits=rules)
    shown = []
    for name, policy in matrices(city):
        other = city.row(name, city.decide(policy))
        found = [("tier matrix, " + name, other),
                 ("optimiser, as much drawn", at_equal(city, optimiser, other, True)),
                 ("optimiser, same lines", at_equal(city, optimiser, other, False))]
        shown += [{"policy": label, **{key: f"{row[key]:,}" for key in (
            "invited", "true_draw", "true_loss", "true_profit", "realised_profit")},
            "more": f"{row['true_profit'] / other['true_profit'] - 1:+.1%}"}
            for label, row in found]
        possible = best_possible(city, other["true_draw"])
        shown.append({"policy": "who knew everybody, as much drawn", "invited": "",
                      "true_draw": "", "true_loss": "", "true_profit": f"{possible:,.0f}",
                      "realised_profit": "",
                      "more": f"{possible / other['true_profit'] - 1:+.1%}"})
    table_of(shown, "at equal funding and no more loss")


def pilot(city: City) -> tuple[float, float]:
    """Elasticity of default in 1 + drawn over income that the partners' loans show.

    Logistic regression of default with the model's own log-odds as offset, on
    ln((income + limit x share) / (income + reference x share)); the limits were random. Its
    standard error is clustered by person.
    """
    rows = store.read_arrow(city.run.folder / TRAINING_MATRIX.name, TRAINING_MATRIX)
    rows = rows.filter(pc.is_valid(rows["is_default"]))
    models, rules = models_of(city.run), city.policy.limits
    pd = predict(models["pd"], rows)[0]
    income, share = predict(models["income"], rows)[0], predict(models["draw"], rows)[0]
    limit = rows["offered_limit_minor"].cast(pa.float64()).to_numpy()
    owed = np.log((income + limit * share) / (income + rules.reference_limit * MINOR * share))
    bad = rows["is_default"].to_numpy(zero_copy_only=False).astype(float)
    x, offset = np.stack([np.ones(len(bad)), owed], axis=1), np.log(pd / (1 - pd))
    beta = np.zeros(2)
    for _ in range(25):
        chance = 1 / (1 + np.exp(-(offset + x @ beta)))
        curve = (x * (chance * (1 - chance))[:, None]).T @ x
        beta = beta + np.linalg.solve(curve, x.T @ (bad - chance))
    person = np.unique(rows["user_id"].to_pylist(), return_inverse=True)[1]
    by_person = np.zeros((person.max() + 1, 2))
    np.add.at(by_person, person, x * (bad - chance)[:, None])
    bread = np.linalg.inv(curve)
    return float(beta[1]), float((bread @ by_person.T @ by_person @ bread)[1, 1]**0.5)


def main() -> int:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=15_000)
    parser.add_argument("--home", type=Path, help="keep the city there, or go on with it")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        city = lived(words.home or Path(name), words.users)
        print(f"\n{city.rows.num_rows:,} candidates of {city.users:,} users")
        found = [city.row(label, city.decide(policy))
                 for label, policy in comparison.variants(city.policy).items()]
        table_of(comparison.across(found), "with the money of the night")
        beside_matrices(city)
        for row in found:
            print(f"truth over plan, {row['policy']:<24} drawn "
                  f"{row['true_draw'] / row['expected_draw']:.3f}  lost "
                  f"{row['true_loss'] / row['expected_loss']:.3f}  profit "
                  f"{row['true_profit'] / row['expected_value']:.3f}")
        slope, error = pilot(city)
        print(f"elasticity: the pilot says {slope:.2f} +- {error:.2f}, the policy "
              f"{city.policy.limits.elasticity:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
