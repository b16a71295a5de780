"""The commands `nightlist whatif` and `nightlist compare`: other policies on a past night."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from jobs import config
from jobs.command import add, output, takes_format

if TYPE_CHECKING:
    from jobs.config import Run
    from jobs.limits.comparison import TrueValue

_FORMATS = ("table", "json", "csv")


def declare(commands: argparse._SubParsersAction) -> None:
    """Add the commands to the parser's."""
    whatif = add(commands, "whatif", _whatif, "decide a past night anew under a changed policy "
                 "and show the difference in people, money and profit; nothing is written",
                 "nightlist whatif --as-of 2026-06-30 --set funding.own=4000000000 "
                 "--set rules.pd_appetite.at_most=0.02")
    whatif.add_argument("--set", action="append", default=[], metavar="PATH=VALUE",
                        dest="settings", help="a value of the policy in force by its dotted path, "
                        "as YAML; lists by the name of an entry; null takes it away; may be "
                        "repeated")
    whatif.add_argument("--policy", action="append", default=[], metavar="NAME",
                        dest="policies", help="another product policy (default: the night's); "
                        "several stand side by side")
    compare = add(commands, "compare", _compare, "show what tier matrix, one limit for all, "
                  "greedy by score, the optimiser, and champion with challengers would offer on a "
                  "past night with the money it had; in a simulated city with the true value",
                  "nightlist compare --as-of 2026-06-30")
    for command in (whatif, compare):
        command.add_argument("--as-of", required=True, metavar="DATE", help="the night; of several "
                             "runs the one frozen last")
        takes_format(command, _FORMATS)


def _whatif(arguments: argparse.Namespace) -> None:
    from jobs.limits import comparison, whatif
    from jobs.policies.changes import changed

    run = _run(arguments)
    _say_if_other(run)
    asked = {name if arguments.policies else "what if": changed(name, run.as_of,
                                                                arguments.settings)
             for name in arguments.policies or [run.policy]}
    rows = whatif.answer(whatif.night(run), asked, arguments.settings,
                         _truth(run), _say)
    if arguments.format == "table":
        rows = [{key: value if key == "figure" else comparison.text(value)
                 for key, value in row.items()} for row in rows]
    _show(rows, arguments, f"what if, on {run.as_of}; currency: "
          + ", ".join(sorted({policy.currency for policy in asked.values()})))


def _compare(arguments: argparse.Namespace) -> None:
    from jobs import store
    from jobs.contracts.limits import CANDIDATES
    from jobs.inputs import frozen
    from jobs.limits import comparison, whatif
    from jobs.policies.policy import load

    run = _run(arguments)
    _say_if_other(run)
    known, policy = whatif.night(run), load(run.policy, run.as_of)
    rows = store.read_arrow(run.folder / CANDIDATES.name, CANDIDATES).sort_by("user_id")
    found = comparison.compare(
        rows, whatif.problem(known, policy, rows), comparison.variants(policy),
        frozen(run)["inputs"]["seed"], run.as_of, policy.law.highest_rate_daily,
        _truth(run), _say)
    shown = list(found)
    _show(comparison.across(shown) if arguments.format == "table" else shown, arguments,
          f"policies on {run.as_of}, {policy.currency}")


def _run(arguments: argparse.Namespace) -> Run:
    from jobs.steps import open_run

    return open_run(config.home_folder(arguments.home), config.as_of_date(arguments.as_of))


def _truth(run: Run) -> TrueValue | None:
    """What offers truly lead to, where the home has a simulated city."""
    from jobs.simulate import truth, value

    if truth.reached(run.home) is None:
        return None
    return lambda offers: value.of_offers(run.home, offers, run.as_of)


def _say_if_other(run: Run) -> None:
    from jobs.inputs import frozen
    from jobs.policies.policy import load

    if frozen(run)["inputs"]["policy"]["sha256"] != load(run.policy, run.as_of).sha256:
        _say(f"the file of policy {run.policy} says something else than on that night: what is "
             "set comes on top of what it says now")


def _say(text: str) -> None:
    print(f"nightlist: {text}", file=sys.stderr, flush=True)


def _show(rows: list[dict[str, Any]], arguments: argparse.Namespace, title: str) -> None:
    import pyarrow as pa

    from jobs.show import show, terminal_table

    path = output(arguments)
    if arguments.format == "table":
        terminal_table(pa.Table.from_pylist(rows), title, path, limit=len(rows))
        return
    # A column may hold people, money and prices: one kind of number for all.
    show(pa.Table.from_pylist([{key: float(value) if isinstance(value, int) else value
                                for key, value in row.items()} for row in rows]),
         arguments.format, path, title)
