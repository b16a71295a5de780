"""Step `train`: the models of the run, trained on what the night knows or taken as frozen.

Sources: training_matrix, the registry. Output: models in the registry, and their identities in
run.json under `models`. A model other than the PD's that the rows cannot carry is left out, and
run.json says why under `not_trained`. Nothing here promotes a model.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs import store
from jobs.config import DECIDING_MODEL, NO_MODEL, TRAINED, Run
from jobs.contracts.night import TRAINING_MATRIX
from jobs.errors import ModelMismatch, TrainingRefused
from jobs.features.catalogue import fingerprints
from jobs.inputs import code_version, record, unchanged
from models import registry, training
from models.registry import Model
from models.spec import SPECS

#: Keys in run.json: identities of the models by name; why others could not be trained.
MODELS, NOT_TRAINED = "models", "not_trained"


def main(run: Run) -> dict[str, Any]:
    """Train or take each model of this run and name it; returns the figures.

    Raises:
        TrainingRefused: When the rows cannot carry the PD model, or any that a training asks for.
        ModelMismatch: When a model is not the one that was frozen.
    """
    inputs = unchanged(run)
    frozen, training_run = inputs["models"], inputs.get("training")
    wanted = [spec for spec in SPECS if frozen[spec.name] == TRAINED]
    models = {name: _take(run, identity) for name, identity in frozen.items()
              if identity not in (TRAINED, NO_MODEL)}
    refused: dict[str, TrainingRefused] = {}
    rows = _rows(run, (training_run or {}).get("segment", "")) if wanted else None
    for spec in wanted:
        try:
            model = training.train(rows, run.seed, run.as_of, code_version(), spec)
        except TrainingRefused as error:
            if spec.name == DECIDING_MODEL and not training_run:
                raise
            refused[spec.name] = error
            continue
        models[spec.name] = stamped(model, (training_run or {}).get("segment", ""))
        registry.save(run.home, models[spec.name])
    if refused and not models:
        raise _none_of(refused)
    record(run, MODELS, {spec.name: models[spec.name].identity for spec in SPECS
                         if spec.name in models})
    record(run, NOT_TRAINED, {name: str(error) for name, error in refused.items()})
    return _figures(models, refused)


def stamped(model: Model, segment: str = "") -> Model:
    """The model with what its features mean by this code, and the segment it learned from."""
    meant = fingerprints(model.feature_names)
    features = [{**feature, "fingerprint": meant[feature["name"]]}
                for feature in model.metadata["features"]]
    return dataclasses.replace(model, metadata={
        **model.metadata, "features": features, "feature_fingerprint": store.fingerprint(meant),
        **({"segment": segment} if segment else {})})


def _none_of(refused: dict[str, TrainingRefused]) -> TrainingRefused:
    """Why a training ends without a model."""
    if len(refused) == 1:
        return next(iter(refused.values()))
    lacking = [f"{name} lacks {error.expected} ({error.found})" for name, error in refused.items()]
    return TrainingRefused(TRAINING_MATRIX.name, "rows that carry at least one of "
                           + ", ".join(refused), "; ".join(lacking),
                           "deliver more outcomes, known by the as-of date")


def _rows(run: Run, segment: str) -> pa.Table:
    matrix = store.read_arrow(run.folder / TRAINING_MATRIX.name, TRAINING_MATRIX)
    return matrix.filter(pc.equal(matrix["segment"], segment)) if segment else matrix


def _take(run: Run, frozen: dict[str, str]) -> Model:
    """A model that was named, or the champion, when the night was frozen; nothing is trained."""
    model = registry.load(run.home, frozen["name"], frozen["version"])
    if model.identity != frozen:
        raise ModelMismatch(f"model {model.name}/{model.version}", frozen["sha256"], model.sha256,
                            "copy the model's folder back")
    return model


def _figures(models: dict[str, Model], refused: Iterable[str]) -> dict[str, Any]:
    """Of the PD model its rows, bads, AUC and version; of the others name and version."""
    figures: dict[str, Any] = {}
    if pd := models.get(DECIDING_MODEL):
        figures = {"rows": pd.metadata["rows"], "bads": pd.metadata["bads"],
                   "auc": round(pd.metadata["metrics"]["auc"], 4), "model_version": pd.version}
    others = [f"{name}/{model.version}" for name, model in models.items()
              if name != DECIDING_MODEL]
    return {**figures, **({"others": " ".join(others)} if others else {}),
            **({"not_trained": " ".join(refused)} if refused else {})}
