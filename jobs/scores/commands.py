"""The commands `train` and `models list|show|promote|retire`."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from jobs import config
from jobs.command import add, group, output, takes_format
from jobs.errors import UsageError

if TYPE_CHECKING:
    from models.champions import Entry
    from models.registry import Model


def declare(commands: argparse._SubParsersAction) -> None:
    """Add the commands to the parser's."""
    train = add(commands, "train", _train, "train candidates on what was known on a date; nothing "
                "is scored, published or promoted", "nightlist train --as-of 2026-06-30 --only pd")
    train.add_argument("--as-of", required=True, metavar="DATE",
                       help="only outcomes and features known then are learned from")
    train.add_argument("--segment", choices=config.SEGMENTS, default="",
                       help="learn from these people only, to compare (default: everyone)")
    train.add_argument("--only", default="", metavar="NAMES",
                       help="models to train, with commas between (default: all)")
    train.add_argument("--seed", type=int, default=config.DEFAULT_SEED, metavar="N",
                       help="of folds and trees (default: %(default)s)")
    train.add_argument("--policy", metavar="NAME", default=config.DEFAULT_POLICY["landing"],
                       help="the product policy, which names the currency and the feeds that must "
                       "be there (default: %(default)s)")
    models = group(commands, "models", "look at the models of a home, and decide which one scores",
                   "nightlist models list")
    listed = add(models, "list", _list, "list all models with their figures and the dates that "
                 "they score", "nightlist models list --format csv --output models.csv")
    takes_format(listed)
    show = add(models, "show", _show, "show a model's card and the decisions about it",
               "nightlist models show pd/0123456789ab")
    show.add_argument("model", metavar="NAME/VERSION", help="from: nightlist models list")
    promote = add(models, "promote", _promote, "make a model the champion from a date on that is "
                  "not published yet", "nightlist models promote pd/0123456789ab --from 2026-07-01 "
                  "--by 'Ann Li' --approved-by 'Bo Chen' --reason 'AUC 0.81 against 0.79'")
    promote.add_argument("model", metavar="NAME/VERSION", help="from: nightlist models list")
    retire = add(models, "retire", _retire, "end the time of a model's champion, with no other in "
                 "its place", "nightlist models retire income --from 2026-08-01 --by 'Ann Li' "
                 "--approved-by 'Bo Chen' --reason 'income feed ends'")
    retire.add_argument("model", metavar="NAME", help="the model's name, like income")
    for command in (promote, retire):
        command.add_argument("--from", dest="start", required=True, metavar="DATE",
                             help="the first as-of date")
        command.add_argument("--by", required=True, metavar="NAME", help="who decides")
        command.add_argument("--approved-by", required=True, metavar="NAME",
                             help="who agrees: another person")
        command.add_argument("--reason", required=True, metavar="TEXT", help="why")


def _train(arguments: argparse.Namespace) -> None:
    from jobs.inputs import frozen
    from jobs.scores.choice import check_names
    from jobs.steps import run_all

    only = tuple(sorted({name.strip() for name in arguments.only.split(",")} - {""}))
    check_names("--only", only)
    run = run_all(config.Run(
        home=config.home_folder(arguments.home), as_of=config.as_of_date(arguments.as_of),
        seed=config.seed(arguments.seed), policy=arguments.policy,
        training=config.Training(arguments.segment, only)))
    written = frozen(run)
    for name, identity in written["models"].items():
        _compare(run, name, identity["version"])
    for name, reason in written["not_trained"].items():
        print(f"{name}: not trained: {reason}")


def _compare(run: config.Run, name: str, version: str) -> None:
    """Print a candidate's figures beside those of the date's champion."""
    from jobs.show import table_of
    from models import champions, registry
    from models.card import figures

    promoted = champions.version_on(run.home, name, run.as_of)
    versions = {"candidate": version, **({"champion": promoted} if promoted else {})}
    said = {title: figures(registry.load(run.home, name, one).metadata)
            for title, one in versions.items()}
    rows = [{"figure": "version", **versions},
            *({"figure": figure, **{title: one.get(figure, "") for title, one in said.items()}}
              for figure in said["candidate"])]
    table_of(rows, f"{name} as of {run.as_of}"
             + ("" if promoted else ": no champion"))


def _list(arguments: argparse.Namespace) -> None:
    import pyarrow as pa

    from jobs.show import show
    from models import champions, registry
    from models.card import headline

    home = config.home_folder(arguments.home)
    rows = []
    for name, version in registry.versions(home):
        known = registry.load(home, name, version).metadata
        rows.append({"model": f"{name}/{version}", "as_of": known["as_of_date"],
                     "segment": known.get("segment", "all"), "rows": known["rows"],
                     "quality": headline(known),
                     "champion": _reign(champions.history(home, name), version)})
    if not rows:
        raise UsageError(f"{home.name}/models", "a model", "none",
                         "train one: nightlist train --as-of DATE")
    show(pa.Table.from_pylist(rows), arguments.format,
         output(arguments), "models")


def _reign(decisions: list[Entry], version: str) -> str:
    """The dates on which a version is the champion: `A to B, since C`."""
    spans = []
    for place, entry in enumerate(decisions):
        later = decisions[place + 1].effective_from if place + 1 < len(decisions) else None
        if entry.version == version and later != entry.effective_from:
            first = entry.effective_from
            spans.append(f"since {first}" if later is None
                         else f"{first} to {later - dt.timedelta(days=1)}")
    return ", ".join(spans)


def _show(arguments: argparse.Namespace) -> None:
    from jobs.show import table_of
    from models import champions
    from models.card import card

    home, model = _model(arguments)
    print(card(model.version, model.metadata))
    decisions = champions.history(home, model.name)
    if decisions:
        table_of([{"from": str(one.effective_from), "champion": one.version or "none",
                   "by": one.promoted_by, "approved_by": one.approved_by, "reason": one.reason}
                  for one in decisions], f"Decisions about {model.name}")


def _promote(arguments: argparse.Namespace) -> None:
    from jobs.scores.choice import check_definitions

    home, model = _model(arguments)
    check_definitions(model)  # else it would stop the first night that it should score
    entry = _decide(arguments, home, model.name, model.version)
    print(f"{model.name}/{model.version} scores the nights from {entry.effective_from} on")


def _retire(arguments: argparse.Namespace) -> None:
    home = config.home_folder(arguments.home)
    entry = _decide(arguments, home, arguments.model, None)
    print(f"{arguments.model} has no champion from {entry.effective_from} on")


def _decide(arguments: argparse.Namespace, home: Path, name: str, version: str | None) -> Entry:
    from jobs.release import warehouse
    from models import champions
    from models.champions import Entry

    published = max((move.as_of_date for move in warehouse.history(home)), default=None)
    now = dt.datetime.now(dt.timezone.utc)
    entry = Entry(version, config.as_of_date(arguments.start, "--from"), arguments.by,
                  arguments.approved_by, arguments.reason, now.isoformat(timespec="seconds"))
    champions.add(home, name, entry, published)
    return entry


def _model(arguments: argparse.Namespace) -> tuple[Path, Model]:
    from models import registry

    home = config.home_folder(arguments.home)
    name, _, version = arguments.model.partition("/")
    if (name, version) not in registry.versions(home):
        known = " ".join("/".join(one) for one in registry.versions(home))
        raise UsageError(f"model {arguments.model}", "NAME/VERSION of this home",
                         "no such model", f"known here: {known or 'none'}")
    return home, registry.load(home, name, version)
