"""What has been kept as long as the policies say, and may go: found first, then taken away.

Sources: run.json of every run, the pointer, the published texts, the registry. Grain: one thing
that goes. Each release and run is kept by the policy it was made under; the release in force and
the one before it are kept whatever their age. Landing is not touched.

- *working tables*: of runs, released or not, and of trainings; `run.json`, `gates.json`,
  `steps.json` and the monitoring stay. Of nights that monitoring still follows (vintages) what it
  reads stays, too.
- *rows*: everything published of a release but its criteria and documents, which outlive them.
- *criteria*: those.
- *left over*: rows that a crashed publisher left and no move of the pointer names.
- *model*: one that no release with criteria, no champion entry and no run with tables names.

What lies beside runs and releases, files that were sent among it, is found by `beside.py`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyiceberg.catalog import Catalog
from pyiceberg.expressions import EqualTo

from jobs import store
from jobs.config import RUN_FILE, Run
from jobs.contracts.campaign import DOCUMENTS
from jobs.contracts.release import KEPT_LONGER
from jobs.errors import PolicyError
from jobs.monitor import nights
from jobs.policies import policy as policies
from jobs.policies.check import Check
from jobs.policies.retention import Retention, retention
from jobs.release import beside, criteria, iceberg, warehouse
from jobs.release.previous import policy_name
from jobs.release.removal import Removal, size, written
from models import champions, registry

WORKING, ROWS, CRITERIA_GONE, LEFT_OVER, MODEL = (
    "working tables", "rows", "criteria", "left over", "model")
#: Of a run's tables, never taken away: what monitoring found.
ALWAYS_KEPT = ("monitoring",)
#: Of a night that monitoring still follows: what it reads of it.
FOLLOWED = ("decisions", "feature_matrix", "histograms")
#: What no run or release names yet may be of one that is being made.
_SPARED = dt.timedelta(days=Retention().working_days)
#: Opens the name of a folder that is on its way out; the next run takes it away.
GOING = ".expired-"


def plan(home: Path, today: dt.date) -> list[Removal]:
    """Everything that may go on a date, in the order in which it goes; nothing is changed."""
    runs = _runs(home)
    live = warehouse.state(home).live
    always = {live[night].release_id for night in sorted(live)[-2:]}
    kept, rows_until, released = _released(home, today, always)
    staying = [run for run in runs if run.until >= today or run.release_id in always]
    return [*_working(home, runs, today, always), *released, *_models(home, today, kept, runs),
            *beside.plan(home, today, beside.Kept(
                rows_until, tuple(run.folder for run in staying),
                max([Retention().working_days, *(run.days for run in staying)])))]


@dataclass(frozen=True)
class _Run:
    """A run folder with what its record says."""

    folder: Path
    as_of: dt.date
    content: dict[str, Any]
    days: int

    @property
    def name(self) -> str:
        return f"{self.folder.parent.parent.name}/{self.as_of}/{self.folder.name}"

    @property
    def release_id(self) -> str:
        return f"{self.as_of}-{self.folder.name}"

    @property
    def until(self) -> dt.date:
        return self.as_of + dt.timedelta(days=self.days)


def _runs(home: Path) -> list[_Run]:
    found = []
    for kind in ("nights", "trainings"):
        for path in sorted((home / kind).glob(f"????-??-??/*/{RUN_FILE}")):
            content, as_of = store.read_json(path), dt.date.fromisoformat(path.parts[-3])
            kept = _by_file(content["inputs"]["policy"].get("name", ""), as_of)
            found.append(_Run(path.parent, as_of, content, kept.working_days))
    return found


def _by_file(name: str, as_of: dt.date) -> Retention:
    """By the policy's file as it stands: all there is of a run that was never released."""
    try:
        return policies.load(name, as_of).retention
    except PolicyError:
        return Retention()


def _working(home: Path, runs: list[_Run], today: dt.date, always: set[str]
             ) -> Iterator[Removal]:
    """Runs' tables, decisions first: without them no later night follows this one."""
    tomorrow = Run(home=home, as_of=today + dt.timedelta(days=1))
    followed = {night.folder for night in nights.vintages(nights.earlier(tomorrow))}
    for run in runs:
        if run.until >= today or run.release_id in always:
            continue
        kept = ALWAYS_KEPT + (FOLLOWED if run.folder in followed else ())
        folders = sorted((path for path in run.folder.iterdir() if path.name not in kept
                          and (path.name.startswith(GOING) or any(path.glob("*.parquet")))),
                         key=lambda path: (path.name != "decisions", path.name))
        if folders:
            yield Removal(WORKING, run.name, f"kept {run.days} days, until {run.until}",
                          len(folders), sum(map(size, folders)), tuple(folders))


def _released(home: Path, today: dt.date, always: set[str]
              ) -> tuple[set[str], dict[str, dt.date], list[Removal]]:
    """Releases whose criteria stay, until when rows stay, and what goes: rows before criteria."""
    if not warehouse.is_there(home):
        return set(), {}, []
    with warehouse.opened(home) as catalog:
        moves = {move.release_id: move for move in warehouse.moves(catalog)}
        by_release, stated = _partitions(catalog), _stated(catalog)
    kept, rows_until, going = set(), {}, []
    for name, tables in sorted(by_release.items()):
        if name not in moves:
            if name[:10] < (today - _SPARED).isoformat():
                going.append(_rows(LEFT_OVER, name, "no move of the pointer names it", tables))
            continue
        of, as_of = _of_release(home, moves[name], stated), moves[name].as_of_date
        if name in always or _years(as_of, of.criteria_years) >= today:
            kept.add(name)
        rows_until[name] = (dt.date.max if name in always else
                            _years(as_of, of.releases_years))
        for kind, years, is_going in (
                (ROWS, of.releases_years, name not in always),
                (CRITERIA_GONE, of.criteria_years, name not in kept)):
            until = _years(as_of, years)
            part = {table: held for table, held in tables.items()
                    if (table in KEPT_LONGER) == (kind == CRITERIA_GONE)}
            if is_going and until < today and part:
                going.append(_rows(kind, name, f"kept {years} years, until {until}", part))
    return kept, rows_until, going


def _rows(kind: str, name: str, why: str, tables: dict[str, tuple[int, int]]) -> Removal:
    return Removal(kind, name, why, sum(rows for rows, _ in tables.values()),
                   sum(held for _, held in tables.values()), rows=dict.fromkeys(tables, name))


def _partitions(catalog: Catalog) -> dict[str, dict[str, tuple[int, int]]]:
    """Release -> published table -> rows and bytes, from the tables' metadata."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for name, table in iceberg.partitioned(catalog):
        if table.current_snapshot() is None:
            continue
        for row in table.inspect.partitions().to_pylist():
            found.setdefault(row["partition"]["release_id"], {})[name] = (
                row["record_count"], row["total_data_file_size_in_bytes"])
    return found


def _stated(catalog: Catalog) -> dict[str, Any]:
    """Release -> the version of its policy, as published with it."""
    table = iceberg.load(catalog, DOCUMENTS.name)
    if table is None:
        return {}
    wanted = EqualTo("document", criteria.POLICY)  # type: ignore[call-arg, arg-type]
    rows = table.scan(wanted, selected_fields=("release_id", "document", "text")).to_arrow()
    return {row["release_id"]: json.loads(row["text"])["version"] for row in rows.to_pylist()}


def _of_release(home: Path, move: warehouse.Release, stated: dict[str, Any]) -> Retention:
    if (version := stated.get(move.release_id)) is not None:
        return retention(Check(move.release_id), version)
    return _by_file(policy_name(home, move), move.as_of_date)


def _years(day: dt.date, years: int) -> dt.date:
    """So many years later; of 29 February the day before, where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _models(home: Path, today: dt.date, kept: set[str], runs: list[_Run]) -> Iterator[Removal]:
    """Models that nothing names any more; one written within the working days may yet be named."""
    named = {(name, entry.version) for name in {one for one, _ in registry.versions(home)}
             for entry in champions.history(home, name)}
    for run in runs:
        if run.until >= today or run.release_id in kept:
            named |= _named(run.content)
    for release_id in sorted(kept - {run.release_id for run in runs}):
        named |= _published_models(home, release_id)
    for name, version in registry.versions(home):
        folder = home / "models" / name / version
        if (name, version) not in named and written(folder) < today - _SPARED:
            yield Removal(MODEL, f"{name}/{version}", "named by no release, champion or run that "
                          "is kept", 1, size(folder), (folder,))


def _named(content: dict[str, Any]) -> set[tuple[str, str]]:
    """The models of a run: those it was frozen with, and those it trained."""
    both = [*content["inputs"].get("models", {}).items(), *content.get("models", {}).items()]
    return {(name, one["version"]) for name, one in both if isinstance(one, dict)}


def _published_models(home: Path, release_id: str) -> set[tuple[str, str]]:
    """Of a release whose run folder is gone; all, where it was published without its texts."""
    with warehouse.opened(home) as catalog:
        table = iceberg.load(catalog, DOCUMENTS.name)
        rows = [] if table is None else iceberg.rows(table, DOCUMENTS, release_id).to_pylist()
    return {(row["document"].removeprefix(criteria.MODEL), json.loads(row["text"])["version"])
            for row in rows if row["document"].startswith(criteria.MODEL)
            } or set(registry.versions(home))
