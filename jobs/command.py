"""How a command is declared: help, an example, --home on every one; formats, files and paths."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from jobs import config

Command = Callable[[argparse.Namespace], None]
#: Of what a command shows.
FORMATS = ("table", "csv", "parquet", "json")


def group(commands: argparse._SubParsersAction, name: str, text: str,
          example: str) -> argparse._SubParsersAction:
    """Declare a command that is followed by a command of its own; arguments as of `add`."""
    parent = _parser(commands, name, text, example)
    return parent.add_subparsers(title="commands", metavar="COMMAND", required=True)


def add(commands: argparse._SubParsersAction, name: str, run: Command, text: str,
        example: str) -> argparse.ArgumentParser:
    """Declare a command.

    Args:
        commands: The parser's commands.
        name: The command.
        run: What it does with its arguments.
        text: Its help, without capital and full stop.
        example: A whole command line.
    """
    command = _parser(commands, name, text, example)
    command.add_argument("--home", metavar="DIR", help="where everything is written and read, "
                         "a folder or s3://bucket/prefix "
                         f"(default: $NIGHTLIST_HOME or ./{config.DEFAULT_HOME})")
    command.set_defaults(command=run)
    return command


def takes_format(command: argparse.ArgumentParser, formats: Sequence[str] = FORMATS) -> None:
    """Let a command name a format and a file."""
    command.add_argument("--format", default="table", choices=formats,
                         help="default: %(default)s; all but table have every row and column")
    command.add_argument("--output", metavar="FILE", help="default: the terminal")


def output(arguments: argparse.Namespace) -> Path | None:
    """The file to write, if one was named."""
    return Path(arguments.output) if arguments.output else None


def near(path: Path) -> Path:
    """The path as seen from the current folder, where it lies below it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _parser(commands: argparse._SubParsersAction, name: str, text: str,
            example: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + ".",
        epilog=f"example: {example}", formatter_class=argparse.RawDescriptionHelpFormatter)
    return parser
