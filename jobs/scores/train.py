"""Step `train`: the PD model, from outcomes known by the as-of date.

Sources: training_matrix. Output: the model in the registry (<home>/models/pd/<version>/) and
model.json in the run's folder: name, version and the sha256 of model.txt.
"""

from __future__ import annotations

from typing import Any

from jobs import store
from jobs.config import Run
from jobs.contracts.night import TRAINING_MATRIX
from jobs.inputs import code_version, record, unchanged
from models import registry, training

#: Names the model of a run.
MODEL_FILE = "model.json"


def main(run: Run) -> dict[str, Any]:
    """Train, register and name the model of this run; returns its figures.

    Raises:
        TrainingRefused: When the rows cannot carry a model.
    """
    unchanged(run)
    matrix = store.read_arrow(run.folder / TRAINING_MATRIX.name, TRAINING_MATRIX)
    model = training.train(matrix, run.seed, run.as_of, code_version())
    registry.save(run.home, model)
    chosen = {"name": model.name, "version": model.version, "sha256": model.sha256}
    store.write_json(chosen, run.folder / MODEL_FILE)
    record(run, "model", chosen)
    return {"rows": model.metadata["rows"], "bads": model.metadata["bads"],
            "auc": round(model.metadata["metrics"]["auc"], 4), "model_version": model.version}
