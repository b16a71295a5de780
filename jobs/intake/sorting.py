"""Accepted, quarantined, duplicate: every delivered row is exactly one of them.

Identical rows count once (the rest are *duplicates*). Rows that keep every rule but share a key
and differ are all quarantined, since nothing says which one is right. Rows that keep every rule
are written at once; only where a key then stands twice are those rows looked at one by one and
the file written again.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import duckdb

from jobs.contracts.table import Table
from jobs.intake.rules import Plan

FILE = "part-0.parquet"
_ROW_GROUP_ROWS = 100_000


@dataclass(frozen=True)
class Sorter:
    """Sorts the rows of one delivery, loaded as `delivered` and `unreadable`.

    Attributes:
        connection: The DuckDB that holds them.
        feed: Their contract.
        plan: What a sound row is.
        delivery_date: Knowledge time.
        clean: Folder for the accepted rows; it exists.
        quarantine: Folder for the others; made where there are any.
    """

    connection: duckdb.DuckDBPyConnection
    feed: Table
    plan: Plan
    delivery_date: dt.date
    clean: Path
    quarantine: Path

    def sort(self) -> dict[str, int]:
        """Write both parts and count: received, accepted, quarantined, duplicates (rows)."""
        run, key = self.connection.execute, ", ".join(self.feed.key)
        received = self._one("select (select count(*) from delivered) + "
                             "(select count(*) from unreadable)")
        self._write_sound("")
        sound = f"'{self.clean / FILE}'"
        kept, keys = run(f"select count(*), count(distinct hash({key})) from {sound}"
                         ).fetchall()[0]
        self._reject(has_broken=kept < self._one("select count(*) from delivered"))
        copies = self._settle(key, sound) if keys < kept else 0
        rejected, more = run("select count(*), coalesce(sum(copies - 1), 0)::bigint from rejected"
                             ).fetchall()[0]
        if rejected:
            self._write_rejected()
        return {"received": received, "accepted": self._one(f"select count(*) from {sound}"),
                "quarantined": rejected, "duplicates": copies + more}

    def _rows(self) -> str:
        return f"(select {self.plan.cells} from delivered)"

    def _write_sound(self, unless: str) -> None:
        """Write the rows that keep every rule, in the order of delivery."""
        self.connection.execute(
            f"copy (select {self.plan.values}, {self._day()} from {self._rows()} "
            f"where not ({self.plan.is_broken}) {unless}) to '{self.clean / FILE}' "
            f"(format parquet, compression zstd, row_group_size {_ROW_GROUP_ROWS})")

    def _reject(self, has_broken: bool) -> None:
        """Make `rejected`: broken rows once each, with copies, and unreadable lines."""
        plan, run = self.plan, self.connection.execute
        broken = f"{plan.is_broken}" if has_broken else "false"  # spares a look at every row
        run("create table rejected as select any_value(user_id) as user_id, reasons, row_json, "
            f"count(*) as copies from (select {self._user()} as user_id, {plan.reasons} as "
            f"reasons, {plan.row_json}::varchar as row_json, {plan.identity} as identity "
            f"from {self._rows()} where {broken}) group by reasons, row_json, identity")
        run("insert into rejected select null, ['line:' || replace(fault, ' ', '_')], "
            "json_object('file', file, 'line', line)::varchar, 1 from unreadable")

    def _settle(self, key: str, sound: str) -> int:
        """Keep one of identical rows, reject rows that contradict each other.

        Returns:
            Rows that were copies of a kept one.
        """
        plan, run = self.plan, self.connection.execute
        columns = ", ".join(self.feed.columns)
        run(f"create table doubled_keys as select {key} from {sound} group by {key} "
            "having count(*) > 1")
        run(f"create table doubled as select {columns}, min(place) as place, count(*) as copies "
            f"from (select place, {plan.values} from {self._rows()} where not ({plan.is_broken}))"
            f" where ({key}) in (select ({key}) from doubled_keys) group by {columns}")
        run(f"create table rivals as select {key} from doubled group by {key} "
            "having count(*) > 1")
        conflict = f"{'+'.join(self.feed.key)}:conflict"
        run(f"insert into rejected select {self._user()}, ['{conflict}'], "
            f"{plan.row_json}::varchar, copies from {self._rows()} join (select place, copies "
            f"from doubled where ({key}) in (select ({key}) from rivals)) using (place)")
        kept = f"select place from doubled where ({key}) not in (select ({key}) from rivals)"
        copies = self._one("select coalesce(sum(copies - 1), 0)::bigint from doubled where place "
                           f"in ({kept})")
        typed = ", ".join(f"v_{column}" for column in self.feed.key)
        self._write_sound(f"and (({typed}) not in (select ({key}) from doubled_keys) or place in "
                          f"({kept}))")
        return copies

    def _write_rejected(self) -> None:
        self.quarantine.mkdir(parents=True)
        self.connection.execute(
            f"copy (select user_id, reasons, row_json, {self._day()} from rejected "
            f"order by row_json, reasons) to '{self.quarantine / FILE}' "
            "(format parquet, compression zstd)")

    def _day(self) -> str:
        return f"date '{self.delivery_date.isoformat()}' as delivery_date"

    def _user(self) -> str:
        return "v_user_id" if "user_id" in self.feed.columns else "null::varchar"

    def _one(self, query: str) -> int:
        return int(self.connection.execute(query).fetchall()[0][0])
