"""The commands of a page of the runbook, with what stands for names and dates filled in."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

PAGES = Path(__file__).parents[2] / "dags" / "runbook"


def commands(page: str, **given: str) -> list[list[str]]:
    """The words of each command in the page's code block, without `nightlist`.

    Args:
        page: Its name.
        given: What words in capitals stand for, e.g. `DATE`.

    Raises:
        KeyError: For one that is not given.
    """
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for line in block.splitlines() if line.startswith("nightlist ")]
    return [[re.sub(r"[A-Z][A-Z_]+", lambda word: given[word.group()], one)
             for one in shlex.split(line)[1:]] for line in lines]
