"""Reasons: what spoke most for each person invited, or against one whom the PD kept out.

Sources: the feature matrix's rows of those people, the run's PD model. Grain: one user.
Output: user_id, reason_codes. Exact contributions cost about thirty times as much as a score
(measured: 1,700 against 51,000 rows a second on one core), so nobody else's are computed.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import types as T
from pyspark.sql.pandas.types import to_arrow_schema

from jobs.contracts.night import FEATURE_MATRIX
from jobs.contracts.table import TYPES
from models.prediction import check_features
from models.reasons import Direction, reason_codes
from models.registry import Model

_COLUMNS = {"user_id": "string", "reason_codes": "strings"}


def build(matrix: DataFrame, model: Model, how_many: int = 3,
          direction: Direction = "for") -> DataFrame:
    """At most `how_many` reason codes a person, strongest first: user_id, reason_codes.

    A UDF, because the contributions are LightGBM's own and no engine has them.

    Args:
        matrix: Rows of the feature matrix, of those only who are to be told.
        model: The model that scored them.
        how_many: Codes a person at most.
        direction: `for`, what lowered the PD, of people invited; `against`, what raised it, of
            people whom the PD kept out and who ask why.

    Raises:
        ModelMismatch: When features are missing or not numbers; all are named.
    """
    check_features(to_arrow_schema(matrix.schema), model.feature_names, FEATURE_MATRIX.name)
    schema = pa.schema([(name, TYPES[kind][1]) for name, kind in _COLUMNS.items()])

    def explain(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            codes = pa.array(reason_codes(model, batch, how_many, direction), schema.field(1).type)
            yield pa.RecordBatch.from_arrays(
                [batch.column("user_id").cast(pa.string()), codes], schema=schema)

    spark_schema = T.StructType([T.StructField(name, TYPES[kind][0])
                                 for name, kind in _COLUMNS.items()])
    explained = matrix.select("user_id", *model.feature_names).mapInArrow(explain, spark_schema)
    return explained.select(list(_COLUMNS))
