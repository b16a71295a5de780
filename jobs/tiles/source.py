"""How a source's events become tiles: the measures of a day, from the facts of its feed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs import store
from jobs.contracts.feeds import USER_ID
from jobs.contracts.table import Field, Table

#: How partial aggregates of days are put together; all of them exact on integers.
AGGREGATIONS = {"sum": F.sum, "min": F.min, "max": F.max}
#: Cells of a sketch, and the windows it is kept for.
SKETCH_CELLS, SKETCH_DAYS = 8, (30, 90)
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Measure:
    """One partial aggregate of a day.

    Attributes:
        name: Its column in the tile; the unit stands in it.
        unit: Of the values, for the dictionary.
        meaning: What it counts or sums, to go on "…, last 30 days."
        value: The value of one event, as a column over the feed's facts.
        how: A key of AGGREGATIONS.
        windows_days: The windows it is wanted over; empty: all that its kind allows.
        is_feature: Whether it stands in the matrix itself, not only in what is made of it.
        monotone: In the PD model: +1 the PD may only rise with it, -1 only fall, 0 free.
        reason_code: Of its features; empty: that of its source.
    """

    name: str
    unit: str
    meaning: str
    value: Callable[[], Column]
    how: str = "sum"
    windows_days: tuple[int, ...] = ()
    is_feature: bool = True
    monotone: int = 0
    reason_code: str = ""


@dataclass(frozen=True)
class TileSource:
    """A feed, seen as tiles of a user and a day.

    Attributes:
        feed: The contract of the events.
        measures: What is kept of a day.
        module: `__file__` of the module that declares them: part of every tile's fingerprint.
    """

    feed: Table
    measures: tuple[Measure, ...]
    module: str

    @property
    def name(self) -> str:
        """The feed's."""
        return self.feed.name

    @property
    def event_column(self) -> str:
        """The feed's first clock."""
        return "event_at" if "event_at" in self.feed.columns else "event_date"

    @property
    def table(self) -> Table:
        """The contract of a tile; sums of a day fit 64 bits, see `MOST_MINOR`."""
        return Table(
            name=f"tile_{self.name}", meaning=f"What a day of {self.name} says of a person.",
            grain="one user and event date", key=("user_id", "event_date"),
            owner=self.feed.owner, source=f"clean {self.name}", partition="event_date",
            purpose=self.feed.purpose,
            fields=(USER_ID, Field("event_date", "date", "date", "The day."),
                    *(Field(one.name, "integer", one.unit, f"{one.meaning}, of the day.",
                            nullable=one.how != "sum") for one in self.measures)))

    @property
    def code_sha256(self) -> str:
        """Of the modules that a tile's content hangs on: another one makes other tiles."""
        return store.fingerprint([store.file_sha256(path) for path in (
            Path(self.module), _HERE / "source.py", _HERE / "build.py")])


def one() -> Column:
    """Counts events."""
    return F.lit(1).cast("long")


def where(condition: Callable[[], Column], value: Callable[[], Column] = one
          ) -> Callable[[], Column]:
    """The value of the events that meet a condition, 0 of the others."""
    return lambda: F.when(condition(), value()).otherwise(F.lit(0).cast("long"))


def squared(value: Callable[[], Column]) -> Callable[[], Column]:
    """Its square; with the sum and the number it gives the spread, see `declare.spread`."""
    return lambda: value() * value()


def whole_units(value: Callable[[], Column]) -> Callable[[], Column]:
    """Money in whole currency units, within a million, so that squares of years fit 64 bits."""
    def within() -> Column:
        most = F.lit(1_000_000).cast("long")
        return F.greatest(F.least(F.floor(value() / 100).cast("long"), most), -most)
    return within


def day_of_month() -> Column:
    """Of the event, 1 to 31."""
    return F.dayofmonth("event_at").cast("long")


def sketch(name: str, unit: str, meaning: str, of: str,
           condition: Callable[[], Column] = lambda: F.lit(True)) -> tuple[Measure, ...]:
    """Counts of a column's values by hash: SKETCH_CELLS numbers that can be added and taken away.

    Unlike sketches that can only be merged they move on with the windows. The number of cells in
    use is a lower bound of the number of different values, and close to it while these are few; the
    fullest cell is that of the value of habit. (A count sketch of one row: Cormode and
    Muthukrishnan, 2005; here the hash is CRC-32, the same on every engine.)
    """
    def counts(number: int) -> Callable[[], Column]:
        return where(lambda: condition() & (F.crc32(of) % SKETCH_CELLS == number))

    return tuple(Measure(f"{name}_cell_{number}", unit, f"{meaning}, cell {number}", counts(number),
                         windows_days=SKETCH_DAYS, is_feature=False)
                 for number in range(SKETCH_CELLS))


def column(name: str) -> Callable[[], Column]:
    """A column of the facts."""
    return lambda: F.col(name)


def hour_between(first: int, last: int) -> Callable[[], Column]:
    """Whether the event's hour is from `first` to `last`, both in."""
    return lambda: F.hour("event_at").between(first, last)


def at_weekend() -> Column:
    """Whether the event fell on a Saturday or Sunday."""
    return F.dayofweek("event_at").isin(1, 7)
