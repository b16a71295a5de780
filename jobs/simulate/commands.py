"""The commands of the simulated city: `nightlist simulate` and `nightlist value`."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jobs import config, lake
from jobs.command import add
from jobs.errors import UsageError
from jobs.lock import locked

if TYPE_CHECKING:
    import pyarrow as pa

    from jobs.simulate.blocks import City
    from jobs.simulate.city import Progress
    from jobs.simulate.truth import Reached
    from jobs.simulate.world import World

MOST_DAYS = 3_660
#: How long a simulation waits for a night's step, or another simulation, in the same home.
_WAIT_SECONDS = 3600.0


def declare(commands: argparse._SubParsersAction) -> None:
    """Add the commands to the parser's."""
    simulate = add(commands, "simulate", _simulate, "let a simulated city live and land its "
                   "feeds day by day; where there is one it lives on",
                   "nightlist simulate --users 100000 --from 2026-06-01 --days 30 --seed 7 "
                   "--shock 2026-06-10:2026-06-20:0.5")
    simulate.add_argument("--users", type=int, metavar="N", help="people of the city (default: "
                          f"those of the home's city, else {config.DEFAULT_USERS})")
    simulate.add_argument("--from", dest="start", metavar="DATE", help="first day (default: the "
                          "day after the home's city has reached)")
    simulate.add_argument("--days", type=int, required=True, metavar="D",
                          help="days from that one on; those that are there stay as they are")
    simulate.add_argument("--seed", type=int, metavar="S", help="of everything drawn (default: "
                          f"that of the home's city, else {config.DEFAULT_SEED})")
    simulate.add_argument("--workers", type=int, metavar="N", help="processes; their number "
                          "changes no byte (default: one a core)")
    simulate.add_argument("--seasons", action="store_true", help="more is spent around festivals "
                          "and shopping days")
    for option, form, text in (
            ("shock", "FIRST:LAST:SIZE", "hard times: log odds of missing a payment and of default "
             "rise by SIZE; may be repeated"),
            ("outage", "FEED:FIRST:LAST", "a feed that delivers nothing; may be repeated"),
            ("drift", "FEED:FIRST:SIZE", "a source that measures differently from a day on: "
             "points on third_party_scores, else a factor; may be repeated")):
        simulate.add_argument(f"--{option}", action="append", default=[], metavar=form, help=text)
    simulate.add_argument("--whitelist", metavar="FILE", help="lend to these on the first new "
                          "day, or each wave on its day; Parquet as `nightlist whitelist` writes "
                          "it")
    value = add(commands, "value", _value, "print what a whitelist would truly earn in the "
                "simulated city, for judging policies", "nightlist value --whitelist w.parquet")
    value.add_argument("--whitelist", required=True, metavar="FILE", help="Parquet with user_id, "
                       "limit_cny, rate_daily, as `nightlist whitelist` writes it")
    value.add_argument("--on", metavar="DATE", help="day of the offers (default: the last day of "
                       "the city)")


def _simulate(arguments: argparse.Namespace) -> None:
    from jobs.simulate import city as simulated
    from jobs.simulate import truth

    for option, low, high in (("users", 1, config.MOST_USERS), ("seed", 0, config.HIGHEST_SEED),
                              ("days", 1, MOST_DAYS), ("workers", 1, 1_000)):
        given = getattr(arguments, option)
        if given is not None and not low <= given <= high:
            raise UsageError(f"--{option}", f"at least {low}, at most {high:,}", str(given),
                             "give another number")
    home = config.home_folder(arguments.home)
    offers = _offers(arguments.whitelist) if arguments.whitelist else None
    with locked(home / ".lock", _WAIT_SECONDS, "this home"):
        city, last_day = _asked(arguments, truth.reached(home))
        with _progress() as progress:
            report = simulated.simulate(home, city, last_day, arguments.workers, offers, progress)
    if not report.folders:
        print(f"nothing to do: the city has reached {last_day} already")
        return
    rate = report.rows / max(report.seconds, 1e-9)
    print(f"{report.rows:,} events in {len(report.folders):,} deliveries up to {last_day}, "
          f"{report.seconds:,.1f} s, {rate:,.0f} events/s, peak memory {report.peak_mib[0]:,} MiB, "
          f"a worker {report.peak_mib[1]:,} MiB")


def _asked(arguments: argparse.Namespace, known: Reached | None) -> tuple[City, dt.date]:
    """The city that the words name, and the day to reach.

    Raises:
        UsageError: When the first day is missing for a new city, or leaves a gap in an old one.
    """
    from jobs.simulate.blocks import City

    start = _day("--from", arguments.start) if arguments.start else None
    world = _world(arguments)
    if known is None:
        if start is None:
            raise UsageError("--from", "the first day of a new city", "none", "add --from DATE")
        city = City(arguments.users or config.DEFAULT_USERS, start,
                    config.DEFAULT_SEED if arguments.seed is None else arguments.seed, world)
        return city, start + dt.timedelta(days=arguments.days - 1)
    city = known.city
    following = known.last_day + dt.timedelta(days=1)
    start = start or following
    if not city.start <= start <= following:
        raise UsageError("--from", f"a day from {city.start}, when this home's city begins, to "
                         f"{following}, the day after it has reached", str(start),
                         "leave --from out to go on, or use another --home")
    is_plain = world == type(world)()
    city = City(arguments.users or city.users, city.start,
                city.seed if arguments.seed is None else arguments.seed,
                city.world if is_plain else world, city.block_people)
    return city, start + dt.timedelta(days=arguments.days - 1)


def _world(arguments: argparse.Namespace) -> World:
    from jobs.simulate import world

    return world.World(tuple(map(world.shock, arguments.shock)),
                       tuple(map(world.outage, arguments.outage)),
                       tuple(map(world.drift, arguments.drift)), arguments.seasons)


def _value(arguments: argparse.Namespace) -> None:
    from jobs.simulate.value import policy_value

    found = policy_value(config.home_folder(arguments.home), _offers(arguments.whitelist),
                         _day("--on", arguments.on) if arguments.on else None)
    print(f"{'':<12}{'true':>16}{'expected':>16}")
    for name, true, expected in (
            ("offers", found.offers, None), ("accepted", found.accepted, found.expected_accepted),
            ("drawn CNY", found.balance_cny, None),
            ("defaults", found.defaults, found.expected_defaults),
            ("value CNY", found.profit_cny, found.expected_profit_cny)):
        print(f"{name:<12}{true:>16,.0f}" + ("" if expected is None else f"{expected:>16,.0f}"))


def _offers(name: str) -> pa.Table:
    """The rows of a whitelist file.

    Raises:
        UsageError: When it is no Parquet file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(lake.place(name))
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"--whitelist {name}", "a Parquet file", str(error).splitlines()[0],
                         "write one: nightlist whitelist --format parquet --output FILE") from None


def _day(option: str, text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = config.LAST_DAY + dt.timedelta(days=1)
    if not dt.date(1992, 1, 1) <= day <= config.LAST_DAY:
        raise UsageError(option, "a date like 2026-06-30, from 1992 on", repr(text),
                         "give it as YYYY-MM-DD")
    return day


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """A bar on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(TextColumn("simulating"), BarColumn(), TextColumn("{task.fields[rows]} events"),
                  TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("days", total=None, rows="0")

        def told(done: int, total: int, rows: int) -> None:
            bar.update(task, completed=done, total=total, rows=f"{rows:,}")

        yield told
