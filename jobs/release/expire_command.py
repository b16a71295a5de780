"""The commands `expire` (what was kept as long as the policies say goes) and `compact`."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from typing import TYPE_CHECKING

from jobs import config
from jobs.command import add, output, takes_format
from jobs.errors import UsageError

if TYPE_CHECKING:
    from jobs.release.removal import Removal

MIB = 1024**2


def declare(commands: argparse._SubParsersAction) -> None:
    """Add the commands to the parser's."""
    expire = add(commands, "expire", _expire, "take away what was kept as long as the policies "
                 "say: working tables of runs, rows of old releases with what was sent and their "
                 "pages, later their criteria, models that nothing names, tiles and windows that "
                 "nothing looks back to, logs and remains; never what a kept release needs",
                 "nightlist expire --dry-run --today 2031-12-31")
    expire.add_argument("--dry-run", action="store_true", help="only say what would go, and why")
    expire.add_argument("--today", metavar="DATE", help="as if it were that day; a later one than "
                        "today only with --dry-run (default: today)")
    takes_format(expire, ("table", "csv", "json"))
    add(commands, "compact", _compact, "merge the manifests of the warehouse's tables, so that "
        "readers open fewer files; no row is touched, and what it replaces goes with the next "
        "expire", "nightlist compact --home var")


def _expire(arguments: argparse.Namespace) -> None:
    from jobs.progress import progress
    from jobs.release import expiry, retention

    home, now = config.home_folder(arguments.home), dt.date.today()
    today = config.as_of_date(arguments.today, "--today") if arguments.today else now
    if today > now and not arguments.dry_run:
        raise UsageError("--today", f"no later day than {now}", str(today),
                         "add --dry-run to see what would go by then")
    with progress("finding what may go"):
        found = retention.plan(home, today)
    _show(found, arguments)
    planned = sum(one.size for one in found)
    if arguments.dry_run:
        _say(f"would go: {len(found):,} things, {planned / MIB:,.1f} MiB; nothing was changed")
        return
    with progress("taking it away") as told:
        gone, records = expiry.carry_out(home, found, today, told)
    _say(f"gone: {len(found):,} things, {gone / MIB:,.1f} MiB of {planned / MIB:,.1f} planned; and "
         f"{records / MIB:,.1f} MiB of records of earlier states")


def _compact(arguments: argparse.Namespace) -> None:
    from jobs.progress import progress
    from jobs.release.compaction import compact

    with progress("merging manifests") as told:
        counts = compact(config.home_folder(arguments.home), told)
    _say(f"tables merged: {counts['tables']}; manifests {counts['manifests_before']:,} before, "
         f"{counts['manifests_after']:,} now")


def _show(found: list[Removal], arguments: argparse.Namespace) -> None:
    import pyarrow as pa

    from jobs.show import show, table_of

    schema = pa.schema([("kind", pa.string()), ("name", pa.string()), ("count", pa.int64()),
                        ("bytes", pa.int64()), ("why", pa.string())])
    rows = [{"kind": one.kind, "name": one.name, "count": one.count, "bytes": one.size,
             "why": one.why} for one in found]
    if arguments.format != "table" or arguments.output:
        show(pa.Table.from_pylist(rows, schema), arguments.format, output(arguments), "expired")
    elif rows:
        table_of([{"kind": one.kind, "name": one.name, "count": one.count,
                   "MiB": f"{one.size / MIB:,.1f}", "why": one.why} for one in found],
                 "kept as long as the policies say", wrap=("why",))


def _say(text: str) -> None:
    print(f"nightlist: {text}", file=sys.stderr)
