"""What several test modules share."""

import os
from pathlib import Path

import pytest

from tests.backfill.homes import filled_home, landed, nights_home, scorer  # noqa: F401

BESIDE_THE_PROJECT = Path(__file__).resolve().parents[1].parent / "shared" / "data"


@pytest.fixture(scope="session", autouse=True)
def token_keys(tmp_path_factory):
    """One key for all homes, so that their tokens can be compared."""
    path = tmp_path_factory.mktemp("keys") / "tokens"
    path.write_text("test:" + "5a" * 32, encoding="utf-8")
    os.environ["NIGHTLIST_TOKEN_KEYS"] = str(path)


@pytest.fixture(scope="session", autouse=True)
def no_mart():
    """No night of a test goes into a mart that somebody works with."""
    os.environ.pop("NIGHTLIST_POSTGRES", None)


@pytest.fixture(scope="session")
def real_data():
    """The folder of the real data sets; see its own README for what lies there."""
    folder = Path(os.environ.get("NIGHTLIST_REAL_DATA") or BESIDE_THE_PROJECT)
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is not there; set NIGHTLIST_REAL_DATA")
    return folder


@pytest.fixture(scope="session")
def bucket():
    """A bucket of an S3 server that lives as long as the tests of this process."""
    from tests.stores import served

    with served() as address:
        yield address
