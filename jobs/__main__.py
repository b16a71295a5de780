"""The command line: `nightlist …` = `python -m jobs …`.

Every command has a help text with an example; a test fails where one has not.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from jobs import config
from jobs.backfill import commands as backfill_commands
from jobs.campaign import send_commands
from jobs.command import add, near, output, takes_format
from jobs.errors import NightlistError, UsageError
from jobs.intake import commands as intake_commands
from jobs.limits import commands as limits_commands
from jobs.limits import whatif_commands
from jobs.mart import commands as mart_commands
from jobs.monitor import commands as monitor_commands
from jobs.release import commands as release_commands
from jobs.release import expire_command, guard_commands, pointer_commands
from jobs.release.commands import print_summary, told_unpublished
from jobs.scores import commands as model_commands
from jobs.show import show, terminal_table
from jobs.simulate import commands as simulate_commands

#: Set it to see where an unforeseen error happened.
TRACE = "NIGHTLIST_TRACE"


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; a NightlistError becomes one line on standard error and exit code 1."""
    arguments = parser().parse_args(words)
    try:
        arguments.command(arguments)
    except NightlistError as error:
        print(f"nightlist: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()  # The reader (head, less) has seen enough.
    except KeyboardInterrupt:
        print("nightlist: stopped; what was released before stays as it is, and the same command "
              "goes on", file=sys.stderr)
        return 130
    except Exception as error:
        if os.environ.get(TRACE):
            raise
        print(f"nightlist: {_unforeseen(error)}", file=sys.stderr)
        return 1
    return 0


def _unforeseen(error: Exception) -> NightlistError:
    """One line for what no check foresaw: a full disk, a folder without rights, an engine's own."""
    lines = str(error).strip().splitlines() or ["no message"]
    return NightlistError("this command", "to end well", f"{type(error).__name__}: {lines[0]}",
                          "earlier releases stay as they are; mend that and run it again, or set "
                          f"{TRACE}=1 to see where it happened")


def parser() -> argparse.ArgumentParser:
    """All commands with their options, help and examples."""
    top = argparse.ArgumentParser(
        prog="nightlist", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Who may be invited to a loan tomorrow, with which limit and rate, and why.",
        epilog="example: nightlist night --as-of 2026-06-30 --feeds simulated")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _nights(commands)
    backfill_commands.declare(commands)
    release_commands.declare(commands)
    guard_commands.declare(commands)
    pointer_commands.declare(commands)
    mart_commands.declare(commands)
    send_commands.declare(commands)
    expire_command.declare(commands)
    limits_commands.declare(commands)
    monitor_commands.declare(commands)
    whatif_commands.declare(commands)
    model_commands.declare(commands)
    intake_commands.declare(commands)
    simulate_commands.declare(commands)
    return top


def _nights(commands: argparse._SubParsersAction) -> None:
    night = add(commands, "night", _night, "run a whole night, from the feeds to the release",
                "nightlist night --as-of 2005-11-01 --feeds uci --data ../shared/data/"
                "uci_credit_card")
    step = add(commands, "run", _step, "run one step of a night",
               "nightlist run features --as-of 2026-06-30")
    step.add_argument("step", metavar="STEP", help="a name from: nightlist steps")
    for command in (night, step):
        command.add_argument("--as-of", required=True, metavar="DATE",
                             help="the night's date: only what was delivered by then counts")
        command.add_argument("--feeds", choices=config.FEED_SOURCES,
                             help="where the feeds come from; landing: they are there already "
                             "(default: landing)")
        command.add_argument("--data", metavar="PATH", help="folder of the real files, for uci, "
                             "cmb and card-approval")
        command.add_argument("--users", type=int, default=config.DEFAULT_USERS, metavar="N",
                             help="people of the simulated city; a model needs about 5,000 "
                             "(default: %(default)s)")
        command.add_argument("--seed", type=int, default=config.DEFAULT_SEED, metavar="N",
                             help="of the simulated city and of training (default: %(default)s)")
        command.add_argument("--policy", metavar="NAME", help="the product policy (default: the "
                             "one that belongs to the feeds)")
        command.add_argument("--model", metavar="NAME", action="append", default=[],
                             help="score with this model, pd/VERSION or the folder of one, once "
                             "for each model named (default: the date's champion, else train on "
                             "the outcomes delivered; without any, stop after eligibility)")
    steps = add(commands, "steps", _steps, "list the steps of a night in their order, or what "
                "each took and wrote in the nights of some dates",
                "nightlist steps --from 2026-06-01 --to 2026-06-30 --format csv")
    steps.add_argument("--from", dest="first", metavar="DATE", help="the first night; every "
                       "attempt at a step is a row")
    steps.add_argument("--to", dest="last", metavar="DATE", help="the last night (default: "
                       "--from)")
    takes_format(steps)
    dictionary = add(commands, "dictionary", _dictionary, "print the data dictionary, or renew "
                     "it in a README", "nightlist dictionary --write README.md")
    dictionary.add_argument("--write", metavar="FILE", help="a Markdown file with the "
                            "dictionary's marks; only what stands between them is replaced")
    dictionary.add_argument("--pages", action="store_true", help="renew the page of every feed "
                            "beside its contract")


def _run(arguments: argparse.Namespace) -> config.Run:
    source = arguments.feeds or "landing"
    return config.Run(
        home=config.home_folder(arguments.home), as_of=config.as_of_date(arguments.as_of),
        source=source, data=Path(arguments.data).resolve() if arguments.data else None,
        users=config.number(arguments.users, "--users", 1, config.MOST_USERS),
        seed=config.seed(arguments.seed),
        policy=arguments.policy or config.DEFAULT_POLICY[source],
        models=tuple(arguments.model))


def _night(arguments: argparse.Namespace) -> None:
    from jobs.release import warehouse
    from jobs.steps import run_all

    run = run_all(_run(arguments))
    if not told_unpublished(run.home, run.as_of):
        print_summary(run.home, warehouse.current(run.home, run.as_of))


def _step(arguments: argparse.Namespace) -> None:
    from jobs.steps import FREEZE, find, open_run, run_step

    run = _run(arguments)
    later = find(arguments.step)[1] > find(FREEZE)[1]
    run_step(arguments.step, open_run(run.home, run.as_of) if later else run)


def _steps(arguments: argparse.Namespace) -> None:
    from jobs.steps import STEPS

    if arguments.first:
        from jobs.observability import records

        first = config.as_of_date(arguments.first, "--from")
        last = config.as_of_date(arguments.last or arguments.first, "--to")
        found = records.table(config.home_folder(arguments.home), first, last)
        if not found.num_rows:
            raise UsageError(f"nights from {first} to {last}", "a night that ran", "none",
                             "give other dates, or another --home")
        title = f"steps from {first} to {last}"
        if arguments.format == "table" and not arguments.output:
            terminal_table(found, title, columns=records.SHOWN, limit=found.num_rows)
        else:
            show(found, arguments.format, output(arguments), title)
        return
    for number, step in enumerate(STEPS, start=1):
        print(f"{number:>2}  {step.name:<14}  {step.does}")


def _dictionary(arguments: argparse.Namespace) -> None:
    from jobs.contracts import pages
    from jobs.contracts.dictionary import dictionary, renew

    if arguments.pages:
        print(f"{pages.write()} pages in {near(pages.FOLDER)} and {near(pages.FEATURES_PAGE)}")
    if arguments.write:
        renew(Path(arguments.write))
    elif not arguments.pages:
        print(dictionary())


if __name__ == "__main__":
    sys.exit(main())
