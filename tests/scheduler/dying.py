"""Steps of a night that die: a program that runs each step in a child of its own and kills it.

The modules are imported once, before any child: a try then costs what the step costs, as under
Airflow, whose tasks are children of a worker, too. A child dies by SIGKILL, and with it the engine
in it, right before one of its changes to the file system below the home (made by Python: opening a
file to write, a rename, a removal, a new folder), or in the middle of its time.

usage: python -m tests.scheduler.dying HOME AS_OF PLAN    PLAN: JSON, step -> moments to die at,
whole numbers for the change, fractions for seconds; a line of JSON a try on the output.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

#: Events of Python's audit that change the file system; `open` only with these flags.
CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "shutil.rmtree"}
WRITING = os.O_WRONLY | os.O_RDWR
#: A step that is not through by then hangs.
HANGS_SECONDS = 120.0
HEAVY = ("pyspark.sql", "pyspark.sql.connect.session", "pysail.spark", "great_expectations",
         "lightgbm", "pyiceberg.catalog.sql", "duckdb", "matplotlib.figure")


def changed_below(home: str, event: str, given: tuple[Any, ...]) -> str | None:
    """The path below the home that an event of Python's audit is about to change, if it is one."""
    if not (event in CHANGES or event == "open" and (given[2] or 0) & WRITING):
        return None
    path = os.fsdecode(given[0]) if isinstance(given[0], (str, bytes, Path)) else ""
    return os.path.relpath(path, home) if path.startswith(home) else None


def run(home: Path, as_of: str, step: str, moment: float | None) -> dict[str, Any]:
    """One try of a step in a child: how it ended, after which changes and seconds."""
    reading, writing = os.pipe()
    start, child = time.monotonic(), os.fork()
    if not child:
        os.close(reading)
        _as_child(home, as_of, step, moment, writing)
    os.close(writing)
    if isinstance(moment, float):
        time.sleep(moment)
        os.kill(child, signal.SIGKILL)
    code = _ended(child)
    with os.fdopen(reading) as said:
        changes = said.read().splitlines()
    return {"step": step, "moment": moment, "code": code, "changes": changes,
            "seconds": time.monotonic() - start}


def _ended(child: int) -> int:
    deadline = time.monotonic() + HANGS_SECONDS
    while time.monotonic() < deadline:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise SystemExit(f"a step hangs: child {child}")


def _as_child(home: Path, as_of: str, step: str, moment: float | None, said: int) -> None:
    count = 0

    def watch(event: str, given: tuple[Any, ...]) -> None:
        nonlocal count
        path = changed_below(str(home), event, given)
        if path is None:
            return
        count += 1
        os.write(said, f"{event} {path}\n".encode())
        if count == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    code = 1
    try:
        sys.addaudithook(watch)
        from jobs.__main__ import main

        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        code = main(["run", step, "--as-of", as_of, "--home", str(home)])
    finally:
        sys.stdout.flush()
        os._exit(code)


def main(home: Path, as_of: str, plan: dict[str, list[float]]) -> None:
    from jobs.steps import STEPS

    for name in (*HEAVY, *(step.target.partition(":")[0] for step in STEPS)):
        importlib.import_module(name)
    for step in STEPS:
        for moment in [*plan.get(step.name, []), None]:
            print(json.dumps(run(home, as_of, step.name, moment)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2], json.loads(sys.argv[3]))
