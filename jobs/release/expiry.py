"""Takes away what `retention.plan` found: folders, rows, and the files that nothing names any more.

Each thing goes in one rename or one commit, so that a crash in the middle leaves every other thing
whole, and the next run goes on. The warehouse is held meanwhile, like for a publication. A reader
that had just planned a scan over what goes is told that a file is missing and reads again; of a
release that stays no data file is touched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pyiceberg.expressions import In
from pyiceberg.table import Table as IcebergTable

from jobs import lake
from jobs.contracts.release import RELEASES
from jobs.errors import ReleaseError
from jobs.progress import Progress, silent
from jobs.release import iceberg, removal, retention, warehouse
from jobs.release.removal import Removal


def carry_out(home: Path, removals: Sequence[Removal], today: dt.date,
              told: Progress = silent) -> tuple[int, int]:
    """Take everything away.

    Args:
        home: Where everything is.
        removals: As planned just before.
        today: Files written on it or later are spared: somebody may be at work on them.
        told: Hears what is being done.

    Returns:
        Bytes of the things planned, as found on the way out, and bytes of Iceberg's own records
        of earlier states that went with them.

    Raises:
        ReleaseError: When a publisher holds the warehouse.
    """
    with iceberg.publishing(home):
        gone = 0
        for one in removals:
            for folder in one.folders:
                told(f"{one.kind} of {one.name}", 0, None)
                gone += _take_away(folder)
        if not warehouse.is_there(home):
            return gone, 0
        data, records = _clean(home, [one.rows for one in removals if one.rows], today, told)
        return gone + data, records


def _clean(home: Path, rows: Sequence[dict[str, str]], today: dt.date,
           told: Progress) -> tuple[int, int]:
    """Rows of the warehouse, and files of its earlier states."""
    data = records = 0
    with warehouse.opened(home) as catalog:
        for name, table in iceberg.partitioned(catalog):
            going = sorted({one[name] for one in rows if name in one})
            told(f"rows and old files of {name}", 0, None)
            if going:
                table.delete(In("release_id", going))  # type: ignore[call-arg, arg-type]
            of_rows, own = _forget(table.refresh(), today)
            data, records = data + of_rows, records + own
        pointer = iceberg.load(catalog, RELEASES.name)
        if pointer is not None:
            records += sum(_forget(pointer, today))
    return data, records


def _take_away(folder: Path) -> int:
    """Out of sight in one rename, then piece by piece; in an object store it is so anyway."""
    held = removal.size(folder)
    if folder.is_file():
        folder.unlink()
        return held
    if not lake.is_remote(folder) and not folder.name.startswith(retention.GOING):
        folder = folder.rename(folder.with_name(retention.GOING + folder.name))
    lake.remove(folder, ignore_errors=False)
    return held


def _forget(table: IcebergTable, today: dt.date) -> tuple[int, int]:
    """Expire every state of the table but its newest, and delete the files that only they named.

    pyiceberg takes snapshots out of the metadata and leaves their files; so they are found here.

    Returns:
        Bytes of data files and of metadata files deleted.

    Raises:
        ReleaseError: When a file is missing that should be there: then none is deleted.
    """
    current = table.current_snapshot()
    old = [one.snapshot_id for one in table.snapshots()
           if current is None or one.snapshot_id != current.snapshot_id]
    if old:
        table.maintenance.expire_snapshots().by_ids(old).commit()
        table = table.refresh()
    named = set(_named(table))
    if lost := sorted(file for file in named if not file.is_file()):
        raise ReleaseError(f"warehouse/{table.name()[-1]}", "every file that its metadata names",
                           f"{len(lost)} missing, e.g. {lost[0].name}", "restore the folder "
                           "warehouse from a backup; no file of this table was deleted")
    place = lake.place(table.location())
    sizes = {"data": 0, "metadata": 0}
    for part in sizes:
        for file in sorted((place / part).rglob("*")):
            if file.is_file() and file not in named and removal.written(file) < today:
                sizes[part] += file.stat().st_size
                file.unlink()
        for folder in sorted((place / part).rglob("*"), reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
    return sizes["data"], sizes["metadata"]


def _named(table: IcebergTable) -> Iterator[Path]:
    """Every file that the table's metadata leads to."""
    def paths(names: Iterable[str]) -> Iterator[Path]:
        return (lake.place(name) for name in names)

    yield from paths([table.metadata_location,
                      *(entry.metadata_file for entry in table.metadata.metadata_log),
                      *(one.statistics_path for one in table.metadata.statistics)])
    for snapshot in table.snapshots():
        yield from paths([snapshot.manifest_list])
        for manifest in snapshot.manifests(table.io):
            yield from paths([manifest.manifest_path])
            yield from paths(entry.data_file.file_path for entry in
                             manifest.fetch_manifest_entry(table.io, discard_deleted=True))
