"""A column that came to a contract later: older deliveries lack it, and it is not known."""

import datetime as dt
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.contracts.feeds import BOUND_CARDS
from jobs.errors import DeliveryRefused

ANNA = {"user_id": "anna", "event_date": dt.date(2026, 5, 31), "card_number": "6222000011112222",
        "action": "bind", "card_kind": "debit", "bank": "icbc", "card_limit_minor": None,
        "is_name_verified": True, "national_id": None, "phone": None, "age_years": 30,
        "gender": None, "education": None, "marital_status": None, "region": "north"}


def csv(row):
    cells = ["" if value is None else str(value).lower() for value in row.values()]
    return {"c.csv": f"{','.join(row)}\n{','.join(cells)}\n".encode()}


def jsonl(row):
    return {"c.jsonl": (json.dumps(row, default=str) + "\n").encode()}


def parquet(row):
    schema = pa.schema([BOUND_CARDS.arrow_schema.field(name).with_nullable(True) for name in row])
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([row], schema), sink)
    return {"c.parquet": sink.getvalue()}


def regions(desk, form, row):
    counts = desk.take("bound_cards", form(row), [1], {"age_years": 30}, format=form.__name__)
    assert counts["accepted"] == 1
    (found,) = desk.clean("bound_cards")
    return dict(zip(BOUND_CARDS.columns, found))["region"]


def without(*names):
    return {name: value for name, value in ANNA.items() if name not in names}


@pytest.mark.parametrize("form", [csv, jsonl, parquet])
def test_a_delivery_that_lacks_the_column_knows_nothing_of_it(desk, form):
    assert regions(desk, form, without("region")) is None


@pytest.mark.parametrize("form", [csv, jsonl, parquet])
def test_a_delivery_that_has_it_tells(desk, form):
    assert regions(desk, form, ANNA) == "north"


@pytest.mark.parametrize("form", [csv, parquet])
def test_any_other_column_has_to_be_there_though_its_cells_may_be_empty(desk, form):
    with pytest.raises(DeliveryRefused, match="bank"):
        regions(desk, form, without("bank", "region"))
