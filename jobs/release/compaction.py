"""Fewer of the warehouse's own files: what a reader opens before it sees a row.

Sources and output: the metadata of the Iceberg tables in `<home>/warehouse`. Every publication adds
a manifest to each table, and a metadata file that lists the hundred before it; a year of nights
leaves 365 manifests that each plan of a read looks through.

- *Manifests* are merged into one, in a commit that adds and removes no data file.
- *Metadata files*: tables are told to list METADATA_VERSIONS earlier ones, no more.

Not done, and why: data files are not rewritten, since a release is a partition and has one file a
table, or as many as its size asks for; merging them over releases would mix what expires apart.
Snapshots are left to `nightlist expire`, which forgets all but the newest and deletes the files
that only they named: `expire_snapshots` of pyiceberg takes them out of the metadata and no more. So
the files that a compaction replaces go with the next expiry, a day later at the earliest: whoever
planned a read before can end it.
"""

from __future__ import annotations

from pathlib import Path

from pyiceberg.table import Table as IcebergTable
from pyiceberg.table import TableProperties

from jobs.contracts.release import RELEASES
from jobs.errors import ReleaseError
from jobs.progress import Progress, silent
from jobs.release import iceberg, warehouse

#: Below so many manifests a table is left alone.
FEWEST_MANIFESTS = 8
#: Earlier metadata files that a table lists.
METADATA_VERSIONS = 10
_LISTED = TableProperties.METADATA_PREVIOUS_VERSIONS_MAX
#: In force for the one commit: a publication adds its manifest and is done.
_MERGING = {TableProperties.MANIFEST_MERGE_ENABLED: "true",
            TableProperties.MANIFEST_MIN_MERGE_COUNT: "2"}


def compact(home: Path, told: Progress = silent) -> dict[str, int]:
    """Merge the manifests of every table that has many.

    Returns:
        `tables` merged, `manifests_before` and `manifests_after` of all tables.

    Raises:
        ReleaseError: When a publisher holds the warehouse, or rows were lost on the way.
    """
    counts = {"tables": 0, "manifests_before": 0, "manifests_after": 0}
    if not warehouse.catalog_file(home).exists():
        return counts
    with iceberg.publishing(home), warehouse.opened(home) as catalog:
        tables = dict(iceberg.partitioned(catalog))
        if (pointer := iceberg.load(catalog, RELEASES.name)) is not None:
            tables[RELEASES.name] = pointer
        for name, table in tables.items():
            told(f"manifests of {name}", 0, None)
            before = manifests(table)
            if before >= FEWEST_MANIFESTS:
                counts["tables"] += 1
                table = _merged(table)
            counts["manifests_before"] += before
            counts["manifests_after"] += manifests(table)
    return counts


def manifests(table: IcebergTable) -> int:
    """Manifests that a reader of the table's newest state looks through."""
    current = table.current_snapshot()
    return 0 if current is None else len(current.manifests(table.io))


def _merged(table: IcebergTable) -> IcebergTable:
    """The table with one manifest where there were many, checked to name the same files."""
    files = _files(table)
    with table.transaction() as transaction:
        transaction.set_properties({_LISTED: str(METADATA_VERSIONS), **_MERGING})
        with transaction.update_snapshot().merge_append():
            pass
        transaction.remove_properties(*_MERGING)
    table = table.refresh()
    if _files(table) != files:
        raise ReleaseError(f"warehouse/{table.name()[-1]}", "the data files of before",
                           "others", "restore the folder warehouse from a backup")
    return table


def _files(table: IcebergTable) -> set[str]:
    return {task.file.file_path for task in table.scan().plan_files()}
