"""Reasons for size: what kept a person's limit from being higher, in a code and in a sentence.

A limit is compared with what would be best for the person alone, without any coupling row. Where
that is more, the rows' prices took the rest, and the one that took most is named; where it is the
same, either a larger limit would earn less or the person's cap ends below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from jobs.limits.economics import Entries, entries, measures_of
from jobs.limits.problem import MINOR, NOTHING, Floats, Integers, People, Problem

Texts = npt.NDArray[np.object_]
LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class Sizes:
    """`size_reason` and `size_row` of LIMITS, shape (people,); no row: None."""

    reason: Texts
    row: Texts


def reasons(problem: Problem, people: People, chosen: Integers, uncoupled: Integers,
            multipliers: Floats, cap_reason: Texts) -> Sizes:
    """Why each person's limit is not higher.

    Args:
        problem: The night's.
        people: A batch.
        chosen: Entry that each gets, or NOTHING.
        uncoupled: Entry that each would get without any row: the choice at zero multipliers.
        multipliers: Of the bound, one a row.
        cap_reason: What sets each person's cap: `affordability`, `law` or `menu`.
    """
    found = entries(people, problem.menu, problem.economics)
    limit, alone = (np.where(entry == NOTHING, 0, problem.menu.limit_minor[entry])
                    for entry in (chosen, uncoupled))
    reason = np.full(len(people), "best", dtype=object)
    reason[(limit == 0) & (alone == 0)] = "no_value"
    capped = _is_capped(problem, people, found, uncoupled)
    reason[capped] = cap_reason[capped]
    reason[(limit == alone) & (limit == problem.menu.limit_minor.max())] = "menu"
    moved = np.flatnonzero(limit != alone)
    reason[moved] = "row"
    row = np.full(len(people), None, dtype=object)
    if len(moved):
        # In favour of what was chosen: a maximum's price saved, or a minimum's reward earned.
        taken = (_prices(problem, people, found, uncoupled, multipliers, moved)
                 - _prices(problem, people, found, chosen, multipliers, moved))
        most = taken.argmax(axis=1)
        names = np.array([one.name for one in problem.rows], dtype=object)
        row[moved] = np.where(taken[np.arange(len(moved)), most] > 0, names[most], None)
    return Sizes(reason, row)


def _is_capped(problem: Problem, people: People, found: Entries,
               uncoupled: Integers) -> npt.NDArray[np.bool_]:
    """Whether an entry above the person's cap would be worth more than the best below it."""
    above = problem.menu.limit_minor[None, :] > people.limit_cap_minor[:, None]
    best = np.where(uncoupled == NOTHING, 0.0,
                    found.value_minor[np.arange(len(people)), uncoupled])
    return np.asarray(np.where(above, found.value_minor, -np.inf).max(axis=1) > best)


def _prices(problem: Problem, people: People, found: Entries, entry: Integers,
            multipliers: Floats, who: Integers) -> Floats:
    """What these people's entries cost at each row's multiplier, shape (who, rows)."""
    used = measures_of(found, problem.menu, who, entry[who]).astype(np.float64)
    used[entry[who] == NOTHING] = 0.0
    costs = np.zeros((len(who), len(problem.rows)))
    for place, (row, price) in enumerate(zip(problem.rows, multipliers, strict=True)):
        for term in row.terms:
            costs[:, place] += (price * term.weight * used[:, term.measure]
                                * people.groups[who, term.group])
    return costs


#: Sentences by language and case; see `text`. {alone}, {limit}: amounts; {row}: the row's name.
_SENTENCES = {
    "en": {
        "row": "Risk would allow {alone}; the price of {row} set {limit}.",
        "row_nothing": "Risk would allow {alone}; the price of {row} left nothing.",
        "row_raised": "Alone {alone} would be best; {row} raised it to {limit}.",
        "row_granted": "Alone no offer would pay; {row} asked for {limit}.",
        "best": "{limit} is worth most: a larger limit would earn less.",
        "affordability": "{limit} is what the income can carry.",
        "affordability_nothing": "The income can carry no limit of the menu.",
        "law": "{limit} is what the law allows.",
        "law_nothing": "The law allows no limit of the menu.",
        "menu": "{limit} is the largest limit on offer.",
        "no_value": "No limit and rate would earn more than it costs.",
        "honoured": "{limit} was offered before and is kept.",
        "random": "{limit} was drawn at random, to learn from.",
        "random_nothing": "Only chance could have chosen this person, and did not.",
        "strategy": "{limit} was set by another strategy.",
        "strategy_nothing": "Another strategy left nothing."},
    "zh": {
        "row": "按风险可给 {alone}；{row}的价格使额度定为 {limit}。",
        "row_nothing": "按风险可给 {alone}；{row}的价格使其无法获得额度。",
        "row_raised": "单独看 {alone} 最优；{row}使额度提高到 {limit}。",
        "row_granted": "单独看不值得授信；{row}要求给 {limit}。",
        "best": "{limit} 价值最大：额度再高，收益反而减少。",
        "affordability": "收入可承担 {limit}。",
        "affordability_nothing": "收入不足以承担任何一档额度。",
        "law": "法规允许的上限为 {limit}。",
        "law_nothing": "法规不允许任何一档额度。",
        "menu": "{limit} 已是最高一档额度。",
        "no_value": "任何额度和利率的收益都低于成本。",
        "honoured": "{limit} 为此前已发出的邀请，予以兑现。",
        "random": "{limit} 为随机抽取，用于学习。",
        "random_nothing": "仅可能被随机抽中，但未抽中。",
        "strategy": "{limit} 由另一种策略决定。",
        "strategy_nothing": "另一种策略未给额度。"}}
_ROW_NAMES = {"en": {"": "all rows together", "funding_cost": "money"},
              "zh": {"": "各项约束", "funding": "资金", "funding_cost": "资金成本"}}


def text(row: Mapping[str, Any], currency: str, language: str = "en") -> str:
    """The reason for a limit in a sentence.

    Args:
        row: `size_reason`, `size_row`, `limit_minor` and `uncoupled_limit_minor` of LIMITS.
        currency: ISO 4217 code.
        language: One of LANGUAGES.
    """
    limit, alone = row["limit_minor"] or 0, row["uncoupled_limit_minor"] or 0
    case = row["size_reason"]
    if case == "row" and limit > alone:
        case = "row_raised" if alone else "row_granted"
    elif not limit and f"{case}_nothing" in _SENTENCES[language]:
        case += "_nothing"
    return _SENTENCES[language][case].format(
        limit=f"{currency} {limit // MINOR:,}", alone=f"{currency} {alone // MINOR:,}",
        row=row_name(row["size_row"] or "", language))


def row_name(name: str, language: str = "en") -> str:
    """A row's name in words."""
    known = _ROW_NAMES[language].get(name)
    if known is None:
        known = name.replace("_", " ") if language == "en" else f"“{name}”"
    return known
