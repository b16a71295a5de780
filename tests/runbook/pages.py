"""Commands out of a page of the runbook, done on a home."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

from jobs.__main__ import main
from jobs.config import as_of_date
from jobs.inputs import frozen
from jobs.steps import open_run

RUNBOOK = Path(__file__).parents[2] / "dags" / "runbook"


def blocks(page: str) -> list[list[str]]:
    """The lines of each block of commands in a page."""
    text = (RUNBOOK / f"{page}.md").read_text(encoding="utf-8")
    found = re.findall(r"^```bash\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return [block.strip().splitlines() for block in found]


def do(page: str, number: int, home: Path, last: str = "", **words: str) -> int:
    """Do a block's commands, one after another, until one fails; the last one's exit code.

    Args:
        page: Its name.
        number: The block, from 0 on.
        home: Where.
        last: Leave it at the command that has this word, where a test has seen the rest.
        words: What stands for DATE, FEED and the like.
    """
    code = 0
    for line in blocks(page)[number]:
        said = [words.get(one, one) for one in shlex.split(line)]
        assert said[0] == "nightlist"
        code = main([*said[1:], "--home", str(home)])
        if code or last in said:
            break
    return code


def newest_inputs(home: Path, date: str) -> dict[str, Any]:
    """What the newest run of a date has frozen."""
    inputs: dict[str, Any] = frozen(open_run(home, as_of_date(date)))["inputs"]
    return inputs
