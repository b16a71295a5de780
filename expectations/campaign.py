"""The campaign's promises across the tables to publish, recomputed in SQL (`campaign.sql`)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from expectations.gate import Result
from expectations.suites import CRITICAL
from jobs.contracts.campaign import HONOUR_LEDGER, OWN_INVITATIONS, SUPPRESSIONS_APPLIED
from jobs.contracts.limits import RULE_FACTS
from jobs.policies.policy import Policy
from jobs.spilling import spilling

#: What the checks read, by name: a folder of files, or rows.
TABLES = ("whitelist", RULE_FACTS.name, OWN_INVITATIONS.name, HONOUR_LEDGER.name,
          SUPPRESSIONS_APPLIED.name)
Source: TypeAlias = Path | pa.Table
_SQL = Path(__file__).with_suffix(".sql")


def promises() -> list[str]:
    """What is checked, in order."""
    return re.findall(r"^SELECT '([^']+)'", _SQL.read_text(encoding="utf-8"), re.MULTILINE)


def campaign(tables: Mapping[str, Source], policy: Policy, as_of: dt.date) -> list[Result]:
    """Whether each promise is kept, with one who breaks it if not.

    Args:
        tables: TABLES.
        policy: In force.
        as_of: The night.
    """
    rules = policy.campaign
    asked = pa.Table.from_pylist([{
        "as_of": as_of, "product": policy.product, "universal_ratio": rules.universal_ratio,
        "cell_ratio": rules.cell_ratio, "daily_capacity": rules.daily_capacity,
        "quiet_weekdays": list(rules.quiet_weekdays), "quiet_dates": list(rules.quiet_dates)}],
        pa.schema({"as_of": pa.date32(), "product": pa.string(), "universal_ratio": pa.float64(),
                   "cell_ratio": pa.float64(), "daily_capacity": pa.int64(),
                   "quiet_weekdays": pa.list_(pa.int64()), "quiet_dates": pa.list_(pa.date32())}))
    with spilling() as connection:
        for name, source in {**tables, "asked": asked}.items():
            rows = (connection.from_arrow(source) if isinstance(source, pa.Table) else
                    connection.read_parquet(str(source / "*.parquet"), hive_partitioning=False))
            if name == "whitelist":
                rows = rows.project(f"*, limit_{policy.currency.lower()} * 100 AS limit_minor")
            rows.create_view(name)
        connection.execute(_SQL.read_text(encoding="utf-8"))
        broken = {promise: (count, who) for promise, count, who in connection.execute(
            "SELECT promise, count(*), min(who) FROM found GROUP BY promise").fetchall()}
    return [Result("release", "campaign", promise, "", CRITICAL, promise not in broken,
                   "{} not so, e.g. {}".format(*broken[promise]) if promise in broken else "")
            for promise in promises()]
