"""The intake DAG: every feed with new deliveries, each in a task of its own.

Wiring only: nothing heavy is imported before a task runs.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import (DAG, AssetAlias, AssetAny, AssetOrTimeSchedule, CronTriggerTimetable,
                         Param, get_current_context, task)
from assets import CLEAN, LANDING
from shared import DATA_PLATFORM, HOME, START, ZONE, due, task_defaults
from step_task import refusals

from jobs import config

DOC = """
### intake

**Owner**: data platform. **Impact**: deliveries are verified when they land, so that the night has
less to do and a bad one is known in the daytime. When this DAG fails, the night takes in what is
left, and stops at the same delivery.

**When a task fails**, its last log line names the feed and the delivery, what was expected and what
was found. Have the feed's owner deliver it again under a new date, or as a correction; nothing of a
refused delivery was taken. Then clear the task. The other feeds are not held up.

It runs at every full and half hour, and when somebody tells Airflow that a delivery has landed: an
event of the asset `landing/<feed>`. Each feed waits for whoever is at work on the home's clean
tables, a night included.
"""


def _policy() -> str:
    return get_current_context()["params"]["policy"] or config.DEFAULT_POLICY["landing"]


with DAG(
    "intake",
    description="New deliveries into clean tables and quarantine, a task a feed",
    doc_md=DOC,
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("*/30 * * * *", timezone=ZONE),
        assets=AssetAny(*LANDING.values())),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    tags=["nightlist", "feeds"],
    deadline=due(2, "the night will take in what is left: see which feed is at work, and whether "
                 "its delivery grew", since_schedule=False),
    default_args=task_defaults(DATA_PLATFORM, hours=1, pool=HOME),
    params={"policy": Param("", type="string")},
) as dag:

    @task(inlets=list(LANDING.values()))
    def find_new() -> list[str]:
        """Feeds with deliveries that nobody has taken in."""
        from jobs.intake.deliveries import with_new

        with refusals("find_new"):
            found = with_new(config.home_folder())
        print(f"nightlist: feeds with new deliveries: {', '.join(found) or 'none'}", flush=True)
        return found

    @task(outlets=[AssetAlias("clean")], map_index_template="{{ feed }}",
          max_active_tis_per_dagrun=4)
    def take_in(feed: str, outlet_events: Any = None) -> dict[str, dict[str, int]]:
        """Verify what is new of one feed and take it in."""
        from jobs.intake.deliveries import take_in_new

        get_current_context()["feed"] = feed  # type: ignore[typeddict-unknown-key]
        with refusals(feed):
            done = take_in_new(config.home_folder(), feed, _policy())
        for name, counts in done.items():
            said = ", ".join(f"{key.replace('_', ' ')} {value:,}" for key, value in counts.items())
            print(f"nightlist: {feed}/{name}  {said}", flush=True)
        taken = sorted(name for name, counts in done.items() if "accepted" in counts)
        if taken and outlet_events is not None:
            outlet_events[AssetAlias("clean")].add(CLEAN[feed], extra={"deliveries": taken})
        return done

    take_in.expand(feed=find_new())
