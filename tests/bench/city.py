"""Benchmark of the simulated city: events a second and peak memory, which must not grow.

Run it with `make bench-city`, or with FULL=--full for a million people and thirty days (about
3 GB on the disk). It writes to a temporary folder and removes it. Figures are of one run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
SIZES = ((100_000, 10), (100_000, 30), (300_000, 10))
FULL = (1_000_000, 30)
#: What happens day by day; the rest are monthly files and standing lists.
EVENT_FEEDS = ("logins", "payments", "account_flows", "shopping", "virtual_property", "rides",
               "social_edges", "bureau_inquiries", "loan_days")


def run(users: int, days: int, workers: int) -> tuple[float, int, int, str]:
    """One city: wall seconds, rows, daily events, and what the command said of memory."""
    with tempfile.TemporaryDirectory(prefix="nightlist-bench-") as home:
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "jobs", "simulate", "--users", str(users), "--from",
             "2026-06-01", "--days", str(days), "--workers", str(workers), "--home", home],
            cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
        seconds = time.perf_counter() - start
        rows = {feed.name: sum(json.loads(path.read_text())["rows"]
                               for path in feed.glob("*/_manifest.json"))
                for feed in Path(home, "landing").iterdir() if feed.is_dir()}
    return (seconds, sum(rows.values()), sum(rows[name] for name in EVENT_FEEDS),
            done.stdout.strip().partition("peak memory ")[2])


def main() -> None:
    """Run all sizes and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="1,000,000 people x 30 days as well")
    parser.add_argument("--users", type=int, help="one size of your own")
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    words = parser.parse_args()
    sizes = [(words.users, words.days)] if words.users else [*SIZES, *([FULL] * words.full)]
    print(f"{'users':>9} x days  {'seconds':>8}  {'daily events':>12}  {'a second':>10}  "
          f"{'all rows':>12}  {'a second':>10}  peak memory")
    for users, days in sizes:
        seconds, rows, events, peak = run(users, days, words.workers)
        print(f"{users:>9,} x {days:<4}  {seconds:>8.1f}  {events:>12,}  "
              f"{events / seconds:>10,.0f}  {rows:>12,}  {rows / seconds:>10,.0f}  {peak}",
              flush=True)


if __name__ == "__main__":
    main()
