"""The commands `nightlist release list`, `rollback` and `diff`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs import config
from jobs.command import add, group, output, takes_format
from jobs.errors import UsageError
from jobs.release.commands import print_stopped, show_rows

if TYPE_CHECKING:
    import pyarrow as pa

    from jobs.release.pointer import Standing
    from jobs.release.warehouse import Release


def declare(commands: argparse._SubParsersAction) -> None:
    """Add the group to the parser's."""
    of = group(commands, "release", "the pointer: every release, which is in force, and the way "
               "back to an earlier one", "nightlist release list")
    listed = add(of, "list", _list, "show every move of the pointer: what was published or rolled "
                 "back to, by whom, and whether it is in force, stands for its night, was "
                 "superseded or withdrawn", "nightlist release list --format json")
    takes_format(listed)
    back = add(of, "rollback", _rollback, "put a release in force that was published before; what "
               "stood above it is withdrawn, and nothing is deleted",
               "nightlist release rollback 2026-06-29-1a2b3c4d5e6f --reason 'a doubled feed'")
    back.add_argument("release", metavar="ID", help="the release; one that was withdrawn is "
                      "restored")
    back.add_argument("--reason", required=True, metavar="TEXT", help="why; everyone who finds a "
                      "release withdrawn is told")
    back.add_argument("--by", default="", metavar="NAME", help="who decided it (default: the user "
                      "of the system)")
    diff = add(of, "diff", _diff, "show who entered, left or has other terms from one release to "
               "another, and why", "nightlist release diff 2026-06-29-1a2b3c4d5e6f "
               "2026-06-30-6f5e4d3c2b1a")
    diff.add_argument("before", metavar="A", help="the release to hold against")
    diff.add_argument("after", metavar="B", help="the release that is held against it")
    takes_format(diff)


def _list(arguments: argparse.Namespace) -> None:
    import pyarrow as pa

    from jobs.contracts.release import RELEASES
    from jobs.release import warehouse
    from jobs.release.pointer import standing
    from jobs.show import show, table_of

    home = config.home_folder(arguments.home)
    known, held = warehouse.history(home), warehouse.held(home)
    rows = [_row(move, standing(known), held) for move in known]
    if arguments.format == "table" and not arguments.output and rows:
        print_stopped(home)
        table_of([{"move": row["move_number"], "at (UTC)": row["published_at"][:16].replace(
            "T", " "), "action": row["action"], "release": row["release_id"],
            "invited": row["invited"], "now": row["state"], "by": row["moved_by"],
            "reason": row["reason"]} for row in rows], "moves of the pointer, oldest first",
            wrap=("by", "reason", "now"))
        return
    schema = RELEASES.arrow_schema.append(pa.field("state", pa.string()))
    show(pa.Table.from_pylist(rows, schema), arguments.format, output(arguments),
         "moves of the pointer")


def _row(move: Release, now: Standing, held: set[str]) -> dict[str, Any]:
    """A move with where its release is by now; of several moves the last one says it."""
    from jobs.release.pointer import HISTORY

    state = "superseded"
    if now.in_force == move:
        state = "in force"
    elif now.of_nights.get(move.as_of_date) == move:
        state = "stands for its night" + (", history" if move.action in HISTORY else "")
    elif move.release_id in now.withdrawn:
        state = f"withdrawn by move {now.withdrawn[move.release_id].move_number}"
    if move.release_id not in held:
        state += ", rows expired"
    return {**asdict(move), "state": state}


def _rollback(arguments: argparse.Namespace) -> None:
    from jobs.release import switch, warehouse
    from jobs.release.rollback import take_back

    home = config.home_folder(arguments.home)
    already = set(warehouse.state(home).withdrawn)
    before, after, mart = take_back(home, arguments.release, arguments.reason, arguments.by)
    for said, move in (("before", before), ("now", after)):
        print(f"{said:<10} {move.release_id}: {move.invited:,} people, "
              f"{move.committed_amount:,} {move.currency}")
    new = sorted(set(warehouse.state(home).withdrawn) - already)
    print(f"withdrawn  {', '.join(new) or 'nothing'}")
    print(f"move       {after.move_number}, by {after.moved_by}: {after.reason}")
    if mart:
        print(f"mart       {mart} shows it")
    if (throw := switch.stopped(home)) is not None:
        print(f"stopped    {throw.told}; a rollback takes away and is allowed all the same")


def _diff(arguments: argparse.Namespace) -> None:
    from jobs.progress import progress
    from jobs.release import warehouse
    from jobs.release.changes import churn, counted_by_reason, sentence
    from jobs.show import table_of

    home = config.home_folder(arguments.home)
    before, after = (warehouse.named(home, name) for name in (arguments.before, arguments.after))
    if before.release_id == after.release_id:
        raise UsageError("release diff A B", "two releases", f"{before.release_id} twice",
                         "see: nightlist release list")
    with progress(f"holding {after.release_id} against {before.release_id}"):
        rows = _between(home, before, after)
    title = f"changes from {before.release_id} to {after.release_id}"
    if arguments.format == "table" and not arguments.output:
        if counted := counted_by_reason(rows):
            table_of(counted, title)
        print(sentence(churn(rows, before.invited)))
        return
    show_rows(rows, arguments, "changes", title)


def _between(home: Path, before: Release, after: Release) -> pa.Table:
    """As published, where the later was held against the earlier; else worked out from both."""
    import pyarrow.compute as pc

    from jobs.contracts.campaign import CHANGES
    from jobs.release import changes, records, warehouse

    known = warehouse.read(home, CHANGES.name, after.release_id)
    if known.num_rows and pc.all(pc.equal(known["previous_release_id"],
                                          before.release_id)).as_py():
        return known
    return changes.build(records.published(home, before), records.published(home, after),
                         after.as_of_date, after.currency)
