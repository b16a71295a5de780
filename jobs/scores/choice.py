"""Which models a run scores with, decided when its inputs are frozen.

Of each model of `models/spec.py`: the version that the command names, else the champion of the
as-of date, else one trained in the run where outcomes were delivered to learn from, else none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path

from jobs.config import DECIDING_MODEL, NO_MODEL, TRAINED, Run
from jobs.errors import ModelMismatch, NoChampion, UsageError
from jobs.features.catalogue import fingerprints
from models import champions, registry
from models.registry import Model
from models.spec import SPECS

#: Names of all models, the deciding one first.
NAMES = tuple(spec.name for spec in SPECS)

#: Identity of a model in the registry, or TRAINED, or NO_MODEL.
Choice = dict[str, str] | str


def choose(run: Run, has_outcomes: bool, requires_champion: bool) -> dict[str, Choice]:
    """What each model of the run is to be, by name.

    Args:
        run: The night, or the training, which trains what it names and takes nothing.
        has_outcomes: Whether there is anything to learn from.
        requires_champion: Whether the policy forbids a model that was not promoted.

    Raises:
        UsageError: When the command names something that is no model, or one model twice.
        ModelMismatch: When a model is missing, was changed, or its features mean something else
            by now.
        NoChampion: When the policy wants one and there is none.
    """
    if run.training:
        check_names("--only", run.training.only)
        return {name: TRAINED if name in (run.training.only or NAMES) else NO_MODEL
                for name in NAMES}
    named = _named(run)
    return {name: _choice(run, name, named.get(name), has_outcomes, requires_champion)
            for name in NAMES}


def _choice(run: Run, name: str, named: Model | None, has_outcomes: bool,
            requires_champion: bool) -> Choice:
    promoted = champions.version_on(run.home, name, run.as_of)
    if requires_champion:
        _check_promoted(run, name, named, promoted, has_outcomes)
    if named or promoted:
        model = named or registry.load(run.home, name, str(promoted))
        check_definitions(model)
        return model.identity
    # Where the policy wants champions, a model beside the PD's is rather missing than unproven.
    return TRAINED if has_outcomes and not requires_champion else NO_MODEL


def _named(run: Run) -> dict[str, Model]:
    found: dict[str, Model] = {}
    for text in run.models:
        model = registry.named(run.home, text)
        check_names("--model", [model.name])
        if model.name in found:
            raise UsageError(f"--model {text}", "one version of each model",
                             f"two of {model.name}", "name one")
        found[model.name] = model
    return found


def check_names(option: str, names: Iterable[str]) -> None:
    """Refuse what is no model.

    Raises:
        UsageError: Naming all of them.
    """
    if odd := [name for name in names if name not in NAMES]:
        raise UsageError(option, "names from " + ", ".join(NAMES), ", ".join(odd),
                         "name one of these")


def _check_promoted(run: Run, name: str, named: Model | None, promoted: str | None,
                    has_outcomes: bool) -> None:
    where = f"policy {run.policy}.requires_champion on {run.as_of}"
    remedy = f"promote one: nightlist models promote {name}/VERSION --from DATE"
    if named and named.version != promoted:
        raise NoChampion(where, f"the champion, {name}/{promoted}" if promoted else
                         f"a champion of {name}", f"{name}/{named.version} named", remedy)
    if name == DECIDING_MODEL and has_outcomes and not promoted:
        raise NoChampion(where, f"a champion of {name}", "none", remedy)


def check_definitions(model: Model) -> None:
    """Refuse a model whose features meant something else when it was trained.

    Raises:
        ModelMismatch: Naming all of them.
    """
    today = fingerprints(model.feature_names)
    other = [feature["name"] for feature in model.metadata["features"]
             if feature.get("fingerprint", "") != (today[feature["name"]] or "no such feature")]
    if other:
        told = ", ".join(other)
        raise ModelMismatch(f"model {model.name}/{model.version}", "features that mean what they "
                            "meant when it was trained", f"another definition of {told}", "train "
                            "again, or score with the code that the model was trained with")


def unpromoted(home: Path, as_of: dt.date, models: Mapping[str, dict[str, str]]) -> list[str]:
    """Names of the models among those of a night that are not the champions of its date."""
    return [name for name, identity in models.items()
            if identity["version"] != champions.version_on(home, name, as_of)]
