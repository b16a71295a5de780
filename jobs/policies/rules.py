"""The eligibility rules of a policy's version: data, each in force by date and explained.

    - name: not_student
      reason_code: STUDENT
      text: "Not on a school's list of students."
      text_zh: "…"                      # required where the policy's `languages` name zh
      column: student_lists             # a number of feature_matrix, scores or rule_facts
      at_most: 0                        # and, or at_least; of a code of these one_of or none_of
      missing_passes: false             # a missing value fails unless the rule lets it pass
      effective_from: 2021-03-17        # without it, as long as its version
      effective_to: null
      source: "…"                       # law or policy behind it; required with dates of its own

A rule with dates of its own follows somebody else's decision, so it has to say whose.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jobs.contracts.limits import RULE_FACTS
from jobs.contracts.night import FEATURE_MATRIX, SCORES
from jobs.errors import PolicyError
from jobs.policies.check import Check

#: Steps of the waterfall that are no rules.
STEP_NAMES = {"known", "has_loan_with_us", "no_value", "priced_out", "invited"}
#: Tables whose numbers and codes a rule may look at.
TABLES = (FEATURE_MATRIX, SCORES, RULE_FACTS)
RULE_COLUMNS = {f.name for table in TABLES for f in table.fields
                if f.type in ("integer", "double")}
CODE_COLUMNS = {f.name for table in TABLES for f in table.fields
                if f.type == "string" and f.unit == "code"}
#: Languages of a rule's texts beside English, and the key of each.
LANGUAGES = {"zh": "text_zh"}


@dataclass(frozen=True)
class Rule:
    """A person passes when `at_least` <= column <= `at_most`; a missing value fails unless told.

    Of a code, when it is `one_of` some, or `none_of` them.
    In force from `effective_from` to `effective_to`, both included; None: as long as its version.
    """

    name: str
    reason_code: str
    text: str
    column: str
    at_least: float | None = None
    at_most: float | None = None
    one_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    missing_passes: bool = False
    text_zh: str = ""
    effective_from: dt.date | None = None
    effective_to: dt.date | None = None
    source: str = ""

    def in_force(self, as_of: dt.date) -> bool:
        """Whether the rule applies on a date of its version."""
        return ((self.effective_from is None or self.effective_from <= as_of)
                and (self.effective_to is None or as_of <= self.effective_to))


def rules(check: Check, version: Any, languages: Sequence[str]) -> tuple[Rule, ...]:
    """All rules of a version in its order, whether in force on a date or not.

    Args:
        check: Names the policy in errors.
        version: Of the policy file.
        languages: In which each rule must have a text, beside English.

    Raises:
        PolicyError: For a rule that is not as the module says.
    """
    found = tuple(_rule(check, row) for row in check.get(version, "rules", list))
    names = [rule.name for rule in found]
    if not names or len(set(names)) != len(names):
        check.fail("rules", "at least one, with different names", names)
    if taken := sorted(set(names) & STEP_NAMES):
        check.fail("rules", "names that are no step of the waterfall", taken)
    for rule in found:
        _check_dates(check, rule)
        for key in (LANGUAGES[one] for one in languages):
            if not getattr(rule, key).strip():
                check.fail(f"rules.{rule.name}.{key}", "a text", getattr(rule, key))
    return found


def _rule(check: Check, row: Any) -> Rule:
    lists = {key: tuple(map(str, check.get(row, key, list))) for key in ("one_of", "none_of")
             if isinstance(row, dict) and row.get(key) is not None}
    try:
        rule = Rule(**{**row, **lists})
    except TypeError as error:
        raise PolicyError(f"policy {check.name}.rules", "the keys "
                          + ", ".join(Rule.__dataclass_fields__), str(error),
                          "mend the policy file") from None
    for key in ("name", "reason_code", "text", "column"):
        check.text(row, key)
    for key in ("text_zh", "source"):
        if key in row:
            check.text(row, key)
    if type(rule.missing_passes) is not bool:
        check.fail(f"rules.{rule.name}.missing_passes", "true or false", rule.missing_passes)
    _check_condition(check, rule, row)
    return rule


def _check_condition(check: Check, rule: Rule, row: Any) -> None:
    """Bounds of a number, or a list of codes."""
    has_list = bool(rule.one_of) != bool(rule.none_of)
    if rule.column in CODE_COLUMNS:
        if not has_list or rule.at_least is not None or rule.at_most is not None:
            check.fail(f"rules.{rule.name}", "one_of or none_of, for a code", row)
        return
    if rule.column not in RULE_COLUMNS:
        check.fail(f"rules.{rule.name}.column", "a number or a code of "
                   + ", ".join(table.name for table in TABLES), rule.column)
    bounds = [check.get(row, key, (int, float)) for key in ("at_least", "at_most")
              if row.get(key) is not None]
    if (not bounds or bounds != sorted(bounds) or not all(map(math.isfinite, bounds))
            or rule.one_of or rule.none_of):
        check.fail(f"rules.{rule.name}", "at_least or at_most, the least not above the most", row)


def _check_dates(check: Check, rule: Rule) -> None:
    where = f"rules.{rule.name}"
    given = [day for day in (rule.effective_from, rule.effective_to) if day is not None]
    if any(type(day) is not dt.date for day in given):
        check.fail(f"{where}.effective_from", "dates", given)
    if given != sorted(given):
        check.fail(f"{where}.effective_from", "dates in order", [str(day) for day in given])
    if given and not rule.source.strip():
        check.fail(f"{where}.source", "a source, where a rule has dates of its own", rule.source)
