"""A small delivery of statements, and what is said of it when it was tampered with."""

import datetime as dt
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs import store
from jobs.contracts.feeds import STATEMENTS
from jobs.errors import DeliveryRefused
from jobs.intake.intake import loaded
from jobs.intake.landing import DeliveryName, verify

JUNE = dt.date(2026, 6, 1)
MAY_31 = dt.date(2026, 5, 31)


def statements(*rows):
    schema = pa.schema([field.with_nullable(True) for field in STATEMENTS.arrow_schema])
    return pa.Table.from_pylist([dict(zip(STATEMENTS.columns, row)) for row in rows], schema)


ANNA_AND_BEN = statements(("anna", MAY_31, 1200, 100), ("ben", MAY_31, -50, 30))


def manifest(folder):
    return json.loads((folder / "_manifest.json").read_text())


def edit(folder, **changes):
    store.write_json({**manifest(folder), **changes}, folder / "_manifest.json")


def edit_file(folder, **changes):
    edit(folder, files=[{**manifest(folder)["files"][0], **changes}])


def put(folder, table):
    """Replace the file and what the manifest says of its bytes."""
    path = folder / "statements.parquet"
    pq.write_table(table, path)
    edit_file(folder, sha256=store.file_sha256(path))


def read(home):
    """Verify the delivery and read its rows."""
    delivery = verify(home, STATEMENTS, DeliveryName(JUNE))
    with loaded(home, STATEMENTS, delivery) as connection:
        return connection.execute("select * exclude place from delivered order by place").fetchall()


def refusal(folder):
    with pytest.raises(DeliveryRefused) as caught:
        read(folder.parents[2])
    assert "landing/statements/2026-06-01" in str(caught.value)
    assert "have its owner, wallet team, deliver it again" in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)
