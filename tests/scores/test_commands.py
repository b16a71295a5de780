"""Deciding about models from the command line."""

import datetime as dt

import pytest

from jobs.__main__ import main
from models.champions import version_on

from .test_choice import make

WORDS = ["--by", "Ann Li", "--approved-by", "Bo Chen", "--reason", "better in every segment"]
JULY = ["--from", "2026-07-01"]


@pytest.fixture
def home(tmp_path):
    return tmp_path


def run(home, *words):
    return main(["models", *words, "--home", str(home)])


def test_a_promotion_says_from_when_the_model_scores(home, capsys):
    model = make(home, "first")
    assert run(home, "promote", f"pd/{model.version}", *JULY, *WORDS) == 0
    assert capsys.readouterr().out == (
        f"pd/{model.version} scores the nights from 2026-07-01 on\n")
    assert version_on(home, "pd", dt.date(2026, 7, 1)) == model.version


def test_a_model_that_no_night_could_score_with_is_not_promoted(home, capsys):
    model = make(home, "first", features=[{"name": "card_limit_minor", "monotone": -1,
                                           "reason_code": "X", "fingerprint": "0123456789ab"}])
    assert run(home, "promote", f"pd/{model.version}", *JULY, *WORDS) == 1
    assert "another definition of card_limit_minor" in capsys.readouterr().err
    assert version_on(home, "pd", dt.date(2026, 7, 1)) is None


def test_the_list_shows_the_days_of_each_champion(home, capsys):
    first, second = make(home, "first"), make(home, "second")
    run(home, "promote", f"pd/{first.version}", *JULY, *WORDS)
    run(home, "promote", f"pd/{second.version}", "--from", "2026-08-01", *WORDS)
    run(home, "retire", "pd", "--from", "2026-09-01", *WORDS)
    capsys.readouterr()
    assert run(home, "list", "--format", "csv") == 0
    said = {line.split(",")[0].strip('"'): line for line in capsys.readouterr().out.splitlines()}
    assert "2026-07-01 to 2026-07-31" in said[f"pd/{first.version}"]
    assert "2026-08-01 to 2026-08-31" in said[f"pd/{second.version}"]
