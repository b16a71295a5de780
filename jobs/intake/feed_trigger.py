"""Airflow's side of waiting for feeds: a trigger that looks at landing now and then.

It stands in this package and not beside the DAGs, because Airflow's triggerer has no DAG folder on
its path. Nothing else here imports Airflow.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow.triggers.base import BaseTrigger, TriggerEvent

from jobs import config

if TYPE_CHECKING:
    from jobs.intake.waiting import Awaited

#: Seconds between two looks.
POLL_SECONDS = 30.0


def look(home: str, as_of: dt.date, policy: str, zone: str) -> tuple[list[Awaited], float]:
    """What a night waits for, and the seconds until the next of the deadlines.

    Args:
        home: The root of everything.
        as_of: The night.
        policy: Name of the product policy.
        zone: Time zone of the lender, in which deadlines are meant.
    """
    from jobs.intake.waiting import missing
    from jobs.policies.policy import load

    now = dt.datetime.now(ZoneInfo(zone)).replace(tzinfo=None)
    found = missing(config.home_folder(home), as_of, load(policy, as_of), now)
    return found, min([(one.until - now).total_seconds() for one in found], default=0.0)


class FeedsTrigger(BaseTrigger):
    """Fires once when a night has nothing left to wait for (see `waiting.missing`).

    Args:
        home: The root of everything.
        as_of: The night, ISO.
        policy: Name of the product policy.
        zone: Time zone of the lender.
        poll_seconds: Between two looks.
    """

    def __init__(self, home: str, as_of: str, policy: str, zone: str,
                 poll_seconds: float = POLL_SECONDS) -> None:
        super().__init__()
        self.home, self.as_of, self.policy, self.zone = home, as_of, policy, zone
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """The class and its arguments, as Airflow stores them."""
        return f"{type(self).__module__}.{type(self).__name__}", {
            "home": self.home, "as_of": self.as_of, "policy": self.policy, "zone": self.zone,
            "poll_seconds": self.poll_seconds}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until nothing is waited for; each look in a thread, others wait in this one."""
        while True:
            found, seconds = await asyncio.to_thread(
                look, self.home, dt.date.fromisoformat(self.as_of), self.policy, self.zone)
            if not found:
                yield TriggerEvent({"as_of": self.as_of})
                return
            await asyncio.sleep(max(0.1, min(self.poll_seconds, seconds)))
