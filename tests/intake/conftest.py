"""Deliveries made by hand, in any format, and taken in."""

import datetime as dt
import gzip

import pyarrow.parquet as pq
import pytest

from jobs import store
from jobs.contracts.feeds import FEEDS, STATEMENTS
from jobs.intake import landing
from jobs.intake.intake import clean_partition, take_in
from jobs.intake.landing import DeliveryName
from jobs.intake.outgoing import write_delivery

from .deliveries import ANNA_AND_BEN, JUNE

DELIVERY = dt.date(2026, 6, 1)


class Desk:
    """Takes one delivery of a feed into a home of its own and tells what became of it."""

    def __init__(self, home):
        self.home = home

    def take(self, feed, files, rows, totals=None, **said):
        """Deliver files (name -> bytes) with a manifest that says `rows` each; take them in."""
        table = FEEDS[feed]
        folder = self.home / "landing" / feed / DELIVERY.isoformat()
        folder.mkdir(parents=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        zeros = {f.name: 0 for f in table.fields if f.type == "integer"}
        store.write_json({
            "feed": feed, "delivery_date": DELIVERY.isoformat(), "schema_version": 1,
            "format": "csv", "currency": "CNY", "rows": sum(rows),
            "files": [{"name": name, "rows": count, "sha256": store.file_sha256(folder / name)}
                      for name, count in zip(files, rows, strict=True)],
            "control_totals": {**zeros, **(totals or {})}, **said}, folder / "_manifest.json")
        counts = take_in(self.home, table, landing.verify(self.home, table, DeliveryName(DELIVERY)))
        assert counts["received"] == (counts["accepted"] + counts["quarantined"]
                                      + counts["duplicates"])
        return counts

    def clean(self, feed):
        folder = clean_partition(self.home, feed, DELIVERY)
        return [tuple(row.values()) for row in
                pq.read_table(folder, partitioning=None).to_pylist()]

    def quarantine(self, feed):
        folder = self.home / "quarantine" / feed / f"delivery_date={DELIVERY}"
        return pq.read_table(folder, partitioning=None).to_pylist() if folder.is_dir() else []


@pytest.fixture()
def desk(tmp_path):
    return Desk(tmp_path)


def zipped(content):
    return gzip.compress(content, mtime=0)


@pytest.fixture()
def folder(tmp_path):
    return write_delivery(tmp_path, STATEMENTS, JUNE, ANNA_AND_BEN, "CNY")
