"""The commands `nightlist verify` and `nightlist shadow-prices`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from jobs import config
from jobs.command import add
from jobs.errors import NightlistError, UsageError

if TYPE_CHECKING:
    from jobs.release.warehouse import Release


def declare(commands: argparse._SubParsersAction) -> None:
    """Add the commands to the parser's."""
    verify = add(commands, "verify", _verify, "recompute a release's value, rows and bound from "
                 "its published tables, in SQL that shares no code with the optimiser, and say "
                 "true or false", "nightlist verify --release 2026-06-30-1a2b3c4d5e6f")
    prices = add(commands, "shadow-prices", _shadow_prices, "show what more of each coupling row "
                 "would earn, and from which capacity to which", "nightlist shadow-prices --as-of "
                 "2026-06-30 --format csv --output prices.csv")
    for command in (verify, prices):
        command.add_argument("--release", metavar="ID", help="a release's id (default: the one in "
                             "force)")
        command.add_argument("--as-of", metavar="DATE", help="the newest release of that night")
    prices.add_argument("--format", default="table", choices=("table", "csv", "parquet", "json"),
                        help="default: %(default)s; all but table have every column")
    prices.add_argument("--output", metavar="FILE", help="default: the terminal")


def _verify(arguments: argparse.Namespace) -> None:
    from jobs.limits.verify import TABLES, verify
    from jobs.release import warehouse
    from jobs.show import table_of

    home = config.home_folder(arguments.home)
    release = _release(home, arguments)
    verdict = verify({name: warehouse.data_files(home, name, release.release_id)
                      for name in TABLES})
    table_of([{"check": one.name, "expected": one.expected, "found": one.found, "holds": one.ok}
              for one in verdict.checks], f"Certificate of {release.release_id}")
    print("true" if verdict.ok else "false", flush=True)
    if not verdict.ok:
        first, more = verdict.failures[0], len(verdict.failures) - 1
        raise NightlistError(
            f"certificate of {release.release_id}: {first.name}", first.expected,
            first.found + (f" (and {more} more checks that do not hold)" if more else ""),
            "do not send these offers; publish the night again, or an earlier release")


def _shadow_prices(arguments: argparse.Namespace) -> None:
    from jobs.limits.words import told
    from jobs.release import warehouse
    from jobs.show import show, table_of

    home = config.home_folder(arguments.home)
    release = _release(home, arguments)
    rows = warehouse.read(home, "shadow_prices", release.release_id)
    title = f"Shadow prices of {release.release_id}"
    if arguments.format == "table" and not arguments.output:
        table_of([{"a step more": row["sentence"], "holds": row["holds"],
                   "the row costs": row["cost"] or ""}
                  for row in told(rows.to_pylist(), release.currency)], title)
    else:
        show(rows, arguments.format, Path(arguments.output) if arguments.output else None, title)


def _release(home: Path, arguments: argparse.Namespace) -> Release:
    """The release that was named, or the one in force of that night or of all.

    Raises:
        UsageError: When both are given.
        ReleaseError: When there is no such release.
    """
    from jobs.release import warehouse

    if arguments.release and arguments.as_of:
        raise UsageError("--release and --as-of", "one of them", "both", "leave one out")
    if arguments.release:
        return warehouse.named(home, arguments.release)
    return warehouse.current(home, None if arguments.as_of is None
                             else config.as_of_date(arguments.as_of))
