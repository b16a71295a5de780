"""Each guardrail on figures worked by hand, beside its bounds and the release before."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from jobs.contracts.monitoring import MONITORING
from jobs.monitor.figures import Figure, rows
from jobs.policies.guardrails import DEFAULT_GUARDRAILS, Bound
from jobs.policies.monitoring import Limits, Monitoring
from jobs.release import guardrails, release
from jobs.release.guardrails import Guardrail, Side, drift, judged
from tests.release.nights import JUNE, MAY, night

#: 600 of 1,000 CNY of lines drawn, 12 of it lost.
SIDE = Side(draw_minor=60_000, loss_minor=1_200, lines_minor=100_000.0, gap_ratio=0.002,
            models={"pd": "a", "income": "b"})
MOVED = {"ratio": 0.6, "growth_ratio": -0.2}


def found(now: Side = SIDE, before: Side | None = None, moved: dict[str, Any] | None = None,
          **bounds: Bound) -> dict[str, Guardrail]:
    return {one.name: one for one in judged(now, before, moved, {**DEFAULT_GUARDRAILS, **bounds})}


@pytest.mark.parametrize(("figure", "verdict"), [
    (0.3, "passed"), (0.31, "warning"), (0.9, "warning"), (0.91, "asks")])
def test_a_figure_at_its_bound_passes_and_one_beyond_does_not(figure: float, verdict: str) -> None:
    one = found(moved={**MOVED, "ratio": figure}, churn=Bound(0.3, 0.9))["churn"]
    assert (one.verdict, one.warn, one.ask) == (verdict, 0.3, 0.9)


@pytest.mark.parametrize(("by", "growth", "shrink"), [
    (4.0, "asks", "passed"), (-0.85, "passed", "asks"), (0.0, "passed", "passed")])
def test_a_list_that_grows_and_one_that_shrinks_have_bounds_of_their_own(
        by: float, growth: str, shrink: str) -> None:
    said = found(moved={**MOVED, "growth_ratio": by}, growth=Bound(ask=3.0), shrink=Bound(ask=0.8))
    assert (said["growth"].verdict, said["shrink"].verdict) == (growth, shrink)


def test_expected_loss_is_of_what_is_drawn_and_beside_the_release_before() -> None:
    before = dataclasses.replace(SIDE, loss_minor=600)
    one = found(before=before, loss=Bound(ask=0.015))["loss"]
    assert (one.figure, one.before, one.verdict) == (0.02, 0.01, "asks")


def test_nothing_drawn_loses_nothing() -> None:
    assert found(dataclasses.replace(SIDE, draw_minor=0, loss_minor=0))["loss"].figure == 0


def test_the_use_of_the_lines_is_what_is_drawn_of_all_of_them() -> None:
    one = found(funding=Bound(0.5, 0.7))["funding"]
    assert (one.figure, one.verdict) == (0.6, "warning")
    assert "funding" not in found(dataclasses.replace(SIDE, lines_minor=0.0))


def test_the_chance_is_that_of_a_normal_law() -> None:
    # The lines are two deviations above the mean: spread 0.3 and 0.4 alone make one of 0.5.
    side = dataclasses.replace(SIDE, draw_minor=1_000, variance=16, chance=(2_000.0, 0.3))
    assert found(side)["funding_chance"].figure == pytest.approx(0.022750132, abs=1e-9)
    sure = dataclasses.replace(side, variance=0, chance=(999.0, 0.0))
    assert found(sure)["funding_chance"].figure == 1.0
    assert "funding_chance" not in found(SIDE)


def test_a_gap_beyond_the_bound_asks() -> None:
    assert found(gap=Bound(0.0005, 0.001))["gap"].verdict == "asks"


def test_a_model_that_is_another_than_the_release_before_s_asks() -> None:
    before = dataclasses.replace(SIDE, models={"pd": "z", "income": "b"})
    one = found(before=before)["model_change"]
    assert (one.figure, one.verdict, one.detail) == (1.0, "asks", "pd/z to a")
    assert found(before=SIDE)["model_change"].verdict == "passed"
    assert "model_change" not in found()


@pytest.mark.parametrize(("now", "then", "changed"), [
    ({"pd"}, {"pd"}, 0), ({"pd"}, set(), 1), (set(), {"pd"}, 1)])
def test_a_model_that_each_night_trains_anew_is_no_change_but_a_champion_in_its_place_is(
        now: set[str], then: set[str], changed: int) -> None:
    side = dataclasses.replace(SIDE, trained=frozenset(now))
    before = dataclasses.replace(SIDE, models={"pd": "z", "income": "b"}, trained=frozenset(then))
    assert found(side, before)["model_change"].figure == changed


def test_without_a_release_before_nothing_is_said_of_change() -> None:
    assert sorted(found()) == ["funding", "gap", "loss"]


def test_a_metric_that_the_policy_limits_is_as_bad_as_its_worst_figure() -> None:
    limits = {"csi": Limits(0.05, 0.25), "estimated_auc": Limits(0.05)}
    table = rows([Figure("csi", "income", 0.3, 9), Figure("csi", "age", 0.4, 9),
                  Figure("csi", "still", 0.01, 9), Figure("psi", "pd", 9.9, 9),
                  Figure("estimated_auc", "pd", 0.72, 9, reference=0.7)],
                 Monitoring(limits=limits), JUNE, "pd", "m1")
    assert drift(table) == [
        Guardrail("csi", 0.4, "as the metric", 0.05, 0.25, "asks", None, "age (all), 2 of 3 so"),
        Guardrail("estimated_auc", 0.72, "as the metric", 0.65, None, "passed", None,
                  "pd (all), 1 of 1 so")]
    assert drift(MONITORING.arrow_schema.empty_table()) == []


def test_a_published_release_is_read_from_its_own_tables(tmp_path: Path) -> None:
    texts = {"inputs": {"models": {"pd": "trained", "income": {}}}, "model/pd": {"version": "v1"}}
    run = night(tmp_path, MAY, ledgers={"documents": [
        {"document": name, "sha256": "0", "text": json.dumps(text)}
        for name, text in texts.items()]})
    release.publish(run)
    side = guardrails._published(tmp_path, run.release_id)
    assert side is not None and side.draw_minor > 0 and side.lines_minor == 1e12
    assert side.models == {"pd": "v1"} and side.trained == {"pd"}
    plain = night(tmp_path, MAY + dt.timedelta(days=1), "bbb")
    release.publish(plain)
    assert guardrails._published(tmp_path, plain.release_id) is None
