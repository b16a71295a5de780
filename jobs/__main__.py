"""The command line: `nightlist …` = `python -m jobs …`.

Every command has a help text with an example; a test fails where one has not.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from jobs import config
from jobs.campaign import send_commands
from jobs.command import add
from jobs.errors import NightlistError
from jobs.intake import commands as intake_commands
from jobs.limits import commands as limits_commands
from jobs.limits import whatif_commands
from jobs.mart import commands as mart_commands
from jobs.monitor import commands as monitor_commands
from jobs.scores import commands as model_commands
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
    _readers(commands)
    mart_commands.declare(commands)
    send_commands.declare(commands)
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
    add(commands, "steps", _steps, "list the steps of a night in their order",
        "nightlist steps")
    dictionary = add(commands, "dictionary", _dictionary, "print the data dictionary, or renew "
                     "it in a README", "nightlist dictionary --write README.md")
    dictionary.add_argument("--write", metavar="FILE", help="a Markdown file with the "
                            "dictionary's marks; only what stands between them is replaced")
    dictionary.add_argument("--pages", action="store_true", help="renew the page of every feed "
                            "beside its contract")


def _readers(commands: argparse._SubParsersAction) -> None:
    for name, text in (("whitelist", "the people invited by a release"),
                       ("decisions", "everyone considered by a release, with the failing rules"),
                       ("waterfall", "how many people each rule of a release removed")):
        command = add(commands, name, _table, f"show {text}",
                      f"nightlist {name} --as-of 2026-06-30 --format csv --output {name}.csv")
        command.add_argument("--as-of", metavar="DATE",
                             help="the newest release of that night (default: the one in force)")
        command.add_argument("--format", default="table", choices=("table", "csv", "parquet",
                                                                   "json"),
                             help="default: %(default)s; all but table have every row")
        command.add_argument("--output", metavar="FILE", help="default: the terminal")
        command.set_defaults(table=name)
    summary = add(commands, "summary", _summary, "show a release in short: waterfall, number "
                  "invited, money committed, and where the table and the report lie",
                  "nightlist summary --as-of 2026-06-30")
    summary.add_argument("--as-of", metavar="DATE", help="default: the release in force")


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
    from jobs.steps import run_all

    run = run_all(_run(arguments))
    _print_summary(run.home, run.as_of)


def _step(arguments: argparse.Namespace) -> None:
    from jobs.steps import FREEZE, find, open_run, run_step

    run = _run(arguments)
    later = find(arguments.step)[1] > find(FREEZE)[1]
    run_step(arguments.step, open_run(run.home, run.as_of) if later else run)


def _steps(arguments: argparse.Namespace) -> None:
    from jobs.steps import STEPS

    for number, step in enumerate(STEPS, start=1):
        print(f"{number:>2}  {step.name:<14}  {step.does}")


def _dictionary(arguments: argparse.Namespace) -> None:
    from jobs.contracts import pages
    from jobs.contracts.dictionary import dictionary, renew

    if arguments.pages:
        print(f"{pages.write()} pages in {_near(pages.FOLDER)} and {_near(pages.FEATURES_PAGE)}")
    if arguments.write:
        renew(Path(arguments.write))
    elif not arguments.pages:
        print(dictionary())


def _as_of(arguments: argparse.Namespace) -> dt.date | None:
    return None if arguments.as_of is None else config.as_of_date(arguments.as_of)


def _table(arguments: argparse.Namespace) -> None:
    from jobs.release import warehouse
    from jobs.show import show

    home = config.home_folder(arguments.home)
    release = warehouse.current(home, _as_of(arguments))
    show(warehouse.read(home, arguments.table, release.release_id), arguments.format,
         Path(arguments.output) if arguments.output else None,
         f"{arguments.table} of {release.release_id}")


def _summary(arguments: argparse.Namespace) -> None:
    _print_summary(config.home_folder(arguments.home), _as_of(arguments))


def _print_summary(home: Path, as_of: dt.date | None) -> None:
    from jobs.offers.eligibility import unpublished
    from jobs.release import warehouse
    from jobs.show import terminal_table

    if as_of and (stopped := unpublished(home, as_of)):
        steps, still_open, folder = stopped
        terminal_table(steps, f"Rules of {as_of}-{folder.name}", limit=100)
        print(f"left open  {', '.join(still_open) or 'no rule'}: there was no outcome to learn "
              "from, no champion, and no --model was named")
        print("published  nothing; earlier releases stay as they are")
        print(f"run        {_near(folder)}")
        return
    release = warehouse.current(home, as_of)
    terminal_table(warehouse.read(home, "waterfall", release.release_id),
                   f"Waterfall of {release.release_id}", columns=("step", "removed", "remaining"),
                   limit=100)
    night = home / "nights" / release.as_of_date.isoformat()
    run_id = release.release_id.removeprefix(f"{release.as_of_date}-")
    print(f"invited    {release.invited:,} of {release.considered:,} considered")
    print(f"committed  {release.committed_amount:,} {release.currency}")
    print(f"table      {_near(home / 'warehouse')}  (nightlist whitelist --home {_near(home)})")
    print(f"run        {_near(night / run_id)}")
    print(f"report     {_near(home / 'reports' / night.name / 'index.html')}")


def _near(path: Path) -> Path:
    """The path as seen from the current folder, where it lies below it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main())
