"""Applying a model to Arrow rows: what it foretells, points, and what each reason adds.

The Arrow schema is checked before LightGBM sees anything, and LightGBM gets plain numbers:
LightGBM 4.7 aborts the process on Arrow strings, dates and decimals. Every row is computed by
itself, so the numbers do not depend on how rows are cut into batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.errors import ModelMismatch
from jobs.features.fields import NOT_KNOWN
from models.calibration import logistic, points
from models.logit import Floats
from models.registry import Model
from models.spec import Objective

_SHARE_DECIMALS = 9
_AMOUNT_DECIMALS = 3
#: Contributions are compared to this many decimals: less is rounding error, not a reason.
_CONTRIBUTION_DECIMALS = 9


def predict(model: Model, batch: pa.RecordBatch | pa.Table, rows: Floats | None = None
            ) -> tuple[Floats, npt.NDArray[np.int64]]:
    """What the model foretells of each row, and score points, both of shape (rows,).

    A probability or share lies in [0, 1]; an amount is in the unit of its target (`_minor`: 1/100
    currency). A model with terms foretells at the reference terms (models/terms.py). Points are
    those of the probability; an amount has none, and they are 0.

    Args:
        model: The model.
        batch: Rows with the model's features, and `segment` where it is calibrated by it.
        rows: The features as numbers, shape (rows, features), where they are known already.

    Raises:
        ModelMismatch: When features are missing or not numbers; all are named.
    """
    lines = calibrated_margins(model, batch, rows)
    values = target_values(lines, model.metadata["objective"])
    if model.metadata["objective"] == "amount":
        return values, np.zeros(len(values), dtype=np.int64)
    return values, points(values)


def target_values(lines: Floats, objective: Objective) -> Floats:
    """Probabilities, shares or amounts of calibrated margins, rounded, same shape."""
    # numpy's exp takes other code on other processors: the last digits are not the model's.
    if objective == "amount":
        return np.asarray(np.round(np.exp(lines), _AMOUNT_DECIMALS))
    return np.asarray(np.round(logistic(lines), _SHARE_DECIMALS))


def calibrated_margins(model: Model, batch: pa.RecordBatch | pa.Table,
                       rows: Floats | None = None) -> Floats:
    """Calibrated log-odds (of an amount: its logarithm) at the reference terms, shape (rows,).

    Arguments as of `predict`.

    Raises:
        ModelMismatch: When features are missing or not numbers, or the model has lines of its own
            for segments and the rows no column `segment`.
    """
    calibration = model.calibration
    if not calibration.segments:
        return calibration.line(margins(model, batch, rows))
    if "segment" not in batch.schema.names:
        raise ModelMismatch("feature_matrix", "the column segment, as the model is calibrated by "
                            "segment", "no column segment", "select it beside the features")
    segments = np.array(batch.column("segment").to_pylist(), dtype=str)
    return calibration.line(margins(model, batch, rows), segments)


def margins(model: Model, batch: pa.RecordBatch | pa.Table, rows: Floats | None = None) -> Floats:
    """Raw margins of the trees before calibration, shape (rows,); arguments as of `predict`.

    Raises:
        ModelMismatch: When features are missing or not numbers; all are named.
    """
    if rows is None:
        rows = feature_values(batch, model.feature_names, "feature_matrix")
    if not len(rows):
        return np.zeros(0)
    # One thread: the engine runs as many batches side by side as there are cores.
    return np.asarray(_booster(model.text).predict(rows, raw_score=True, num_threads=1))


def contributions(model: Model, batch: pa.RecordBatch | pa.Table) -> tuple[list[str], Floats]:
    """Reason codes in alphabetical order, and what each adds to the log-odds: (rows, codes).

    Exact tree contributions, against the average of the training rows (Lundberg et al., From local
    explanations to global understanding with explainable AI for trees, 2020), summed by the reason
    code of the feature; what a null adds goes to NOT_KNOWN.
    """
    rows = feature_values(batch, model.feature_names, "feature_matrix")
    codes = sorted({*model.reason_codes, NOT_KNOWN})
    sums = np.zeros((len(rows), len(codes)))
    if len(rows):
        # All cores: the dearest figures of a night (1,600 people a second and core); a row's own
        # do not depend on the number of threads.
        each = np.asarray(_booster(model.text).predict(rows, pred_contrib=True, num_threads=0))
        # Column by column in the model's order: the same sum for a row in any batch.
        for feature, code in enumerate(model.reason_codes):
            known = ~np.isnan(rows[:, feature])
            sums[known, codes.index(code)] += each[known, feature]
            sums[~known, codes.index(NOT_KNOWN)] += each[~known, feature]
    return codes, np.round(sums, _CONTRIBUTION_DECIMALS)


def check_features(schema: pa.Schema, names: Sequence[str], where: str) -> None:
    """Refuse a schema without the features, or with features that are not numbers.

    Other columns and the order do not matter. A column of Arrow's type null is a feature of
    which nothing is known.

    Raises:
        ModelMismatch: With every missing and mistyped feature.
    """
    found = {name: schema.field(name).type for name in schema.names}
    missing = [name for name in names if name not in found]
    mistyped = [f"{name} {found[name]}" for name in names
                if name in found and not _is_number(found[name])]
    if not missing and not mistyped:
        return
    wrong = [name for name in names if name in missing or not _is_number(found[name])]
    told = ([f"no column {', '.join(missing)}"] if missing else []) + mistyped
    raise ModelMismatch(
        f"{where}.{wrong[0]}" if len(wrong) == 1 else where,
        f"numbers in the features {', '.join(wrong)}", ", ".join(told),
        "rerun the step features with the code that the model was trained with, or train again")


def feature_values(batch: pa.RecordBatch | pa.Table, names: Sequence[str], where: str) -> Floats:
    """The features as doubles, shape (rows, features); null and NaN both mean "not known".

    Raises:
        ModelMismatch: When features are missing or not numbers; all are named.
    """
    check_features(batch.schema, names, where)
    values = np.empty((batch.num_rows, len(names)))
    for place, name in enumerate(names):
        doubles = pc.cast(batch.column(name), pa.float64(), safe=False)
        values[:, place] = doubles.to_numpy(zero_copy_only=False)
    return values


def _is_number(kind: pa.DataType) -> bool:
    return (pa.types.is_integer(kind) or pa.types.is_floating(kind)
            or pa.types.is_boolean(kind) or pa.types.is_null(kind))


@lru_cache(maxsize=8)
def _booster(text: str) -> lgb.Booster:
    """The trees, parsed once a process rather than once a batch."""
    return lgb.Booster(model_str=text)
