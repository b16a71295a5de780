"""The page with everything on it: ledgers, waves, and texts that nobody should trust."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs import store
from jobs.config import Run
from jobs.contracts.campaign import CHANGES, HONOUR_LEDGER, SUPPRESSIONS_APPLIED
from jobs.report import campaign
from tests.report.test_page import JUNE, night, read

EVIL = "<script>alert('x_y')</script>"


def with_everything(home: Path, text: str) -> Run:
    """The night of three invited, with a campaign and ledgers in which a text stands."""
    run = night(home)
    same = {"as_of_date": JUNE, "release_id": run.release_id}
    file = run.folder / "whitelist" / "whitelist.parquet"
    listed = pq.read_table(file)
    listed = listed.drop_columns([name for name in campaign.COLUMNS
                                  if name in listed.column_names])
    for name, values in {
            "cell": [text] * 3, "channel": ["push", "sms", None], "language": ["en"] * 3,
            "is_universal_holdout": [True, False, False], "is_cell_holdout": [False] * 3,
            "send_status": ["universal_holdout", "planned", "planned"], "wave": [None, 1, 2],
            "send_on": [None, JUNE, JUNE + dt.timedelta(days=1)],
            "expected_value_minor": [100, 200, 300]}.items():
        listed = listed.append_column(name, pa.array(values))
    pq.write_table(listed, file)
    rows: list[tuple[Any, list[dict[str, Any]]]] = [
        (CHANGES, [{**dict.fromkeys(CHANGES.columns), **same, "user_id": "u0", "change": "left",
                    "previous_release_id": text, "reason": text, "reason_detail": text}]),
        (HONOUR_LEDGER, [{**same, "user_id": "u1", "offer_id": "o1", "limit_minor": 1,
                          "rate_daily": Decimal("0.0005"), "open_until": JUNE,
                          "outcome": "withdrawn", "criterion": text, "text": text}]),
        (SUPPRESSIONS_APPLIED, [{**same, "user_id": "u2", "list_name": text, "listed_on": JUNE,
                                 "is_barred": True}])]
    for table, own in rows:
        store.write_sorted(pa.Table.from_pylist(own, schema=table.arrow_schema), table,
                           run.folder / table.name)
    return run


def test_every_section_says_what_its_table_says(tmp_path: Path) -> None:
    words = read(with_everything(tmp_path, "own_rule"))[1].words
    for said in ("Changes Campaign Money", "left the list own rule own rule 1",
                 "1 2026-06-30 Tue 1", "2 2026-07-01 Wed 1", "own rule 3 1 0",
                 "none open en 1", "withdrawn: a criterion failed 1", "withdrawn by own rule",
                 "own rule 1 1"):
        assert said in words, said


def test_no_text_of_a_ledger_becomes_an_element(tmp_path: Path) -> None:
    html, reader = read(with_everything(tmp_path, EVIL))
    assert "<script" not in html and reader.open == []
    assert reader.words.count("alert(") >= 7


@pytest.mark.parametrize("table", [CHANGES, HONOUR_LEDGER, SUPPRESSIONS_APPLIED])
def test_an_empty_table_breaks_no_page(tmp_path: Path, table: Any) -> None:
    run = with_everything(tmp_path, "own_rule")
    store.write_sorted(table.arrow_schema.empty_table(), table, run.folder / table.name)
    assert read(run)[1].open == []
