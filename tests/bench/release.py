"""Benchmark of publishing: seconds and memory of a whitelist of 1 M rows beside plain Parquet.

`make bench-release`; `FULL=--full` for 10 million. The floor is `pq.write_table` of the same rows
to one file, zstd, read piece by piece from the run's folder as publishing reads them, in a process
of its own. Publishing is all of it: the checks of every audited file, sixteen small tables beside
the list, the commits and the pointer; of the second night of a home, as the first makes the tables.
"""

from __future__ import annotations

import argparse
import datetime as dt
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jobs import store
from jobs.config import Run
from jobs.contracts.release import whitelist
from jobs.release import release
from jobs.memory import peak_memory_mib, reset_peak_memory
from tests.release.nights import JUNE, night

LISTED = whitelist("CNY")
PIECE = 500_000
#: Aim: at most so many times the floor.
AIM = 1.5


def rows(run: Run, count: int) -> pa.Table:
    """Seeded people as the whitelist has them, in key order; what they do not vary is plain."""
    rng = np.random.default_rng(7)
    drawn = {
        "user_id": pa.array(np.char.mod("u%09d", np.arange(count))),
        "release_id": pa.repeat(run.release_id, count),
        "offer_id": pa.array(np.char.mod("%016x", rng.integers(0, 2**62, count))),
        "limit_cny": pa.array(rng.integers(2, 21, count) * 10_000),
        "score_tier": pa.array(np.array(["A", "B", "C", "D"])[rng.integers(0, 4, count)]),
        "reason_codes": pa.ListArray.from_arrays(
            np.arange(0, 3 * count + 1, 3, dtype=np.int32),
            pa.DictionaryArray.from_arrays(
                rng.integers(0, 4, 3 * count),
                ["PAYMENTS", "HEADROOM", "CARD_USE", "INCOME"]).dictionary_decode())}
    plain = {"string": "", "integer": 1, "double": 0.5, "boolean": False, "date": JUNE,
             "rate": Decimal("0.000280"), "strings": []}
    return pa.table({field.name: drawn.get(field.name, pa.repeat(
        pa.scalar(field.allowed[0] if field.allowed else plain[field.type],
                  LISTED.arrow_schema.field(field.name).type), count))
        for field in LISTED.fields}).cast(LISTED.arrow_schema)


def prepare(home: Path, count: int) -> None:
    """A home with one release, and a night of so many people ready to publish."""
    release.publish(night(home, JUNE - dt.timedelta(days=1), "first"))
    run = night(home, JUNE, "big")
    sha256 = store.write_sorted(rows(run, count), LISTED, run.folder / LISTED.name)
    record = store.read_json(run.folder / "run.json")
    hashes = {**record["tables"], LISTED.name: sha256}
    store.write_json({**record, "tables": hashes, "audit": hashes}, run.folder / "run.json")


def plainly(home: Path) -> None:
    """The floor: the same rows from the same file, written to one."""
    source = store.single_file(Run(home=home, as_of=JUNE, run_id="big").folder, LISTED)
    with (pq.ParquetFile(source) as file,
          pq.ParquetWriter(home / "plain.parquet", file.schema_arrow,
                           compression="zstd") as plain):
        for batch in file.iter_batches(PIECE):
            plain.write_batch(batch)


def publish(home: Path) -> None:
    """What is measured."""
    assert release.publish(Run(home=home, as_of=JUNE, run_id="big"))[1]


def measured(what: str, home: Path) -> tuple[float, int]:
    """Seconds, and peak MiB beyond those of the imports, in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "tests.bench.release", "--only", what, "--home",
                           str(home)], check=True, capture_output=True, text=True)
    seconds, mib = done.stdout.split()
    return float(seconds), int(mib)


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="10 million rows, too")
    parser.add_argument("--only", choices=("plainly", "publish"), help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only:
        reset_peak_memory()
        before, start = peak_memory_mib(), time.perf_counter()
        {"plainly": plainly, "publish": publish}[asked.only](asked.home)
        print(f"{time.perf_counter() - start:.3f} {peak_memory_mib() - before}")
        return
    print(f"{'rows':>12}  {'plain':>16}  {'publish':>16}  times")
    for count in (1_000_000, *([10_000_000] if asked.full else [])):
        with tempfile.TemporaryDirectory(prefix="nightlist-bench-") as folder:
            home = Path(folder)
            prepare(home, count)
            floor, floor_mib = min(measured("plainly", home) for _ in range(3))
            seconds, mib = measured("publish", home)
            print(f"{count:>12,}  {floor:>6.1f} s {floor_mib:>4} MiB  {seconds:>6.1f} s {mib:>4} "
                  f"MiB  {seconds / floor:.2f} (aim {AIM})", flush=True)


if __name__ == "__main__":
    main()
