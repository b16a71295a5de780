"""The command `nightlist send-file`."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import Any

from jobs import config
from jobs.command import add, near
from jobs.policies.campaign import CHANNELS


def declare(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser's."""
    send = add(commands, "send-file", _send, "write the file of a wave for whoever sends it: "
               "without who withdrew, was listed or was sent something since the night, and why",
               "nightlist send-file --wave 1 --on 2026-07-01")
    send.add_argument("--wave", type=int, required=True, metavar="W",
                      help="number of the wave, as the whitelist has it")
    send.add_argument("--release", metavar="ID", help="an earlier night's release that still "
                      "stands for its night (default: the one in force)")
    send.add_argument("--on", metavar="DATE", help="day of sending: what was delivered by then "
                      "counts (default: today)")
    send.add_argument("--channel", choices=CHANNELS, help="only what goes this way (default: all "
                      "in one file)")


def _send(arguments: argparse.Namespace) -> None:
    from jobs.campaign.sending import make
    from jobs.progress import progress

    home = config.home_folder(arguments.home)
    wave = config.number(arguments.wave, "--wave", 1, 1_000_000)
    day = config.as_of_date(arguments.on, "--on") if arguments.on else dt.date.today()
    with progress("send-file") as told:
        sent = make(home, wave, day, arguments.release, arguments.channel or "", told)
    _show(sent.manifest)
    unchanged = "" if sent.is_new else "  (as it was: nothing new is known)"
    print(f"file       {near(sent.folder / 'push.csv')}{unchanged}")
    if sent.manifest["replaces"]:
        print(f"replaces   {sent.manifest['replaces']}")


def _show(said: dict[str, Any]) -> None:
    from jobs.show import table_of

    rows = [{"wave": "planned", "people": said["planned"]},
            *({"wave": f"sent by {name}", "people": count} for name, count in
              said["sent"].items()),
            *({"wave": f"dropped: {name}", "people": count} for name, count in
              said["dropped"].items()),
            {"wave": "sent", "people": sum(said["sent"].values())}]
    table_of(rows, f"Wave {said['wave']} on {said['on']}")
    print(f"release    {said['release_id']}")
