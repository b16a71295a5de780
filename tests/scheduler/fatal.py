"""Deaths inside Airflow's tasks: preloaded into its workers, it kills them in the middle of a step.

`NIGHTLIST_TEST_DEATHS` holds JSON: `date` (the logical date's day in UTC), `folder` (with a file
NAME.pid of each process of the harness, and what has died) and `steps` (step -> who dies: `task`,
`worker`, or a process of the harness). Who dies does so once a step, by SIGKILL, right before the
change of that number to the file system below the home; where it is not the task, the task goes on.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from .dying import changed_below

VARIABLE = "NIGHTLIST_TEST_DEATHS"
#: The first changes are folders and the lock: whoever dies does so with the lock held.
AT_CHANGE = 4
TASK, WORKER = "task", "worker"


class Deaths:
    """The plan, and the changes of the process at hand."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.date, self.steps, self.folder = plan["date"], plan["steps"], Path(plan["folder"])
        self.home, self.process, self.count = os.environ["NIGHTLIST_HOME"], 0, 0

    def watch(self, event: str, given: tuple[Any, ...]) -> None:
        """An event of Python's audit."""
        if changed_below(self.home, event, given) is None:
            return
        if self.process != os.getpid():
            self.process, self.count = os.getpid(), 0
        self.count += 1
        step = os.environ.get("AIRFLOW_CTX_TASK_ID", "")
        day = os.environ.get("AIRFLOW_CTX_LOGICAL_DATE", "")[:10]
        if self.count == AT_CHANGE and day == self.date and step in self.steps:
            self.die(step, self.steps[step])

    def die(self, step: str, who: str) -> None:
        """Kill, once."""
        try:
            (self.folder / f"{step}.died").touch(exist_ok=False)
        except FileExistsError:
            return
        if who == TASK:
            os.kill(os.getpid(), signal.SIGKILL)
        os.kill(os.getppid() if who == WORKER else
                int((self.folder / f"{who}.pid").read_text()), signal.SIGKILL)


if VARIABLE in os.environ:
    sys.addaudithook(Deaths(json.loads(os.environ[VARIABLE])).watch)
