"""Typed access to a policy file, with errors that name the policy and the key."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from jobs.errors import PolicyError


class Check:
    """Typed access to the document with errors that name the policy and the key.

    `highest_rate_daily` is what the law of the date allows (`law.py`); 1 where it is not asked.
    """

    def __init__(self, name: str, highest_rate_daily: Decimal = Decimal(1)) -> None:
        self.name, self.highest_rate_daily = name, highest_rate_daily

    def get(self, mapping: Any, key: str, kind: type | tuple[type, ...]) -> Any:
        """A value of exactly that kind: neither a boolean for a number nor a time for a date."""
        kinds = kind if isinstance(kind, tuple) else (kind,)
        value = mapping.get(key) if isinstance(mapping, dict) else None
        if type(value) not in kinds:
            self.fail(key, " or ".join(k.__name__ for k in kinds), value)
        return value

    def whole(self, mapping: Any, key: str, low: int, high: int) -> int:
        """A whole number within its bounds."""
        value: int = self.get(mapping, key, int)
        if not low <= value <= high:
            self.fail(key, f"a whole number from {low} to {high}", value)
        return value

    def wholes(self, mapping: Any, key: str) -> tuple[int, ...]:
        """A list of whole numbers."""
        values = self.get(mapping, key, list)
        if any(type(value) is not int for value in values):
            self.fail(key, "a list of whole numbers", values)
        return tuple(values)

    def text(self, mapping: Any, key: str) -> str:
        """A text that is not empty."""
        value: str = self.get(mapping, key, str)
        if not value.strip():
            self.fail(key, "a text", value)
        return value

    def rate(self, mapping: Any, key: str) -> Decimal:
        """A daily rate in six decimals, below what the law allows."""
        found = mapping.get(key) if isinstance(mapping, dict) else None
        try:
            rate = Decimal(str(found))
            if 0 < rate <= self.highest_rate_daily and rate == rate.quantize(Decimal("0.000001")):
                return rate.quantize(Decimal("0.000001"))
        except InvalidOperation:
            pass
        return self.fail(key, f"a daily rate above 0, at most {self.highest_rate_daily} as the law "
                         "of the date says, of six decimals like \"0.000500\"", found)

    def fail(self, key: str, expected: str, found: Any) -> NoReturn:
        """Refuse the policy."""
        raise PolicyError(f"policy {self.name}.{key}", expected, repr(found),
                          "mend the policy file")

    def known(self, mapping: Any, keys: set[str]) -> None:
        """A misspelt key would otherwise be ignored, and its rule with it."""
        if odd := sorted(set(map(str, mapping)) - keys):
            self.fail(odd[0], "one of " + ", ".join(sorted(keys)), odd[0])
