"""The command line: every command explains itself, and errors are one line."""

import argparse
import shlex

import pytest

from jobs.__main__ import main, parser


def commands():
    (choices,) = [action.choices for action in parser()._actions
                  if isinstance(action, argparse._SubParsersAction)]
    return choices


@pytest.mark.parametrize("name", commands())
def test_a_command_has_help_and_an_example_that_parses(name):
    command = commands()[name]
    assert len(command.description) > 20 and command.epilog.startswith("example: nightlist ")
    words = shlex.split(command.epilog.removeprefix("example: nightlist "))
    assert words[0] == name
    assert parser().parse_args(words).command


@pytest.mark.parametrize("name", commands())
def test_every_option_of_a_command_says_what_it_is(name):
    assert all(action.help for action in commands()[name]._actions)
    assert any("--home" in action.option_strings for action in commands()[name]._actions)


@pytest.mark.parametrize(("words", "message"), [
    (["night", "--as-of", "yesterday"], "--as-of: expected a date like 2026-06-30"),
    (["night", "--as-of", "2026-06-30", "--users", "0"], "--users: expected at least 1"),
    (["night", "--as-of", "2005-11-01", "--feeds", "uci"], "--data: expected the folder"),
    (["run", "scor", "--as-of", "2026-06-30"], "expected one of deliver, intake"),
    (["run", "score", "--as-of", "2026-06-30"], "expected a run with frozen inputs"),
    (["whitelist"], "release"),
])
def test_a_wrong_word_gets_one_line_with_a_remedy(tmp_path, capsys, words, message):
    assert main([*words, "--home", str(tmp_path)]) == 1
    said = capsys.readouterr().err.strip()
    assert "\n" not in said and message in said and ";" in said


def test_an_unknown_engine_is_refused(monkeypatch):
    from jobs.errors import UsageError
    from jobs.session import engine

    monkeypatch.setenv("NIGHTLIST_SPARK", "duck")
    with pytest.raises(UsageError, match=r"sail, sc://host:port or local\[N\]"):
        engine()
