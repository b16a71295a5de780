"""The command line: every command explains itself, and errors are one line."""

import argparse
import shlex

import pytest

from jobs.__main__ import main, parser
from jobs.errors import EngineError, UsageError
from jobs.session import engine, session


def commands(of=None, before=""):
    """Every command by its words, those below another one included."""
    found = {}
    for action in (of or parser())._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                found[before + name] = command
                found |= commands(command, f"{before}{name} ")
    return found


def runs(command):
    """Whether it does something itself: one that only leads to others takes no --home."""
    return not any(isinstance(action, argparse._SubParsersAction) for action in command._actions)


@pytest.mark.parametrize("name", commands())
def test_a_command_has_help_and_an_example_that_parses(name):
    command = commands()[name]
    assert len(command.description) > 20 and command.epilog.startswith("example: nightlist ")
    words = shlex.split(command.epilog.removeprefix("example: nightlist "))
    assert " ".join(words).startswith(name)
    assert parser().parse_args(words).command


@pytest.mark.parametrize("name", commands())
def test_every_option_of_a_command_says_what_it_is(name):
    command = commands()[name]
    assert all(action.help for action in command._actions
               if not isinstance(action, argparse._SubParsersAction))
    assert any("--home" in action.option_strings for action in command._actions) == runs(command)


@pytest.mark.parametrize(("words", "message"), [
    (["night", "--as-of", "yesterday"], "--as-of: expected a date like 2026-06-30"),
    (["night", "--as-of", "2026-06-30", "--users", "0"], "--users: expected at least 1"),
    (["night", "--as-of", "2005-11-01", "--feeds", "uci"], "--data: expected the folder"),
    (["night", "--as-of", "2019-07-01", "--feeds", "cmb"], "with the files of cmb"),
    (["run", "scor", "--as-of", "2026-06-30"], "expected one of deliver, intake"),
    (["run", "score", "--as-of", "2026-06-30"], "expected a run with frozen inputs"),
    (["night", "--as-of", "9999-12-31"], "--as-of: expected a date from 1990-01-01 to 2199-12-31"),
    (["night", "--as-of", "2026-06-30", "--seed", "-1"], "--seed: expected at least 0"),
    (["night", "--as-of", "2026-06-30", "--users", "999999999999"], "at most 100,000,000"),
    (["whitelist", "--as-of", ""], "--as-of: expected a date"),
    (["whitelist"], "release"),
    (["train", "--as-of", "2026-06-30", "--only", "pd,fraud"], "--only: expected names from pd"),
    (["train", "--as-of", "2026-06-30", "--seed", "-1"], "--seed: expected at least 0"),
    (["models", "list"], "train one: nightlist train"),
    (["models", "show", "pd/1"], "model pd/1: expected NAME/VERSION of this home"),
    (["models", "retire", "pd", "--from", "soon", "--by", "a", "--approved-by", "b", "--reason",
      "c"], "--from: expected a date like 2026-06-30"),
])
def test_a_wrong_word_gets_one_line_with_a_remedy(tmp_path, capsys, words, message):
    assert main([*words, "--home", str(tmp_path)]) == 1
    said = capsys.readouterr().err.strip()
    assert "\n" not in said and message in said and ";" in said


@pytest.mark.parametrize("home", ["x[1]", "st*r", "c{a,b}", "h#a", "new\nline", "~nosuchuser/x"])
def test_a_home_that_an_engine_would_take_for_something_else_is_refused(tmp_path, capsys, home,
                                                                        monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["whitelist", "--home", home]) == 1
    assert "--home" in capsys.readouterr().err and list(tmp_path.iterdir()) == []


def test_what_no_check_foresaw_is_one_line_too(tmp_path, capsys, monkeypatch):
    assert main(["dictionary", "--write", str(tmp_path)]) == 1
    said = capsys.readouterr().err.strip()
    assert "IsADirectoryError" in said and "NIGHTLIST_TRACE=1" in said and "\n" not in said
    monkeypatch.setenv("NIGHTLIST_TRACE", "1")
    with pytest.raises(IsADirectoryError):
        main(["dictionary", "--write", str(tmp_path)])


def test_a_cluster_that_does_not_answer_is_named_at_once(monkeypatch):
    monkeypatch.setenv("NIGHTLIST_SPARK", "sc://127.0.0.1:1")
    with pytest.raises(EngineError, match="a Spark Connect server at sc://127.0.0.1:1"):
        session()


@pytest.mark.parametrize("value", ["duck", "local[0]", "sc://"])
def test_an_unknown_engine_is_refused(monkeypatch, value):
    monkeypatch.setenv("NIGHTLIST_SPARK", value)
    with pytest.raises(UsageError, match=r"sail, sc://host:port or local\[N\]"):
        engine()
