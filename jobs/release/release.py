"""Release: writes the audited tables of the night and moves the pointer to them.

Sources: whitelist, decisions, waterfall, the proof of the limits and run.json of the run. A run
keeps its proof without a release's name; the column `release_id` is added here.
Grain: one row of `releases` a move of the pointer.
Output: the Iceberg tables in `<home>/warehouse`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table as IcebergTable

from jobs import store
from jobs.config import AUDIT, Run
from jobs.contracts.release import RELEASES
from jobs.errors import ReleaseError
from jobs.lock import locked
from jobs.release import warehouse
from jobs.release.warehouse import Release, lists, tables

#: How long a publisher waits for another one before it gives up.
LOCK_WAIT_SECONDS = 60.0
#: Rows of a table that are held at once; each piece becomes a file of the warehouse.
PIECE_ROWS = 1_000_000


@dataclass(frozen=True)
class _Night:
    """What a run has ready to publish: checked files, read piece by piece."""

    run: Run
    currency: str
    whitelist_sha256: str
    run_sha256: str

    def file(self, name: str) -> Path:
        return _file(self.run, name)

    def count(self, name: str) -> int:
        return int(pq.read_metadata(self.file(name)).num_rows)

    def pieces(self, name: str) -> Iterator[pa.Table]:
        """The rows as they are published, `PIECE_ROWS` at a time, in key order."""
        contract = tables(self.currency)[name]
        with pq.ParquetFile(self.file(name)) as file:
            for batch in file.iter_batches(PIECE_ROWS):
                rows = pa.Table.from_batches([batch])
                if name not in lists(self.currency):
                    named = pa.repeat(self.run.release_id, rows.num_rows)
                    rows = rows.append_column("release_id", named)
                yield rows.select(contract.columns).cast(contract.arrow_schema)

    def rows(self, name: str) -> pa.Table:
        return pa.concat_tables([tables(self.currency)[name].arrow_schema.empty_table(),
                                 *self.pieces(name)])


def main(run: Run) -> dict[str, str | int | bool]:
    """Publish the run.

    Returns:
        `release_id`, `invited` (people), `committed_amount` (whole currency units) and `moved`:
        false where this release was in force already.

    Raises:
        ReleaseError: When the run is not fit to publish; the pointer has not moved.
    """
    release, moved = publish(run)
    return {"release_id": release.release_id, "invited": release.invited,
            "committed_amount": release.committed_amount, "moved": moved}


def publish(run: Run, wait_seconds: float = LOCK_WAIT_SECONDS) -> tuple[Release, bool]:
    """Publish a run's tables and move the pointer to them.

    Publishing again what is in force for its as-of date does nothing; publishing an earlier
    release of that date again moves the pointer back to it, which is a new move.

    Args:
        run: The run whose folder holds the audited tables.
        wait_seconds: How long to wait for another publisher, in seconds.

    Returns:
        The release now in force for the run's as-of date, and whether the pointer moved.

    Raises:
        ReleaseError: When the tables are not fit to publish, differ from what was published
            under the same name, or another publisher holds the warehouse.
    """
    night = _read_night(run)
    lock = warehouse.catalog_file(run.home).with_name("publish.lock")
    with (locked(lock, wait_seconds, "warehouse", ReleaseError),
          warehouse.opened(run.home, create=True) as catalog):
        moves = warehouse.moves(catalog)
        known = [m for m in moves if m.release_id == run.release_id]
        if known:
            _refuse_changed_rows(catalog, night, known[-1])
            if known[-1] is [m for m in moves if m.as_of_date == run.as_of][-1]:
                return known[-1], False
        for name, contract in tables(night.currency).items():
            table = warehouse.iceberg_table(catalog, contract)
            if not known:
                _replace(table, run.release_id, night.pieces(name))
            _verify(table, name, run.release_id, night.count(name))
        return _move(catalog, run, night, moves[-1].move_number + 1 if moves else 1), True


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
    for name in tables(currency):
        _check(run, name, record["tables"].get(name), name in lists(currency))
    return _Night(run, currency, store.file_sha256(_file(run, "whitelist")),
                  store.file_sha256(path))


def _file(run: Run, name: str) -> Path:
    return run.folder / name / f"{name}.parquet"


def _check(run: Run, name: str, audited_sha256: str | None, is_list: bool) -> None:
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
    if not is_list:
        return
    names = pq.read_table(file, columns=["release_id"])["release_id"]
    if not len(names):
        raise ReleaseError(where, "at least one row", "0 rows", "find the rule that removes "
                           "everyone in the run's waterfall, and mend the policy or the feeds")
    foreign = set(pc.unique(names).to_pylist()) - {run.release_id}
    if foreign:
        raise ReleaseError(f"{name}.release_id", run.release_id, ", ".join(sorted(foreign)),
                           remedy)


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


def _replace(table: IcebergTable, release_id: str, pieces: Iterator[pa.Table]) -> None:
    """One commit: what a crashed earlier try left goes, the rows come."""
    leftover = table.scan(warehouse.of_release(release_id)).count()
    with table.transaction() as transaction:
        if leftover:
            transaction.delete(warehouse.of_release(release_id))
        for rows in pieces:
            transaction.append(rows)


def _verify(table: IcebergTable, name: str, release_id: str, expected: int) -> None:
    found = table.refresh().scan(warehouse.of_release(release_id)).count()
    if found != expected:
        raise ReleaseError(f"warehouse/{name}", f"{expected} rows of {release_id}", f"{found}",
                           "the pointer has not moved; publish again")


def _move(catalog: Catalog, run: Run, night: _Night, number: int) -> Release:
    """Append the pointer's row: the one commit that makes the release visible."""
    limits = pq.read_table(night.file("whitelist"))[f"limit_{night.currency.lower()}"]
    release = Release(
        move_number=number, release_id=run.release_id, as_of_date=run.as_of,
        published_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        currency=night.currency, invited=night.count("whitelist"),
        considered=night.count("decisions"), committed_amount=pc.sum(limits).as_py(),
        whitelist_sha256=night.whitelist_sha256, run_sha256=night.run_sha256)
    pointer = warehouse.iceberg_table(catalog, RELEASES)
    try:
        pointer.append(pa.Table.from_pylist([asdict(release)], schema=RELEASES.arrow_schema))
    except CommitFailedException:
        raise ReleaseError(f"warehouse/{RELEASES.name}", f"move {number} to be free",
                           "a move by another publisher", "publish again") from None
    return release
