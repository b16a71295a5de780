"""Step `score`: what the models of the run say of everyone in the feature matrix.

Sources: feature_matrix, the run's models. Grain: one user. Output: scores.

The rows stay in the engine and pass all models in Arrow batches, each batch made numbers once. On a
cluster the workers need this package and its dependencies installed, as they import `models`; the
models themselves travel with the query.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.pandas.types import to_arrow_schema

from jobs import store
from jobs.config import DECIDING_MODEL, Run
from jobs.contracts.night import FEATURE_MATRIX, SCORES
from jobs.errors import ModelMismatch
from jobs.inputs import frozen, unchanged
from jobs.scores.choice import check_definitions
from jobs.scores.train import MODELS
from jobs.session import session
from models import registry
from models.prediction import check_features, feature_values, predict
from models.registry import Model

#: The column that each model fills; null where the night has no such model.
VALUE_COLUMNS = {"pd": "pd", "income": "income_minor", "response": "response_ratio",
                 "draw": "draw_ratio", "lgd": "lgd_ratio"}
#: What is computed in Python; the PD model's version is put beside it by the engine.
_COMPUTED = [name for name in SCORES.columns if name != "model_version"]


def build(matrix: DataFrame, models: Mapping[str, Model]) -> DataFrame:
    """Score every row of a feature matrix.

    A UDF, because the trees are LightGBM's and no engine has them; over Arrow batches, so that
    Python runs once a batch and not once a row.

    Args:
        matrix: `feature_matrix`.
        models: By name, the PD model among them.

    Raises:
        ModelMismatch: When features are missing or not numbers; all are named.
    """
    # Before anything runs: errors inside a worker arrive wrapped in the engine's own.
    for model in models.values():
        check_features(to_arrow_schema(matrix.schema), model.feature_names, FEATURE_MATRIX.name)
    names = list(dict.fromkeys(name for model in models.values() for name in model.feature_names))
    schema = pa.schema([SCORES.arrow_schema.field(name) for name in _COMPUTED])

    def score(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            columns = {"user_id": batch.column("user_id"),
                       "as_of_date": batch.column("as_of_date"),
                       **_foretold(models, names, batch)}
            nothing = pa.nulls(batch.num_rows)
            yield pa.RecordBatch.from_arrays(
                [columns.get(field.name, nothing).cast(field.type) for field in schema],
                schema=schema)

    spark_schema = T.StructType([SCORES.spark_schema[name] for name in _COMPUTED])
    taken = matrix.select("user_id", "as_of_date", "segment", *names)
    version = F.lit(models[DECIDING_MODEL].version)
    return (taken.mapInArrow(score, spark_schema).withColumn("model_version", version)
            .select(SCORES.columns))


def _foretold(models: Mapping[str, Model], names: list[str],
              batch: pa.RecordBatch) -> dict[str, pa.Array]:
    """The models' columns of a batch; its features are made numbers once for all of them."""
    values = feature_values(batch, names, FEATURE_MATRIX.name)
    columns: dict[str, pa.Array] = {}
    for name, model in models.items():
        own = (values if model.feature_names == names
               else values[:, [names.index(feature) for feature in model.feature_names]])
        foretold, points = predict(model, batch, own)
        if model.metadata["objective"] == "amount":
            foretold = np.rint(foretold)
        columns[VALUE_COLUMNS[name]] = pa.array(foretold)
        if name == DECIDING_MODEL:
            columns["score_points"] = pa.array(points)
    return columns


def main(run: Run) -> dict[str, Any]:
    """Read the feature matrix, score it, write the scores; returns the counts."""
    unchanged(run)
    models = models_of(run)
    matrix = store.read(session(), run.folder / FEATURE_MATRIX.name, FEATURE_MATRIX)
    rows = store.write(build(matrix, models), SCORES, run.folder / SCORES.name)
    return {"rows": rows, "model_version": models[DECIDING_MODEL].version,
            **({"models": len(models)} if len(models) > 1 else {})}


def models_of(run: Run) -> dict[str, Model]:
    """The models that this run scores with, by name, as run.json names them.

    Raises:
        ModelMismatch: Before the run has a PD model; when the registry holds another text under
            a version, or a model's features mean something else by now.
    """
    chosen = frozen(run).get(MODELS, {})
    if DECIDING_MODEL not in chosen:
        raise ModelMismatch("run.json models", f"the PD model of run {run.run_id}", "none",
                            f"run the step first: nightlist run train --as-of {run.as_of}")
    models = {}
    for name, identity in chosen.items():
        model = registry.load(run.home, name, identity["version"])
        if model.sha256 != identity["sha256"]:
            raise ModelMismatch(f"run.json models.{name}",
                                f"model.txt with sha256 {identity['sha256']}", model.sha256,
                                f"train again: nightlist run train --as-of {run.as_of}")
        check_definitions(model)
        models[name] = model
    return models
