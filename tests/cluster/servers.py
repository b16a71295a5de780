"""A Spark cluster of several processes on this machine: a master, workers and a Connect server.

All of them come from the installed pyspark, listen on the loopback interface only, and write into
one folder. Each process leads a group of its own: a worker goes together with its executors.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyspark

LOOPBACK = "127.0.0.1"
SPARK_HOME = Path(pyspark.__file__).parent
#: Seconds within which a process has to answer; starting one takes a few where nothing else runs.
PATIENCE = 180.0
#: What the cluster decides, and two defaults that a night must not be moved by.
SETTINGS = {
    "spark.sql.ansi.enabled": "false",
    "spark.sql.session.timeZone": "America/New_York",
    "spark.driver.host": LOOPBACK,
    "spark.driver.bindAddress": LOOPBACK,
    "spark.driver.memory": "2g",
    "spark.executor.memory": "1g",
    "spark.executor.cores": "1",
    "spark.connect.grpc.binding.address": LOOPBACK,
    # The least parallelism that still crosses workers: the city is small.
    "spark.sql.shuffle.partitions": "4",
    "spark.ui.showConsoleProgress": "false",
}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server((LOOPBACK, 0)) as server:
        return int(server.getsockname()[1])


class Cluster:
    """Processes of a cluster, by their name; see `running` for one that is cleared away."""

    def __init__(self, folder: Path) -> None:
        """Files go to `folder`; nothing runs yet."""
        self.folder = folder
        self.master_port, self.connect_port, self.page_port = (free_port() for _ in range(3))
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def address(self) -> str:
        """What `NIGHTLIST_SPARK` has to be."""
        return f"sc://{LOOPBACK}:{self.connect_port}"

    def start_master(self) -> None:
        """Start the master and wait until it listens."""
        self._start("master", "spark-class", "org.apache.spark.deploy.master.Master",
                    "--host", LOOPBACK, "--port", str(self.master_port), "--webui-port", "0")
        self._listens("master", self.master_port)

    def start_worker(self, name: str) -> None:
        """Start a worker with one core; it registers by itself."""
        self._start(name, "spark-class", "org.apache.spark.deploy.worker.Worker",
                    "--host", LOOPBACK, "--cores", "1", "--memory", "1g", "--webui-port", "0",
                    "--work-dir", str(self.folder / name), self._master)

    def start_connect(self) -> None:
        """Start the Connect server, always on the same port, and wait until it listens."""
        settings = {**SETTINGS, "spark.connect.grpc.binding.port": str(self.connect_port),
                    "spark.ui.port": str(self.page_port)}
        self._start("connect", "spark-submit", "--master", self._master,
                    "--class", "org.apache.spark.sql.connect.service.SparkConnectServer",
                    *(word for key, value in settings.items()
                      for word in ("--conf", f"{key}={value}")), "spark-internal")
        self._listens("connect", self.connect_port)

    def kill(self, name: str) -> None:
        """SIGKILL to a process and its children, and wait for it."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """Kill whatever still runs."""
        for name in list(self.processes):
            self.kill(name)

    def executors(self) -> list[dict[str, Any]]:
        """Every executor that the Connect server has had, the lost ones too, as its page says."""
        (application,) = self._asked("applications")
        found: list[dict[str, Any]] = self._asked(
            f"applications/{application['id']}/allexecutors")
        return [one for one in found if one["id"] != "driver"]

    def executor_of(self, worker: str) -> str:
        """The id of the newest executor that a worker has started."""
        started = [path.name for path in (self.folder / worker).glob("app-*/*")]
        return max(started, key=int)

    def log(self, name: str) -> str:
        """What a process has written."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    @property
    def _master(self) -> str:
        return f"spark://{LOOPBACK}:{self.master_port}"

    def _asked(self, what: str) -> Any:
        address = f"http://{LOOPBACK}:{self.page_port}/api/v1/{what}"
        with urllib.request.urlopen(address, timeout=60) as answer:
            return json.load(answer)

    def _start(self, name: str, program: str, *words: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [str(SPARK_HOME / "bin" / program), *words], cwd=self.folder, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True, env=_environment(self.folder))

    def _listens(self, name: str, port: int) -> None:
        def answers() -> bool:
            if self.processes[name].poll() is not None:
                raise RuntimeError(f"{name} has ended: {self.log(name)[-2000:]}")
            try:
                socket.create_connection((LOOPBACK, port), 1).close()
            except OSError:
                return False
            return True

        wait_for(answers, f"{name} to listen")


def _environment(folder: Path) -> Mapping[str, str]:
    """As on a cluster: the libraries are there, this project is not.

    Without PYTHONPATH and outside the project's folder a worker finds no `jobs` but the one that a
    session brings along.
    """
    kept = {key: value for key, value in os.environ.items()
            if not key.startswith(("SPARK_", "PYTHONPATH", "NIGHTLIST_"))}
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    return {**kept, "SPARK_LOCAL_IP": LOOPBACK, "SPARK_LOCAL_HOSTNAME": LOOPBACK,
            "SPARK_LOCAL_DIRS": str(scratch), "PYSPARK_PYTHON": sys.executable}


def wait_for(holds: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Ask until it holds; a page that does not answer yet is asked again.

    Raises:
        RuntimeError: When it does not hold within the patience, in seconds.
    """
    end = time.monotonic() + patience
    while True:
        try:
            if holds():
                return
        except OSError:
            pass
        if time.monotonic() > end:
            raise RuntimeError(f"waited {patience:.0f} s for {what}")
        time.sleep(0.2)


@contextmanager
def running(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """A cluster with so many workers, each with an executor; gone at the end, come what may."""
    cluster = Cluster(folder)
    try:
        cluster.start_master()
        for number in range(workers):
            cluster.start_worker(f"worker-{number}")
        cluster.start_connect()
        wait_for(lambda: len(cluster.executors()) == workers, f"{workers} executors")
        yield cluster
    finally:
        cluster.stop()
