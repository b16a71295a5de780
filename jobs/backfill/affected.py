"""What a delivery touches: days of events, tiles, and the nights that decided on it.

Sources: what intake kept of the delivery, the frozen inputs of every run, the moves of the pointer,
the tiles. Grain: one night. Nothing is written.

A night never sees what came after its date: a correction changes the nights from its own date on.
Those before it decided on what it corrects; which they are is told, and no backfill changes them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs import inputs, store
from jobs.config import RUN_FILE, Run
from jobs.contracts.table import Table
from jobs.errors import UsageError
from jobs.features.families import SOURCES
from jobs.intake.intake import taken_in
from jobs.intake.landing import DeliveryName
from jobs.intake.status import feed_named
from jobs.release import warehouse
from jobs.release.pointer import Standing, standing
from jobs.steps import OPEN_RUN_FILE
from jobs.tiles.plan import missing, tiles_of

#: What a night's inputs have to do with the delivery.
FROZEN, CORRECTED, NOW_OTHERS = (
    "decided on it", "decided on what it corrects", "would see other deliveries by now")


@dataclass(frozen=True)
class Night:
    """A run that the delivery touches.

    Attributes:
        as_of: Its night.
        run_id: The run.
        inputs: FROZEN, CORRECTED or NOW_OTHERS.
        state: Of its release: in force, stands for its night, superseded, withdrawn; or nothing
            published.
    """

    as_of: dt.date
    run_id: str
    inputs: str
    state: str


@dataclass(frozen=True)
class Affected:
    """What a delivery touches.

    Attributes:
        feed: Its feed.
        delivery: Its name.
        replaces: Dates of the deliveries that it stands in for.
        event_dates: Days that its rows, or those it replaces, tell of; ISO.
        tiles: Tiles of these days that a night of its date, or the newest, sees.
        to_build: Those of them that nobody has built yet.
        nights: Oldest first.
    """

    feed: str
    delivery: str
    replaces: tuple[str, ...]
    event_dates: tuple[str, ...]
    tiles: int
    to_build: int
    nights: tuple[Night, ...]


def affected(home: Path, feed_name: str, delivery: str) -> Affected:
    """What a delivery that was taken in touches.

    Raises:
        UsageError: When there is no such feed, or the delivery was not taken in.
    """
    feed, name = feed_named(feed_name), DeliveryName.of(delivery)
    said = taken_in(home, feed.name, name) if name else None
    if name is None or said is None:
        raise UsageError(f"--delivery {delivery}", f"a delivery of {feed.name} that was taken in",
                         "none", f"nightlist intake --feed {feed.name} --delivery {delivery}")
    replaces = tuple(said.get("replaces") or ())
    days = set(said["event_dates"])
    corrected = _corrected(home, feed, name, replaces)
    for other in corrected:
        days |= set((taken_in(home, feed.name, other) or {}).get("event_dates", ()))
    tiles = _tiles(home, feed, name.day, days)
    to_build = missing(tiles, home)
    return Affected(feed.name, str(name), replaces, tuple(sorted(days)), len(tiles), len(to_build),
                    tuple(_nights(home, feed, str(name), corrected)))


def advice(found: Affected) -> list[str]:
    """What to run, and what no run changes."""
    said = []
    if others := [night.as_of for night in found.nights if night.inputs == NOW_OTHERS]:
        said.append(f"run: nightlist backfill --from {min(others)} --to {max(others)} --reprocess "
                    "completed (published lists are replaced with --supersede --reason TEXT only)")
    if past := [night.as_of for night in found.nights if night.inputs == CORRECTED]:
        said.append(f"the nights from {min(past)} to {max(past)} stay as they are: they saw what "
                    f"had been delivered by then; nights from {found.delivery[:10]} on see the "
                    "correction")
    return said or ["nothing to run: every night that sees it has it"]


def _corrected(home: Path, feed: Table, name: DeliveryName, replaces: tuple[str, ...]) -> list[str]:
    """Names of the deliveries that it stands in for: of the dates, and lower ones of its own."""
    folders = sorted((home / "clean" / feed.name).glob("delivery_date=*"))
    known = [found for path in folders
             if (found := DeliveryName.of(path.name.partition("=")[2])) is not None]
    return [str(one) for one in known if one != name and (
        one.day.isoformat() in replaces
        or (one.day == name.day and one.sequence < name.sequence))]


def _tiles(home: Path, feed: Table, day: dt.date, days: set[str]) -> list[Any]:
    """The tiles of these days, as a night of the delivery's date would see them."""
    run = Run(home, day)
    found = []
    for source in (one for one in SOURCES if one.feed.name == feed.name):
        rows = [{**row, "event_dates": (taken_in(home, feed.name, row["delivery"]) or {})[
            "event_dates"]} for row in _seen(run, feed)]
        found += [tile for tile in tiles_of(source, rows, day)
                  if tile.event_date.isoformat() in days]
    return found


def _seen(run: Run, feed: Table) -> list[dict[str, Any]]:
    """The deliveries of the feed that a night of that date sees by now, whatever its currency."""
    known = inputs.all_taken_in(run.home, feed.name, run.as_of)
    currency = next((str(one["currency"]) for one in known.values()), "")
    return inputs.in_force(run, feed.name, currency)


def _nights(home: Path, feed: Table, name: str, corrected: list[str]) -> Iterator[Night]:
    moves = warehouse.history(home)
    now, published = standing(moves), {move.release_id for move in moves}
    for path in sorted((home / "nights").glob(f"????-??-??/*/{RUN_FILE}")):
        run = Run(home, dt.date.fromisoformat(path.parts[-3]), run_id=path.parts[-2])
        newest = store.read_json(run.date_folder / OPEN_RUN_FILE, {}).get("run_id")
        if run.run_id != newest and run.release_id not in published:
            continue
        rows = [row for row in store.read_json(path)["inputs"]["deliveries"]
                if row["feed"] == feed.name]
        said = _said(run, feed, rows, name, corrected)
        if said:
            yield Night(run.as_of, run.run_id, said, _state(run, now, published))


def _said(run: Run, feed: Table, rows: list[dict[str, Any]], name: str,
          corrected: list[str]) -> str:
    """What the frozen rows of the feed have to do with the delivery; empty: nothing."""
    def facts(of: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return [(row["delivery"], row["fingerprint"], row["voided_on"]) for row in of]

    frozen = {row["delivery"] for row in rows}
    touches = name in frozen or bool(frozen & set(corrected)) or run.as_of.isoformat() >= name[:10]
    if touches and facts(rows) != facts(_seen(run, feed)):
        return NOW_OTHERS
    if name in frozen:
        return FROZEN
    return CORRECTED if frozen & set(corrected) else ""


def _state(run: Run, now: Standing, published: set[str]) -> str:
    if run.release_id in now.withdrawn:
        return "withdrawn"
    if now.in_force is not None and now.in_force.release_id == run.release_id:
        return "in force"
    stands = now.of_nights.get(run.as_of)
    if stands is not None and stands.release_id == run.release_id:
        return "stands for its night"
    return "superseded" if run.release_id in published else "nothing published"
