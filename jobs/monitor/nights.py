"""The earlier nights of a home that a night is held against.

Monitoring looks at what other nights found, which the frozen inputs of a night do not name. Which
night it was held against is therefore written into run.json (`monitoring`) and taken again when the
step is rerun; nothing that is published depends on it, but whether the policy stops the release.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs import store
from jobs.config import AUDIT, RUN_FILE, Run
from jobs.contracts.monitoring import HISTOGRAMS
from jobs.contracts.night import LABELS
from jobs.steps import OPEN_RUN_FILE

#: Vintages: the newest night of each of so many months.
VINTAGES = 12


@dataclass(frozen=True)
class Night:
    """An earlier night that passed its audit."""

    as_of: dt.date
    run_id: str
    folder: Path

    @property
    def name(self) -> str:
        """Its date, ISO."""
        return self.as_of.isoformat()


def earlier(run: Run) -> list[Night]:
    """The nights before the run's that passed their audit, oldest first: of a date the last run."""
    found = []
    for path in sorted((run.home / "nights").glob("????-??-??")):
        if path.name >= run.as_of.isoformat():
            continue
        run_id = store.read_json(path / OPEN_RUN_FILE, {}).get("run_id", "")
        if run_id and store.read_json(path / run_id / RUN_FILE, {}).get(AUDIT):
            found.append(Night(dt.date.fromisoformat(path.name), run_id, path / run_id))
    return found


def to_compare(nights: Sequence[Night], as_of: dt.date, days: int,
               pinned: str = "") -> Night | None:
    """The night whose distributions the run's are held against.

    Args:
        nights: Oldest first; those without distributions are passed over.
        as_of: The run's date.
        days: The newest night at least so old is taken, else the oldest there is: held against
            last night alone, a slow drift would never show.
        pinned: The run that was taken before, if it is still there.
    """
    kept = [night for night in nights if (night.folder / HISTOGRAMS.name).is_dir()]
    again = [night for night in kept if night.run_id == pinned]
    old_enough = [night for night in kept if (as_of - night.as_of).days >= days]
    chosen = again or old_enough[-1:] or kept[:1]
    return chosen[0] if chosen else None


def vintages(nights: Sequence[Night]) -> list[Night]:
    """The newest night of each month, of the last VINTAGES months with one, oldest first."""
    by_month = {night.name[:7]: night for night in nights}
    return [by_month[month] for month in sorted(by_month)][-VINTAGES:]


def outcomes_after(run: Run, night: Night) -> pa.Table:
    """The first outcome of each person whose window opened after a night: user_id, is_default.

    Known by the run, by its own labels. Only of people who took a loan, ours or a partner's.
    """
    folder = run.folder / LABELS.name
    store.require(folder, LABELS.name)
    labels = pq.read_table(folder, columns=["user_id", "as_of_date", "is_default"],
                           partitioning=None)
    known = labels.filter(pc.is_valid(labels["is_default"]))
    later = known.filter(pc.greater(known["as_of_date"], pa.scalar(night.as_of, pa.date32())))
    later = later.sort_by([("user_id", "ascending"), ("as_of_date", "ascending")])
    first = later.group_by("user_id", use_threads=False).aggregate([("is_default", "first")])
    return first.rename_columns(["user_id", "is_default"])
