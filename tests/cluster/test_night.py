"""A whole night on a Spark cluster that loses a worker and its server on the way.

A worker is killed with its executor while `features` runs: the night goes on with what is left.
The Connect server is killed while `facts` runs and started anew: the night stops and says so, and
the steps that are left run against the new server. What comes out has to be what Sail gives in one
process, table by table and byte by byte: this is the one night of the suite on JVM Spark.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from jobs.session import session
from jobs.steps import STEPS
from tests.cluster import servers
from tests.night.conftest import AS_OF, USERS

pytestmark = [pytest.mark.cluster, pytest.mark.java]
ROOT = Path(__file__).parents[2]
TABLES = ("observations", "labels", "training_matrix", "feature_matrix", "scores", "eligibility",
          "candidates", "limits", "whitelist", "decisions", "waterfall", "barriers",
          "own_invitations", "honour_ledger", "suppressions_applied")
PUBLISHED = ("whitelist", "decisions", "waterfall")
#: Several times what a night takes here: other programs may keep the machine busy.
NIGHT_SECONDS = 900.0
#: Runs the steps after one, as Airflow's later tasks would.
GO_ON = """
import datetime, pathlib, sys
from jobs.steps import STEPS, find, open_run, run_step
run = open_run(pathlib.Path(sys.argv[1]), datetime.date.fromisoformat(sys.argv[2]))
for step in STEPS[find(sys.argv[3])[1] - 1:]:
    run_step(step.name, run)
"""


@dataclass(frozen=True)
class Lived:
    """What a night on the cluster left behind."""

    home: Path
    folder: Path
    lost_executor: dict[str, Any]
    kept_executor: dict[str, Any]
    stopped_with: int
    said: str
    is_new_session: bool
    rows_of_new_session: int
    imported_from: str


class Night:
    """A night in a process of its own."""

    def __init__(self, home: Path, address: str, log: Path) -> None:
        """Nothing runs yet."""
        self.home, self.log = home, log
        self._environment = {**os.environ, "NIGHTLIST_SPARK": address}

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start Python with these words in the project's folder."""
        with self.log.open("ab") as log:
            return subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=log,
                                    stderr=subprocess.STDOUT, env=self._environment)

    def said(self) -> str:
        """What it has written so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def is_past(self, step: str) -> bool:
        """Whether a step has told its line."""
        return f"/{len(STEPS)}  {step} " in self.said()


def in_the_middle(cluster: servers.Cluster, night: Night, after: str, worker: str | None) -> None:
    """Wait until the step after this one computes, on that worker if one is named."""
    servers.wait_for(lambda: night.is_past(after), f"the step {after}", NIGHT_SECONDS)

    def computes() -> bool:
        return any(one["activeTasks"] for one in cluster.executors() if one["isActive"]
                   and worker in (None, one["id"]))

    servers.wait_for(computes, f"tasks after {after}")


def session_of(cluster: servers.Cluster) -> SparkSession:
    """This process's session there; the rest of the suite stays with its own engine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHTLIST_SPARK", cluster.address)
        return session()


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, night_home: Path) -> Lived:
    """The night; Sail's has run before it, and nothing of the cluster is left after it."""
    if shutil.which("java") is None:
        pytest.skip("no Java on this machine: no Spark cluster can be started")
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("cluster")
    with servers.running(folder) as cluster:
        before = session_of(cluster)
        night = Night(home, cluster.address, folder / "night.log")
        process = night.start("-m", "jobs", "night", "--as-of", AS_OF.isoformat(), "--feeds",
                              "simulated", "--users", str(USERS), "--home", str(home))
        try:
            lost, kept = (cluster.executor_of(f"worker-{number}") for number in (0, 1))
            in_the_middle(cluster, night, "windows", lost)
            cluster.kill("worker-0")
            in_the_middle(cluster, night, "check_scores", None)
            executors = {one["id"]: one for one in cluster.executors()}
            cluster.kill("connect")
            cluster.start_connect()
            stopped_with, said = process.wait(NIGHT_SECONDS), night.said()
        finally:
            process.kill()
        after = session_of(cluster)
        rest = night.start("-c", GO_ON, str(home), AS_OF.isoformat(), "facts")
        try:
            assert rest.wait(NIGHT_SECONDS) == 0, night.said()[-3000:]
        finally:
            rest.kill()
        (run,) = [path for path in (home / "nights" / AS_OF.isoformat()).iterdir()
                  if path.is_dir()]
        found = Lived(home, run, executors[lost], executors[kept], stopped_with, said,
                      after is not before, after.range(3).count(), imported_from(after))
        after.stop()
    return found


def imported_from(spark: SparkSession) -> str:
    """Where a worker finds this project."""
    def found(batches: Any) -> Any:
        import pyarrow as pa

        import jobs

        for _ in batches:
            yield pa.RecordBatch.from_pydict({"path": [jobs.__file__]})

    return str(spark.range(1).mapInArrow(found, "path string").collect()[0].path)


def rows(folder: Path) -> list[str]:
    table = pq.read_table(folder, partitioning=None)
    return sorted(json.dumps(row, default=str, sort_keys=True) for row in table.to_pylist())


def test_a_worker_was_lost_while_it_computed_and_the_night_went_on(lived: Lived) -> None:
    assert not lived.lost_executor["isActive"] and lived.lost_executor["removeTime"]
    assert lived.lost_executor["totalTasks"] > lived.lost_executor["completedTasks"]
    # It may have failed to fetch what the lost one held: that is computed again.
    assert lived.kept_executor["isActive"]


def test_a_night_whose_server_goes_away_says_so_in_one_line(lived: Lived) -> None:
    (line,) = [line for line in lived.said.splitlines() if line.startswith("nightlist: ")]
    assert lived.stopped_with == 1
    assert line.startswith("nightlist: engine at sc://127.0.0.1:")
    assert "run it again once the cluster answers" in line


def test_a_session_of_a_server_that_was_started_anew_is_made_anew(lived: Lived) -> None:
    assert (lived.is_new_session, lived.rows_of_new_session) == (True, 3)


def test_workers_compute_with_the_package_that_came_with_the_session(lived: Lived) -> None:
    assert lived.imported_from.endswith("/nightlist.zip/jobs/__init__.py")


@pytest.mark.parametrize("table", TABLES)
def test_a_table_of_the_night_is_equal_on_both_engines(
        night_folder: Path, lived: Lived, table: str) -> None:
    assert rows(night_folder / table) == rows(lived.folder / table)


@pytest.mark.parametrize("table", [
    "clean/bound_cards", "clean/statements", "clean/bureau_tradelines", "clean/loan_performance",
    "quarantine/statements", "quarantine/bureau_tradelines", "quarantine/bound_cards"])
def test_a_table_of_intake_is_equal_on_both_engines(
        night_home: Path, lived: Lived, table: str) -> None:
    partitions = sorted(path.name for path in (night_home / table).iterdir())
    assert partitions and partitions == sorted(
        path.name for path in (lived.home / table).iterdir())
    for partition in partitions:
        assert rows(night_home / table / partition) == rows(lived.home / table / partition)


@pytest.mark.parametrize("table", PUBLISHED)
def test_the_published_bytes_are_equal_on_both_engines(
        night_folder: Path, lived: Lived, table: str) -> None:
    name = f"{table}/{table}.parquet"
    assert (night_folder / name).read_bytes() == (lived.folder / name).read_bytes()
