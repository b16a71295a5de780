"""Step `score`: the calibrated PD and the points of everyone in the feature matrix.

Sources: feature_matrix, the run's PD model. Grain: one user. Output: scores.

The rows stay in the engine and pass the model in Arrow batches. On a cluster the workers need
this package and its dependencies installed, as they import `models`; the model itself travels
with the query.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.pandas.types import to_arrow_schema

from jobs import store
from jobs.config import Run
from jobs.contracts.night import FEATURE_MATRIX, SCORES
from jobs.errors import ModelMismatch
from jobs.inputs import unchanged
from jobs.scores.train import MODEL_FILE
from jobs.session import session
from models import registry
from models.prediction import check_features, predict
from models.registry import Model

#: What the model adds; its version is put beside it by the engine.
_COMPUTED = ("user_id", "as_of_date", "pd", "score_points")


def build(matrix: DataFrame, model: Model) -> DataFrame:
    """Score every row of a feature matrix.

    A UDF, because the trees are LightGBM's and no engine has them; over Arrow batches, so that
    Python runs once a batch and not once a row.

    Raises:
        ModelMismatch: When features are missing or not numbers; all are named.
    """
    # Before anything runs: errors inside a worker arrive wrapped in the engine's own.
    check_features(to_arrow_schema(matrix.schema), model.feature_names, FEATURE_MATRIX.name)
    schema = pa.schema([SCORES.arrow_schema.field(name) for name in _COMPUTED])

    def score(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            pd, points = predict(model, batch)
            columns = [batch.column("user_id"), batch.column("as_of_date"), pa.array(pd),
                       pa.array(points)]
            yield pa.RecordBatch.from_arrays(
                [column.cast(field.type) for column, field in zip(columns, schema, strict=True)],
                schema=schema)

    spark_schema = T.StructType([SCORES.spark_schema[name] for name in _COMPUTED])
    scored = matrix.select("user_id", "as_of_date", "segment", *model.feature_names).mapInArrow(
        score, spark_schema)
    return scored.withColumn("model_version", F.lit(model.version)).select(SCORES.columns)


def main(run: Run) -> dict[str, Any]:
    """Read the feature matrix, score it, write the scores; returns the counts."""
    unchanged(run)
    model = champion(run)
    matrix = store.read(session(), run.folder / FEATURE_MATRIX.name, FEATURE_MATRIX)
    rows = store.write(build(matrix, model), SCORES, run.folder / SCORES.name)
    return {"rows": rows, "model_version": model.version}


def champion(run: Run) -> Model:
    """The model that this run scores with, as model.json names it.

    Raises:
        NightlistError: Before the run has a model.
        ModelMismatch: When the registry holds another text under that version.
    """
    path = run.folder / MODEL_FILE
    if not path.is_file():
        raise ModelMismatch(MODEL_FILE, f"the model of run {run.run_id}", "no such file",
                            f"run the step first: nightlist run train --as-of {run.as_of}")
    chosen = store.read_json(path)
    model = registry.load(run.home, chosen["name"], chosen["version"])
    if model.sha256 != chosen["sha256"]:
        raise ModelMismatch(MODEL_FILE, f"model.txt with sha256 {chosen['sha256']}", model.sha256,
                            f"train again: nightlist run train --as-of {run.as_of}")
    return model
