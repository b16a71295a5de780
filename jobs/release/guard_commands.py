"""The commands `nightlist approve`, `reject`, `stop-publication` and `resume-publication`."""

from __future__ import annotations

import argparse

from jobs import config
from jobs.command import add


def declare(commands: argparse._SubParsersAction) -> None:
    """Add the commands to the parser's."""
    for name, run, text, reason in (
            ("approve", _approve, "let a night pass whose figures are beyond what the policy lets "
             "pass by itself; without a name and a reason only show them, and what changes",
             "a new model"),
            ("reject", _reject, "refuse a night: this run of it is not published, whatever else "
             "is said", "the wrong model")):
        command = add(commands, name, run, text,
                      f"nightlist {name} --as-of 2026-06-30 --by Mei --reason '{reason}'")
        command.add_argument("--as-of", required=True, metavar="DATE", help="the night; of several "
                             "runs the one frozen last")
        command.add_argument("--by", default="", metavar="NAME", help="who says so")
        command.add_argument("--reason", default="", metavar="TEXT", help="why; kept in run.json")
    for name, run, text, reason in (
            ("stop-publication", _stop, "stop everything that publishes, at once: releases, the "
             "mart's views and files to send; a rollback stays allowed", "complaints come in"),
            ("resume-publication", _resume, "let publication go on after a stop",
             "the policy is mended")):
        command = add(commands, name, run, text,
                      f"nightlist {name} --by Mei --reason '{reason}'")
        command.add_argument("--by", required=True, metavar="NAME", help="who says so")
        command.add_argument("--reason", required=True, metavar="TEXT", help="why; kept, and told "
                             "to whoever is held up")


def _approve(arguments: argparse.Namespace) -> None:
    from jobs import store
    from jobs.contracts.campaign import CHANGES
    from jobs.release.approval import approve, sentence, to_approve
    from jobs.release.changes import counted_by_reason
    from jobs.show import table_of
    from jobs.steps import open_run

    run = open_run(config.home_folder(arguments.home), config.as_of_date(arguments.as_of))
    if not (arguments.by or arguments.reason):
        found = to_approve(run)
        if counted := counted_by_reason(store.read_arrow(run.folder / CHANGES.name, CHANGES)):
            table_of(counted, f"changes of {run.release_id}, not published")
        for row in found:
            print(f"to approve: {sentence(row)}")
        return
    for row in approve(run, arguments.by, arguments.reason):
        print(f"approved: {sentence(row)}")
    print(f"go on with: nightlist run check_release --as-of {run.as_of}, then run release")


def _reject(arguments: argparse.Namespace) -> None:
    from jobs.release.approval import again, reject
    from jobs.steps import open_run

    run = open_run(config.home_folder(arguments.home), config.as_of_date(arguments.as_of))
    reject(run, arguments.by, arguments.reason)
    print(f"rejected: run {run.run_id} of {run.as_of} is not published")
    print(f"go on with: {again(run)}")


def _stop(arguments: argparse.Namespace) -> None:
    from jobs.release import switch, warehouse
    from jobs.release.iceberg import publishing

    home = config.home_folder(arguments.home)
    print(f"stopped    {switch.stop(home, arguments.by, arguments.reason).told}", flush=True)
    if not warehouse.catalog_file(home).exists():
        return
    with publishing(home):  # whoever was publishing has moved the pointer by now, or never will
        now = warehouse.state(home).in_force
    print(f"in force   {now.release_id if now else 'nothing'}; take it back with: "
          "nightlist release rollback ID --reason TEXT")


def _resume(arguments: argparse.Namespace) -> None:
    from jobs.release import switch

    home = config.home_folder(arguments.home)
    print(f"resumed    {switch.resume(home, arguments.by, arguments.reason).told}")
