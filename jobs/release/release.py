"""Release: writes the audited tables of the night and moves the pointer to them.

Sources: whitelist, decisions, waterfall, the ledgers, the proof of the limits and run.json of the
run. A run keeps its proof without a release's name; the column `release_id` is added here.
Grain: one row of `releases` a move of the pointer.
Output: the Iceberg tables in `<home>/warehouse`.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table as IcebergTable

from jobs import lake, store
from jobs.config import AUDIT, Run
from jobs.contracts.release import PROOF
from jobs.contracts.table import Table
from jobs.errors import ReleaseError
from jobs.observability.measures import wrote
from jobs.release import past, switch, warehouse
from jobs.release.iceberg import LOCK_WAIT_SECONDS, publishing, schema_of
from jobs.release.pointer import Release, Standing, in_force_after, mover, standing
from jobs.release.warehouse import lists, tables

#: Rows of a file of the warehouse, and files that are written at once.
PIECE_ROWS, WRITERS = 500_000, 2


@dataclass(frozen=True)
class _Night:
    """What a run has ready to publish: checked files, in key order."""

    run: Run
    currency: str
    whitelist_sha256: str
    run_sha256: str

    def file(self, name: str) -> Path:
        return _file(self.run, name)

    def count(self, name: str) -> int:
        return int(pq.read_metadata(self.file(name)).num_rows)

    def pieces(self, name: str) -> Iterator[pa.Table]:
        """The rows as they are published, `PIECE_ROWS` at a time."""
        contract = tables(self.currency)[name]
        with pq.ParquetFile(self.file(name)) as file:
            for batch in file.iter_batches(PIECE_ROWS):
                rows = pa.Table.from_batches([batch])
                if name in PROOF:
                    named = pa.repeat(self.run.release_id, rows.num_rows)
                    rows = rows.append_column("release_id", named)
                yield rows.select(contract.columns)

    def rows(self, name: str) -> pa.Table:
        """All of them."""
        contract = tables(self.currency)[name]
        return pa.concat_tables([contract.arrow_schema.empty_table(), *(
            rows.cast(contract.arrow_schema) for rows in self.pieces(name))])


def main(run: Run) -> dict[str, str | int | bool]:
    """Publish the run; of a backfill, or where a later night is in force, as history.

    Returns:
        `release_id`, `invited` (people), `committed_amount` (whole currency units) and `moved`:
        false where this release was in force already. Of a backfill that found something else than
        what stands for its date, `release_id`, `differs_from` and `moved` false.

    Raises:
        ReleaseError: When the run is not fit to publish; the pointer has not moved.
    """
    now = warehouse.state(run.home)
    if (stands := past.kept(run, now)) is not None:
        return {"release_id": run.release_id, "differs_from": stands.release_id, "moved": False}
    run = past.as_history(run, now)
    release, moved = publish(run)
    return {"release_id": release.release_id, "invited": release.invited,
            "committed_amount": release.committed_amount, "moved": moved}


def publish(run: Run, wait_seconds: float = LOCK_WAIT_SECONDS) -> tuple[Release, bool]:
    """Publish a run's tables and move the pointer to them.

    Publishing again what stands for its as-of date does nothing; publishing an earlier release of
    that date again moves the pointer back to it, which is a new move. What a rollback withdrew is
    not published again, whoever retries: only a rollback restores it.

    Args:
        run: The run whose folder holds the audited tables. That of a backfill becomes history, and
            replaces what stands for its date: who calls has asked whether it is to.
        wait_seconds: How long to wait for another publisher, in seconds.

    Returns:
        The release that now stands for the run's as-of date, and whether the pointer moved.

    Raises:
        ReleaseError: When the tables are not fit to publish, differ from what was published
            under the same name, the release was withdrawn, or another publisher holds the
            warehouse.
        PublicationStopped: While the kill switch is thrown.
    """
    night = _read_night(run)
    with (publishing(run.home, wait_seconds),
          warehouse.opened(run.home, create=True) as catalog):
        moves = warehouse.moves(catalog)
        known = [m for m in moves if m.release_id == run.release_id]
        now = standing(moves)
        _refuse_withdrawn(run, now)
        if known:
            _refuse_changed_rows(catalog, night, known[-1])
            if past.is_settled(run, now, known[-1]):
                return known[-1], False
        past.move_of(run, now)  # refuses before anything is written
        switch.require_open(run.home, f"release {run.release_id}")
        for name, contract in tables(night.currency).items():
            table = warehouse.iceberg_table(catalog, contract)
            if not known:
                _replace(table, contract, night, name)
            _verify(table, name, run.release_id, night.count(name))
        return _move(catalog, run, night, moves), True


def _refuse_withdrawn(run: Run, now: Standing) -> None:
    """A retry must not undo what somebody decided."""
    if (by := now.withdrawn.get(run.release_id)) is not None:
        raise ReleaseError(
            f"release {run.release_id}", "one that was not withdrawn",
            f"one withdrawn {warehouse.told(by)}", "mend what was wrong and run the night anew, or "
            f"restore it: nightlist release rollback {run.release_id} --reason TEXT")


def _read_night(run: Run) -> _Night:
    path = run.folder / "run.json"
    if not path.is_file():
        raise ReleaseError(f"{run.folder.name}/run.json", "the record of the run", "no such file",
                           f"rerun the night: nightlist night --as-of {run.as_of}")
    record = store.read_json(path)
    if not record.get("tables") or record.get(AUDIT) != record["tables"]:
        raise ReleaseError(f"{run.folder.name}/run.json", "tables that passed the audit gate",
                           "tables that did not", "run the step first: nightlist run "
                           f"check_release --as-of {run.as_of}")
    currency = record["inputs"]["policy"]["currency"]
    for name, contract in tables(currency).items():
        _check(run, name, contract, record["tables"].get(name), name not in lists(currency))
    return _Night(run, currency, record["tables"]["whitelist"], store.file_sha256(path))


def _file(run: Run, name: str) -> Path:
    return run.folder / name / f"{name}.parquet"


def _check(run: Run, name: str, contract: Table, audited_sha256: str | None,
           may_be_empty: bool) -> None:
    """Refuse a table that is missing, is not the audited one, is empty or is another release's."""
    where, file = f"{run.folder.name}/{name}", _file(run, name)
    remedy = f"rerun the night: nightlist night --as-of {run.as_of}"
    if not file.is_file():
        raise ReleaseError(where, "the table to publish", "no file", remedy)
    if not audited_sha256:
        raise ReleaseError(where, "a table that run.json lists", "none of that name", remedy)
    if store.file_sha256(file) != audited_sha256:
        raise ReleaseError(where, f"sha256 {audited_sha256[:12]}… as in run.json", "another file",
                           remedy)
    found = [*pq.read_schema(file).names, *(["release_id"] if name in PROOF else [])]
    if sorted(found) != sorted(contract.columns):
        raise ReleaseError(where, "columns " + ", ".join(contract.columns), ", ".join(found),
                           remedy)
    if name in PROOF:
        return
    if not pq.read_metadata(file).num_rows and not may_be_empty:
        raise ReleaseError(where, "at least one row", "0 rows", "find the rule that removes "
                           "everyone in the run's waterfall, and mend the policy or the feeds")
    if foreign := _releases_in(file) - {run.release_id}:
        raise ReleaseError(f"{name}.release_id", run.release_id, ", ".join(sorted(foreign)),
                           remedy)


def _releases_in(file: Path) -> set[str]:
    """Releases that a file's rows name: by its own statistics, where each group has but one."""
    with pq.ParquetFile(file) as opened:
        groups = [opened.metadata.row_group(number) for number in range(opened.num_row_groups)]
        place = opened.schema_arrow.get_field_index("release_id")
        bounds = [group.column(place).statistics for group in groups]
        if all(one is not None and one.has_min_max and one.null_count == 0
               and one.min == one.max for one in bounds):
            return {one.min for one in bounds}
        return set(pc.unique(opened.read(["release_id"])["release_id"]).to_pylist())


def _refuse_changed_rows(catalog: Catalog, night: _Night, earlier: Release) -> None:
    """What readers have seen under a name stays: the same name must mean the same rows."""
    for name, contract in tables(earlier.currency).items():
        table = warehouse.iceberg_table(catalog, contract)
        seen = warehouse.rows(table, contract, earlier.release_id)
        if not seen.equals(night.rows(name)):
            raise ReleaseError(f"{name} of release {earlier.release_id}",
                               f"the {seen.num_rows} rows already published", "other rows",
                               "the same inputs gave another result; find out why before you "
                               "publish it under a new run")


def _replace(table: IcebergTable, contract: Table, night: _Night, name: str) -> None:
    """One commit: what a crashed earlier try left goes, the rows come.

    Files are written first, several at once, and then only named: all rows of one are of one
    partition, so pyiceberg need not look for it row by row.
    """
    release_id = night.run.release_id
    leftover = table.scan(warehouse.of_release(release_id)).count()
    folder = lake.place(table.location()) / "data" / f"release_id={release_id}"
    files = _written(night.pieces(name), folder, schema_of(table, contract))
    with table.transaction() as transaction:
        if leftover:
            transaction.delete(warehouse.of_release(release_id))
        if files:
            transaction.add_files(files, check_duplicate_files=False)


def _written(pieces: Iterator[pa.Table], folder: Path, schema: pa.Schema) -> list[str]:
    """Write each piece as a file of a name that never comes again; their addresses."""
    def write(rows: pa.Table) -> str:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{uuid.uuid4().hex}.parquet"
        pq.write_table(rows.cast(schema), path, compression="zstd", store_schema=False)
        wrote(path)
        return lake.address(path)

    files: list[str] = []
    with ThreadPoolExecutor(WRITERS) as pool:
        under_way: deque[Future[str]] = deque()
        for rows in pieces:  # the next is read while these are written
            if len(under_way) == WRITERS:
                files.append(under_way.popleft().result())
            under_way.append(pool.submit(write, rows))
        return files + [one.result() for one in under_way]


def _verify(table: IcebergTable, name: str, release_id: str, expected: int) -> None:
    found = table.refresh().scan(warehouse.of_release(release_id)).count()
    if found != expected:
        raise ReleaseError(f"warehouse/{name}", f"{expected} rows of {release_id}", f"{found}",
                           "the pointer has not moved; publish again")


def _move(catalog: Catalog, run: Run, night: _Night, moves: list[Release]) -> Release:
    """Move the pointer: from here on the release is visible."""
    name = f"limit_{night.currency.lower()}"
    limits = pq.read_table(night.file("whitelist"), columns=[name])[name]
    release = Release(
        move_number=moves[-1].move_number + 1 if moves else 1, release_id=run.release_id,
        as_of_date=run.as_of, published_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        currency=night.currency, invited=night.count("whitelist"),
        considered=night.count("decisions"), committed_amount=pc.sum(limits).as_py(),
        whitelist_sha256=night.whitelist_sha256, run_sha256=night.run_sha256,
        **{"moved_by": mover(), **past.move_of(run, standing(moves))})
    release = replace(release, in_force_release_id=in_force_after(moves, release))
    switch.require_open(run.home, f"release {run.release_id}")  # thrown while rows were written
    warehouse.append_move(catalog, release)
    return release
