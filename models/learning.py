"""Learning from rows: rounds and calibration by folds of people, terms in turns with the trees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models import logit
from models.boosting import Forest, Grown
from models.calibration import Calibrations, Labels, fit_segments
from models.folds import Whole, numbered, person_folds
from models.logit import Floats
from models.prediction import target_values
from models.rows import Rows
from models.spec import Spec

#: People that the first turn of a model with terms looks at: its coefficients are few.
_TERM_PEOPLE = 20_000


@dataclass(frozen=True)
class Learned:
    """What the rows of one cross-validation gave.

    Attributes:
        forest: The rows, ready to grow the model on.
        folds: Fold of each row, shape (n,).
        grown: Rounds, out-of-fold margins of the trees alone, and what each fold split on.
        calibrations: Fitted on all of the margins.
    """

    forest: Forest
    folds: Whole
    grown: Grown
    calibrations: Calibrations


def learn(rows: Rows, spec: Spec, seed: int) -> Learned:
    """Rounds and calibration by folds.

    With terms in turns: coefficients beside the trees of some rows, then trees beside these
    coefficients, which the calibration fits once more.

    Raises:
        TrainingRefused: When the margins do not rise with the outcome.
    """
    folds = person_folds(rows.people, rows.cases, spec.folds, seed)
    forest = Forest(rows, spec, seed, _first_shifts(rows, spec, seed) if spec.terms else None)
    grown = forest.cross_validate(folds)
    everyone = np.ones(len(rows), dtype=bool)
    return Learned(forest, folds, grown, _calibrate(rows, spec, grown.margins, everyone))


def foretold(rows: Rows, spec: Spec, margins: Floats, calibrations: Calibrations) -> Floats:
    """Values of the target at each row's own terms, shape (n,)."""
    coefficients = np.array([calibrations.terms[term.name] for term in spec.terms])
    lines = calibrations.line(margins, rows.segments) + rows.terms @ coefficients
    return target_values(lines, spec.objective)


def cross_fitted(rows: Rows, spec: Spec, learned: Learned) -> Floats:
    """Out-of-fold values, each fold calibrated by the others, shape (n,)."""
    values, margins = np.zeros(len(rows)), learned.grown.margins
    for fold in range(spec.folds):
        held_out = learned.folds == fold
        calibrations = _calibrate(rows, spec, margins, ~held_out)
        values[held_out] = foretold(rows.without_values(held_out), spec, margins[held_out],
                                    calibrations)
    return values


def _first_shifts(rows: Rows, spec: Spec, seed: int) -> Floats:
    """Margins of the terms alone, with an intercept, shape (n,)."""
    person, count = numbered(rows.people)
    some = rows.take(person % (1 + count // _TERM_PEOPLE) == 0)
    folds = person_folds(some.people, some.cases, spec.folds, seed)
    known = [term.sign for term in spec.terms]
    start = np.concatenate([some.terms, np.ones((len(some), 1))], axis=1)
    alone = logit.fit_with_signs(start, some.target, some.weights, np.array([*known, 0]))
    grown = Forest(some, spec, seed, start @ alone).cross_validate(folds)
    beside = logit.fit_with_signs(np.column_stack([start, grown.margins]), some.target,
                                  some.weights, np.array([*known, 0, 0]))
    shifts: Floats = rows.terms @ beside[:len(known)] + beside[len(known)]
    return shifts


def _calibrate(rows: Rows, spec: Spec, margins: Floats, chosen: Labels) -> Calibrations:
    return fit_segments(
        margins[chosen], rows.target[chosen], rows.weights[chosen], spec.objective,
        rows.segments[chosen], rows.terms[chosen], [term.sign for term in spec.terms],
        [term.name for term in spec.terms])
