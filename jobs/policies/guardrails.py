"""The guardrails of a policy: figures of a night beyond which it warns, or a person is asked.

    guardrails:
      churn: {warn: 0.3, ask: 0.9}     of the list before: left untaken, or other terms
      growth: {warn: 0.5, ask: 3.0}    how much longer the list is than the one before
      shrink: {warn: 0.5, ask: 0.8}    how much shorter
      loss: {warn: 0.03, ask: 0.035}   expected loss of what is expected to be drawn
      funding: {warn: 0.95}            share of the funding lines that expected draws use
      funding_chance: {warn: 0.01}     probability that draws exceed the lines
      gap: {warn: 0.001, ask: 0.01}    value that the limits may have left unearned
      model_change: {ask: 0}           models that are others than the release before's

Beyond `ask` nothing is published before somebody approved these very figures; beyond `warn` the
night is marked. A guardrail that is given replaces its default whole; `churn: {}` takes it away.
What drifts has its bounds under `monitoring` (jobs/policies/monitoring.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from jobs.policies.check import Check


@dataclass(frozen=True)
class Bound:
    """A figure beyond `warn` marks the night; one beyond `ask` wants a person's yes."""

    warn: float | None = None
    ask: float | None = None


Guardrails = Mapping[str, Bound]
#: What a policy that says nothing has: lists may move, and are marked where half of them does; a
#: model that nobody has published with is somebody's to look at.
DEFAULT_GUARDRAILS: Guardrails = MappingProxyType({
    "churn": Bound(0.5), "growth": Bound(0.5), "shrink": Bound(0.5), "loss": Bound(0.05),
    "funding": Bound(0.95), "funding_chance": Bound(0.05), "gap": Bound(0.01),
    "model_change": Bound(ask=0.0)})
_MOST = 1_000_000.0


def guardrails(check: Check, version: Any) -> Guardrails:
    """The guardrails of a version, a default for each that it does not name.

    Raises:
        PolicyError: For an unknown name, a bound that is no number from 0 on, or a question that
            comes before the warning.
    """
    if "guardrails" not in version:
        return DEFAULT_GUARDRAILS
    said = check.get(version, "guardrails", dict)
    check.known(said, set(DEFAULT_GUARDRAILS))
    return {**DEFAULT_GUARDRAILS, **{name: _bound(check, said, name) for name in said}}


def _bound(check: Check, said: Any, name: str) -> Bound:
    row = check.get(said, name, dict)
    check.known(row, {"warn", "ask"})
    for key in row:
        value = check.get(row, key, (int, float))
        if not math.isfinite(value) or not 0 <= value <= _MOST:
            check.fail(f"guardrails.{name}.{key}", f"a number from 0 to {_MOST:,.0f}", value)
    found = Bound(**{key: float(value) for key, value in row.items()})
    if found.warn is not None and found.ask is not None and found.warn > found.ask:
        check.fail(f"guardrails.{name}", "a warning no later than the question", row)
    return found
