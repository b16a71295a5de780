"""What a model is made of before it has seen data: target, features, terms, parameters, scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from jobs.contracts.table import Field
from jobs.features import catalogue
from jobs.labels.income import LEAKS_INCOME

#: The score scale, anchored: 600 points are odds of 30 good to 1 bad, 50 points double the odds
#: (Siddiqi, Credit Risk Scorecards, 2006, chapter 6, "Scorecard scaling").
ANCHOR_POINTS = 600
ANCHOR_ODDS = 30
POINTS_TO_DOUBLE_ODDS = 50

#: Fewer people than this of either kind cannot carry five folds and a calibration.
MINIMUM_CASES = 50

#: Terms of an offer at which a response or a draw is foretold unless others are named.
REFERENCE_LIMIT_MINOR = 3_000_000
REFERENCE_RATE_ANNUAL = 0.12

Objective = Literal["binary", "fraction", "amount"]


@dataclass(frozen=True)
class Term:
    """One effect of the offer itself, the same for everyone: a coefficient, no tree.

    Attributes:
        name: `limit`: natural logarithm of the limit over the reference limit; `rate`: rate a
            year (360 times the daily rate) less the reference rate.
        column: Column of the training matrix that it is made of.
        sign: +1 the coefficient may not be negative, -1 not positive, 0 free.
    """

    name: Literal["limit", "rate"]
    column: str
    sign: int


@dataclass(frozen=True)
class Spec:
    """One model's recipe.

    Attributes:
        name: Its folder in the registry.
        target: Column of the training matrix; rows where it is null are not learned from.
        objective: `binary` (true or false), `fraction` (a share from 0 to 1) or `amount` (above
            zero, foretold by its logarithm).
        features: The contract's fields, in the order the model takes them; sign and reason code
            stand in them.
        parameters: LightGBM's, without objective, seed and monotone signs.
        rounds: Trees at most; how many is found by cross-validation.
        patience: Trees without a better held-out loss after which growing ends.
        folds: Parts of the cross-validation that rounds, calibration and metrics rest on.
        terms: Effects of the offer's limit and rate.
    """

    name: str
    target: str
    objective: Objective
    features: tuple[Field, ...]
    parameters: tuple[tuple[str, Any], ...]
    rounds: int = 3_000
    patience: int = 50
    folds: int = 5
    terms: tuple[Term, ...] = ()

    @property
    def feature_names(self) -> list[str]:
        """Names of the features, in the model's order."""
        return [feature.name for feature in self.features]


#: One default configuration for every model, found by cross-validation on four public credit sets
#: at once (`make bench-models`): slow growth of small trees that see few features each. Columns
#: are binned one by one: with few features a tree that is half the time of row by row.
#: Signs by the method "intermediate": it ranks better than "basic", and "advanced" broke signs
#: when features were moved one by one.
#: One thread: with `deterministic` the trees are the same for any number of threads, but the
#: number is written into the model's text, and the folds already keep the cores busy.
LIGHTGBM: tuple[tuple[str, Any], ...] = (
    ("learning_rate", 0.04),
    ("num_leaves", 15),
    ("min_data_in_leaf", 60),
    ("feature_fraction", 0.3),
    ("bagging_fraction", 0.7),
    ("bagging_freq", 1),
    ("lambda_l2", 10.0),
    ("monotone_constraints_method", "intermediate"),
    ("deterministic", True),
    ("force_col_wise", True),
    ("num_threads", 1),
    ("verbosity", -1),
)

_FEATURES = tuple(entry.field for entry in catalogue.ENTRIES)
#: The signs of the features are those of the PD; other targets are learned without.
_FREE = tuple(Field(field.name, field.type, field.unit, field.meaning, field.nullable,
                    reason_code=field.reason_code) for field in _FEATURES)
#: What a person's income is measured by cannot foretell it.
_NOT_INCOME = tuple(field for field in _FREE if not field.name.startswith(LEAKS_INCOME))
_LIMIT = Term("limit", "offered_limit_minor", 1)
_RATE = Term("rate", "offered_rate_daily", -1)

PD = Spec("pd", "is_default", "binary", _FEATURES, LIGHTGBM)
RESPONSE = Spec("response", "is_accepted", "binary", _FREE, LIGHTGBM, terms=(_LIMIT, _RATE))
DRAW = Spec("draw", "drawn_ratio", "fraction", _FREE, LIGHTGBM,
            terms=(Term("limit", "offered_limit_minor", 0), Term("rate", "offered_rate_daily", 0)))
LGD = Spec("lgd", "loss_given_default_ratio", "fraction", _FREE, LIGHTGBM)
INCOME = Spec("income", "income_minor", "amount", _NOT_INCOME, LIGHTGBM)

#: In the order in which a night trains them.
SPECS: tuple[Spec, ...] = (PD, INCOME, RESPONSE, DRAW, LGD)
