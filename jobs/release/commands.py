"""Commands that read releases: their tables, a summary, and one person in words."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from jobs import config
from jobs.command import add, near, output, takes_format
from jobs.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from jobs.release.warehouse import Release

#: Command -> table and help.
READERS = {
    "whitelist": ("whitelist", "the people invited by a release"),
    "decisions": ("decisions", "everyone considered by a release, with the failing rules"),
    "waterfall": ("waterfall", "how many people each rule of a release removed"),
    "changes": ("changes", "who entered, left, or has other terms than in the release before, and "
                "why"),
    "honour": ("honour_ledger", "every offer that was sent and had not run out: kept, taken or "
               "withdrawn"),
    "criteria": ("criteria", "the selection criteria of a release, in order and in words"),
}
#: What a terminal shows of tables that are wider; files have every column. `limit_*` is the
#: currency's own name; what a table lacks is passed over.
SHOWN = {
    "whitelist": ("user_id", "limit_*", "rate_annual", "valid_to", "channel", "send_status",
                  "wave", "priority", "reason_codes"),
    "changes": ("user_id", "change", "reason", "reason_detail", "limit_before", "limit_now",
                "previous_rate_daily", "rate_daily"),
    "honour_ledger": ("user_id", "limit_minor", "rate_daily", "open_until", "outcome", "criterion",
                      "text"),
    "waterfall": ("step", "reason_code", "removed", "remaining"),
    "criteria": ("rule_number", "rule", "condition", "text"),
}
#: Tables of few rows, all of which are shown.
SHORT = ("waterfall", "criteria")


def declare(commands: argparse._SubParsersAction) -> None:
    """Add the commands to the parser's."""
    for name, (table, text) in READERS.items():
        reader = add(commands, name, _table, f"show {text}",
                     f"nightlist {name} --as-of 2026-06-30 --format csv --output {name}.csv")
        takes_release(reader)
        takes_format(reader)
        reader.set_defaults(table=table)
    summary = add(commands, "summary", _summary, "show a release in short: waterfall, number "
                  "invited, money committed, what changed, and where the table and the report lie",
                  "nightlist summary --as-of 2026-06-30")
    takes_release(summary)
    explain = add(commands, "explain", _explain, "show everything that a release says about one "
                  "person, and why: from the published tables alone",
                  "nightlist explain u0000042 --as-of 2026-06-30 --format json")
    explain.add_argument("user", metavar="USER", help="the person's id, as in the tables")
    takes_release(explain)
    takes_format(explain, ("table", "csv", "json"))


def takes_release(command: argparse.ArgumentParser) -> None:
    """Let a command name a release or a night; see `chosen`."""
    command.add_argument("--as-of", metavar="DATE", help="the release that stands for that night "
                         "(default: the one in force)")
    command.add_argument("--release", metavar="ID", help="a release by its id, withdrawn or not; "
                         "see: nightlist release list")


def chosen(home: Path, arguments: argparse.Namespace) -> Release:
    """The release that was named, or the one that stands for the night or is in force.

    Raises:
        UsageError: When both are given.
        ReleaseError: When there is no such release.
    """
    from jobs.release import warehouse

    if arguments.release and arguments.as_of is not None:
        raise UsageError("--release and --as-of", "one of them", "both", "leave one out")
    if arguments.release:
        return warehouse.named(home, arguments.release)
    return warehouse.current(home, _as_of(arguments))


def _as_of(arguments: argparse.Namespace) -> dt.date | None:
    return None if arguments.as_of is None else config.as_of_date(arguments.as_of)


def _table(arguments: argparse.Namespace) -> None:
    from jobs.progress import progress
    from jobs.release import warehouse

    home = config.home_folder(arguments.home)
    release = chosen(home, arguments)
    with progress(f"reading {arguments.table} of {release.release_id}"):
        rows = warehouse.read(home, arguments.table, release.release_id)
    show_rows(rows, arguments, arguments.table,
              f"{arguments.table.replace('_', ' ')} of {release.release_id}")


def show_rows(rows: pa.Table, arguments: argparse.Namespace, table: str, title: str) -> None:
    """Print or write the rows of a released table, in a terminal the columns of SHOWN."""
    from jobs.show import TERMINAL_ROWS, show, terminal_table

    if arguments.format != "table" or arguments.output or table not in SHOWN:
        show(rows, arguments.format, output(arguments), title)
        return
    terminal_table(_whole_units(rows) if table == "changes" else rows, title, columns=[
        found for name in SHOWN[table] for found in (
            [one for one in rows.schema.names if one.startswith("limit_")] if name == "limit_*"
            else [name] if name in (*rows.schema.names, "limit_before", "limit_now") else [])],
        limit=100 if table in SHORT else TERMINAL_ROWS, wrap=("condition", "text"))


def _whole_units(rows: pa.Table) -> pa.Table:
    """Limits in whole currency units beside those in minor ones, for people."""
    import pyarrow.compute as pc

    from jobs.limits.problem import MINOR

    for name, minor in (("limit_before", "previous_limit_minor"), ("limit_now", "limit_minor")):
        rows = rows.append_column(name, pc.divide(rows[minor], MINOR))
    return rows


def _explain(arguments: argparse.Namespace) -> None:
    import pyarrow as pa

    from jobs.progress import progress
    from jobs.release.explain import explained, lines
    from jobs.show import show, show_json, table_of

    home = config.home_folder(arguments.home)
    release = chosen(home, arguments)
    with progress(f"looking {arguments.user} up in {release.release_id}"):
        said = explained(home, release, arguments.user)
    if arguments.format == "json":
        show_json(said, output(arguments))
        return
    rows = [{"about": topic, "said": text} for topic, text in lines(said)]
    if arguments.format == "table" and not arguments.output:
        table_of(rows, f"{arguments.user} in {release.release_id}", wrap=("said",))
    else:
        show(pa.Table.from_pylist(rows), arguments.format, output(arguments), arguments.user)


def _summary(arguments: argparse.Namespace) -> None:
    home = config.home_folder(arguments.home)
    if not arguments.release and told_unpublished(home, _as_of(arguments)):
        return
    print_summary(home, chosen(home, arguments))


def told_unpublished(home: Path, as_of: dt.date | None) -> bool:
    """Print how far a night came that stopped for want of a model, if that date's newest did."""
    from jobs.offers.eligibility import unpublished
    from jobs.show import terminal_table

    stopped = unpublished(home, as_of) if as_of else None
    if stopped is None:
        return False
    steps, still_open, folder = stopped
    terminal_table(steps, f"Rules of {as_of}-{folder.name}", limit=100)
    print(f"left open  {', '.join(still_open) or 'no rule'}: there was no outcome to learn "
          "from, no champion, and no --model was named")
    print("published  nothing; earlier releases stay as they are")
    print(f"run        {near(folder)}")
    return True


def print_stopped(home: Path) -> None:
    """Print that publication is stopped, where it is."""
    from jobs.release import switch

    if (throw := switch.stopped(home)) is not None:
        print(f"stopped    all publication, {throw.told}")


def print_summary(home: Path, release: Release) -> None:
    """Print a release in short."""
    from jobs.release import records, warehouse
    from jobs.release.changes import sentence
    from jobs.show import terminal_table

    terminal_table(warehouse.read(home, "waterfall", release.release_id),
                   f"Waterfall of {release.release_id}", columns=("step", "removed", "remaining"),
                   limit=100)
    print_stopped(home)
    print(f"invited    {release.invited:,} of {release.considered:,} considered")
    print(f"committed  {release.committed_amount:,} {release.currency}")
    print(f"changes    {sentence(records.churn_of(home, release))}")
    for line in records.degraded_of(home, release.release_id):
        print(f"degraded   {line}")
    print(f"table      {near(home / 'warehouse')}  (nightlist whitelist --home {near(home)})")
    print(f"run        {near(release.run(home).folder)}")
    print(f"report     {near(home / 'reports' / release.as_of_date.isoformat() / 'index.html')}")
