"""Airflow's own processes for tests: api-server, scheduler, dag-processor and triggerer.

Each on free loopback ports, with a folder and a PostgreSQL database of its own, configured by its
environment only; all of it is gone at the end.

What of Airflow 3.3.2 cost time:

- The metadata database works over a Unix socket with psycopg for both engines; the asynchronous
  one has to be named, or asyncpg is asked for. SimpleAuthManager gives a token of an administrator
  at `GET /auth/token` where `simple_auth_manager_all_admins` is set.
- LocalExecutor's worker is the task's supervisor. A task killed by SIGKILL is noticed at once, a
  killed worker only by `task_instance_heartbeat_timeout` (300 s unless set), and its task goes on
  as an orphan: what tells them apart from a second try is Nightlist's own lock.
- A killed scheduler's workers go on, too. The next one resets their tasks after
  `scheduler_health_check_threshold`; the supervisor hears of it at its next heartbeat (410), sends
  SIGTERM and five seconds later SIGKILL.
- SIGTERM to the scheduler waits for running tasks; setproctitle hides the environment of workers,
  so they are found by their session.
- While the api-server is away, supervisors end their tasks after `max_failed_heartbeats`, and each
  further start of one fails: a restart of 20 s costs a task two tries.
- With `mp_start_method = forkserver`, workers inherit what `mp_forkserver_preload` names; modules
  that cannot be imported are passed over silently.
- A run that failed makes room for the next under `max_active_runs`; one that is cleared waits for
  room again. Pausing a DAG also stops the runs that are under way.
- A question to a person takes no answer within its first second. A pool that nobody made holds its
  tasks in `scheduled` for good.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx
import psutil

from tests.mart import server

ROOT = Path(__file__).parents[2]
#: In the order of their start: the scheduler's tasks talk to the api-server.
PROCESSES = ("api-server", "dag-processor", "scheduler", "triggerer")
#: Imported once before any task: each would spend one to five seconds on them, every time.
PRELOADED = ("airflow.executors.local_executor", "airflow.sdk.execution_time.task_runner",
             "pyspark.sql.connect.session", "pysail.spark", "great_expectations", "lightgbm",
             "pyiceberg.catalog.sql", "duckdb", "matplotlib.figure", "tests.scheduler.fatal")
START_SECONDS, STOP_SECONDS = 180.0, 20.0
Found = TypeVar("Found")


def until(what: str, look: Callable[[], Found | None], seconds: float,
          pause: float = 0.3) -> Found:
    """Look again and again until something is found, and return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(pause)
    raise AssertionError(f"{what}: not within {seconds:.0f} s")


@dataclass
class Airflow:
    """A running Airflow: where it is, its processes and the address of its API."""

    home: Path
    settings: Mapping[str, str]
    port: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ended: list[int] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str) -> None:
        """Start one of PROCESSES, in a session of its own so that its children can be found."""
        log = (self.home / f"{name}.log").open("a")
        self.running[name] = subprocess.Popen(
            [sys.executable, "-m", "airflow", name], env={**os.environ, **self.settings},
            cwd=self.home, stdout=log, stderr=log, start_new_session=True)
        log.close()
        (self.home / f"{name}.pid").write_text(str(self.running[name].pid))

    def kill(self, name: str) -> None:
        """SIGKILL to the process alone: what it started lives on until it notices."""
        self.running[name].kill()
        self.running[name].wait(STOP_SECONDS)

    def restart_dead(self) -> list[str]:
        """Start anew what has died, as whoever watches over it would; their names."""
        dead = [name for name, process in self.running.items() if process.poll() is not None]
        for name in dead:
            self.ended.append(self.running[name].pid)
            self.start(name)
        return dead

    def stop(self) -> None:
        """End everything: what is left after SIGTERM, and its children, by SIGKILL."""
        family = self.family()
        for process in self.running.values():
            process.terminate()
        _, alive = psutil.wait_procs(family, timeout=2)
        for one in {*alive, *self.family()}:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(alive, timeout=STOP_SECONDS)
        for process in self.running.values():
            process.wait(STOP_SECONDS)

    def family(self) -> list[psutil.Process]:
        """All processes of this Airflow, orphans too: each of PROCESSES leads a session."""
        sessions = {*self.ended, *(process.pid for process in self.running.values())}
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, ProcessLookupError):
                if os.getsid(process.pid) in sessions:
                    found.append(process)
        return found

    def logs(self, lines: int = 40) -> str:
        """The ends of the processes' logs, for an error."""
        return "\n".join(f"--- {path.name}\n" + "\n".join(
            path.read_text(errors="replace").splitlines()[-lines:])
            for path in sorted(self.home.glob("*.log")))

    def wait_until_healthy(self) -> None:
        """Until all four say that they are at work.

        Raises:
            AssertionError: With the logs, when one ended or did not come up in time.
        """
        def healthy() -> bool:
            for name, process in self.running.items():
                assert process.poll() is None, f"{name} ended:\n{self.logs()}"
            with suppress(httpx.TransportError):
                said = httpx.get(f"{self.address}/api/v2/monitor/health", timeout=5).json()
                return all(said[part]["status"] == "healthy" for part in
                           ("metadatabase", "scheduler", "triggerer", "dag_processor"))
            return False

        try:
            until("a healthy Airflow", healthy, START_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logs()}") from None


def settings(home: Path, database: str, port: int, given: Mapping[str, str]) -> dict[str, str]:
    """The environment of its processes: fast, small, alone on this machine."""
    said = {
        "core.dags_folder": str(ROOT / "dags"), "core.load_examples": "False",
        "core.executor": "LocalExecutor", "core.parallelism": "2",
        "core.simple_auth_manager_all_admins": "True", "core.fernet_key": "",
        "core.execution_api_server_url": f"http://127.0.0.1:{port}/execution/",
        "database.sql_alchemy_conn": database, "database.sql_alchemy_conn_async": database,
        "database.sql_alchemy_pool_size": "3",
        "api.host": "127.0.0.1", "api.port": str(port), "api.workers": "1",
        "api.secret_key": secrets.token_hex(16), "api_auth.jwt_secret": secrets.token_hex(32),
        "logging.worker_log_server_port": str(server.free_port()),
        "logging.trigger_log_server_port": str(server.free_port()),
        "logging.base_log_folder": str(home / "logs"),
        "dag_processor.refresh_interval": "5", "dag_processor.parsing_processes": "1",
        "dag_processor.min_file_process_interval": "3600",
        "scheduler.job_heartbeat_sec": "2", "scheduler.scheduler_heartbeat_sec": "1",
        "scheduler.scheduler_idle_sleep_time": "0.2",
        "scheduler.scheduler_health_check_threshold": "20",
        "scheduler.orphaned_tasks_check_interval": "3",
        "scheduler.task_instance_heartbeat_timeout": "20",
        "scheduler.task_instance_heartbeat_timeout_detection_interval": "2",
        "scheduler.trigger_timeout_check_interval": "2",
        "scheduler.mp_start_method": "forkserver",
        "scheduler.mp_forkserver_preload": ",".join(PRELOADED),
        "workers.min_heartbeat_interval": "2",
        "triggerer.job_heartbeat_sec": "2",
    }
    named = {f"AIRFLOW__{section.upper()}__{key.upper()}": value for section, key, value in
             ((*name.split("."), value) for name, value in said.items())}
    return {"AIRFLOW_HOME": str(home), "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1",
            "PYTHONDONTWRITEBYTECODE": "", **named, **given}


@contextmanager
def running(home: Path, postgres: server.Server, given: Mapping[str, str]) -> Iterator[Airflow]:
    """Airflow in the server's database `postgres`, from nothing to healthy; all ended at the end.

    Args:
        home: Its folder (AIRFLOW_HOME), made where it is missing.
        postgres: An empty server.
        given: What else its processes are to find in their environment.

    Raises:
        AssertionError: When it does not come up, with its logs.
    """
    home.mkdir(parents=True, exist_ok=True)
    database = (f"postgresql+psycopg://{server.ADMIN}:{postgres.password}@/postgres"
                f"?host={postgres.host}&port={postgres.port}")
    port = server.free_port()
    airflow = Airflow(home, settings(home, database, port, given), port)
    try:
        done = subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"],
                              env={**os.environ, **airflow.settings}, cwd=home, text=True,
                              capture_output=True)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        for name in PROCESSES:
            airflow.start(name)
        airflow.wait_until_healthy()
        yield airflow
    finally:
        airflow.stop()
