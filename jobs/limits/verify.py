"""Is the certificate of a night true? Everything worked out anew in SQL, from what was published.

Sources: the tables of `jobs/contracts/limits.py` and the whitelist. Output: a verdict of named
checks. The SQL (`verify.sql`) shares no formula and no code with the optimiser; this module only
hands it the tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import duckdb
import pyarrow as pa

from jobs.contracts.limits import PROOF, SHADOW_PRICES, VALUE_CURVES
from jobs.errors import NightlistError
from jobs.spilling import spilling

#: A table in memory, or the Parquet files of one.
Source: TypeAlias = pa.Table | Path | Sequence[Path]
#: What the proof rests on; shadow prices tell what would be, and prove nothing.
TABLES = (*(table.name for table in PROOF if table not in (SHADOW_PRICES, VALUE_CURVES)),
          "whitelist")


@dataclass(frozen=True)
class Checked:
    """One check: what should be, what is, and whether that is right."""

    name: str
    expected: str
    found: str
    ok: bool


@dataclass(frozen=True)
class Verdict:
    """All checks; true when every one holds."""

    checks: tuple[Checked, ...]

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)

    @property
    def failures(self) -> tuple[Checked, ...]:
        """The checks that do not hold."""
        return tuple(check for check in self.checks if not check.ok)


def verify(tables: Mapping[str, Source]) -> Verdict:
    """Recompute value, use of every row and the bound; see `verify.sql` for tolerances.

    Args:
        tables: By name, those of TABLES; further columns (a release's id) do not matter.

    Raises:
        NightlistError: When a table is missing, or lacks a column.
    """
    if missing := [name for name in TABLES if name not in tables]:
        raise NightlistError("certificate", "the tables " + ", ".join(TABLES),
                             "without " + ", ".join(missing), "rerun the night")
    program = Path(__file__).with_name("verify.sql").read_text(encoding="utf-8")
    with spilling(preserve_insertion_order=False) as connection:
        for name in TABLES:
            _view(connection, name, tables[name])
        try:
            connection.execute(program)
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            raise NightlistError("certificate", "tables as their contracts say",
                                 str(error).splitlines()[0], "rerun the night") from None
        rows = connection.execute("SELECT name, expected, found, ok FROM checks "
                                  "ORDER BY place, name").fetchall()
    return Verdict(tuple(Checked(*row) for row in rows))


def _view(connection: duckdb.DuckDBPyConnection, name: str, source: Source) -> None:
    """A view of that name; the whitelist's limit has its currency in its name, here it has not."""
    if isinstance(source, pa.Table):
        connection.register(f"given_{name}", source)
        given = f"given_{name}"
    else:
        paths = list(source) if isinstance(source, Sequence) else [source]
        if not paths or not all(path.is_file() for path in paths):
            raise NightlistError(f"certificate: {name}", "the files of the table", "none",
                                 "rerun the night; one of before certificates has no proof")
        files = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
        given = f"read_parquet([{files}], hive_partitioning = false)"
    columns = ("user_id, rate_daily, COLUMNS('^limit_.*') AS limit_whole"
               if name == "whitelist" else "*")
    connection.execute(f"CREATE TEMP VIEW {name} AS SELECT {columns} FROM {given}")
