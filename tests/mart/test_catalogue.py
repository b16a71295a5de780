"""The released tables' catalogue in PostgreSQL: several machines publish into one warehouse."""

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import URL

from jobs.errors import ReleaseError
from jobs.release import iceberg, release, warehouse
from tests.mart.conftest import new_mart
from tests.release.nights import JUNE, MAY, night, people


def url(said, **other):
    parts = {**conninfo_to_dict(said), **other}
    return URL.create("postgresql+psycopg", parts["user"], parts["password"],
                      database=parts["dbname"], query={"host": parts["host"],
                                                       "port": str(parts["port"])}
                      ).render_as_string(hide_password=False)


@pytest.fixture()
def database(server, logins, monkeypatch):
    """An empty database, named in the environment."""
    address = new_mart(server)()
    monkeypatch.setenv(iceberg.VARIABLE, url(address))
    return address


def test_releases_are_published_and_read_through_it_and_no_file_is_made(database, tmp_path):
    assert not warehouse.is_there(tmp_path)
    runs = [night(tmp_path, day, name) for day, name in ((MAY, "one"), (JUNE, "two"))]
    for run in runs:
        release.publish(run)
    assert [move.move_number for move in warehouse.history(tmp_path)] == [1, 2]
    assert people(tmp_path, runs[1].release_id) == ["ann", "bob"]
    assert warehouse.is_there(tmp_path) and not iceberg.catalog_file(tmp_path).exists()


def test_another_home_does_not_publish_into_the_same_catalogue(database, tmp_path):
    release.publish(night(tmp_path / "one"))
    with pytest.raises(ReleaseError, match="expected a table in .*two/warehouse"):
        release.publish(night(tmp_path / "two"))


def test_a_wrong_password_is_told_in_one_line_and_not_shown(database, tmp_path, monkeypatch):
    monkeypatch.setenv(iceberg.VARIABLE, url(database, password="s3cret-and-wrong"))
    with pytest.raises(ReleaseError, match="NIGHTLIST_CATALOG: expected a database") as caught:
        warehouse.history(tmp_path)
    assert "s3cret" not in str(caught.value) and "\n" not in str(caught.value)
