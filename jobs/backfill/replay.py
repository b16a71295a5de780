"""Computes a run again from its frozen inputs and holds it against what was published.

Sources: run.json, the frozen deliveries and models, the published rows. Output: nothing; the run is
computed in a scratch home, which is removed. Neither gates nor monitoring are run: they change no
row. Tables that the run worked with need not be there any more.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs import steps, store
from jobs.backfill.scratch import Scratch, policies_of, prepare
from jobs.config import RUN_FILE, Run
from jobs.contracts.campaign import DOCUMENTS
from jobs.contracts.release import PROOF
from jobs.contracts.table import Table
from jobs.errors import ReleaseError, UsageError
from jobs.progress import Progress, silent
from jobs.release import criteria, warehouse

#: The steps that make rows, in the order of `jobs/steps.py`.
COMPUTED = ("labels", "tiles", "windows", "features", "train", "score", "facts", "eligibility",
            "candidates", "limits", "offers", "records")
PUBLISHED, HASH = "the published rows", "the hashes in run.json"


@dataclass(frozen=True)
class Difference:
    """The first value that is not what it was.

    Attributes:
        table: Published table.
        key: Of the row, column -> value; empty where only a hash is known.
        column: That differs; empty where a row is missing.
        published: What was published, as text.
        replayed: What came now, as text.
        against: What it was held against: PUBLISHED rows, or the hash in run.json.
    """

    table: str
    key: dict[str, str]
    column: str
    published: str
    replayed: str
    against: str


@dataclass(frozen=True)
class Replayed:
    """What a replay found.

    Attributes:
        release_id: Of the run.
        notes: What is not as it was frozen, in words.
        tables: Tables that were compared, and their rows.
        held_against: PUBLISHED, or HASH where no rows are kept.
        identical: Whether every table's file has the bytes whose hash run.json has.
        difference: The first; None: the rows are the same.
    """

    release_id: str
    notes: tuple[str, ...]
    tables: dict[str, int]
    held_against: str
    identical: bool
    difference: Difference | None


def find(home: Path, name: str) -> Run:
    """The run of that id, or of the release of that id.

    Raises:
        UsageError: When there is none, or several.
    """
    date, run_id = (name[:10], name[11:]) if name[10:11] == "-" else ("????-??-??", name)
    found = [path.parent for path in (home / "nights").glob(f"{date}/*/{RUN_FILE}")
             if path.parent.name == run_id]
    if len(found) != 1:
        raise UsageError(f"RUN {name}", "a release or run of this home",
                         "none" if not found else f"{len(found)} of it",
                         "see: nightlist release list; run.json of the run must be there")
    return Run(home, dt.date.fromisoformat(found[0].parent.name), run_id=run_id)


def replay(original: Run, scratch: Path, told: Progress = silent) -> Replayed:
    """Compute the run again and compare.

    Args:
        original: The run in its home.
        scratch: An empty folder.
        told: Hears of each step.

    Raises:
        NightlistError: When what it was frozen with is not there any more.
    """
    record = store.read_json(original.folder / RUN_FILE)
    hashes = record.get("tables", {})
    if not set(PROOF) <= set(hashes):
        raise ReleaseError(f"run {original.run_id} of {original.as_of}", "a run that came to its "
                           "lists", "one that did not", "there is nothing to hold a replay against")
    made = prepare(original, record["inputs"], record, scratch)
    with policies_of(made):
        for number, name in enumerate(COMPUTED):
            told(name, number, len(COMPUTED))
            with redirect_stdout(io.StringIO()):  # the lines of a night that is none
                steps.run_step(name, made.run)
    told("comparing", len(COMPUTED), len(COMPUTED))
    if made.notes:
        _name_frozen(made, record["inputs"])
    return compare(original, record, made)


def compare(original: Run, record: dict[str, Any], made: Scratch) -> Replayed:
    """Hold what was computed against the published rows, and against the hashes in run.json.

    Args:
        original: The run in its home.
        record: Its run.json.
        made: The run in the scratch home, with its tables.
    """
    contracts = warehouse.tables(record["inputs"]["policy"]["currency"])
    kept = _published(original, contracts)
    first, rows, identical = None, {}, True
    for name, contract in contracts.items():
        file = made.run.folder / name / f"{name}.parquet"
        same_bytes = store.file_sha256(file) == record["tables"][name]
        identical = identical and same_bytes
        found = _rows(file, name, contract, original.release_id)
        rows[name] = found.num_rows
        if kept is not None:
            first = first or _first(name, contract, kept[name], found)
        elif not same_bytes:
            first = first or Difference(name, {}, "", record["tables"][name],
                                        store.file_sha256(file), HASH)
    return Replayed(original.release_id, made.notes, rows, PUBLISHED if kept is not None else HASH,
                    identical, first)


def _published(original: Run, contracts: dict[str, Table]) -> dict[str, pa.Table] | None:
    """The rows of the release; None where they expired or the run was never published."""
    try:
        return {name: warehouse.read(original.home, name, original.release_id)
                for name in contracts}
    except ReleaseError:
        return None


def _name_frozen(made: Scratch, inputs: dict[str, Any]) -> None:
    """Let the texts name what the run was frozen with, where it was computed by other code.

    They would name this code, and the models taken as trained then.
    """
    folder = made.run.folder / DOCUMENTS.name
    text = store.canonical(inputs, indent=2) + "\n"
    said = {"text": text, "sha256": hashlib.sha256(text.encode()).hexdigest()}
    rows = [{**row, **(said if row["document"] == criteria.INPUTS else {})}
            for row in store.read_arrow(folder, DOCUMENTS).to_pylist()]
    store.write_sorted(pa.Table.from_pylist(rows, schema=DOCUMENTS.arrow_schema), DOCUMENTS, folder)


def _rows(file: Path, name: str, contract: Table, release_id: str) -> pa.Table:
    """The rows of a table as they would be published."""
    rows = pq.read_table(file, partitioning=None)
    if name in PROOF:
        rows = rows.append_column("release_id", pa.repeat(release_id, rows.num_rows))
    return rows.select(contract.columns).cast(contract.arrow_schema).sort_by(
        [(key, "ascending") for key in contract.key])


def _first(name: str, contract: Table, was: pa.Table, now: pa.Table) -> Difference | None:
    """The first row and column, in key order, of which two tables differ."""
    if was.equals(now.cast(was.schema)):
        return None
    keys = list(contract.key)
    for before, after in _pairs(was.to_pylist(), now.to_pylist(), keys):
        row = before or after or {}
        key = {column: str(row[column]) for column in keys}
        if before is None or after is None:
            return Difference(name, key, "", "a row" if before else "no row",
                              "a row" if after else "no row", PUBLISHED)
        for column in contract.columns:
            if before[column] != after[column]:
                return Difference(name, key, column, str(before[column]), str(after[column]),
                                  PUBLISHED)
    return None


def _pairs(was: list[dict[str, Any]], now: list[dict[str, Any]], keys: list[str]
           ) -> Iterator[tuple[dict[str, Any] | None, dict[str, Any] | None]]:
    """Rows of the same key side by side, None where one is missing; both sorted by key."""
    def at(rows: list[dict[str, Any]], place: int) -> tuple[Any, ...] | None:
        return tuple(rows[place][key] for key in keys) if place < len(rows) else None

    left = right = 0
    while left < len(was) or right < len(now):
        before, after = at(was, left), at(now, right)
        takes_left = after is None or (before is not None and before <= after)
        takes_right = before is None or (after is not None and after <= before)
        yield was[left] if takes_left else None, now[right] if takes_right else None
        left, right = left + takes_left, right + takes_right
