"""The problem of limits and rates: a menu, what an entry brings and uses, and coupling rows.

    maximise    sum of value(person, entry) - cost of the priced steps that are used
    subject to  at most one entry a person, none above the person's own cap
                for each row:  sum of weight x measure over its terms <= capacity + steps used

Everything a person's entry brings or uses is an integer (money in minor units), so that sums are
exact on every engine, in any order; see `economics.py` for the formulas.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

#: Minor units of one unit of currency.
MINOR = 100
#: What an entry uses, the columns of `Sums.measures`: people 1; the limit; response x share drawn x
#: limit; that times PD times LGD; and the variance of what is drawn, in whole currency units
#: squared (the others: minor units).
MEASURES = ("people", "limit_minor", "expected_draw_minor", "expected_loss_minor",
            "draw_variance")
PEOPLE, LIMIT, DRAW, LOSS, VARIANCE = range(len(MEASURES))
#: Group 0 is everyone.
EVERYONE = 0
#: Place in the menu of who is offered nothing.
NOTHING = -1


@dataclass(frozen=True)
class Economics:
    """Figures behind value and use of an entry, the same for everyone.

    Attributes:
        horizon_days: Days over which an offer is valued.
        term_factor: Factor on the odds of default, from the PD model's window to the horizon.
        elasticity: Power with which the odds of default rise in 1 + drawn over a month's income.
        reference_limit_minor: Limit at which the PD model's odds hold.
        invitation_cost_minor: Of one invitation.
        change_price_minor: Earned by leaving an open offer as it is.
        response_terms: Coefficients `limit` and `rate` of `models/terms.py`, log-odds of taking.
        draw_terms: The same of the share drawn.
    """

    horizon_days: int
    term_factor: float
    elasticity: float
    reference_limit_minor: int
    invitation_cost_minor: int
    change_price_minor: int
    response_terms: dict[str, float]
    draw_terms: dict[str, float]


@dataclass(frozen=True)
class Menu:
    """Entries that may be offered: limits (minor units) and daily rates, shape (entries,).

    Sorted by limit, then rate; of equally good entries the first is taken.
    """

    limit_minor: Integers
    rate_daily: Floats

    def __len__(self) -> int:
        return len(self.limit_minor)


@dataclass(frozen=True)
class Group:
    """People whose `column` of the candidates is one of `values`; everyone where it is empty."""

    column: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Term:
    """`weight` times the sum of a measure (a place in MEASURES) over a group (a place)."""

    measure: int
    weight: float
    group: int = EVERYONE


@dataclass(frozen=True)
class Step:
    """Up to `amount` beyond the row's capacity, at `price` each; in the row's unit."""

    name: str
    amount: float
    price: float


@dataclass(frozen=True)
class Chance:
    """mean + z sqrt(spread^2 mean^2 + variance) <= available, of the expected draws.

    The draws of all move together (`spread`: standard deviation over mean of the common factor),
    beside what each does alone (`draw_variance`). A row with a chance carries as terms and
    capacity a straight line that no allocation within the chance crosses, for the bound; what is
    published keeps the chance itself.

    Attributes:
        available_minor: Money of all lines.
        z: Quantile of the normal distribution of the confidence.
        spread: Of the common factor.
    """

    available_minor: int
    z: float
    spread: float


@dataclass(frozen=True)
class Row:
    """A coupling row: sum of its terms <= capacity + steps used.

    A minimum is a maximum of the negative.

    Attributes:
        name: Of the policy.
        text: What it is for, a sentence.
        unit: Of capacity and use: `people`, `1/100 currency`.
        terms: What uses it.
        capacity: May be negative (a minimum).
        steps: What may be bought beyond it, cheapest first.
        chance: The exact constraint behind terms and capacity, or None where they are exact.
    """

    name: str
    text: str
    unit: str
    terms: tuple[Term, ...]
    capacity: float
    steps: tuple[Step, ...] = ()
    chance: Chance | None = None


@dataclass(frozen=True)
class Problem:
    """All of it but the people; `groups[0]` is everyone."""

    economics: Economics
    menu: Menu
    groups: tuple[Group, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class People:
    """One entry a person in every array; of everyone who may be offered something.

    Attributes:
        pd: Probability of default of the PD model, above 0 and below 1.
        response_ratio: At the reference terms (`models/terms.py`).
        draw_ratio: At the reference terms.
        lgd_ratio: Loss given default.
        income_minor: A month.
        limit_cap_minor: Highest limit for the person: affordability and law.
        groups: Shape (people, groups): who belongs where.
        open_entry: Place in the menu of the offer that is open, NOTHING without.
        user_id: Whose; in rising order.
    """

    pd: Floats
    response_ratio: Floats
    draw_ratio: Floats
    lgd_ratio: Floats
    income_minor: Floats
    limit_cap_minor: Integers
    groups: Booleans
    open_entry: Integers
    user_id: pa.Array

    def __len__(self) -> int:
        return len(self.pd)

    def part(self, start: int, end: int) -> People:
        """The people from one place to before another, without a copy."""
        some = slice(start, end)
        return People(self.pd[some], self.response_ratio[some], self.draw_ratio[some],
                      self.lgd_ratio[some], self.income_minor[some], self.limit_cap_minor[some],
                      self.groups[some], self.open_entry[some], self.user_id[some])

    def reopened(self, open_entry: Integers) -> People:
        """The same people with other open offers."""
        return replace(self, open_entry=open_entry)

    def take(self, place: Integers) -> People:
        """The people at these places."""
        return People(self.pd[place], self.response_ratio[place], self.draw_ratio[place],
                      self.lgd_ratio[place], self.income_minor[place],
                      self.limit_cap_minor[place], self.groups[place], self.open_entry[place],
                      self.user_id.take(pa.array(place)))


@dataclass(frozen=True)
class Sums:
    """Exact sums over people: value (minor units), and measures of shape (groups, MEASURES)."""

    value_minor: int
    measures: Integers

    def plus(self, other: Sums) -> Sums:
        """Both together."""
        return Sums(self.value_minor + other.value_minor, self.measures + other.measures)

    @classmethod
    def zero(cls, problem: Problem) -> Sums:
        """Of nobody."""
        return cls(0, np.zeros((len(problem.groups), len(MEASURES)), np.int64))


def uses(problem: Problem, sums: Sums) -> Floats:
    """What is used of each row, shape (rows,); of a row with a chance along its straight line."""
    return np.array([sum(term.weight * float(sums.measures[term.group, term.measure])
                         for term in row.terms) for row in problem.rows])
