"""Both engines give the same tables, job by job."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from .conftest import AS_OF, USERS

ROOT = Path(__file__).parents[2]
TABLES = ("observations", "labels", "training_matrix", "feature_matrix", "scores", "eligibility",
          "candidates", "limits", "whitelist", "decisions", "waterfall", "barriers",
          "own_invitations", "honour_ledger", "suppressions_applied")

pytestmark = pytest.mark.java


@pytest.fixture(scope="module")
def on_jvm_spark(tmp_path_factory):
    if shutil.which("java") is None:
        pytest.skip("no Java on this machine: JVM Spark cannot run")
    home = tmp_path_factory.mktemp("jvm")
    done = subprocess.run(
        [sys.executable, "-m", "jobs", "night", "--as-of", AS_OF.isoformat(), "--feeds",
         "simulated", "--users", str(USERS), "--home", str(home)], cwd=ROOT,
        env={**os.environ, "NIGHTLIST_SPARK": "local[2]"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (folder,) = [p for p in (home / "nights" / AS_OF.isoformat()).iterdir() if p.is_dir()]
    return home, folder


def rows(folder):
    table = pq.read_table(folder, partitioning=None)
    return sorted((json.dumps(row, default=str, sort_keys=True) for row in table.to_pylist()))


@pytest.mark.parametrize("table", TABLES)
def test_a_table_of_the_night_is_equal_on_both_engines(night_folder, on_jvm_spark, table):
    assert rows(night_folder / table) == rows(on_jvm_spark[1] / table)


@pytest.mark.parametrize("table", [
    "clean/bound_cards", "clean/statements", "clean/bureau_tradelines", "clean/loan_performance",
    "quarantine/statements", "quarantine/bureau_tradelines", "quarantine/bound_cards"])
def test_a_table_of_intake_is_equal_on_both_engines(night_home, on_jvm_spark, table):
    partitions = sorted(path.name for path in (night_home / table).iterdir())
    assert partitions and partitions == sorted(
        path.name for path in (on_jvm_spark[0] / table).iterdir())
    for partition in partitions:
        assert rows(night_home / table / partition) == rows(on_jvm_spark[0] / table / partition)


def test_the_published_bytes_are_equal_on_both_engines(night_folder, on_jvm_spark):
    for table in ("whitelist", "decisions", "waterfall"):
        name = f"{table}/{table}.parquet"
        assert (night_folder / name).read_bytes() == (on_jvm_spark[1] / name).read_bytes()
