"""`truth/` in the home folder: what only the simulation may know.

| file                         | content                                                          |
| ---------------------------- | ---------------------------------------------------------------- |
| city.json                    | the city and the last day that has landed                        |
| people/block-00000.parquet   | hidden traits, cells, and the luck that decides on offers of ours |
| friends/block-00000.parquet  | who deals with whom                                              |
| outcomes/block-00000.parquet | what comes of each limit and rate of a grid, for everyone        |
| state/DATE/block-00000.parquet | balances of the accounts after that day, to go on from         |
| lent/DATE.parquet            | offers of ours that were made on that day                        |

No job of a night reads it, and a night without it gives the same bytes; tests prove both.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from jobs import lake, store
from jobs.simulate.blocks import Block, City
from jobs.simulate.columns import Integers

PEOPLE, FRIENDS, OUTCOMES = "people", "friends", "outcomes"
#: Columns of an offer that was made, where the list had them.
NAMED = ("offer_id", "channel")


@dataclass(frozen=True)
class Reached:
    """A city and how far it has come.

    Attributes:
        city: Which one.
        last_day: The last day that has landed.
    """

    city: City
    last_day: dt.date


def reached(home: Path) -> Reached | None:
    """How far the home's city has come; None where there is none yet."""
    said = store.read_json(_folder(home) / "city.json")
    if said is None:
        return None
    return Reached(City.read(said["city"]), dt.date.fromisoformat(said["last_day"]))


def reach(home: Path, city: City, last_day: dt.date) -> None:
    """Move on to the day: what is of it has landed; older states are of no use any more."""
    store.write_json({"city": city.said(), "last_day": last_day.isoformat()},
                     _folder(home) / "city.json")
    for old in (_folder(home) / "state").glob("*"):
        if old.name != last_day.isoformat():
            lake.remove(old)


def write_block(home: Path, block: Block, name: str, rows: pa.Table) -> None:
    """Keep one of the tables of a block."""
    _write(rows, _folder(home) / name / _file(block))


def read_block(home: Path, block: Block, name: str) -> pa.Table:
    """One of the tables of a block."""
    return pq.read_table(_folder(home) / name / _file(block))


def write_state(home: Path, block: Block, day: dt.date, balances_minor: Integers) -> None:
    """Keep the balances of a block's accounts after a day, 1/100 CNY."""
    _write(pa.table({"balance_minor": balances_minor}),
           _folder(home) / "state" / day.isoformat() / _file(block))


def read_state(home: Path, block: Block, day: dt.date) -> Integers:
    """The balances of a block's accounts after a day, 1/100 CNY."""
    path = _folder(home) / "state" / day.isoformat() / _file(block)
    found: Integers = pq.read_table(path).column("balance_minor").to_numpy()
    return found


def write_lent(home: Path, day: dt.date, offers: pa.Table) -> None:
    """Keep the offers that are made on a day."""
    _write(offers, _folder(home) / "lent" / f"{day.isoformat()}.parquet")


def read_lent(home: Path) -> list[tuple[dt.date, pa.Table]]:
    """All offers that were made, by day."""
    return [(dt.date.fromisoformat(path.stem), pq.read_table(path))
            for path in sorted((_folder(home) / "lent").glob("*.parquet"))]


def _folder(home: Path) -> Path:
    return home / "truth"


def _file(block: Block) -> str:
    return f"block-{block.number:05d}.parquet"


def _write(rows: pa.Table, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".tmp-{path.name}")
    pq.write_table(rows, staged, compression="zstd", store_schema=False)
    staged.replace(path)
