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
    """

    name: str
    unit: str
    meaning: str
    value: Callable[[], Column]
    how: str = "sum"


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


def column(name: str) -> Callable[[], Column]:
    """A column of the facts."""
    return lambda: F.col(name)


def hour_between(first: int, last: int) -> Callable[[], Column]:
    """Whether the event's hour is from `first` to `last`, both in."""
    return lambda: F.hour("event_at").between(first, last)


def at_weekend() -> Column:
    """Whether the event fell on a Saturday or Sunday."""
    return F.dayofweek("event_at").isin(1, 7)
