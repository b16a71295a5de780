"""The corpus of broken deliveries: each ends as it should, and nothing accepted before changes."""

import datetime as dt
import importlib

import pyarrow.parquet as pq
import pytest

from jobs import store
from jobs.contracts.feeds import FEEDS
from jobs.errors import DeliveryRefused
from jobs.intake import landing
from jobs.intake.intake import clean_partition, take_in
from jobs.intake.landing import DeliveryName, delivery_folder

from .broken.case import (ANNA, CARD, CARDS_ANNA, CARDS_HEADER, CARDS_SUMS, HEADER, PAYMENTS_ANNA,
                          PAYMENTS_HEADER, PAYMENTS_SUMS, PHONE, SUMS)

PARTS = ("cells", "encodings", "json_lines", "packed", "shapes", "manifests", "parquet")
CASES = [pytest.param(case, id=f"{part}-{case.name}") for part in PARTS
         for case in importlib.import_module(f"{__package__}.broken.{part}").CASES]
SOUND, BROKEN = DeliveryName(dt.date(2026, 5, 31)), DeliveryName(dt.date(2026, 6, 1))
#: Feed -> a sound delivery of one row.
SOUND_ROWS = {"statements": (HEADER + ANNA, SUMS), "bound_cards": (
    CARDS_HEADER + CARDS_ANNA, CARDS_SUMS), "payments": (
    PAYMENTS_HEADER + PAYMENTS_ANNA, PAYMENTS_SUMS)}


def deliver(home, feed, name, files, rows, totals, form="csv", said=None, rewrite=None):
    folder = delivery_folder(home, feed, name)
    folder.mkdir(parents=True)
    for file, content in files.items():
        (folder / file).write_bytes(content)
    zeros = {f.name: 0 for f in FEEDS[feed].fields if f.type == "integer"}
    manifest = {
        "feed": feed, "delivery_date": str(name), "schema_version": 1, "format": form,
        "currency": "CNY", "rows": sum(rows), "control_totals": {**zeros, **totals},
        "files": [{"name": file, "rows": count, "sha256": store.file_sha256(folder / file)}
                  for file, count in zip(files, rows, strict=True)], **(said or {})}
    manifest = rewrite(manifest) if rewrite else manifest
    if isinstance(manifest, bytes):
        (folder / "_manifest.json").write_bytes(manifest)
    else:
        store.write_json(manifest, folder / "_manifest.json")
    return folder


def take(home, feed, name):
    return take_in(home, FEEDS[feed], landing.verify(home, FEEDS[feed], name))


def bytes_of(home):
    """Every file that intake has written, with its bytes."""
    return {path.relative_to(home): path.read_bytes() for part in ("clean", "quarantine")
            for path in (home / part).rglob("*") if path.is_file()}


def texts(home, part, feed):
    """What a reader of the delivery's part sees."""
    folder = home / part / feed / clean_partition(home, feed, BROKEN).name
    return pq.read_table(folder, partitioning=None).to_pylist() if folder.is_dir() else []


def test_the_corpus_is_large_and_every_case_has_a_name_of_its_own():
    names = [case.id for case in CASES]
    assert len(names) == len(set(names)) >= 60


@pytest.mark.parametrize("case", CASES)
def test_a_broken_delivery_ends_as_it_should(tmp_path, case):
    content, sums = SOUND_ROWS.get(case.feed, (None, None))
    if content:
        deliver(tmp_path, case.feed, SOUND, {"sound.csv": content}, [1], sums)
        take(tmp_path, case.feed, SOUND)
    before, top = bytes_of(tmp_path), set(tmp_path.iterdir())
    folder = deliver(tmp_path, case.feed, BROKEN, case.files, case.rows, case.totals, case.form,
                     case.said, case.rewrite)
    if case.harm:
        case.harm(folder)
    said = ""
    if case.end.refused:
        with pytest.raises(DeliveryRefused) as caught:
            take(tmp_path, case.feed, BROKEN)
        said = str(caught.value)
        assert f"landing/{case.feed}/{BROKEN}" in said and "\n" not in said
        assert "expected " in said and "found " in said and "; " in said
        assert [word for word in case.end.refused if word not in said] == [], said
        assert bytes_of(tmp_path) == before
    else:
        counts = take(tmp_path, case.feed, BROKEN)
        rows = texts(tmp_path, "quarantine", case.feed)
        assert {reason for row in rows for reason in row["reasons"]} == case.end.reasons
        assert (counts["accepted"], counts["quarantined"], counts["duplicates"]) == case.end.counts
        assert counts["received"] == sum(case.end.counts)
        assert before.items() <= bytes_of(tmp_path).items()
    left = {path.name for path in set(tmp_path.iterdir()) - top} - {
        "landing", "clean", "quarantine", "keys", "elsewhere", "elsewhere.csv", "elsewhere.json"}
    assert not left and not list(tmp_path.glob("*/*/.*"))
    seen = said + str(texts(tmp_path, "clean", case.feed)) + str(
        texts(tmp_path, "quarantine", case.feed))
    assert CARD not in seen and PHONE not in seen
