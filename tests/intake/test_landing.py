"""Landing: append-only; what lands, and under which dates."""

import datetime as dt
import hashlib

import pyarrow.parquet as pq
import pytest

from jobs import store
from jobs.contracts.feeds import STATEMENTS
from jobs.errors import DeliveryRefused
from jobs.intake.landing import DeliveryName, check_feeds, delivery_names, verify
from jobs.intake.outgoing import write_deliveries, write_delivery

from .deliveries import ANNA_AND_BEN, JUNE, MAY_31, edit_file, manifest, read, statements


def test_a_delivery_is_what_was_written(folder, tmp_path):
    delivery = verify(tmp_path, STATEMENTS, DeliveryName(JUNE))
    assert (delivery.feed, delivery.name.day) == ("statements", JUNE)
    assert (delivery.said["rows"], delivery.said["currency"]) == (2, "CNY")
    assert read(tmp_path) == [("anna", MAY_31, 1200, 100), ("ben", MAY_31, -50, 30)]
    assert not list(tmp_path.glob(".intake-*"))


def test_the_manifest_says_rows_hashes_and_control_totals(folder):
    path = folder / "statements.parquet"
    assert manifest(folder) == {
        "feed": "statements", "delivery_date": "2026-06-01", "schema_version": 1,
        "format": "parquet", "currency": "CNY", "rows": 2,
        "files": [{"name": "statements.parquet", "rows": 2,
                   "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}],
        "control_totals": {"balance_minor": 1150, "payment_minor": 130}}


def test_nulls_are_left_out_of_control_totals(tmp_path):
    folder = write_delivery(tmp_path, STATEMENTS, JUNE,
                            statements(("anna", MAY_31, None, 7), ("ben", None, None, 2)), "CNY")
    assert manifest(folder)["control_totals"] == {"balance_minor": 0, "payment_minor": 9}
    assert len(read(tmp_path)) == 2


def test_a_control_total_does_not_wrap_at_64_bits(tmp_path):
    largest = 2**63 - 1
    folder = write_delivery(tmp_path, STATEMENTS, JUNE, statements(
        ("anna", MAY_31, largest, 0), ("ben", MAY_31, largest, 0)), "CNY")
    assert manifest(folder)["control_totals"]["balance_minor"] == 2 * largest
    assert len(read(tmp_path)) == 2


def test_the_fingerprint_is_the_manifest_s(folder, tmp_path):
    expected = hashlib.sha256((folder / "_manifest.json").read_bytes()).hexdigest()
    assert verify(tmp_path, STATEMENTS, DeliveryName(JUNE)).fingerprint == expected


def test_the_same_content_gives_the_same_bytes_elsewhere(tmp_path):
    one, other = (write_delivery(tmp_path / name, STATEMENTS, JUNE, ANNA_AND_BEN, "CNY")
                  for name in ("one", "other"))
    for name in ("statements.parquet", "_manifest.json"):
        assert (one / name).read_bytes() == (other / name).read_bytes()


def test_the_same_content_again_changes_nothing(folder, tmp_path):
    before = (folder / "_manifest.json").stat().st_ino
    assert write_delivery(tmp_path, STATEMENTS, JUNE, ANNA_AND_BEN, "CNY") == folder
    assert (folder / "_manifest.json").stat().st_ino == before
    assert [path.name for path in folder.parent.iterdir()] == ["2026-06-01"]


def test_the_same_rows_written_by_another_parquet_version_change_nothing(folder, tmp_path):
    pq.write_table(ANNA_AND_BEN, folder / "statements.parquet", compression="gzip")
    edit_file(folder, sha256=store.file_sha256(folder / "statements.parquet"))
    before = (folder / "_manifest.json").read_bytes()
    write_delivery(tmp_path, STATEMENTS, JUNE, ANNA_AND_BEN, "CNY")
    assert (folder / "_manifest.json").read_bytes() == before


@pytest.mark.parametrize(("rows", "currency"), [
    (statements(("anna", MAY_31, 1200, 100), ("ben", MAY_31, -49, 29)), "CNY"),
    (statements(("anne", MAY_31, 1200, 100), ("ben", MAY_31, -50, 30)), "CNY"),
    (ANNA_AND_BEN, "TWD"),
])
def test_other_content_for_a_date_is_refused_and_the_old_stays(folder, tmp_path, rows, currency):
    before = (folder / "_manifest.json").read_bytes()
    with pytest.raises(DeliveryRefused, match="another --home, or --feeds landing"):
        write_delivery(tmp_path, STATEMENTS, JUNE, rows, currency)
    assert (folder / "_manifest.json").read_bytes() == before
    assert [path.name for path in folder.parent.iterdir()] == ["2026-06-01"]


def test_of_several_deliveries_none_lands_where_one_contradicts(folder, tmp_path):
    other = statements(("carla", MAY_31, 1, 1))
    with pytest.raises(DeliveryRefused):
        write_deliveries(tmp_path, [(STATEMENTS, MAY_31, other), (STATEMENTS, JUNE, other)],
                         "CNY")
    assert delivery_names(tmp_path, "statements", JUNE) == list(map(DeliveryName, [JUNE]))


def test_landing_keeps_the_origin_it_was_first_given(tmp_path):
    write_deliveries(tmp_path, [(STATEMENTS, MAY_31, ANNA_AND_BEN)], "CNY", {"seed": 7})
    with pytest.raises(DeliveryRefused, match="deliveries of seed 8, found those of seed 7"):
        write_deliveries(tmp_path, [(STATEMENTS, JUNE, ANNA_AND_BEN)], "CNY", {"seed": 8})
    assert delivery_names(tmp_path, "statements", JUNE) == list(map(DeliveryName, [MAY_31]))


@pytest.mark.parametrize(("rows", "currency", "found"), [
    (ANNA_AND_BEN.drop_columns(["payment_minor"]), "CNY", "payment_minor missing"),
    (ANNA_AND_BEN.slice(0, 0), "CNY", "expected at least one row"),
    (ANNA_AND_BEN, "yuan", "expected an ISO 4217 code like CNY, found 'yuan'"),
])
def test_what_would_be_refused_is_not_written(tmp_path, rows, currency, found):
    with pytest.raises(DeliveryRefused, match=found):
        write_delivery(tmp_path, STATEMENTS, JUNE, rows, currency)
    assert delivery_names(tmp_path, "statements", JUNE) == list(map(DeliveryName, []))


def test_dates_are_sorted_and_end_at_the_as_of_date(tmp_path):
    for day in (JUNE, MAY_31, dt.date(2026, 6, 2)):
        write_delivery(tmp_path, STATEMENTS, day, ANNA_AND_BEN, "CNY")
    assert delivery_names(tmp_path, "statements", JUNE) == list(map(DeliveryName, [MAY_31, JUNE]))


def test_unfinished_folders_are_not_deliveries(folder, tmp_path):
    (folder.parent / ".tmp-2026-05-01").mkdir()
    assert delivery_names(tmp_path, "statements", JUNE) == list(map(DeliveryName, [JUNE]))


def test_a_feed_that_never_came_has_no_dates(tmp_path):
    assert delivery_names(tmp_path, "statements", JUNE) == list(map(DeliveryName, []))


@pytest.mark.parametrize("name", ["june", "20260601", "2026-6-1", "2026-02-30"])
def test_a_folder_that_is_no_date_is_refused(folder, tmp_path, name):
    (folder.parent / name).mkdir()
    with pytest.raises(DeliveryRefused, match=f"landing/statements/{name}.*YYYY-MM-DD"):
        delivery_names(tmp_path, "statements", JUNE)


def test_a_folder_that_no_feed_has_is_refused(folder, tmp_path):
    check_feeds(tmp_path, ["statements"])
    (tmp_path / "landing" / "statement").mkdir()
    with pytest.raises(DeliveryRefused, match="landing/statement: expected a feed: statements"):
        check_feeds(tmp_path, ["statements"])


def test_a_file_in_place_of_a_delivery_is_refused(folder):
    (folder.parent / "2026-06-02").write_text("rows")
    with pytest.raises(DeliveryRefused, match="a folder named by its delivery date"):
        delivery_names(folder.parents[2], "statements", dt.date(2026, 6, 30))
