"""The people of the simulated city: who they are and whom they live and work with.

Everything follows from hidden traits, standard normal: *income*, *stability*, *need* for credit
and *honesty*. Friends are alike: people come in communities (households, work groups) that share a
part of each trait, and a fortune of their own that makes their defaults cluster beyond the traits.
No feed shows a trait; limits, balances, payments, trips and months past due are its traces.

Nothing here knows a date.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jobs.simulate.blocks import Block, Stream
from jobs.simulate.columns import Booleans, Floats, Integers, sigmoid

#: The bureau covers 300 M people of 800 M.
BUREAU_SHARE = 0.375
SMALLEST_LIMIT_CNY, LARGEST_LIMIT_CNY = 3_000, 200_000
SMALLEST_COMMUNITY, LARGEST_COMMUNITY = 5, 40
OCCUPATIONS = ("employee", "worker", "freelancer", "student", "owner", "civil_servant", "retired")
EMPLOYEE, WORKER, FREELANCER, STUDENT, OWNER, CIVIL_SERVANT, RETIRED = range(7)
#: Log odds that the bureau has a file: thin files are workers, freelancers and the young.
_FILE_BY_OCCUPATION = np.array([0.5, -0.7, -0.8, -1.0, 0.3, 0.8, 0.0])
#: Log of the median monthly income of each occupation, CNY.
_LOG_INCOME = np.log([7_000, 5_000, 4_800, 1_500, 9_000, 7_500, 3_500])
#: Part of the variance of a trait that a community shares, and spread of its fortune.
_SHARED_VARIANCE = 0.25
_FORTUNE_SPREAD = 0.55


@dataclass(frozen=True)
class People:
    """One entry a person in every array.

    Attributes:
        number: Place in the city from 1; spoken in the user id.
        income: Hidden trait.
        stability: Hidden trait.
        need: Hidden trait, of those with little income rather more.
        honesty: Hidden trait.
        community: Number within the block.
        fortune: Factor of the community on every member's hazard of default, mean 1.
        age_years: 16 to 75: a few are outside any policy.
        occupation: Place in OCCUPATIONS.
        monthly_income_cny: What comes in.
        card_limit_cny: Of the bound credit card, whole thousands.
        is_known_to_bureau: Whether the bureau has a file.
        id_digits: Digits of a user id.
    """

    number: Integers
    income: Floats
    stability: Floats
    need: Floats
    honesty: Floats
    community: Integers
    fortune: Floats
    age_years: Integers
    occupation: Integers
    monthly_income_cny: Floats
    card_limit_cny: Integers
    is_known_to_bureau: Booleans
    id_digits: int = 7

    def __len__(self) -> int:
        return len(self.number)


def draw(block: Block) -> People:
    """Draw the people of a block."""
    rng, users = block.rng(Stream.TRAITS), block.people
    community = communities(rng, users)
    groups = int(community.max()) + 1
    shared = np.sqrt(_SHARED_VARIANCE) * rng.standard_normal((4, groups))[:, community]
    income, stability, other_need, honesty = (
        shared + np.sqrt(1 - _SHARED_VARIANCE) * rng.standard_normal((4, users)))
    need = 0.95 * other_need - 0.3 * income
    fortune = np.exp(_FORTUNE_SPREAD * rng.standard_normal(groups) - _FORTUNE_SPREAD**2 / 2)
    age = 18 + np.floor(rng.gamma(2.2, 7.0, users)).clip(max=57).astype(np.int64)
    minors = rng.random(users) < 0.006
    age[minors] = rng.integers(16, 18, minors.sum())
    occupation = occupations(rng, age, income)
    limit = np.exp(9.9 + 0.6 * income + 0.35 * stability + 0.45 * rng.standard_normal(users))
    standing = (0.07 * (age - 33) + 0.5 * income + 0.4 * stability
                + _FILE_BY_OCCUPATION[occupation] + rng.standard_normal(users))
    known = np.zeros(users, bool)
    known[np.argsort(-standing, kind="stable")[:round(BUREAU_SHARE * users)]] = True
    return People(
        block.before + 1 + np.arange(users), income, stability, need, honesty, community,
        fortune[community], age, occupation,
        np.exp(_LOG_INCOME[occupation] + 0.45 * income).round(2),
        (np.rint(limit / 1000).astype(np.int64) * 1000).clip(SMALLEST_LIMIT_CNY,
                                                             LARGEST_LIMIT_CNY),
        known, block.city.id_digits)


def communities(rng: np.random.Generator, users: int) -> Integers:
    """The community of everyone: 5 to 40 people each (the last may be smaller)."""
    most = users // SMALLEST_COMMUNITY + 1
    sizes = rng.integers(SMALLEST_COMMUNITY, LARGEST_COMMUNITY + 1, most)
    ends = np.cumsum(sizes)
    sorted_groups = np.searchsorted(ends, np.arange(users), side="right")
    found: Integers = np.empty(users, np.int64)
    # Neighbours in number are no friends: the user id must not tell.
    found[rng.permutation(users)] = sorted_groups
    return found


def occupations(rng: np.random.Generator, age: Integers, income: Floats) -> Integers:
    """What people do: the young study or work, the old retire, the rest by income and chance."""
    users = len(age)
    chance = sigmoid(1.2 * income + 1.5 * rng.standard_normal(users))
    found = np.digitize(chance, (0.30, 0.45, 0.88, 0.96))
    found = np.array([WORKER, FREELANCER, EMPLOYEE, CIVIL_SERVANT, OWNER])[found]
    found[(age < 23) & (rng.random(users) < 0.45) | (age < 18)] = STUDENT
    found[age >= 60] = RETIRED
    return np.asarray(found, np.int64)


@dataclass(frozen=True)
class Friends:
    """Who deals with whom: directed, each pair once.

    Attributes:
        person: Place of the one in the block.
        friend: Place of the other.
        closeness: Mean contacts a week.
    """

    person: Integers
    friend: Integers
    closeness: Floats


def friends(block: Block, people: People) -> Friends:
    """Draw the friends within a block: four of five from the own community."""
    rng, users = block.rng(Stream.FRIENDS), len(people)
    person = np.repeat(np.arange(users), 1 + rng.poisson(3.6, users))
    order = np.argsort(people.community, kind="stable")
    size = np.bincount(people.community)
    first = np.concatenate(([0], np.cumsum(size)[:-1]))
    group = people.community[person]
    member = first[group] + (rng.random(len(person)) * size[group]).astype(np.int64)
    friend = np.where(rng.random(len(person)) < 0.8, order[member],
                      rng.integers(0, users, len(person)))
    pairs = np.unique((person * users + friend)[person != friend])
    return Friends(pairs // users, pairs % users, rng.gamma(1.2, 5.0, len(pairs)))
