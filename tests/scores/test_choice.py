"""Which models a night scores with: named, else its champion, else trained, else none."""

import dataclasses
import datetime as dt

import pytest

from jobs.config import NO_MODEL, TRAINED, Run, Training
from jobs.errors import ModelMismatch, NoChampion, UsageError
from jobs.scores.choice import check_definitions, choose, unpromoted
from jobs.scores.train import stamped
from models.champions import Entry, add
from models.registry import Model, save
from models.spec import SPECS
from tests.models.test_champions import METADATA

NIGHT = dt.date(2026, 6, 30)


def make(home, trees, name="pd", **changed):
    """A version in the registry whose one feature means what it means today."""
    features = [{"name": "card_limit_minor", "monotone": -1, "reason_code": "CARD_LIMIT"}]
    model = stamped(Model(trees, {**METADATA, "name": name, "features": features}))
    model = dataclasses.replace(model, metadata={**model.metadata, **changed})
    save(home, model)
    return model


def promote(home, model, day=NIGHT):
    add(home, model.name, Entry(model.version, day, "Ann Li", "Bo Chen", "better", "2026-06-01"),
        None)


@pytest.fixture
def run(tmp_path):
    return Run(home=tmp_path, as_of=NIGHT)


def test_a_night_with_outcomes_trains_what_nobody_promoted(run):
    assert choose(run, True, False) == {spec.name: TRAINED for spec in SPECS}


def test_a_night_without_outcomes_has_no_model(run):
    assert choose(run, False, False) == {spec.name: NO_MODEL for spec in SPECS}


def test_the_champion_of_the_date_scores_rather_than_one_trained_tonight(run):
    champion = make(run.home, "first")
    promote(run.home, champion)
    assert choose(run, True, False)["pd"] == champion.identity
    assert choose(run, True, False)["income"] == TRAINED


def test_a_backfill_has_the_champion_of_its_date(run):
    first, second = make(run.home, "first"), make(run.home, "second")
    promote(run.home, first, dt.date(2026, 6, 1))
    promote(run.home, second, NIGHT)
    earlier = dataclasses.replace(run, as_of=dt.date(2026, 6, 29))
    assert choose(earlier, True, False)["pd"] == first.identity
    assert choose(run, True, False)["pd"] == second.identity


def test_a_model_that_the_command_names_scores_before_the_champion(run):
    promote(run.home, make(run.home, "first"))
    named = make(run.home, "second")
    asked = dataclasses.replace(run, models=(f"pd/{named.version}",))
    assert choose(asked, True, False)["pd"] == named.identity


def test_two_versions_of_one_model_are_refused(run):
    names = tuple(f"pd/{make(run.home, trees).version}" for trees in ("first", "second"))
    with pytest.raises(UsageError, match="expected one version of each model, found two of pd"):
        choose(dataclasses.replace(run, models=names), True, False)


def test_a_training_trains_what_it_is_asked_for_and_takes_no_champion(run):
    promote(run.home, make(run.home, "first"))
    asked = dataclasses.replace(run, training=Training(only=("pd",)))
    assert choose(asked, True, False) == {
        spec.name: TRAINED if spec.name == "pd" else NO_MODEL for spec in SPECS}


@pytest.mark.parametrize("changed", [
    {"name": "card_limit_minor", "fingerprint": "0123456789ab"}, {"name": "card_limit_minor"},
    {"name": "card_limit", "fingerprint": ""}])
def test_a_model_whose_feature_meant_something_else_is_refused(run, changed):
    model = make(run.home, "first", features=[{"monotone": -1, "reason_code": "X", **changed}])
    with pytest.raises(ModelMismatch, match=f"another definition of {changed['name']}; train"):
        choose(dataclasses.replace(run, models=(f"pd/{model.version}",)), True, False)


def test_a_model_of_today_s_features_is_not_refused(run):
    check_definitions(make(run.home, "first"))


def test_where_the_policy_wants_champions_a_night_without_one_stops(run):
    with pytest.raises(NoChampion, match="expected a champion of pd, found none; promote one"):
        choose(run, True, True)


def test_where_the_policy_wants_champions_another_model_cannot_be_named(run):
    promote(run.home, make(run.home, "first"))
    other = make(run.home, "second")
    with pytest.raises(NoChampion, match=f"found pd/{other.version} named"):
        choose(dataclasses.replace(run, models=(f"pd/{other.version}",)), True, True)


def test_where_the_policy_wants_champions_nothing_else_scores(run):
    champion = make(run.home, "first")
    promote(run.home, champion)
    assert choose(run, True, True) == {
        spec.name: champion.identity if spec.name == "pd" else NO_MODEL for spec in SPECS}


def test_models_that_are_not_the_date_s_champions_are_named(run):
    champion, other = make(run.home, "first"), make(run.home, "second", name="income")
    promote(run.home, champion)
    scored = {"pd": champion.identity, "income": other.identity}
    assert unpromoted(run.home, NIGHT, scored) == ["income"]
