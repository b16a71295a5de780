"""Received = accepted + quarantined + duplicates, whatever is delivered and however.

Rows are made of sound, boundary, missing and senseless cells; what should become of them is said
by `checker.py`, in plain Python from the contract.
"""

import csv
import gzip
import io
import json
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs import store
from jobs.contracts.feeds import FEEDS
from jobs.intake import landing, tokens
from jobs.intake.intake import clean_partition, take_in
from jobs.intake.landing import DeliveryName, delivery_folder

from . import checker

NAME = DeliveryName(checker.dt.date(2026, 6, 1))
FEED_NAMES = ("payments", "bound_cards", "bureau_tradelines")
#: Raw identifiers: nobody may find one of them behind landing.
CARDS, PHONES = ("6222000011112222", "6222000011113333", " 6222000011112222 "), ("13800138000",)
FEW = settings(max_examples=25, deadline=None, derandomize=True, database=None,
               suppress_health_check=list(HealthCheck))


def cells(field):
    """Mostly sound cells, few enough that rows, and keys alone, are met again."""
    if field.is_identifier:
        sound, odd = [*(CARDS if field.name == "card_number" else PHONES)], ["  "]
    elif field.allowed:
        sound, odd = list(field.allowed[:2]), ["other things", "Bind"]
    elif field.type == "string":
        sound = ["anna", "ben", "张伟", 'o"brien, p.', "=1+1"]
        odd = [" ", "\u3000", "be\u200bn"]
    elif field.type == "integer":
        low, high = (0 if bound is None else bound for bound in (field.minimum, field.maximum))
        sound = [str(number) for number in (low, max(low, 0), max(low, 0) + 1, high)]
        odd = [str(low - 1), str(high + 1), "1.0", "many", "9" * 19, "１"]
    elif field.type == "boolean":
        sound, odd = ["true", "false"], ["yes", "True", "1"]
    elif field.type == "date":
        sound = ["2026-05-30", "2026-05-31", "2026-06-01", "1990-01-01"]
        odd = ["2026-06-02", "1989-12-31", "2026-02-30", "31.5.2026", "0000-00-00"]
    else:
        sound = ["2026-05-31 08:00:00", "2026-06-01 23:59:59", "2026-05-31T09:00:00"]
        odd = ["2026-06-02 00:00:00", "2026-05-31 24:00:00", "2026-05-31", "noon"]
    usual = st.sampled_from([*sound[:3], *sound])
    return st.integers(0, 39).flatmap(lambda pick: st.sampled_from(odd) if pick == 0
                                      else st.none() if pick == 1 else usual)


@st.composite
def deliveries(draw):
    """A feed and its rows, some of them copied."""
    feed = FEEDS[draw(st.sampled_from(FEED_NAMES))]
    row = st.fixed_dictionaries({field.name: cells(field) for field in feed.fields})
    rows = draw(st.lists(row, min_size=1, max_size=15))
    copies = draw(st.lists(st.sampled_from(rows), max_size=5))
    changed = [{**one, feed.fields[-1].name: draw(cells(feed.fields[-1]))}
               for one in draw(st.lists(st.sampled_from(rows), max_size=3))]
    return feed, draw(st.permutations([*rows, *copies, *changed]))


def as_csv(feed, rows):
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, feed.columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_json(feed, rows):
    return "".join(json.dumps(row, ensure_ascii=number % 2 == 0) + "\n"
                   for number, row in enumerate(rows))


@contextmanager
def delivered(feed, parts, form="csv", encoding="utf-8", packed=False):
    """A home of its own with one delivery, in as many files as there are parts."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        folder = delivery_folder(home, feed.name, NAME)
        folder.mkdir(parents=True)
        files, rows = [], [row for part in parts for row in part]
        for number, part in enumerate(parts):
            path = folder / f"part{number}.{form}{'.gz' if packed else ''}"
            content = (as_csv if form == "csv" else as_json)(feed, part).encode(encoding)
            path.write_bytes(gzip.compress(content) if packed else content)
            files.append({"name": path.name, "rows": len(part),
                          "sha256": store.file_sha256(path)})
        store.write_json({
            "feed": feed.name, "delivery_date": str(NAME), "schema_version": 1, "format": form,
            "encoding": encoding, "currency": "CNY", "rows": len(rows), "files": files,
            "control_totals": {field.name: sum(_number(field, row) for row in rows)
                               for field in feed.fields if field.type == "integer"},
        }, folder / "_manifest.json")
        yield home


def _number(field, row):
    try:
        return checker.value(field, row[field.name]) or 0
    except ValueError:
        return 0


def taken(home, feed):
    """Counts and accepted rows, in a form that can be compared."""
    counts = take_in(home, feed, landing.verify(home, feed, NAME))
    table = pq.read_table(clean_partition(home, feed.name, NAME), partitioning=None)
    accepted = sorted((tuple(row[name] for name in feed.columns) for row in table.to_pylist()),
                      key=repr)
    return counts, accepted


def tokened(feed, rows, key):
    """Typed rows as the clean table has them."""
    return sorted((tuple(key.token(cell) if field.is_identifier and cell is not None else cell
                         for field, cell in zip(feed.fields, row, strict=True))
                   for row in rows), key=repr)


@FEW
@given(deliveries())
def test_every_row_is_accepted_quarantined_or_a_duplicate_as_its_contract_says(delivery):
    feed, rows = delivery
    accepted, quarantined, duplicates = checker.sort(feed, rows, NAME.day)
    with delivered(feed, [rows]) as home:
        counts, found = taken(home, feed)
        assert found == tokened(feed, accepted, tokens.keys(home)[0])
        assert counts == {"received": len(rows), "accepted": len(accepted),
                          "quarantined": quarantined, "duplicates": duplicates}
        part = home / "quarantine" / feed.name / f"delivery_date={NAME}"
        rejected = pq.read_table(part, partitioning=None).to_pylist() if part.is_dir() else []
        assert len(rejected) == quarantined and all(row["reasons"] for row in rejected)
        behind = b"".join(path.read_bytes() for side in ("clean", "quarantine")
                          for path in (home / side).rglob("*") if path.is_file()) + repr(
            (rejected, found)).encode()
        assert not [one for one in (*CARDS, *PHONES) if one.strip().encode() in behind]


@pytest.mark.parametrize(("form", "encoding", "packed"), [
    ("csv", "utf-8", True), ("csv", "gb18030", False), ("jsonl", "utf-8", False),
    ("jsonl", "gb18030", True)])
@FEW
@given(delivery=deliveries())
def test_the_form_of_the_file_makes_no_difference(delivery, form, encoding, packed):
    feed, rows = delivery
    with delivered(feed, [rows]) as home, delivered(feed, [rows], form, encoding, packed) as other:
        assert taken(other, feed) == taken(home, feed)


@FEW
@given(deliveries(), st.randoms(use_true_random=False), st.integers(1, 4))
def test_neither_the_order_of_rows_nor_their_files_make_a_difference(delivery, chance, files):
    feed, rows = delivery
    shuffled = chance.sample(rows, len(rows))
    parts = [part for part in (shuffled[start::files] for start in range(files)) if part]
    with delivered(feed, [rows]) as home, delivered(feed, parts) as other:
        assert taken(other, feed) == taken(home, feed)


@FEW
@given(deliveries())
def test_taking_in_again_gives_the_same_bytes(delivery):
    feed, rows = delivery
    with delivered(feed, [rows]) as home:
        def written():
            return {path: path.read_bytes() for side in ("clean", "quarantine")
                    for path in (home / side).rglob("*") if path.is_file()}
        first, before = taken(home, feed), written()
        assert (taken(home, feed), written()) == (first, before)


def test_rows_that_differ_only_in_what_quarantine_hides_are_not_duplicates():
    feed = FEEDS["payments"]
    row = {"payment_id": "p1", "user_id": "anna", "event_at": "13800138000", "amount_minor": "1",
           "direction": "in", "kind": "bill"}
    with delivered(feed, [[row, {**row, "event_at": "13800138001"}]]) as home:
        counts, _ = taken(home, feed)
        assert (counts["quarantined"], counts["duplicates"]) == (2, 0)
