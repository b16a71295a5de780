"""The command `nightlist monitor`: the figures of a night, breaches first."""

from __future__ import annotations

import argparse

from jobs import config
from jobs.command import add, output, takes_format


def declare(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser's."""
    monitor = add(commands, "monitor", _monitor, "show what the monitoring of a night found: "
                  "stability, calibration, roll rates, fairness; breaches first",
                  "nightlist monitor --as-of 2026-06-30 --format csv --output monitoring.csv")
    monitor.add_argument("--as-of", required=True, metavar="DATE", help="the night; of several "
                         "runs the one frozen last")
    takes_format(monitor)


def _monitor(arguments: argparse.Namespace) -> None:
    from jobs import store
    from jobs.contracts.monitoring import MONITORING
    from jobs.monitor.figures import breaches_first
    from jobs.show import show
    from jobs.steps import open_run

    run = open_run(config.home_folder(arguments.home), config.as_of_date(arguments.as_of))
    rows = breaches_first(store.read_arrow(run.folder / MONITORING.name, MONITORING))
    if arguments.format == "table" and not arguments.output:
        rows = rows.select(["status", "metric", "segment", "subject", "value", "n"])
    show(rows, arguments.format, output(arguments),
         f"monitoring of {run.release_id}")
