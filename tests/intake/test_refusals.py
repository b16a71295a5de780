"""Every way a delivery can differ from its manifest is refused."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs import store
from jobs.contracts.feeds import BOUND_CARDS, STATEMENTS
from jobs.errors import DeliveryRefused
from jobs.intake.landing import DeliveryName, verify
from jobs.intake.outgoing import write_delivery

from .deliveries import (ANNA_AND_BEN, JUNE, MAY_31, edit, edit_file, manifest, put,
                         read, refusal, statements)


def test_no_folder_is_refused(folder):
    shutil.rmtree(folder)
    assert "expected a delivery, found no such folder" in refusal(folder)


def test_no_manifest_is_refused(folder):
    (folder / "_manifest.json").unlink()
    assert "expected a manifest, found none" in refusal(folder)


@pytest.mark.parametrize(("text", "said"), [
    ("{", "expected JSON, found something else"),
    ("\xff", "expected JSON, found something else"),
    ("[" * 100_000, "expected JSON, found something else"),
    ("[]", "expected an object, found list"),
])
def test_a_manifest_that_is_no_json_object_is_refused(folder, text, said):
    (folder / "_manifest.json").write_bytes(text.encode("latin-1"))
    assert said in refusal(folder)


@pytest.mark.parametrize("key", ["feed", "delivery_date", "schema_version", "format", "currency",
                                 "rows", "files", "control_totals"])
def test_a_manifest_without_a_key_is_refused(folder, key):
    store.write_json({k: v for k, v in manifest(folder).items() if k != key},
                     folder / "_manifest.json")
    assert f"found no {key};" in refusal(folder)


@pytest.mark.parametrize("key", ["name", "rows", "sha256"])
def test_a_file_entry_without_a_key_is_refused(folder, key):
    edit(folder, files=[{k: v for k, v in manifest(folder)["files"][0].items() if k != key}])
    assert f"files[0]: expected the keys name, rows, sha256, found no {key};" in refusal(folder)


@pytest.mark.parametrize(("changes", "said"), [
    ({"feed": "bound_cards"}, "feed: expected 'statements', found 'bound_cards'"),
    ({"delivery_date": "2026-06-02"}, "expected '2026-06-01', found '2026-06-02'"),
    ({"schema_version": 2}, "schema_version: expected 1, found 2"),
    ({"schema_version": True}, "schema_version: expected a whole number, found True"),
    ({"format": "xlsx"}, "format: expected parquet or csv or jsonl, found 'xlsx'"),
    ({"encoding": "latin-1"}, "encoding: expected utf-8 or gb18030, found 'latin-1'"),
    ({"sequence": 0}, "sequence: expected 1, found 0"),
    ({"currency": "Yuan"}, "currency: expected an ISO 4217 code like CNY, found 'Yuan'"),
    ({"rows": "2"}, "rows: expected a whole number, found '2'"),
    ({"rows": 3}, "expected 3 rows as its manifest says, found 2 rows in its files"),
    ({"control_totals": {"balance_minor": 1150, "payment_minor": 131}},
     "control total of payment_minor: expected 131, found 130"),
    ({"control_totals": {"balance_minor": 1150}},
     "control total of payment_minor: expected one in the manifest, found 130"),
    ({"control_totals": {"balance_minor": 1, "payment_minor": 2}},
     "control total of balance_minor, payment_minor: expected 1, 2, found 1150, 130"),
    ({"control_totals": {"balance_minor": 1150, "payment_minor": 130, "user_id": 0}},
     "control total of user_id: expected 0, found no such integer column"),
])
def test_a_manifest_that_disagrees_is_refused(folder, changes, said):
    edit(folder, **changes)
    assert said in refusal(folder)


@pytest.mark.parametrize("name", ["../2026-06-01/statements.parquet", "/etc/hostname", "..", "",
                                  "sub\\x.parquet", "_manifest.json"])
def test_a_file_name_that_leaves_the_folder_is_refused(folder, name):
    edit_file(folder, name=name)
    said = refusal(folder)
    assert "expected the name of a file in the folder" in said and f"found {name!r}" in said


def test_a_symlink_is_refused(folder, tmp_path):
    path = folder / "statements.parquet"
    shutil.move(path, tmp_path / "elsewhere.parquet")
    path.symlink_to(tmp_path / "elsewhere.parquet")
    assert "expected a file in the folder, found a symlink" in refusal(folder)


def test_a_symlinked_manifest_is_refused(folder, tmp_path):
    path = folder / "_manifest.json"
    shutil.move(path, tmp_path / "elsewhere.json")
    path.symlink_to(tmp_path / "elsewhere.json")
    assert "expected a manifest, found none" in refusal(folder)


def test_a_listed_file_that_is_missing_is_refused(folder):
    (folder / "statements.parquet").unlink()
    assert "the file 'statements.parquet' that its manifest lists, found no such" in refusal(
        folder)


def test_a_listed_folder_is_no_file(folder):
    (folder / "statements.parquet").unlink()
    (folder / "statements.parquet").mkdir()
    assert "statements.parquet: expected a file, found something else" in refusal(folder)


def test_a_file_listed_twice_is_refused(folder):
    edit(folder, rows=4, files=manifest(folder)["files"] * 2)
    assert "expected each file once, found 'statements.parquet' twice" in refusal(folder)


def test_a_file_that_is_not_listed_is_refused(folder):
    (folder / "late.parquet").write_bytes(b"")
    assert "only the files its manifest lists, found late.parquet as well" in refusal(folder)


def test_other_bytes_than_listed_are_refused(folder):
    path = folder / "statements.parquet"
    listed = store.file_sha256(path)
    path.write_bytes(path.read_bytes() + b"\0")
    assert f"expected sha256 {listed}, found {store.file_sha256(path)}" in refusal(folder)


@pytest.mark.parametrize("keep", [0, 40, -1])
def test_a_file_cut_short_before_it_was_listed_is_refused(folder, keep):
    path = folder / "statements.parquet"
    path.write_bytes(path.read_bytes()[:keep])
    edit_file(folder, sha256=store.file_sha256(path))
    assert "statements.parquet: expected a whole Parquet file, found an unreadable" in refusal(
        folder)


def test_damaged_pages_under_a_sound_footer_are_refused(folder):
    path = folder / "statements.parquet"
    raw = path.read_bytes()
    path.write_bytes(raw[:4] + b"\xff" * 60 + raw[64:])
    edit_file(folder, sha256=store.file_sha256(path))
    assert "expected a whole parquet file, found an unreadable" in refusal(folder)


def test_a_missing_column_is_refused(folder):
    put(folder, ANNA_AND_BEN.drop_columns(["payment_minor"]))
    assert "expected payment_minor int64, found payment_minor missing" in refusal(folder)


def test_an_unexpected_column_is_refused(folder):
    put(folder, ANNA_AND_BEN.append_column("phone", pa.array(["1", "2"])))
    assert "payment_minor, found unexpected phone" in refusal(folder)


def test_a_column_twice_is_refused(folder):
    put(folder, ANNA_AND_BEN.append_column("user_id", ANNA_AND_BEN["user_id"]))
    assert "found user_id twice" in refusal(folder)


def test_wrong_types_are_refused_all_at_once(folder):
    put(folder, ANNA_AND_BEN.cast(pa.schema([("user_id", pa.string()), ("event_date", pa.string()),
                                             ("balance_minor", pa.float64()),
                                             ("payment_minor", pa.int64())])))
    assert ("statements.parquet: expected event_date date32[day], balance_minor int64, "
            "found event_date string, balance_minor double;") in refusal(folder)


def test_column_order_and_narrower_or_larger_types_are_taken(folder, tmp_path):
    put(folder, ANNA_AND_BEN.select(["payment_minor", "balance_minor", "event_date", "user_id"])
        .cast(pa.schema([("payment_minor", pa.int32()), ("balance_minor", pa.int64()),
                         ("event_date", pa.date32()), ("user_id", pa.large_string())])))
    assert len(read(tmp_path)) == 2


def test_fewer_rows_than_a_file_s_entry_says_are_refused(folder):
    edit_file(folder, rows=3)
    edit(folder, rows=3)
    assert "statements.parquet: expected 3 rows as its manifest says, found 2 rows" in refusal(
        folder)


def test_rows_and_totals_run_over_all_files(folder, tmp_path):
    pq.write_table(statements(("carla", MAY_31, 10, 5)), folder / "second.parquet")
    edit(folder, rows=3, control_totals={"balance_minor": 1160, "payment_minor": 135},
         files=[*manifest(folder)["files"],
                {"name": "second.parquet", "rows": 1,
                 "sha256": store.file_sha256(folder / "second.parquet")}])
    assert [row[0] for row in read(tmp_path)] == ["anna", "ben", "carla"]


def test_a_delivery_of_no_rows_is_refused(folder):
    put(folder, ANNA_AND_BEN.slice(0, 0))
    edit_file(folder, rows=0)
    edit(folder, rows=0, control_totals={"balance_minor": 0, "payment_minor": 0})
    assert "expected at least one row, found an empty delivery" in refusal(folder)


def test_a_delivery_of_no_files_is_refused(folder):
    (folder / "statements.parquet").unlink()
    edit(folder, files=[], rows=0, control_totals={"balance_minor": 0, "payment_minor": 0})
    assert "expected at least one row, found an empty delivery" in refusal(folder)


def test_another_feed_s_files_are_refused(tmp_path):
    cards = pa.Table.from_pylist(
        [{"user_id": "anna", "event_date": MAY_31, "card_limit_minor": 1, "age_years": 30}],
        pa.schema([field.with_nullable(True) for field in BOUND_CARDS.arrow_schema]))
    folder = write_delivery(tmp_path, BOUND_CARDS, JUNE, cards, "CNY")
    shutil.copytree(folder, tmp_path / "landing" / "statements" / "2026-06-01")
    with pytest.raises(DeliveryRefused, match="feed: expected 'statements', found 'bound_cards'"):
        verify(tmp_path, STATEMENTS, DeliveryName(JUNE))


def test_text_that_is_not_utf_8_is_refused_before_an_engine_meets_it(folder):
    broken = pa.array([b"\xffanna", b"ben"], pa.binary()).view(pa.string())
    put(folder, ANNA_AND_BEN.set_column(0, "user_id", broken))
    assert "expected a whole parquet file, found an unreadable" in refusal(folder)


def test_a_delivery_folder_that_is_a_symlink_is_refused(folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    assert "expected a folder of landing's own, found a symlink" in refusal(folder)
