"""What lies beside runs and releases and may go: what was sent, pages, caches, logs, remains.

- *sends* and *report*: as long as the rows of the release they belong to, and never shorter than
  the policy says from their own day on.
- *tiles* and *windows*: those of days that no run which still has its tables, and so no night soon,
  looks back to. They are caches: a replay of an older run makes them again from the clean tables of
  its deliveries, which are never taken away, nor are landing, quarantine and the links of tokens.
- *logs*: as long as working tables, Airflow's among them where it lies in the home.
- *remains*: what something that died left half-written, a week later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc

from jobs import store
from jobs.campaign.send_files import SENDS
from jobs.contracts.night import LABELS
from jobs.policies.retention import Retention
from jobs.release.removal import Removal, size, written
from jobs.tiles.plan import LONGEST_DAYS

SENT, REPORT, TILES, WINDOWS, LOGS, REMAINS = (
    "sends", "report", "tiles", "windows", "logs", "remains")
#: Where one that died leaves what it had not renamed into its place, and how that is named.
_HALF_WRITTEN = ("*/.tmp-*", "*/*/.tmp-*", "*/*/*/.tmp-*", "*/*/*/*/.tmp-*", "*/*/.new-*",
                 ".intake-*", "*/.expired-*", "*/*/.expired-*")
_REMAINS_DAYS = 7


@dataclass(frozen=True)
class Kept:
    """What is kept, as `retention.plan` found it.

    Attributes:
        rows_until: Release -> the day until which its rows are kept; `dt.date.max` for those that
            are kept whatever their age.
        runs: Folders of the runs that keep their tables.
        working_days: The longest that a policy of them keeps working tables.
    """

    rows_until: Mapping[str, dt.date]
    runs: tuple[Path, ...]
    working_days: int = Retention().working_days


def plan(home: Path, today: dt.date, kept: Kept) -> Iterator[Removal]:
    """Everything beside runs and releases that may go on a date."""
    yield from _of_releases(home, today, kept)
    yield from _caches(home, today, kept)
    yield from _logs(home, today, kept.working_days)
    half = sorted(path for pattern in _HALF_WRITTEN for path in home.glob(pattern)
                  if written(path) < today - dt.timedelta(days=_REMAINS_DAYS))
    if half:
        yield _removal(REMAINS, "half-written", f"left for more than {_REMAINS_DAYS} days by "
                       "something that died", half)


def _of_releases(home: Path, today: dt.date, kept: Kept) -> Iterator[Removal]:
    """Files that were sent and pages of nights."""
    for path in sorted((home / SENDS).glob("????-??-??/*-wave-*")):
        day = dt.date.fromisoformat(path.parent.name)
        of = kept.rows_until.get(path.name.partition("-wave-")[0], dt.date.min)
        if (until := max(of, _years_after(day))) < today:
            yield _removal(SENT, f"{path.parent.name}/{path.name}",
                           f"kept as long as its release, until {until}", [path])
    of_night: dict[str, dt.date] = {}
    for release_id, until in kept.rows_until.items():
        of_night[release_id[:10]] = max(until, of_night.get(release_id[:10], dt.date.min))
    for path in sorted((home / "reports").glob("????-??-??")):
        until = of_night.get(path.name, _years_after(dt.date.fromisoformat(path.name)))
        if until < today:
            yield _removal(REPORT, path.name, f"kept as long as its release, until {until}",
                           [path])


def _caches(home: Path, today: dt.date, kept: Kept) -> Iterator[Removal]:
    """Tiles and windows before any day that is looked at, written long enough ago."""
    spared = today - dt.timedelta(days=kept.working_days)
    first = min([spared, *filter(None, map(_looks_back_to, kept.runs))])
    for kind, key, before in ((WINDOWS, "as_of_date=", first),
                              (TILES, "event_date=", first - dt.timedelta(days=LONGEST_DAYS - 1))):
        for source in sorted((home / kind).glob("*")):
            folders = sorted(path for path in source.glob(f"{key}*")
                             if path.name < f"{key}{before}" and written(path) < spared)
            if folders:
                yield _removal(kind, source.name, f"of days before {before}, which no run that "
                               "has its tables looks back to", folders)


def _looks_back_to(run: Path) -> dt.date | None:
    """The first as-of date that a run learns from; None where it has no labels, or no more."""
    if not (run / LABELS.name).is_dir():
        return None
    found: dt.date | None = pc.min(store.read_arrow(run / LABELS.name, LABELS)["as_of_date"]
                                   ).as_py()
    return found


def _logs(home: Path, today: dt.date, days: int) -> Iterator[Removal]:
    last = today - dt.timedelta(days=days)
    for name, root in (("logs", home / "logs"), ("airflow", home / "airflow" / "logs")):
        old = sorted(path for path in root.rglob("*") if path.is_file() and written(path) < last)
        if old:
            yield _removal(LOGS, name, f"kept {days} days, written before {last}", old)


def _removal(kind: str, name: str, why: str, paths: Iterable[Path]) -> Removal:
    going = tuple(paths)
    return Removal(kind, name, why, len(going), sum(map(size, going)), going)


def _years_after(day: dt.date) -> dt.date:
    """Of what belongs to no release that is known: as long as a policy keeps them by default."""
    return day + dt.timedelta(days=366 * Retention().releases_years)
