"""The same night with its home in an object store: the same bytes, and every reader works on it."""

import json

import pytest

from jobs import lake
from jobs.__main__ import main
from jobs.config import RUN_FILE
from jobs.release import iceberg, warehouse

from .conftest import AS_OF, run_night

SECRETS = ("of-a-test", "catalog.db")
DAY = ["--as-of", AS_OF.isoformat()]
READERS = {
    "whitelist": ["--format", "csv"], "decisions": ["--format", "csv"], "waterfall": [],
    "changes": ["--format", "csv"], "honour": [], "criteria": [], "verify": [],
    "shadow-prices": [], "monitor": [*DAY, "--format", "csv"], "feeds": DAY,
    "quarantine": ["--feed", "statements"]}


@pytest.fixture(scope="module")
def stored(bucket, tmp_path_factory):
    """The home in the store; what its night printed goes to the test's own output."""
    home = lake.place(f"{bucket}/a-bank/night")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(iceberg.VARIABLE, f"sqlite:///{tmp_path_factory.mktemp('c')}/catalog.db")
        assert run_night(home) == 0
        yield home


def record_of(home):
    (path,) = (home / "nights" / AS_OF.isoformat()).glob(f"*/{RUN_FILE}")
    return json.loads(path.read_bytes())


def test_it_is_the_same_run_with_the_same_tables(stored, night_home):
    there, here = record_of(stored), record_of(night_home)
    assert there == here and len(there["audit"]) > 5


def test_its_published_files_have_the_same_bytes(stored, night_home, night_folder):
    for name in record_of(night_home)["tables"]:
        part = f"nights/{AS_OF}/{night_folder.name}/{name}/{name}.parquet"
        assert (stored / part).read_bytes() == (night_home / part).read_bytes(), name


def test_its_release_has_the_same_rows(stored, night_home, monkeypatch):
    release = warehouse.current(stored).release_id
    found = {name: warehouse.read(stored, name, release) for name in ("whitelist", "criteria")}
    monkeypatch.delenv(iceberg.VARIABLE)
    assert warehouse.current(night_home).release_id == release
    for name, rows in found.items():
        assert rows.num_rows and rows.equals(warehouse.read(night_home, name, release)), name


@pytest.mark.parametrize("command", READERS)
def test_a_reader_shows_what_it_shows_of_a_disk(stored, night_home, monkeypatch, capsys, command):
    said = {}
    for home in (stored, night_home):
        if home is night_home:
            monkeypatch.delenv(iceberg.VARIABLE)
        capsys.readouterr()
        assert main([command, *READERS[command], "--home", str(home)]) == 0
        said[home] = capsys.readouterr().out.replace(str(home), "HOME")
    assert said[stored] and said[stored] == said[night_home]


def test_the_page_lies_there_too_and_differs_in_the_seconds_of_its_steps_alone(
        stored, night_home):
    page = f"reports/{AS_OF}/index.html"
    there, here = ((home / page).read_text().split("What each step up to this page")
                   for home in (stored, night_home))
    assert there[0] == here[0] and len(there) == 2


def test_nothing_is_left_half_done_or_locked(stored):
    left = [str(path) for path in stored.rglob("*") if any(
        part.startswith((".unfinished-", ".tmp-", ".lock")) for part in path.parts)]
    assert left == [] and not (stored.parent / ".unfinished-night").is_file()


def test_no_secret_is_written_down(stored):
    texts = [path for path in stored.rglob("*") if path.suffix in (".json", ".html", ".md")]
    assert len(texts) > 20
    for path in texts:
        assert not any(secret in path.read_text() for secret in SECRETS), path
