"""The night in figures, beside the nights before it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from jobs import store
from jobs.config import Run
from jobs.release.warehouse import Release
from jobs.report import headline
from jobs.report.words import number

JULY = dt.date(2026, 7, 3)


def moved(day: int, invited: int = 10) -> Release:
    date = dt.date(2026, 7, day)
    return Release(move_number=day, release_id=f"{date}-aaa", as_of_date=date, published_at="",
                   currency="CNY", invited=invited, considered=100, committed_amount=50 * invited,
                   whitelist_sha256="", run_sha256="")


def figures(**own: Any) -> dict[str, Any]:
    return {"invited": 12, "considered": 100, "committed": 720, "mean_limit": 60,
            "pd_considered": 0.05, "pd_invited": 0.012, "value": 34.5, "churn": 0.25, **own}


def test_earlier_nights_say_what_their_pages_kept(tmp_path: Path) -> None:
    kept = tmp_path / "nights/2026-07-02/aaa/headline.json"
    store.write_json(figures(invited=7, pd_invited=0.02), kept)
    found = headline.earlier(Run(home=tmp_path, as_of=JULY, run_id="bbb"),
                             [moved(2), moved(1), moved(3)])
    assert [one["as_of"] for one in found] == ["2026-07-01", "2026-07-02"]
    assert [one["pd_invited"] for one in found] == [None, 0.02]
    assert [one["invited"] for one in found] == [10, 10], "of people the pointer has the word"
    assert found[0]["mean_limit"] == 50


@pytest.mark.parametrize(("before", "now", "said"), [
    ([], 5, ""), ([None], 5, ""), ([5], None, ""), ([5], 5, "as before"),
    ([5], 1_005, "+1,000 against 5"), ([1_005], 5, "−1,000 against 1,005")])
def test_a_difference_is_told_where_both_are_known(before: list[float | None], now: float | None,
                                                   said: str) -> None:
    assert headline.difference(before, now, number, number) == said


def test_tiles_say_value_and_difference() -> None:
    before = [{**figures(), "as_of": "d", "release_id": "r"},
              {**figures(invited=10, pd_invited=0.02, churn=None), "as_of": "e", "release_id": "s"}]
    found = {one["title"]: one for one in headline.tiles(figures(), before, "CNY")}
    assert found["Invited"]["difference"] == "+2 against 10"
    assert found["Expected to default"]["value"] == "1.20\N{NO-BREAK SPACE}%"
    assert found["Expected to default"]["difference"] == (
        "−0.80 points against 2.00\N{NO-BREAK SPACE}%")
    assert found["Churn"]["value"] == "25.0\N{NO-BREAK SPACE}%" and not found["Churn"]["difference"]
    assert "the last 3 nights" in found["Invited"]["spark"], "two before, and this one"
    assert found["Churn"]["spark"] == "", "a line of two nights says no more than the difference"


def test_a_first_night_has_no_churn_and_no_differences() -> None:
    found = headline.tiles(figures(churn=None), [], "CNY")
    assert [one["difference"] for one in found] == [""] * 6 and found[-1]["value"] == "–"
