"""A folder in an object store is there whole or not at all, as on a disk."""

import signal
import subprocess
import sys
import textwrap

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs import lake, lease, objects, store
from jobs.config import home_folder
from jobs.contracts.feeds import STATEMENTS
from jobs.errors import UsageError
from jobs.session import session
from tests.test_store import ROWS, frame


@pytest.fixture()
def short_leases(monkeypatch):
    """A dead holder is given up after a second."""
    monkeypatch.setattr(lease, "LEASE_SECONDS", 1.0)


def made(folder, **files):
    for name, text in files.items():
        lake.put(text.encode(), folder / f"{name}.txt")
    return folder


def read(folder):
    return {path.name: path.read_bytes().decode() for path in folder.iterdir()}


def dying(monkeypatch, method, at=2):
    """The store goes away at that object; what came before stays as it is."""
    fs = objects.file_system()
    whole, calls = getattr(fs, method), []

    def one_by_one(sources, targets):
        for source, target in zip(sources, targets, strict=True):
            calls.append(target)
            if len(calls) == at:
                raise OSError("the store went away")
            whole([source], [target])
    monkeypatch.setattr(fs, method, one_by_one)


def test_a_renamed_folder_is_whole_in_its_new_place_and_gone_from_the_old(store_home):
    old = made(store_home / "old", a="1", b="2")
    old.rename(store_home / "new")
    assert read(store_home / "new") == {"a.txt": "1", "b.txt": "2"}
    assert not old.exists() and [path.name for path in store_home.iterdir()] == ["new"]


def test_a_folder_is_not_renamed_over_another_one(store_home):
    new = made(store_home / "new", a="theirs")
    with pytest.raises(FileExistsError):
        made(store_home / "old", a="ours").rename(new)
    assert read(new) == {"a.txt": "theirs"} and read(store_home / "old") == {"a.txt": "ours"}


@pytest.mark.parametrize("move", ["copy", "put"])
def test_a_folder_cut_short_is_not_seen_and_the_next_try_makes_it_whole(
        store_home, tmp_path, monkeypatch, short_leases, move):
    place = store_home / "tables" / "new"
    here = store_home / "old" if move == "copy" else tmp_path / "old"
    made(here, a="1", b="2", c="3")
    with monkeypatch.context() as patch, pytest.raises(OSError, match="went away"):
        dying(patch, move)
        lake.arrive(here, place)
    assert (place / "a.txt").is_file(), "there is something half done to be hidden"
    assert not place.exists() and not place.is_dir() and list(place.parent.iterdir()) == []
    assert list(store_home.glob("tables/*/a.txt")) == []
    lake.arrive(here, place)
    assert read(place) == {"a.txt": "1", "b.txt": "2", "c.txt": "3"}
    assert [path.name for path in place.parent.iterdir()] == ["new"]


def test_a_process_killed_in_the_middle_leaves_nothing_half_seen(store_home, short_leases):
    made(store_home / "old", a="1", b="2", c="3")
    program = textwrap.dedent(f"""
        import os, signal
        from jobs import lake, objects
        home, fs = lake.place({str(store_home)!r}), objects.file_system()
        whole = fs.copy
        def copy(sources, targets):
            whole(sources[:2], targets[:2])
            os.kill(os.getpid(), signal.SIGKILL)
        fs.copy = copy
        (home / "old").rename(home / "new")
    """)
    assert subprocess.run([sys.executable, "-c", program]).returncode == -signal.SIGKILL
    new = store_home / "new"
    assert len(new._keys()) == 2 and not new.exists()
    (store_home / "old").rename(new)
    assert read(new) == {"a.txt": "1", "b.txt": "2", "c.txt": "3"}


def test_a_removal_cut_short_leaves_nothing_half_seen(store_home, monkeypatch, short_leases):
    folder = made(store_home / "t", a="1", b="2")
    with monkeypatch.context() as patch, pytest.raises(OSError, match="went away"):
        patch.setattr(objects.Objects, "_delete", lambda *_: (_ for _ in ()).throw(
            OSError("the store went away")))
        lake.remove(folder)
    assert (folder / "a.txt").is_file() and not folder.exists()
    lake.remove(folder)
    assert folder._keys() == [] and list(store_home.iterdir()) == []


def test_what_speaks_for_a_folder_comes_last_and_goes_first(store_home, tmp_path, monkeypatch):
    made(tmp_path / "old", _manifest="both", b="2", z="3")
    with monkeypatch.context() as patch, pytest.raises(OSError, match="went away"):
        dying(patch, "put", at=3)
        lake.arrive(tmp_path / "old", store_home / "new")
    assert sorted(key.rpartition("/")[2] for key in (store_home / "new")._keys()) == [
        "b.txt", "z.txt"]


def test_names_match_folder_by_folder_and_in_order(store_home):
    for name in ("b/1/x.json", "a/2/x.json", "a/2/y.txt", ".tmp-a/3/x.json"):
        lake.put(b"{}", store_home / name)
    assert [str(path.relative_to(store_home)) for path in store_home.glob("[!.]*/*/x.json")] == [
        "a/2/x.json", "b/1/x.json"]
    assert [path.name for path in sorted((store_home / "a").rglob("*"))] == ["x.json", "y.txt"]
    assert list((store_home / "none").glob("*")) == [] == list((store_home / "none").iterdir())


def test_an_engine_writes_and_reads_a_table_there(store_home):
    assert store.write(frame(), STATEMENTS, store_home / "t") == len(ROWS)
    found = store.read(session(), store_home / "t", STATEMENTS).collect()
    assert sorted(tuple(row) for row in found) == ROWS
    with lake.duck() as connection:
        assert connection.sql(f"select count(*) from '{store_home}/t/*.parquet'").fetchall() == [
            (len(ROWS),)]


def test_a_table_in_key_order_has_the_same_bytes_as_on_a_disk(store_home, tmp_path):
    rows = pa.Table.from_pylist([dict(zip(STATEMENTS.columns, row)) for row in ROWS],
                                schema=STATEMENTS.arrow_schema)
    hashes = {store.write_sorted(rows, STATEMENTS, home / "t") for home in (store_home, tmp_path)}
    files = [(home / "t" / "statements.parquet").read_bytes() for home in (store_home, tmp_path)]
    assert files[0] == files[1] and len(hashes) == 1
    assert store.file_sha256(store_home / "t" / "statements.parquet") in hashes
    assert pq.read_table(store_home / "t" / "statements.parquet").equals(rows)


def test_a_home_is_a_folder_of_a_bucket(monkeypatch):
    monkeypatch.setenv("NIGHTLIST_HOME", "s3://bucket/some/prefix/")
    assert str(home_folder()) == "s3://bucket/some/prefix"


@pytest.mark.parametrize("name", ["s3://bucket", "s3://", "s3://bucket/../other",
                                  "s3://key:secret@host/bucket/home", "s3://bucket/a b"])
def test_another_address_is_refused(name):
    with pytest.raises(UsageError, match="--home"):
        home_folder(name)
