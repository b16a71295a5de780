"""Release: writes the audited tables of the night and moves the pointer to them.

Sources: whitelist, decisions, waterfall and run.json of the run.
Grain: one row of `releases` a move of the pointer.
Output: the Iceberg tables in `<home>/warehouse`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table as IcebergTable

from jobs import store
from jobs.config import AUDIT, Run
from jobs.contracts.release import RELEASES
from jobs.contracts.table import Table
from jobs.errors import ReleaseError
from jobs.lock import locked
from jobs.release import warehouse
from jobs.release.warehouse import Release, tables

#: How long a publisher waits for another one before it gives up.
LOCK_WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class _Night:
    """What a run has ready to publish."""

    rows: dict[str, pa.Table]
    currency: str
    whitelist_sha256: str
    run_sha256: str


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
                _replace(table, run.release_id, night.rows[name])
            _verify(table, name, run.release_id, night.rows[name].num_rows)
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
    rows = {name: _read_table(run, contract, record["tables"].get(name))
            for name, contract in tables(currency).items()}
    return _Night(rows, currency, store.file_sha256(run.folder / "whitelist/whitelist.parquet"),
                  store.file_sha256(path))


def _read_table(run: Run, table: Table, recorded_sha256: str | None) -> pa.Table:
    file = run.folder / table.name / f"{table.name}.parquet"
    remedy = f"rerun the night: nightlist night --as-of {run.as_of}"
    if not file.is_file():
        raise ReleaseError(f"{run.folder.name}/{table.name}", "the table to publish", "no file",
                           remedy)
    if recorded_sha256 and store.file_sha256(file) != recorded_sha256:
        raise ReleaseError(f"{run.folder.name}/{table.name}", f"sha256 {recorded_sha256[:12]}… as "
                           "in run.json", "another file", remedy)
    rows = store.read_arrow(file.parent, table).cast(table.arrow_schema)
    if not rows.num_rows:
        raise ReleaseError(f"{run.folder.name}/{table.name}", "at least one row", "0 rows",
                           "find the rule that removes everyone in the run's waterfall, and mend "
                           "the policy or the feeds")
    foreign = set(pc.unique(rows["release_id"]).to_pylist()) - {run.release_id}
    if foreign:
        raise ReleaseError(f"{table.name}.release_id", run.release_id, ", ".join(sorted(foreign)),
                           remedy)
    return rows


def _refuse_changed_rows(catalog: Catalog, night: _Night, earlier: Release) -> None:
    """What readers have seen under a name stays: the same name must mean the same rows."""
    for name, contract in tables(earlier.currency).items():
        table = warehouse.iceberg_table(catalog, contract)
        seen = warehouse.rows(table, contract, earlier.release_id)
        if not seen.equals(night.rows[name]):
            raise ReleaseError(f"{name} of release {earlier.release_id}",
                               f"the {seen.num_rows} rows already published", "other rows",
                               "the same inputs gave another result; find out why before you "
                               "publish it under a new run")


def _replace(table: IcebergTable, release_id: str, rows: pa.Table) -> None:
    """One commit: what a crashed earlier try left goes, the rows come."""
    leftover = table.scan(warehouse.of_release(release_id)).count()
    with table.transaction() as transaction:
        if leftover:
            transaction.delete(warehouse.of_release(release_id))
        transaction.append(rows)


def _verify(table: IcebergTable, name: str, release_id: str, expected: int) -> None:
    found = table.refresh().scan(warehouse.of_release(release_id)).count()
    if found != expected:
        raise ReleaseError(f"warehouse/{name}", f"{expected} rows of {release_id}", f"{found}",
                           "the pointer has not moved; publish again")


def _move(catalog: Catalog, run: Run, night: _Night, number: int) -> Release:
    """Append the pointer's row: the one commit that makes the release visible."""
    limits = night.rows["whitelist"][f"limit_{night.currency.lower()}"]
    release = Release(
        move_number=number, release_id=run.release_id, as_of_date=run.as_of,
        published_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        currency=night.currency, invited=night.rows["whitelist"].num_rows,
        considered=night.rows["decisions"].num_rows, committed_amount=pc.sum(limits).as_py(),
        whitelist_sha256=night.whitelist_sha256, run_sha256=night.run_sha256)
    pointer = warehouse.iceberg_table(catalog, RELEASES)
    try:
        pointer.append(pa.Table.from_pylist([asdict(release)], schema=RELEASES.arrow_schema))
    except CommitFailedException:
        raise ReleaseError(f"warehouse/{RELEASES.name}", f"move {number} to be free",
                           "a move by another publisher", "publish again") from None
    return release
