"""Benchmark of growth: what a night takes of processors and memory, and what more people would.

Run it with `make bench-growth`. It runs a night at each of two sizes, step by step in a process of
its own, and takes the processor's time (which other programs on the machine change little) and the
peak of memory. From the two it computes

- the exponent, log(ratio of seconds) / log(ratio of people): 1 is linear, under 1 a fixed part;
- the seconds for more people: linear in what each further person took, or by the exponent where it
  is above 1. Nothing between the larger size and the wanted one was measured: that is a guess.

The peak of a step's process holds the engine's memory as well, also what earlier steps left there.
So what the driver has to hold, however many workers there are, is computed from the tables that
pass through it whole: their Arrow size in the larger night, times what sorting and writing takes.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import math
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

ROOT = Path(__file__).parents[2]
AS_OF = "2026-06-30"
SIZES = (20_000, 200_000)
WANTED = (100_000_000, 500_000_000)
#: Not a bank's night: the simulated city, and the mart, which no bench names.
LEFT_OUT = ("deliver", "serve")
#: Tables that pass whole through the process that runs the step, whatever the engine is, and how
#: many times their Arrow size it holds at most: 2.2 where 2 million rows were sorted and written; 6
#: is what training 175,000 rows took.
ON_DRIVER = {"train": (("training_matrix",), 6.0), "candidates": (("candidates",), 2.2),
             "limits": (("limits",), 2.2), "offers": (("decisions", "whitelist"), 2.2)}


@dataclass(frozen=True)
class Spent:
    """What a step took: seconds of processor, and the peak of memory in MiB."""

    seconds: float
    mib: int


def night(home: Path, users: int) -> None:
    """Run a night in this process and print each step's processor seconds and peak as JSON."""
    from jobs import config
    from jobs.steps import STEPS, run_step, steps_of

    run = config.Run(home=home, as_of=dt.date.fromisoformat(AS_OF), source="simulated",
                     users=users, policy=config.DEFAULT_POLICY["simulated"])
    spent = {}
    for step in STEPS:
        before = processor_seconds()
        run = run_step(step.name, run)
        spent[step.name] = [processor_seconds() - before, steps_of(run)[-1]["peak_mib"]]
    held = sorted({name for names, _ in ON_DRIVER.values() for name in names})
    print(json.dumps([spent, {name: pq.read_table(run.folder / name, partitioning=None).nbytes
                              for name in held}]))


def processor_seconds() -> float:
    """User and system time of this process and its ended children."""
    parts = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in parts)


def measured(home: Path, users: int) -> tuple[dict[str, Spent], dict[str, int]]:
    """A night at this size in a process of its own: its steps, and bytes of its tables in Arrow."""
    done = subprocess.run([sys.executable, "-m", "tests.bench.growth", "--night", str(home),
                           "--sizes", str(users)],
                          cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    spent, held = json.loads(done.stdout.splitlines()[-1])
    return {step: Spent(*one) for step, one in spent.items() if step not in LEFT_OUT}, held


def exponent(small: float, large: float, ratio: float) -> float:
    """By which power it grew; 0 where there was nothing to measure."""
    return math.log(large / small) / math.log(ratio) if small > 0 and large > 0 else 0.0


def expected(small: float, large: float, sizes: tuple[int, int], wanted: int) -> float:
    """The figure for more people: linear, or by the exponent where it is above 1."""
    power = exponent(small, large, sizes[1] / sizes[0])
    if power > 1:
        return large * (wanted / sizes[1]) ** power
    each = max(large - small, 0.0) / (sizes[1] - sizes[0])
    return large + each * (wanted - sizes[1])


def show(found: dict[int, dict[str, Spent]], sizes: tuple[int, int]) -> None:
    """Print what was measured, then what is only computed from it."""
    small, large = (found[size] for size in sizes)
    print(f"{'step':<15}" + "".join(f"{size:>12,} users     " for size in sizes)
          + "exponent" + "".join(f"{wanted // 10**6:>7} M" for wanted in WANTED) + "  core-hours")
    totals = [0.0] * len(WANTED)
    for step, was in small.items():
        now = large[step]
        hours = [expected(was.seconds, now.seconds, sizes, wanted) / 3600 for wanted in WANTED]
        totals = [total + more for total, more in zip(totals, hours, strict=True)]
        print(f"{step:<15}" + "".join(f"{one.seconds:>9.1f} s {one.mib:>7,} MiB  "
                                      for one in (was, now))
              + f"{exponent(was.seconds, now.seconds, sizes[1] / sizes[0]):>7.2f} "
              + "".join(f"{hour:>9,.1f}" for hour in hours))
    sums = [sum(one.seconds for one in night.values()) for night in (small, large)]
    print(f"{'all':<15}" + "".join(f"{one:>9.1f} s {'':>13}" for one in sums)
          + f"{exponent(*sums, sizes[1] / sizes[0]):>7.2f} "
          + "".join(f"{total:>9,.1f}" for total in totals))
    print(f"\nmeasured up to {sizes[1]:,} people; the rest is {WANTED[0] // sizes[1]:,} and "
          f"{WANTED[1] // sizes[1]:,} times further than anything that was run")


def show_driver(held: dict[str, int], users: int) -> None:
    """Print what one machine has to hold, in proportion to people."""
    print("\nthe driver holds" + "".join(f"{wanted // 10**6:>9} M people" for wanted in WANTED))
    for step, (names, times) in ON_DRIVER.items():
        each = sum(held[name] for name in names) * times / users
        print(f"{step:<15} " + "".join(f"{each * wanted / 2**30:>12,.0f} GiB" for wanted in WANTED)
              + f"   {times} x {' and '.join(names)}: {each:,.0f} bytes a person")


def main() -> None:
    """Measure two sizes and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), metavar="USERS")
    parser.add_argument("--night", type=Path, metavar="HOME", help="run one night there, and tell")
    asked = parser.parse_args()
    if asked.night:
        night(asked.night, asked.sizes[0])
        return
    sizes = (min(asked.sizes), max(asked.sizes))
    found = {}
    with tempfile.TemporaryDirectory(prefix="nightlist-growth-") as folder:
        for size in sizes:
            print(f"a night of {size:,} users …", file=sys.stderr)
            found[size], held = measured(Path(folder, str(size)), size)
    show(found, sizes)
    show_driver(held, sizes[1])


if __name__ == "__main__":
    main()
