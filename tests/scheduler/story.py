"""What happens in the tests of the scheduler: three nights by the schedule, and two past ones."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql

from tests.mart.server import ADMIN, Server

from . import fatal, homes
from .airflow import Airflow, until
from .client import ENDED, Client

DAG = "nightly_whitelist"
ZONE = ZoneInfo("Asia/Shanghai")
#: Nights begin right after midnight, so that tonight's waits for what is not there yet.
SCHEDULE = "1 0 * * *"
WAIT, APPROVAL = "wait_for_feeds", "approval"
#: A feed that comes every day and without which a night waits (policy: feeds).
LATE_FEED, BROKEN_FEED = "loan_days", "shopping"
#: Who dies in a step of the first night where it is not the task itself.
VICTIMS = {"windows": fatal.WORKER, "features": "scheduler", "records": "dag-processor"}
NIGHT_SECONDS = 900.0
#: How long the story may take: it is not begun so shortly before the next night would begin.
STORY = dt.timedelta(minutes=40)


@dataclass
class Story:
    """Dates, places and what was seen on the way."""

    home: Path
    airflow_home: Path
    server: Server
    today: dt.date = field(default_factory=lambda: dt.datetime.now(ZONE).date())
    seen: dict[str, Any] = field(default_factory=dict)

    @property
    def nights(self) -> list[dt.date]:
        """As-of dates of the schedule: killed, undisturbed, and late, broken and asked about."""
        return [self.today - dt.timedelta(days=back) for back in (2, 1, 0)]

    @property
    def past(self) -> list[dt.date]:
        """As-of dates to backfill."""
        return [self.nights[0] - dt.timedelta(days=back) for back in (2, 1)]

    def environment(self) -> dict[str, str]:
        """What Airflow's processes find beside their configuration."""
        steps = {step: VICTIMS.get(step, fatal.TASK) for step in homes.all_steps()}
        # Right after midnight in Shanghai it is the evening before in UTC.
        plan = {"date": str(self.nights[0] - dt.timedelta(days=1)), "steps": steps,
                "folder": str(self.airflow_home)}
        return {"NIGHTLIST_HOME": str(self.home), "NIGHTLIST_FIRST_NIGHT": str(self.nights[0]),
                "NIGHTLIST_SCHEDULE": SCHEDULE, "NIGHTLIST_RETRY_SECONDS": "1",
                "NIGHTLIST_POSTGRES": self.server.address(ADMIN, "mart"),
                fatal.VARIABLE: json.dumps(plan)}

    def landing(self, feed: str, day: dt.date) -> Path:
        return self.home / "landing" / feed / str(day)

    def hold_back(self) -> None:
        """Of tonight's deliveries one has not come, and one is not what its manifest says."""
        self.landing(LATE_FEED, self.today).rename(self.home / "held-back")
        (data,) = self.landing(BROKEN_FEED, self.today).glob("*.parquet")
        shutil.copy(data, self.home / "whole")
        data.write_bytes(data.read_bytes()[:-1])

    def deliver(self) -> None:
        """It comes after all."""
        (self.home / "held-back").rename(self.landing(LATE_FEED, self.today))

    def mend(self) -> None:
        """The owner restores what was to be delivered."""
        (data,) = self.landing(BROKEN_FEED, self.today).glob("*.parquet")
        shutil.move(self.home / "whole", data)

    def mart_is_up(self, up: bool) -> None:
        with psycopg.connect(self.server.address(), autocommit=True) as admin:
            admin.execute(sql.SQL("alter database mart allow_connections {}").format(up))


def next_night_is_near(now: dt.datetime) -> bool:
    """Whether another night would begin in the middle of the story.

    Args:
        now: With its time zone.
    """
    here = now.astimezone(ZONE)
    return (here + STORY).date() != here.date()


def run_of(client: Client, as_of: dt.date, kind: str = "scheduled") -> str:
    """The id of the run of a date, once the scheduler has made it."""
    def found() -> str | None:
        return next((run["dag_run_id"] for run in client.runs(DAG) if run["run_type"] == kind
                     and day_of(run) == as_of), None)

    return until(f"a {kind} run of {as_of}", found, NIGHT_SECONDS)


def day_of(run: dict[str, Any]) -> dt.date:
    """The as-of date of a run."""
    return dt.datetime.fromisoformat(run["logical_date"]).astimezone(ZONE).date()


def watched(airflow: Airflow, client: Client, run_id: str) -> tuple[str, list[str]]:
    """Until a run has ended, starting anew what dies meanwhile; its state, and who died."""
    dead: list[str] = []

    def ended() -> str | None:
        dead.extend(airflow.restart_dead())
        with suppress(Exception):  # the api-server may be the one that died
            state = client.run(DAG, run_id)["state"]
            return state if state in ENDED else None
        return None

    return until(f"the end of {run_id}", ended, NIGHT_SECONDS), dead
