"""The mart's address: where it comes from, and that nobody ever reads its password."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from jobs.__main__ import main
from jobs.errors import MartError
from jobs.mart import address
from jobs.mart.mart import serve
from tests.mart.asking import Mart, people
from tests.mart.conftest import LOADER
from tests.mart.server import Server

SECRET = "tr0ub4dor"


@pytest.mark.parametrize(("said", "shown"), [
    (f"postgresql://loader:{SECRET}@db.example:5433/mart", "loader@db.example:5433/mart"),
    (f"host=db.example user=loader password={SECRET} dbname=mart", "loader@db.example/mart"),
    ("postgresql:///mart", "local/mart"),
    ("dbname=mart host=/run/postgresql", "/run/postgresql/mart")])
def test_an_address_is_shown_without_its_password(said: str, shown: str) -> None:
    assert address.shown(said) == shown


def test_what_the_address_leaves_out_comes_from_libpq_s_variables(
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example")
    monkeypatch.setenv("PGUSER", "loader")
    monkeypatch.setenv("PGPASSWORD", SECRET)
    assert address.shown("dbname=mart") == "loader@db.example/mart"


@pytest.mark.parametrize("said", [
    f"postgresql://loader:a@{SECRET}@db.example/mart", f"postgresql://loader:{SECRET}/a@db/mart",
    f"postgresql://loader:a/{SECRET}@db.example/mart", f"host=db password {SECRET}",
    f"{SECRET}", f"postgresql://db/mart?pasword={SECRET}", f"host=db password='{SECRET}",
    f"postgresql://loader:50%{SECRET}@db.example/mart"])
def test_an_address_that_cannot_be_read_is_not_repeated(
        said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
        capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(address.VARIABLE, said)
    assert main(["serve-postgres", "--home", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert told.startswith("nightlist: NIGHTLIST_POSTGRES: expected a connection string like")
    assert SECRET not in told and told.count("\n") == 1


def test_without_an_address_the_command_says_how_to_name_one(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
        capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv(address.VARIABLE, raising=False)
    assert main(["serve-postgres", "--home", str(tmp_path)]) == 1
    assert "export NIGHTLIST_POSTGRES=postgresql://" in capsys.readouterr().err


@pytest.mark.postgres
@pytest.mark.parametrize("by", ["conninfo", "url", "variable"])
def test_a_wrong_password_is_refused_and_shown_nowhere(
        by: str, published: Path, server: Server, logins: None,
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    said = {"conninfo": server.address(LOADER, password=SECRET),
            "url": f"postgresql://{LOADER}:{SECRET}@/postgres?host={server.host}"
                   f"&port={server.port}",
            "variable": f"host={server.host} port={server.port} user={LOADER} dbname=postgres"}
    monkeypatch.setenv(address.VARIABLE, said[by])
    monkeypatch.setenv("PGPASSWORD", SECRET)
    assert main(["serve-postgres", "--home", str(published)]) == 1
    told = capsys.readouterr().err
    assert "password authentication failed" in told and f"{LOADER}@" in told
    assert SECRET not in told and server.password not in told
    monkeypatch.setenv("NIGHTLIST_TRACE", "1")
    with pytest.raises(MartError) as caught:
        serve(published, said[by])
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.postgres
def test_a_password_comes_from_a_file(published: Path, server: Server, mart: Mart,
                                      monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "pgpass"
    secret.write_text(f"*:*:*:{LOADER}:{server.password}\n")
    secret.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(secret))
    without = mart().rsplit(" password=", 1)[0]
    assert serve(published, without).release_id == "2026-06-30-aaa"
    assert people(mart) == ["ann", "bob"]


def test_a_server_that_is_not_there_is_named_in_one_line(tmp_path: Path) -> None:
    said = f"host={tmp_path} port=1 user=loader password={SECRET} dbname=mart"
    with pytest.raises(MartError, match="answers to the end.*OperationalError") as caught:
        serve(tmp_path, said)
    assert SECRET not in str(caught.value) and "\n" not in str(caught.value)
