"""Whether groups of people are treated alike: selection rates, adverse impact, error rates."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.calibration import Labels

#: Two-sided 95 % of the normal distribution.
_Z_95 = 1.959963984540054
#: A group's selection rate should be at least this share of the highest group's: the four-fifths
#: rule (Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4 D, 1978).
FOUR_FIFTHS = 0.8


@dataclass(frozen=True)
class Impact:
    """A group's selection rate against the highest one.

    Attributes:
        ratio: Adverse impact ratio, 1 for the group of the highest rate.
        low, high: Its 95 % interval; None where it has none (nobody selected, or the group itself).
        against: The group of the highest rate.
    """

    ratio: float
    low: float | None
    high: float | None
    against: str


def adverse_impact(selected: Mapping[str, int], people: Mapping[str, int],
                   fewest: int = 30) -> dict[str, Impact]:
    """Adverse impact ratio of each group.

    The interval is that of a ratio of two proportions on the logarithm (Katz, Baptista, Azen and
    Pike, Obtaining confidence intervals for the risk ratio in cohort studies, Biometrics 34, 1978).

    Args:
        selected: People selected of each group.
        people: People of each group.
        fewest: Smaller groups are measured, but no group is held against them.

    Returns:
        Of each group with anyone in it; empty where no group was large enough or none was selected.
    """
    rates = {group: selected.get(group, 0) / count for group, count in people.items() if count}
    large = [group for group in sorted(rates) if people[group] >= fewest]
    best = max(large, key=lambda group: rates[group], default=None)
    if best is None or not rates[best]:
        return {}
    found = {}
    for group, rate in rates.items():
        ratio, low, high = rate / rates[best], None, None
        if group != best and selected.get(group):
            spread = _Z_95 * math.sqrt((1.0 - rate) / selected[group]
                                       + (1.0 - rates[best]) / selected[best])
            low, high = ratio * math.exp(-spread), ratio * math.exp(spread)
        found[group] = Impact(ratio, low, high, best)
    return found


def wilson(hits: int, count: int) -> tuple[float, float]:
    """95 % interval of a proportion (Wilson, Probable inference, JASA 22, 1927); count above 0."""
    share, square = hits / count, _Z_95 ** 2
    middle = (share + square / (2 * count)) / (1 + square / count)
    spread = _Z_95 / (1 + square / count) * math.sqrt(
        share * (1 - share) / count + square / (4 * count ** 2))
    return max(0.0, middle - spread), min(1.0, middle + spread)


def error_counts(refused: Labels, labels: Labels, group: npt.NDArray[np.str_]
                 ) -> dict[str, dict[str, tuple[int, int]]]:
    """Errors at a cut-off by group; "positive" is a predicted default.

    Args:
        refused: True where the PD is above the cut-off, shape (n,).
        labels: True where the loan defaulted, shape (n,).
        group: Name of each person's group, shape (n,).

    Returns:
        group -> `false_positive_ratio`: (goods refused, goods); `false_negative_ratio`: (bads let
        through, bads).
    """
    found = {}
    for name in np.unique(group):
        own = group == name
        found[str(name)] = {
            "false_positive_ratio": (int((refused & ~labels & own).sum()),
                                     int((~labels & own).sum())),
            "false_negative_ratio": (int((~refused & labels & own).sum()),
                                     int((labels & own).sum()))}
    return found
