"""Releases in a real PostgreSQL: whole or not at all, once, and as the pointer says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from jobs.mart.mart import serve
from jobs.release import release, warehouse
from tests.release.test_warehouse import MAY, night

pytestmark = pytest.mark.postgres
Mart = Callable[..., str]


def ask(address: str, query: str) -> list[Any]:
    with psycopg.connect(address) as connection:
        return connection.execute(query).fetchall()


def test_the_release_in_force_is_what_the_views_show(tmp_path: Path, mart: Mart) -> None:
    run = night(tmp_path)
    release.publish(run)
    served = serve(tmp_path, mart())
    assert (served.release_id, served.copied) == (run.release_id, (run.release_id,))
    assert ask(mart(), "select user_id, limit_cny, rate_daily::text, release_id from "
               "marketing.whitelist_current order by user_id") == [
        ("ann", 30_000, "0.000195", run.release_id), ("bob", 20_000, "0.000195", run.release_id)]
    assert ask(mart(), "select step, removed, remaining from marketing.waterfall_current "
               "order by step_number") == [("known", 0, 3), ("adult", 1, 2), ("invited", 0, 2)]
    assert ask(mart(), "select user_id, failing_rules from nightlist.decisions "
               "where not is_invited") == [("cleo", ["adult", "pd_appetite"])]
