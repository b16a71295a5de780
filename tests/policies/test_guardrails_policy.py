"""Guardrails of a policy: each has a default, one that is given replaces it whole."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.errors import PolicyError
from jobs.policies.guardrails import DEFAULT_GUARDRAILS, Bound
from tests.policies.test_campaign_policy import edited


def test_a_policy_that_says_nothing_has_the_defaults() -> None:
    assert edited(lambda v: v.pop("guardrails")).guardrails == DEFAULT_GUARDRAILS


def test_one_that_is_given_replaces_its_default_and_no_other() -> None:
    found = edited(lambda v: v.update(guardrails={"gap": {"ask": 0.2}, "churn": {}})).guardrails
    assert found["gap"] == Bound(None, 0.2) and found["churn"] == Bound()
    assert found["loss"] == DEFAULT_GUARDRAILS["loss"]


@pytest.mark.parametrize(("said", "message"), [
    ({"losses": {"warn": 0.1}}, "losses: expected one of churn, "),
    ({"loss": {"stop": 0.1}}, "stop: expected one of ask, warn"),
    ({"loss": {"warn": -0.1}}, "loss.warn: expected a number from 0"),
    ({"loss": {"ask": True}}, "ask: expected int or float"),
    ({"loss": {"warn": 0.2, "ask": 0.1}}, "a warning no later than the question")])
def test_what_is_wrong_is_named(said: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        edited(lambda v: v.update(guardrails=said))
