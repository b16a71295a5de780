"""A night with nothing to learn from: it judges what it can and publishes nothing."""

import datetime as dt
import json
import shutil

import pyarrow.parquet as pq
import pytest

from jobs.__main__ import main
from jobs.errors import StepLeftOut
from jobs.steps import STEPS, open_run, run_step
from tests.adapters import bank

from .conftest import AS_OF, run_night

CMB = ["night", "--as-of", "2019-07-01", "--feeds", "cmb"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("cmb")
    assert main([*CMB, "--data", str(bank.write(home / "data")), "--home", str(home)]) == 0
    return home


def record_of(home):
    (path,) = (home / "nights").glob("*/*/run.json")
    return json.loads(path.read_text())


def test_rules_that_need_no_score_are_judged_and_the_others_left_open(home):
    record = record_of(home)
    assert record["inputs"]["models"]["pd"] == "none" and record["open_rules"] == ["pd_appetite"]


def test_nothing_is_published_and_no_later_step_leaves_a_table(home):
    assert not (home / "warehouse").exists() and not (home / "reports").exists()
    (folder,) = [path for path in (home / "nights" / "2019-07-01").iterdir() if path.is_dir()]
    assert not {"scores", "limits", "whitelist", "decisions"} & {
        path.name for path in folder.iterdir()}
    assert "tables" not in record_of(home) and "audit" not in record_of(home)


def test_the_summary_shows_the_rules_and_says_what_is_open(home, capsys):
    assert main(["summary", "--as-of", "2019-07-01", "--home", str(home)]) == 0
    said = capsys.readouterr().out
    lines = {line.split()[0]: line.split()[1:] for line in said.splitlines() if line.strip()}
    # Ann is 40, Bob 61, Cem 17.
    assert lines["considered"] == ["0", "3"] and lines["adult"] == ["1", "2"]
    assert lines["working_age"] == ["1", "1"]
    assert "pd_appetite: there was no outcome" in said and "published  nothing" in said


@pytest.mark.parametrize("step", [step.name for step in STEPS if step.needs_model])
def test_a_step_that_needs_a_model_cannot_be_run_by_hand_either(home, step):
    with pytest.raises(StepLeftOut, match="--model pd/VERSION"):
        run_step(step, open_run(home, dt.date(2019, 7, 1)))


def test_a_named_model_that_is_none_stops_the_night_before_anything_is_frozen(home, capsys):
    assert main([*CMB, "--data", str(home / "data"), "--home", str(home), "--model",
                 "pd/0123456789ab"]) == 1
    assert "model pd/0123456789ab" in capsys.readouterr().err


def test_a_night_with_nobody_within_the_appetite_publishes_nothing(home, night_home, capsys):
    """The model of another city's loans finds all of these customers too risky."""
    (folder,) = (night_home / "models" / "pd").iterdir()
    assert main([*CMB, "--data", str(home / "data"), "--home", str(home), "--model",
                 str(folder)]) == 1
    assert "gate release: whitelist" in capsys.readouterr().err
    assert not (home / "warehouse").exists()


def test_a_night_with_a_named_model_trains_none_and_scores_alike(night_home, tmp_path):
    home = tmp_path / "named"
    shutil.copytree(night_home / "landing", home / "landing")
    shutil.copytree(night_home / "truth", home / "truth")
    (folder,) = (night_home / "models" / "pd").iterdir()
    assert run_night(home, "--model", str(folder)) == 0
    named, trained = record_of(home), record_of(night_home)
    assert named["inputs"]["models"]["pd"]["version"] == folder.name
    assert named["inputs"]["models"]["pd"] == trained["models"]["pd"]
    assert trained["inputs"]["models"]["pd"] == "trained"
    scores = [pq.read_table(next((place / "nights" / AS_OF.isoformat()).glob("*/scores")))
              .sort_by("user_id") for place in (home, night_home)]
    assert scores[0].equals(scores[1])
    assert named["tables"]["decisions"] != "" and (home / "warehouse").is_dir()
