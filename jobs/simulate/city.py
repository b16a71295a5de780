"""The simulated city → landing feeds.

Sources: none, only (users, first day, seed, world) and the offers of ours that were lent on.
Output: all feeds, day by day, as the table in `deliveries.py` says; amounts in 1/100 CNY.

Workers write the files of their blocks beside their places, for a few days at a time; when all
blocks have written these days, they land together and the truth moves on. What a crash leaves is
written again, the same, by the next call.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from jobs import lake
from jobs.contracts.campaign import PLANNED
from jobs.contracts.feeds import FEEDS
from jobs.contracts.table import Table
from jobs.errors import DeliveryRefused, UsageError
from jobs.intake import outgoing
from jobs.intake.landing import APPEND_ONLY
from jobs.intake.manifest import Part
from jobs.simulate import truth, value
from jobs.simulate.blocks import City, month_first
from jobs.simulate.deliveries import Done, Task, days, peak_mib, work

CURRENCY = "CNY"
FEWEST_USERS = 100
#: Days that a night's fresh city begins before its as-of date.
DAYS_BEFORE_NIGHT = 6
#: Days that land together, at most.
CHUNK_DAYS = 10
#: Told after each block: block-days done, of how many, rows so far.
Progress = Callable[[int, int, int], None]


@dataclass
class Report:
    """What a simulation has delivered.

    Attributes:
        folders: Of the deliveries.
        rows: In them.
        seconds: It took.
        peak_mib: Peak resident memory of this process and of the largest worker.
    """

    folders: list[Path] = field(default_factory=list)
    rows: int = 0
    seconds: float = 0.0
    peak_mib: tuple[int, int] = (0, 0)


def deliver(home: Path, as_of: dt.date, users: int, seed: int) -> list[Path]:
    """Land the feeds of a night on the simulated city; a second time changes nothing.

    A fresh city begins a week before the night, with its monthly past; for a later night the same
    city lives on.

    Args:
        home: The root of everything that is written.
        as_of: The night.
        users: People in the city.
        seed: Of everything drawn.

    Returns:
        The folders of the deliveries that came now.

    Raises:
        UsageError: For fewer than 100 users.
        DeliveryRefused: When landing holds another city, or one that begins after the night.
    """
    known = truth.reached(home)
    if known is None:
        city = City(users, as_of - dt.timedelta(days=DAYS_BEFORE_NIGHT), seed)
    else:
        city = City(users, known.city.start, seed, known.city.world, known.city.block_people)
        outgoing.check_origin(home, city.origin())
        if as_of < city.start:
            raise DeliveryRefused("landing", f"a night from {city.start} on, the first day of "
                                  "its city", str(as_of), APPEND_ONLY)
    return simulate(home, city, as_of).folders


def simulate(home: Path, city: City, last_day: dt.date, workers: int | None = None,
             offers: pa.Table | None = None, progress: Progress | None = None) -> Report:
    """Let a city live up to a day, and land what its feeds deliver.

    Args:
        home: The root of everything that is written.
        city: A new one, or the one that is there.
        last_day: The day to reach; nothing happens where it is reached.
        workers: Processes; default: one a core.
        offers: Lent to on the first new day: `user_id`, `limit_cny`, `rate_daily`. Of a list with
            waves (`send_status`, `send_on`) those who are in one, on its day if that is a new one.
        progress: Told how far it is.

    Raises:
        UsageError: For fewer than 100 users, or offers that are none for this city.
        DeliveryRefused: When landing holds another city or other deliveries.
    """
    if city.users < FEWEST_USERS:
        raise UsageError("--users", f"{FEWEST_USERS} people or more", str(city.users),
                         "give a larger --users")
    start = time.perf_counter()
    outgoing.check_origin(home, city.origin())
    known = truth.reached(home)
    first = known.last_day + dt.timedelta(days=1) if known else city.start
    _lend(home, city, first, last_day, offers)
    chunks = _chunks(first, last_day)
    blocks = city.blocks()
    report, total = Report(), len(blocks) * max(0, (last_day - first).days + 1)
    worker_peak = done_days = 0
    with _pool(min(workers or os.cpu_count() or 1, len(blocks))) as run:
        for begin, end in chunks:
            _clear(home, city, begin, end)
            parts: dict[tuple[str, dt.date], list[Part]] = {}
            for done in run([Task(home, block, begin, end) for block in blocks]):
                for name, day, part in done.parts:
                    parts.setdefault((name, day), []).append(part)
                    report.rows += part.rows
                worker_peak = max(worker_peak, done.peak_mib)
                done_days += (end - begin).days + 1
                if progress:
                    progress(done_days, total, report.rows)
            report.folders += _land(home, city, parts)
            truth.reach(home, city, end)
    report.seconds = time.perf_counter() - start
    report.peak_mib = (peak_mib(), worker_peak)
    return report


def _lend(home: Path, city: City, first: dt.date, last: dt.date,
          offers: pa.Table | None) -> None:
    """Note our offers as made on the first new day, or each on the day of its wave.

    Raises:
        UsageError: When there is no new day, or other offers were noted for it.
    """
    if offers is None:
        return
    if last < first:
        raise UsageError("--whitelist", f"days after {first - dt.timedelta(days=1)} to lend on",
                         "none", "give more --days")
    number, limit, rate = value.read_offers(offers, city)
    rows = pa.table({"number": number, "limit_cny": limit, "rate_daily": rate,
                     **{name: offers[name] for name in truth.NAMED if name in offers.column_names}})
    sent_on = _sent_on(offers, first)
    noted = dict(truth.read_lent(home))
    for day in days(first, last):
        sent = rows.filter(pc.equal(sent_on, pa.scalar(day))).sort_by("number")
        if day in noted and not noted[day].equals(sent):
            raise UsageError("--whitelist", f"the offers that were noted for {day} before",
                             "others", "give the same file again, or use another --home")
        if sent.num_rows:
            truth.write_lent(home, day, sent)


def _sent_on(offers: pa.Table, first: dt.date) -> pa.Array | pa.ChunkedArray:
    """Day of sending of each offer; null where it is in no wave, or was sent before.

    Raises:
        UsageError: When all waves of the list are over.
    """
    if "send_status" not in offers.column_names:
        return pa.repeat(pa.scalar(first), offers.num_rows)
    planned = pc.equal(offers["send_status"], PLANNED)
    found = pc.if_else(planned, offers["send_on"].cast(pa.date32()), None)
    newest = pc.max(found).as_py()
    if newest is not None and newest < first:
        raise UsageError("--whitelist", f"a wave on {first} or later", f"the last on {newest}",
                         "take the list of the night before")
    return found


def _chunks(first: dt.date, last: dt.date) -> list[tuple[dt.date, dt.date]]:
    """The days from the first to the last, in the pieces that land together."""
    found = days(first, last)
    return [(piece[0], piece[-1]) for piece in
            (found[n:n + CHUNK_DAYS] for n in range(0, len(found), CHUNK_DAYS))]


@contextmanager
def _pool(workers: int) -> Iterator[Callable[[list[Task]], Iterator[Done]]]:
    """What runs tasks: this process alone, or several; results come as they are ready."""
    if workers == 1:
        yield lambda tasks: map(work, tasks)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        def run(tasks: list[Task]) -> Iterator[Done]:
            futures = [pool.submit(work, task) for task in tasks]
            for future in as_completed(futures):
                yield future.result()
        try:
            yield run
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _clear(home: Path, city: City, first: dt.date, last: dt.date) -> None:
    """Take away what a crash left unlanded."""
    dates = days(first, last)
    if first == city.start:
        month = city.first_delivery
        dates += [month, month_first(month.year * 12 + month.month)]
    for feed in FEEDS.values():
        for day in dates:
            lake.remove(outgoing.staging_folder(home, feed, day))


def _land(home: Path, city: City, parts: dict[tuple[str, dt.date], list[Part]]) -> list[Path]:
    """Land what all blocks have written, files in the order of the blocks."""
    staged: list[tuple[Table, dt.date, list[Part]]] = [
        (FEEDS[name], day, sorted(found, key=lambda part: part.name))
        for (name, day), found in sorted(parts.items(), key=lambda item: (item[0][1], item[0][0]))]
    return outgoing.land(home, staged, CURRENCY, city.origin())
