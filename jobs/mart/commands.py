"""The command `nightlist serve-postgres`."""

from __future__ import annotations

import argparse

from jobs import config
from jobs.command import add
from jobs.errors import UsageError


def declare(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser's."""
    serve = add(commands, "serve-postgres", _serve, "load releases into the PostgreSQL mart that "
                "NIGHTLIST_POSTGRES names, and turn its views to the release in force; after a "
                "rollback only the views turn", "nightlist serve-postgres --home var")
    which = serve.add_mutually_exclusive_group()
    which.add_argument("--release", metavar="ID", help="bring this release as well, for the "
                       "history; the current views always show the one in force")
    which.add_argument("--history", action="store_true", help="bring every release that the "
                       "warehouse has")


def _serve(arguments: argparse.Namespace) -> None:
    from jobs.mart import address
    from jobs.mart.expiry import served_again
    from jobs.mart.mart import serve
    from jobs.progress import progress
    from jobs.release import warehouse

    home = config.home_folder(arguments.home)
    said = address.address()
    if said is None:
        raise UsageError(address.VARIABLE, "the mart's address", "nothing", "set it, like "
                         f"export {address.VARIABLE}=postgresql://loader@db.example/mart, with "
                         "the password in a file (PGPASSFILE)")
    wanted = [arguments.release] if arguments.release else []
    if arguments.history and warehouse.history(home):
        wanted = served_again(home)
    with progress("serving") as told:
        served = serve(home, said, wanted, told)
    print(f"mart     {address.shown(said)}")
    print(f"copied   {', '.join(served.copied) or 'nothing: it was there'}"
          + (f", {served.rows:,} rows" if served.copied else ""))
    print(f"current  {served.release_id}")
