"""Clean facts → tiles: one row a user and day, for the days about which something new is known.

Source: the clean table of each feed that a family of features declares. Grain: one user and event
date. Output: `tiles/<source>/event_date=…/<fingerprint>/`, written once and never changed. Of an
event that several deliveries tell of, the newest one counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from jobs import lake, store
from jobs.config import Run
from jobs.contracts.night import LABELS
from jobs.features.families import SOURCES
from jobs.inputs import facts, feed_deliveries
from jobs.session import session
from jobs.tiles.plan import Tile, missing, tiles_of
from jobs.tiles.source import AGGREGATIONS, TileSource

#: Tiles of one query: enough that queries are few, few enough that their groups fit the caches. (Of
#: 1, 8, 30 and 90, 8 was the fastest; 90 took a third longer and five times the memory.)
TILES_AT_ONCE = 8


def build(events: DataFrame, source: TileSource, wanted: DataFrame) -> DataFrame:
    """The measures of each wanted tile's users.

    Args:
        events: Facts of the feed.
        source: What to keep of a day.
        wanted: `tile` (a number), `event_date`, `delivery_date`, `is_shared`: one row a delivery of
            a tile; shared tiles have several.

    Returns:
        `tile` and the columns of the tile's contract.
    """
    dated = (events.withColumn("event_day", F.col(source.event_column).cast("date"))
             .join(F.broadcast(wanted.withColumnRenamed("event_date", "event_day")),
                   on=["event_day", "delivery_date"], how="inner"))
    newest = (Window.partitionBy("tile", *source.feed.key)
              .orderBy(F.col("delivery_date").desc()))
    # Only where deliveries overlap can an event stand twice: the others need no sorting.
    alone = dated.where(~F.col("is_shared"))
    shared = (dated.where("is_shared").withColumn("recency", F.row_number().over(newest))
              .where("recency = 1").drop("recency"))
    return (alone.unionByName(shared)
            .select("tile", "user_id", "event_day",
                    *[one.value().cast("long").alias(one.name) for one in source.measures])
            # A tile is of one day: it need not be grouped by.
            .groupBy("tile", "user_id")
            .agg(F.max("event_day").alias("event_date"),
                 *[AGGREGATIONS[one.how](one.name).alias(one.name) for one in source.measures])
            .select("tile", *source.table.columns))


def as_of_dates(run: Run) -> list[dt.date]:
    """Every date on whose knowledge the run computes: the night's, and those of its labels."""
    days = store.read_arrow(run.folder / "labels", LABELS).column("as_of_date").unique()
    return sorted({run.as_of, *days.to_pylist()})


def main(run: Run) -> dict[str, int]:
    """Build the tiles that the run needs and nobody has built."""
    spark, days, counts = session(), as_of_dates(run), {"tiles": 0, "built": 0, "rows": 0}
    for source in SOURCES:
        deliveries = feed_deliveries(run, source.feed)
        wanted = {tile for day in days for tile in tiles_of(source, deliveries, day)}
        todo = missing(wanted, run.home)
        counts["tiles"] += len(wanted)
        counts["built"] += len(todo)
        for start in range(0, len(todo), TILES_AT_ONCE):
            counts["rows"] += _write(spark, run, source, todo[start:start + TILES_AT_ONCE])
        # Where a killed try had put every tile into its place, nothing was written just now.
        lake.remove(_staged(run, source))
    return counts


def read(spark: SparkSession, home: Path, source: TileSource, tiles: Sequence[Tile]) -> DataFrame:
    """The rows of some tiles of a source."""
    return store.read(spark, [tile.folder(home) for tile in tiles], source.table)


def _write(spark: SparkSession, run: Run, source: TileSource, tiles: Sequence[Tile]) -> int:
    rows: list[tuple[Any, ...]] = [
        (number, tile.event_date, day, len(tile.delivery_dates) > 1)
        for number, tile in enumerate(tiles) for day in tile.delivery_dates]
    wanted = spark.createDataFrame(
        rows, "tile int, event_date date, delivery_date date, is_shared boolean")
    needed = {day for _, _, day, _ in rows}
    staged = _staged(run, source)
    lake.remove(staged)
    staged.parent.mkdir(parents=True, exist_ok=True)
    events = facts(spark, run, source.feed, needed)
    built = build(events, source, wanted)
    source.table.check(built.drop("tile"), f"mend the measures of {source.name}")
    built.write.partitionBy("tile").parquet(str(staged))
    written = 0
    for number, tile in enumerate(tiles):
        part, folder = staged / f"tile={number}", tile.folder(run.home)
        if not part.is_dir():  # every event of the day was told anew by a later delivery
            part.mkdir(parents=True)
            pq.write_table(source.table.arrow_schema.empty_table(), part / "part-0.parquet")
        written += store.count(part)
        store.keep(part, folder)
    return written


def _staged(run: Run, source: TileSource) -> Path:
    return run.home / "tiles" / source.name / f".tmp-{run.as_of}-{run.run_id}"
