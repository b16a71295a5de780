"""The windows of a night's as-of dates: found, moved on from another night's, or built anew.

Source: tiles. Grain: one user. Output: `windows/<source>/as_of_date=…/<fingerprint>/`, with the
tiles behind it in `_tiles.json`: written once and never changed. The fingerprint is over those
tiles and this code, so a night run again, and next night's training rows, find what there is; and
because a table says which versions of which days it is made of, what sets two nights apart is known
to the day, late corrections included.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from jobs import lake, store
from jobs.config import Run
from jobs.features import declare, windows
from jobs.features.declare import EXTREMES_DAYS, WINDOWS_DAYS
from jobs.features.families import SOURCES
from jobs.inputs import feed_deliveries
from jobs.session import session
from jobs.tiles import build as tiles
from jobs.tiles.build import as_of_dates
from jobs.tiles.plan import FINGERPRINT_DIGITS, Tile, tiles_of
from jobs.tiles.source import TileSource

_TILES_FILE, _PREFIX = "_tiles.json", "as_of_date="
#: Earlier as-of dates that are looked at for windows to move on.
_DATES_BACK = 3


@dataclass(frozen=True)
class Windows:
    """The windows of a source as of a date, made of certain tiles (oldest first)."""

    source: TileSource
    as_of: dt.date
    tiles: tuple[Tile, ...]

    def folder(self, home: Path) -> Path:
        """`windows/<source>/as_of_date=…/<fingerprint>`."""
        code = [store.file_sha256(Path(str(module.__file__))) for module in (windows, declare)]
        content = [self.as_of, code, [tile.fingerprint for tile in self.tiles]]
        return (home / "windows" / self.source.name / f"{_PREFIX}{self.as_of.isoformat()}"
                / store.fingerprint(content)[:FINGERPRINT_DIGITS])


def wanted(run: Run, days: Sequence[dt.date]) -> Iterator[Windows]:
    """What the run needs as of these dates; sources that tell nothing are left out."""
    for source in SOURCES:
        deliveries = feed_deliveries(run, source.feed)
        for day in days:
            if found := tiles_of(source, deliveries, day):
                yield Windows(source, day, tuple(found))


def read(spark: SparkSession, home: Path, one: Windows) -> DataFrame:
    """The rows of windows that were built."""
    return store.read(spark, one.folder(home), windows.table(one.source))


def difference(before: Windows, after: Windows) -> dict[tuple[int, ...], list[Tile]]:
    """The tiles that set two nights apart.

    Returns:
        Tiles by what they do: for each window 1 where they came in, -1 where they left, else 0.
    """
    changed = defaultdict(list)
    there = set(before.tiles), set(after.tiles)
    for tile in sorted(there[0] | there[1]):
        was, now = ((one.as_of - tile.event_date).days if tile in known else WINDOWS_DAYS[-1]
                    for one, known in zip((before, after), there, strict=True))
        signs = tuple((now < window) - (was < window) for window in WINDOWS_DAYS)
        if any(signs):
            changed[signs].append(tile)
    return dict(changed)


def main(run: Run) -> dict[str, int]:
    """Write the windows that nobody has written."""
    spark, counts = session(), {"windows": 0, "moved": 0, "built": 0, "rows": 0}
    for one in wanted(run, as_of_dates(run)):
        counts["windows"] += 1
        if not one.folder(run.home).is_dir():
            from_other = _nearest(run.home, one)
            counts["built" if from_other is None else "moved"] += 1
            counts["rows"] += _write(spark, run, one, from_other)
    return counts


def _nearest(home: Path, one: Windows) -> Windows | None:
    """Earlier windows to move on, those that differ by the fewest days; None: build from all."""
    root = home / "windows" / one.source.name
    dates = sorted(folder.name for folder in root.glob(f"{_PREFIX}*")
                   if folder.name <= f"{_PREFIX}{one.as_of.isoformat()}")
    found = []
    for name in dates[-_DATES_BACK:]:
        for path in sorted((root / name).glob(f"*/{_TILES_FILE}")):
            before = Windows(one.source, dt.date.fromisoformat(name.removeprefix(_PREFIX)), tuple(
                Tile(one.source.name, dt.date.fromisoformat(day), fingerprint, ())
                for day, fingerprint in store.read_json(path)))
            # Of other code, they lie elsewhere than this code would put them.
            if before.folder(home) == path.parent:
                found.append(before)
    costs = [(sum(map(len, difference(before, one).values())), number)
             for number, before in enumerate(found)
             if all(tile.folder(home).is_dir() for tile in before.tiles)]
    cost, number = min(costs, default=(len(one.tiles), 0))
    return found[number] if 2 * cost < len(one.tiles) else None


def _write(spark: SparkSession, run: Run, one: Windows, before: Windows | None) -> int:
    def rows(of: Sequence[Tile]) -> DataFrame:
        return tiles.read(spark, run.home, one.source, of)

    if before is None:
        built = windows.build(rows(one.tiles), one.source, one.as_of)
    else:
        changed = [(rows(some), signs) for signs, some in difference(before, one).items()]
        latest = [tile for tile in one.tiles
                  if (one.as_of - tile.event_date).days < EXTREMES_DAYS]
        built = windows.move(read(spark, run.home, before), changed, rows(latest), one.source,
                             one.as_of)
    folder = one.folder(run.home)
    staged = folder.with_name(f".tmp-{run.as_of}-{run.run_id}")
    lake.remove(staged)
    store.write(built, windows.table(one.source), staged)
    store.write_json([[tile.event_date, tile.fingerprint] for tile in one.tiles],
                     staged / _TILES_FILE)
    count = store.count(staged)
    store.keep(staged, folder)
    return count
