"""Benchmark of the social features: what people with very many friends cost.

Run it with `make bench-social`: as many edges once spread evenly, once with five people of 100,000
each. What friends tell is measured by `make bench-models`.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from jobs.features import social
from jobs.session import session
from jobs.memory import peak_memory_mib, reset_peak_memory

AS_OF, FIRST_DAY = dt.date(2026, 6, 30), dt.date(2026, 3, 1)
PEOPLE, EDGES, HUBS, HUB_EDGES = 200_000, 4_000_000, 5, 100_000


def edges(folder: Path, hubs: int) -> None:
    """Edges of a week; hubs deal with HUB_EDGES people each, who deal with them too."""
    of_hubs = 2 * hubs * HUB_EDGES
    friend = f"'u' || (hash(i, 7) % {PEOPLE})"
    duckdb.sql(f"""copy (
        with pairs as (
          select 'u' || (hash(i) % {PEOPLE}) as user_id, {friend} as friend_user_id
          from range({EDGES - of_hubs}) t(i)
          union all select 'u' || (i % {max(hubs, 1)}), 'u' || (i // {max(hubs, 1)} + 100)
          from range({of_hubs // 2}) t(i)
          union all select 'u' || (i // {max(hubs, 1)} + 100), 'u' || (i % {max(hubs, 1)})
          from range({of_hubs // 2}) t(i))
        select user_id, friend_user_id, date '{AS_OF}' as event_date,
          (hash(user_id, friend_user_id) % 50 + 1)::bigint as contacts,
          date '{AS_OF}' as delivery_date, null::date as voided_on
        from pairs) to '{folder}' (format parquet, compression zstd)""")


def outcomes(path: Path) -> None:
    """Of every tenth person; 2 % defaulted."""
    duckdb.sql(f"""copy (
        select 'u' || i as user_id, date '{AS_OF}' as event_date, date '{FIRST_DAY}' as observed_on,
          hash(i, 3) % 50 = 0 as is_default, date '{AS_OF}' as delivery_date,
          null::date as voided_on
        from range(0, {PEOPLE}, 10) t(i)) to '{path}' (format parquet)""")


def skew(home: Path) -> None:
    """Print seconds and memory of both networks."""
    spark = session()
    outcomes(home / "outcomes.parquet")
    took = {}
    print(f"{EDGES:,} edges of {PEOPLE:,} people     seconds  peak MiB")
    for label, hubs in (("spread evenly", 0), (f"{HUBS} people of {HUB_EDGES:,}", HUBS)):
        path = home / f"edges-{hubs}.parquet"
        edges(path, hubs)
        reset_peak_memory()
        start = time.perf_counter()
        social.build(
            social.as_of(spark, [AS_OF]), spark.read.parquet(str(path)),
            spark.read.parquet(str(home / "outcomes.parquet")), None).write.mode(
                "overwrite").parquet(str(home / "social"))
        took[hubs] = time.perf_counter() - start
        print(f"{label:<34} {took[hubs]:>9.2f} {peak_memory_mib():>9,}", flush=True)
    print(f"ratio {took[HUBS] / took[0]:.2f}")


def main() -> int:
    """Print it."""
    with tempfile.TemporaryDirectory() as name:
        skew(Path(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
