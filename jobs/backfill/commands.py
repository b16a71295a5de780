"""The commands `nightlist backfill`, `affected` and `replay`."""

from __future__ import annotations

import argparse
import contextlib
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from jobs import config
from jobs.command import add, output, takes_format
from jobs.errors import ReplayDiffers, UsageError

if TYPE_CHECKING:
    from jobs.backfill.plan import Planned
    from jobs.backfill.replay import Difference, Replayed

_FORMATS = ("table", "json", "csv")


def declare(commands: argparse._SubParsersAction) -> None:
    """Add the commands to the parser's."""
    backfill = add(commands, "backfill", _backfill, "run the nights of a range, oldest first, for "
                   "the history: the same lists as the nights would have given, and nobody is "
                   "invited by them", "nightlist backfill --from 2026-06-01 --to 2026-06-30 "
                   "--reprocess failed")
    backfill.add_argument("--from", required=True, metavar="DATE", dest="first",
                          help="the first night")
    backfill.add_argument("--to", required=True, metavar="DATE", dest="last",
                          help="the last night")
    backfill.add_argument("--reprocess", choices=("none", "failed", "completed"), default="none",
                          help="none: dates that were never run; failed: also those whose last run "
                          "published nothing; completed: all (default: %(default)s)")
    backfill.add_argument("--dry-run", action="store_true", help="show what would be run and why, "
                          "and run nothing")
    backfill.add_argument("--supersede", action="store_true", help="let what was published for a "
                          "past night be replaced in the history; wants --reason")
    backfill.add_argument("--reason", default="", metavar="TEXT", help="why; kept with the move "
                          "of the pointer")
    backfill.add_argument("--by", default="", metavar="NAME", help="who decided it (default: the "
                          "user of the system)")
    backfill.add_argument("--policy", metavar="NAME", default=config.DEFAULT_POLICY["landing"],
                          help="the product policy (default: %(default)s)")
    backfill.add_argument("--seed", type=int, default=config.DEFAULT_SEED, metavar="N",
                          help="of training (default: %(default)s)")
    backfill.add_argument("--model", metavar="NAME", action="append", default=[],
                          help="score with this model, as of: nightlist night")
    affected = add(commands, "affected", _affected, "show what a delivery, or the correction that "
                   "stands in for one, touches: days of events, tiles to build anew, and the "
                   "nights that decided on it", "nightlist affected --feed payments --delivery "
                   "2026-06-29")
    affected.add_argument("--feed", required=True, metavar="FEED", help="the feed")
    affected.add_argument("--delivery", required=True, metavar="DATE", help="the delivery, with "
                          ".N for a correction of the day; it has been taken in")
    replay = add(commands, "replay", _replay, "compute a past run again from its frozen inputs, "
                 "apart from the home, and say whether it is byte-identical; exit code 1 and the "
                 "first difference where it is not", "nightlist replay 2026-06-30-1a2b3c4d5e6f")
    replay.add_argument("run", metavar="RUN", help="the id of a release or of a run")
    replay.add_argument("--scratch", metavar="DIR", help="where to compute; an empty or new "
                        "folder, which is kept (default: a temporary one)")
    for command in (backfill, affected):
        takes_format(command, _FORMATS)
    takes_format(replay, ("table", "json"))


def _backfill(arguments: argparse.Namespace) -> None:
    from jobs.backfill import backfill
    from jobs.backfill.plan import plan

    reason = " ".join(arguments.reason.split())
    if arguments.supersede != bool(reason):
        raise UsageError("--supersede and --reason", "both or none", "one of them", "published "
                         "history is replaced on purpose only: say --supersede and say why")
    home = config.home_folder(arguments.home)
    first, last = (config.as_of_date(text, option) for text, option in (
        (arguments.first, "--from"), (arguments.last, "--to")))
    if arguments.dry_run:
        _show([{"as_of": one.as_of, "state": one.state, "runs": "yes" if one.is_run else "no",
                "why": one.why} for one in plan(home, first, last, arguments.reprocess)],
              arguments, f"backfill from {first} to {last}", ("why",))
        return
    run = config.Run(home, first, seed=config.seed(arguments.seed), policy=arguments.policy,
                     models=tuple(arguments.model),
                     backfill=config.Backfill(reason, arguments.by))
    with contextlib.redirect_stdout(sys.stderr):  # the steps' lines: what is asked for is below
        done = backfill.backfill(run, first, last, arguments.reprocess, _say)
    if not done:
        print("nothing to run; see --dry-run and --reprocess")
        return
    _show([asdict(one) for one in done], arguments, f"backfill from {first} to {last}", ("said",))
    for one in backfill.differing(done):
        print(f"{one.as_of}  {one.before} stays; to replace it in the history: nightlist backfill "
              f"--from {one.as_of} --to {one.as_of} --reprocess completed --supersede --reason "
              "TEXT", file=sys.stderr)


def _say(one: Planned, number: int, of: int) -> None:
    print(f"nightlist backfill  {one.as_of}, {number} of {of}: {one.why}", file=sys.stderr,
          flush=True)


def _show(rows: list[dict[str, Any]], arguments: argparse.Namespace, title: str,
          wrap: tuple[str, ...] = ()) -> None:
    import pyarrow as pa

    from jobs.show import show, show_json, table_of

    if arguments.format == "json":
        show_json(rows, output(arguments))
    elif arguments.format == "table" and not arguments.output:
        table_of(rows, title, wrap=wrap)
    else:
        show(pa.Table.from_pylist(rows), arguments.format, output(arguments), title)


def _affected(arguments: argparse.Namespace) -> None:
    from jobs.backfill.affected import advice, affected

    found = affected(config.home_folder(arguments.home), arguments.feed, arguments.delivery)
    if arguments.format != "table":
        said = {**asdict(found), "advice": advice(found)}
        _show([said] if arguments.format == "json" else said["nights"], arguments,
              f"{found.feed}/{found.delivery}")
        return
    print(f"delivery   {found.feed}/{found.delivery}"
          + (f", in place of {', '.join(found.replaces)}" if found.replaces else ""))
    print(f"days       {len(found.event_dates):,} of events"
          + (f", {found.event_dates[0]} to {found.event_dates[-1]}" if found.event_dates else ""))
    print(f"tiles      {found.tiles:,} of these days, {found.to_build:,} to build anew")
    if found.nights:
        _show([asdict(night) for night in found.nights], arguments, "nights", ("inputs",))
    for line in advice(found):
        print(line)


def _replay(arguments: argparse.Namespace) -> None:
    import tempfile
    from pathlib import Path

    from jobs.backfill.replay import find, replay
    from jobs.progress import progress
    from jobs.show import show_json

    run = find(config.home_folder(arguments.home), arguments.run)
    with contextlib.ExitStack() as held:
        if arguments.scratch:
            folder = config.home_folder(arguments.scratch)
            if folder.exists() and any(folder.iterdir()):
                raise UsageError(f"--scratch {arguments.scratch}", "an empty folder", "files in it",
                                 "name another")
            folder.mkdir(parents=True, exist_ok=True)
        else:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory(
                prefix="nightlist-replay-"))).resolve()
        told = held.enter_context(progress(f"replaying {run.release_id}"))
        found = replay(run, folder, told)
    if arguments.format == "json":
        show_json(asdict(found), output(arguments))
    else:
        _tell(found)
    if found.difference is not None:
        raise _different(found.release_id, found.difference)


def _tell(found: Replayed) -> None:
    from jobs.backfill.replay import HASH

    for note in found.notes:
        print(f"not as frozen: {note}")
    rows = ", ".join(f"{name} {count:,}" for name, count in found.tables.items())
    print(f"compared   {rows}")
    print(f"with       {found.held_against}" + (
        "" if found.held_against == HASH else f" and {HASH}"))
    if found.difference is None:
        print(f"{found.release_id}: " + ("byte-identical" if found.identical else
                                         "the same rows, other bytes"))


def _different(release_id: str, found: Difference) -> ReplayDiffers:
    """The first difference as the one line of an error."""
    row = " ".join(f"{column}={value}" for column, value in found.key.items())
    where = f"{found.table}{'.' + found.column if found.column else ''} of {release_id}"
    return ReplayDiffers(f"{where}{', ' + row if row else ''}", f"{found.published} as in "
                         f"{found.against}", f"{found.replayed} in the replay",
                         "an input, the published rows or the code changed since: compare clean "
                         "tables with landing, and the release with a backup")
