"""What a test asks of the mart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.rows import dict_row

#: From a login to the address of the test's database.
Mart = Callable[..., str]


def ask(address: str, query: str) -> list[Any]:
    with psycopg.connect(address) as connection:
        return connection.execute(query).fetchall()


def rows(mart: Mart, query: str) -> list[dict[str, Any]]:
    with psycopg.connect(mart(), row_factory=dict_row) as connection:
        return connection.execute(query).fetchall()


def people(mart: Mart, user: str = "loader") -> list[str]:
    return [name for name, in ask(mart(user), "select user_id from marketing.whitelist_current "
                                  "order by user_id")]


def history(mart: Mart) -> list[tuple[str, int]]:
    return ask(mart(), "select release_id, count(*) from marketing.whitelist_history "
               "group by release_id order by release_id")
