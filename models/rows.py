"""The rows that a model learns from: read from Arrow, checked, in the order of their key.

What the rows may be like: a feature that is null everywhere or constant is left out; nulls are
"not known" and go down their own branch. Infinite values, text as a feature (no feature is a
category: codes and their meaning do not survive a new code), a target out of its range, a
repeated key or too few cases of a kind are refused. Columns `segment` and `weight` may be absent:
all rows are then of one segment, and weigh the same.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.errors import ModelMismatch, TrainingRefused
from models.calibration import Labels, Texts
from models.folds import Whole, numbered
from models.logit import Floats
from models.prediction import check_features, feature_values
from models.spec import MINIMUM_CASES, Spec
from models.terms import term_values

MATRIX = "training_matrix"
_KEY = ("user_id", "as_of_date")
_RERUN = "rerun the step that writes it"


@dataclass(frozen=True)
class Rows:
    """Rows in the order of their key.

    Attributes:
        people: Whose row it is.
        dates: When it was observed, as days since 1970, shape (n,).
        target: 0 or 1, a share, or an amount, shape (n,).
        weights: Above zero, mean 1, shape (n,).
        segments: Segment of each row, shape (n,); "" where the matrix has none.
        values: Features, NaN where not known, shape (n, features).
        terms: The offer's terms less the reference, shape (n, terms).
    """

    people: list[str]
    dates: Whole
    target: Floats
    weights: Floats
    segments: Texts
    values: Floats
    terms: Floats

    def __len__(self) -> int:
        """How many."""
        return len(self.target)

    @property
    def cases(self) -> Labels:
        """Of two kinds, to spread over the folds: bad or good, above the middle or not."""
        return self.target > min(np.median(self.target), np.nextafter(self.target.max(), 0))

    @property
    def observed(self) -> list[dt.date]:
        """The observation dates, each once, oldest first."""
        return [dt.date.fromordinal(_EPOCH + int(day)) for day in np.unique(self.dates)]

    def take(self, chosen: Labels) -> Rows:
        """Those where `chosen` is true; weights have their mean 1 again."""
        weights = self.weights[chosen]
        return Rows([person for person, one in zip(self.people, chosen, strict=True) if one],
                    self.dates[chosen], self.target[chosen], weights / weights.mean(),
                    self.segments[chosen], self.values[chosen], self.terms[chosen])

    def without_values(self, chosen: Labels) -> Rows:
        """As `take`, without the features: they are most of the memory."""
        return replace(self, values=np.zeros((len(self), 0))).take(chosen)

    def sha256(self, names: list[str]) -> str:
        """sha256 over sorted rows and column names, whatever order or files they came in."""
        keys = [self.people, self.dates.tolist(), self.segments.tolist()]
        digest = hashlib.sha256(json.dumps([names, keys]).encode())
        for column in (self.target, self.weights, *self.terms.T, *self.values.T):
            # One bit pattern for "not known" and one for zero.
            one_pattern = np.where(np.isnan(column), np.nan, column) + 0.0
            digest.update(one_pattern.astype("<f8").tobytes())
        return digest.hexdigest()


_EPOCH = dt.date(1970, 1, 1).toordinal()


def read(matrix: pa.Table, spec: Spec) -> Rows:
    """The rows whose target and terms are known.

    Raises:
        ModelMismatch: When columns are missing or of a wrong type.
        TrainingRefused: When the rows cannot carry a model; see the module's docstring.
    """
    _check_columns(matrix, spec)
    check_features(matrix.schema, spec.feature_names, MATRIX)
    optional = [name for name in ("segment", "weight") if name in matrix.schema.names]
    wanted = [*_KEY, spec.target, *optional, *(term.column for term in spec.terms)]
    known = matrix.select(list(dict.fromkeys([*wanted, *spec.feature_names])))
    for name in (spec.target, *(term.column for term in spec.terms)):
        known = known.filter(pc.is_valid(known[name]))
    _check_known(known, spec, optional)
    known = known.sort_by([(name, "ascending") for name in _KEY])
    people = known["user_id"].to_pylist()
    dates = known["as_of_date"].cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64)
    _check_key(people, dates)
    weights = _numbers(known, "weight") if "weight" in optional else np.ones(len(people))
    segments = np.array(known["segment"].to_pylist() if "segment" in optional
                        else [""] * len(people), dtype=str)
    rows = Rows(people, dates, _numbers(known, spec.target), weights / weights.mean(), segments,
                feature_values(known, spec.feature_names, MATRIX), term_values(known, spec.terms))
    _check_values(rows, spec)
    return rows


def check_cases(rows: Rows, spec: Spec) -> None:
    """Refuse rows with fewer than 50 people of a kind.

    Cases are people: a person's rows resemble each other and stay in one fold.

    Raises:
        TrainingRefused: With the kind that is lacking.
    """
    where, person = f"{MATRIX}.{spec.target}", numbered(rows.people)[0]
    kinds = {"whose target is known": np.ones(len(rows), dtype=bool)}
    if spec.objective == "binary":
        bad, good = (("defaulted", "did not default") if spec.name == "pd"
                     else (f"are true in {spec.target}", f"are false in {spec.target}"))
        kinds = {bad: rows.target == 1, good: rows.target == 0}
    for kind, of_kind in kinds.items():
        cases = len(np.unique(person[of_kind]))
        if cases < MINIMUM_CASES:
            raise TrainingRefused(
                where, f"at least {MINIMUM_CASES} people who {kind}".replace("who whose", "whose"),
                f"{cases or 'none'} in {len(rows)} rows",
                "deliver more outcomes (feed loan_performance) known by the as-of date")
    if np.ptp(rows.target) == 0:
        raise TrainingRefused(where, "values that differ", f"{rows.target[0]:g} in every row",
                              "deliver outcomes of more people")


def enough(rows: Rows, spec: Spec) -> bool:
    """Whether rows pass `check_cases`."""
    try:
        check_cases(rows, spec)
    except TrainingRefused:
        return False
    return True


def _numbers(table: pa.Table, name: str) -> Floats:
    return np.asarray(table[name].cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)


def _check_columns(matrix: pa.Table, spec: Spec) -> None:
    wanted = [*_KEY, spec.target, *(term.column for term in spec.terms)]
    missing = [name for name in wanted if name not in matrix.schema.names]
    if missing:
        raise ModelMismatch(MATRIX, f"the columns {', '.join(wanted)}",
                            f"no column {', '.join(missing)}", _RERUN)
    found = matrix.schema.field(spec.target).type
    if spec.objective == "binary" and not pa.types.is_boolean(found):
        raise ModelMismatch(f"{MATRIX}.{spec.target}", "boolean (true: it happened)", str(found),
                            _RERUN)
    for name in wanted[2 if spec.objective != "binary" else 3:]:
        kind = matrix.schema.field(name).type
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)
                or pa.types.is_decimal(kind)):
            raise ModelMismatch(f"{MATRIX}.{name}", "numbers", str(kind), _RERUN)


def _check_known(known: pa.Table, spec: Spec, optional: list[str]) -> None:
    if not len(known):
        raise TrainingRefused(MATRIX, f"rows with a known {spec.target}", "no rows",
                              "deliver loan_performance with outcomes known by the as-of date")
    needed = [*_KEY, *optional]
    unknown = sum(known[name].null_count for name in needed)
    if unknown:
        raise TrainingRefused(MATRIX, f"{', '.join(needed)} in every row", f"{unknown} nulls",
                              _RERUN)


def _check_key(people: list[str], dates: Whole) -> None:
    same = (dates[1:] == dates[:-1]).nonzero()[0]
    twice = next((place for place in same if people[place] == people[place + 1]), None)
    if twice is not None:
        day = dt.date.fromordinal(_EPOCH + int(dates[twice]))
        raise TrainingRefused(MATRIX, "one row for a user and as-of date",
                              f"two for {people[twice]} on {day}", _RERUN)


def _check_values(rows: Rows, spec: Spec) -> None:
    infinite = np.isinf(rows.values).sum(axis=0)
    if infinite.any():
        told = [f"{name} ({count} rows)" for name, count in zip(spec.feature_names, infinite,
                                                                strict=True) if count]
        raise TrainingRefused(MATRIX, "finite values, or null where not known",
                              f"infinite values in {', '.join(told)}",
                              "mend the feature: a ratio over zero is null")
    low, high = rows.target.min(), rows.target.max()
    within = {"binary": True, "fraction": 0 <= low and high <= 1,
              "amount": low > 0 and np.isfinite(high)}[spec.objective]
    if not within:  # NaN is not within either
        asked = "a share from 0 to 1" if spec.objective == "fraction" else "amounts above zero"
        raise TrainingRefused(f"{MATRIX}.{spec.target}", asked, f"values from {low:g} to {high:g}",
                              _RERUN)
    if not (np.isfinite(rows.weights).all() and rows.weights.min() > 0):
        raise TrainingRefused(f"{MATRIX}.weight", "finite weights above zero",
                              f"a lowest weight of {rows.weights.min():g} times the mean", _RERUN)
