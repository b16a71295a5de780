"""The commands `nightlist verify` and `nightlist shadow-prices`."""

from __future__ import annotations

import argparse

from jobs import config
from jobs.command import add, output, takes_format
from jobs.errors import NightlistError
from jobs.release.commands import chosen, takes_release


def declare(commands: argparse._SubParsersAction) -> None:
    """Add the commands to the parser's."""
    verify = add(commands, "verify", _verify, "recompute a release's value, rows and bound from "
                 "its published tables, in SQL that shares no code with the optimiser, and say "
                 "true or false", "nightlist verify --release 2026-06-30-1a2b3c4d5e6f")
    prices = add(commands, "shadow-prices", _shadow_prices, "show what more of each coupling row "
                 "would earn, and from which capacity to which", "nightlist shadow-prices --as-of "
                 "2026-06-30 --format csv --output prices.csv")
    for command in (verify, prices):
        takes_release(command)
    takes_format(prices)


def _verify(arguments: argparse.Namespace) -> None:
    from jobs.limits.verify import TABLES, verify
    from jobs.release import warehouse
    from jobs.show import table_of

    home = config.home_folder(arguments.home)
    release = chosen(home, arguments)
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
    release = chosen(home, arguments)
    rows = warehouse.read(home, "shadow_prices", release.release_id)
    title = f"Shadow prices of {release.release_id}"
    if arguments.format == "table" and not arguments.output:
        table_of([{"a step more": row["sentence"], "holds": row["holds"],
                   "the row costs": row["cost"] or ""}
                  for row in told(rows.to_pylist(), release.currency)], title)
    else:
        show(rows, arguments.format, output(arguments), title)
