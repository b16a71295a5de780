"""From a training to the night that its candidate scores: nothing is promoted but by two people."""

import json
import shutil

import pytest
import yaml

from jobs.__main__ import main
from jobs.policies import policy

from .conftest import AS_OF, run_night

BOTH = ["--by", "Ann Li", "--approved-by", "Bo Chen", "--reason", "first champion"]


@pytest.fixture(scope="module")
def home(night_home, tmp_path_factory):
    """What the night had before it: feeds, and what was made of them; no model, no release."""
    home = tmp_path_factory.mktemp("training") / "home"
    for name in ("landing", "truth", "clean", "quarantine", "tiles", "windows"):
        shutil.copytree(night_home / name, home / name)
    return home


@pytest.fixture(scope="module")
def trained(home):
    """The record of a training of everything."""
    assert main(["train", "--as-of", AS_OF.isoformat(), "--home", str(home)]) == 0
    (path,) = (home / "trainings" / AS_OF.isoformat()).glob("*/run.json")
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def promoted(home, trained):
    """The PD candidate is the champion from the night on."""
    version = trained["models"]["pd"]["version"]
    assert main(["models", "promote", f"pd/{version}", "--from", AS_OF.isoformat(), *BOTH,
                 "--home", str(home)]) == 0
    return version


def texts(home):
    return {path.relative_to(home): path.read_text() for path in home.glob("models/*/*/model.txt")}


def test_the_same_data_and_seed_give_the_same_models_as_the_night_s(home, trained, night_home):
    assert texts(home) == texts(night_home)
    assert {path.parts[1] for path in texts(home)} == set(trained["models"])


def test_a_training_scores_and_publishes_nothing_and_promotes_nobody(home, trained):
    assert not {"nights", "warehouse", "reports"} & {path.name for path in home.iterdir()}
    assert "tables" not in trained and "audit" not in trained
    assert trained["inputs"]["training"] == {"segment": "", "only": []}


def test_a_candidate_is_shown_beside_the_champion(home, trained, promoted, capsys):
    assert main(["train", "--as-of", AS_OF.isoformat(), "--only", "pd", "--seed", "8", "--home",
                 str(home)]) == 0
    said = capsys.readouterr().out
    (versions,) = [line.split() for line in said.splitlines() if line.startswith(" version")]
    assert versions[2] == promoted and versions[1] != promoted
    assert "9/9  train" in said and "AUC" in said


def test_the_list_says_since_when_a_model_scores(home, promoted, capsys):
    assert main(["models", "list", "--format", "csv", "--home", str(home)]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if promoted in line]
    assert line.endswith(f"\"since {AS_OF}\"")


def test_the_card_and_the_decisions_are_shown(home, promoted, capsys):
    assert main(["models", "show", f"pd/{promoted}", "--home", str(home)]) == 0
    said = capsys.readouterr().out
    assert f"# Model pd, version {promoted}" in said and "Bo Chen" in said


def test_the_champion_scores_the_night_and_the_others_are_warned_of(home, promoted):
    assert run_night(home) == 0
    (folder,) = [path for path in (home / "nights" / AS_OF.isoformat()).iterdir() if path.is_dir()]
    inputs = json.loads((folder / "run.json").read_text())["inputs"]
    assert inputs["models"]["pd"]["version"] == promoted
    assert inputs["models"]["response"] == "trained"
    gates = json.loads((folder / "gates.json").read_text())
    found = {row["column"]: (row["success"], row["severity"]) for row in gates
             if row["table"] == "models"}
    assert found["pd"] == (True, "warning") and found["response"] == (False, "warning")


def test_a_date_that_was_published_gets_no_other_champion(night_home, capsys):
    (folder,) = (night_home / "models" / "pd").iterdir()
    assert main(["models", "promote", f"pd/{folder.name}", "--from", AS_OF.isoformat(), *BOTH,
                 "--home", str(night_home)]) == 1
    assert f"expected a date after {AS_OF}, the newest night published" in capsys.readouterr().err


def test_a_policy_that_requires_a_champion_stops_a_night_without_one(
        night_home, tmp_path, monkeypatch, capsys):
    document = yaml.safe_load((policy.folder() / "wallet_loan_cny.yaml").read_text())
    document["versions"][0]["requires_champion"] = True
    (tmp_path / "wallet_loan_cny.yaml").write_text(yaml.safe_dump(document))
    monkeypatch.setenv("NIGHTLIST_POLICIES", str(tmp_path))
    assert main(["run", "freeze", "--as-of", AS_OF.isoformat(), "--home", str(night_home)]) == 1
    assert "expected a champion of pd, found none; promote one" in capsys.readouterr().err
