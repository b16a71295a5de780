"""Benchmark of the simulated night: seconds and peak memory a stage, and Airflow's own share.

Run it with `make bench`. It writes to a temporary folder and removes it. Figures are of one run
on this machine; compare the columns with each other, not with another day's run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
AS_OF = "2026-06-30"
SIZES = (20_000, 200_000)
#: Aims of the 20,000-user night through Airflow, after set-up.
AIM_SECONDS, AIM_SHARE = 90, 1 / 3
#: Nights through Airflow; the median is given.
REPEATS = 3


def steps(home: Path) -> list[dict]:
    """The recorded steps of the only run in a home."""
    (path,) = (home / "nights" / AS_OF).glob("*/steps.json")
    return json.loads(path.read_text())


def command(home: Path, users: int) -> tuple[list[dict], float]:
    """A night on the command line: its steps and the wall seconds."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "jobs", "night", "--as-of", AS_OF, "--feeds",
                    "simulated", "--users", str(users), "--home", str(home)],
                   cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return steps(home), time.perf_counter() - start


def through_airflow(home: Path, users: int) -> list[tuple[float, float]]:
    """Nights through `make night`'s script, after set-up: (whole, outside the steps) seconds.

    What is outside is Airflow's own, less the summary that the script prints at the end.
    """
    environment = {**os.environ, "NIGHTLIST_HOME": str(home)}

    def seconds(*words: str) -> float:
        start = time.perf_counter()
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=environment, cwd=ROOT)
        return time.perf_counter() - start

    def night(size: int) -> float:
        return seconds(str(ROOT / "dags" / "test_night"), AS_OF, "simulated", "", str(size), "7")

    night(5_000)  # sets up Airflow's database; everything else of it is removed again
    found = []
    for _ in range(REPEATS):
        for folder in filter(Path.is_dir, home.iterdir()):
            if folder.name != "airflow":
                shutil.rmtree(folder)
        wall = night(users)
        summary = seconds(sys.executable, "-m", "jobs", "summary")
        found.append((wall, wall - summary - sum(one["seconds"] for one in steps(home))))
    return found


def main() -> None:
    """Run all and print one table and Airflow's share."""
    with tempfile.TemporaryDirectory(prefix="nightlist-bench-") as folder:
        found = {}
        for size in SIZES:
            print(f"a night of {size:,} users …", file=sys.stderr)
            found[size] = command(Path(folder, str(size)), size)
        print(f"a night of {SIZES[0]:,} users through Airflow …", file=sys.stderr)
        nights = through_airflow(Path(folder, "airflow"), SIZES[0])
    print(f"{'step':<16}" + "".join(f"{size:>10,} users{'':>9}" for size in SIZES) + "  growth")
    for small, large in zip(*(found[size][0] for size in SIZES), strict=True):
        print(f"{small['step']:<16}" + "".join(
            f"{one['seconds']:>9.2f} s {one['peak_mib']:>7,} MiB " for one in (small, large))
            + f"{large['seconds'] / max(small['seconds'], 0.01):>9.1f} x")
    walls = [found[size][1] for size in SIZES]
    peaks = [max(one["peak_mib"] for one in found[size][0]) for size in SIZES]
    print(f"{'whole command':<16}" + "".join(
        f"{wall:>9.2f} s {peak:>7,} MiB " for wall, peak in zip(walls, peaks, strict=True))
        + f"{walls[1] / walls[0]:>9.1f} x")
    wall, own = sorted(nights, key=lambda pair: pair[1] / pair[0])[len(nights) // 2]
    print(f"\nthrough Airflow, {SIZES[0]:,} users, median of {len(nights)}: {wall:.1f} s (aim "
          f"under {AIM_SECONDS}), of which Airflow's own {own:.1f} s = {own / wall:.1%} (aim under "
          f"{AIM_SHARE:.1%})")


if __name__ == "__main__":
    main()
