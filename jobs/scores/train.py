"""Step `train`: the PD model, from outcomes known by the as-of date, or the one that was named.

Sources: training_matrix. Output: the model in the registry (<home>/models/pd/<version>/) and
model.json in the run's folder: name, version and the sha256 of model.txt.
"""

from __future__ import annotations

from typing import Any

from jobs import store
from jobs.config import Run
from jobs.contracts.night import TRAINING_MATRIX
from jobs.errors import ModelMismatch
from jobs.inputs import TRAINED, code_version, record, unchanged
from models import registry, training
from models.registry import Model

#: Names the model of a run.
MODEL_FILE = "model.json"


def main(run: Run) -> dict[str, Any]:
    """Train, register and name the model of this run; returns its figures.

    Raises:
        TrainingRefused: When the rows cannot carry a model.
        ModelMismatch: When the named model is not the one that was frozen.
    """
    frozen = unchanged(run)["model"]
    if frozen != TRAINED:
        return _take(run, frozen)
    matrix = store.read_arrow(run.folder / TRAINING_MATRIX.name, TRAINING_MATRIX)
    matrix = matrix.filter(matrix["is_default"].is_valid())
    model = training.train(matrix, run.seed, run.as_of, code_version())
    registry.save(run.home, model)
    _choose(run, model)
    return {"rows": model.metadata["rows"], "bads": model.metadata["bads"],
            "auc": round(model.metadata["metrics"]["auc"], 4), "model_version": model.version}


def _take(run: Run, frozen: dict[str, str]) -> dict[str, Any]:
    """The model that was named when the night was frozen; nothing is trained."""
    model = registry.load(run.home, frozen["name"], frozen["version"])
    if model.identity != frozen:
        raise ModelMismatch(f"model {model.name}/{model.version}", frozen["sha256"], model.sha256,
                            "copy the model's folder back")
    _choose(run, model)
    return {"model_version": model.version, "trained_as_of": model.metadata["as_of_date"]}


def _choose(run: Run, model: Model) -> None:
    store.write_json(model.identity, run.folder / MODEL_FILE)
    record(run, "model", model.identity)
