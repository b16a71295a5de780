"""The challenger: a points card, logistic regression on weights of evidence.

What a lender would build without trees, after Siddiqi, Credit Risk Scorecards, 2006, chapter 6:
cut every feature, drop those that tell little (information value) or what another tells already,
fit a logistic regression on the weights of evidence, and write the sum as points. Coefficients
are never negative, so the card follows the bins: it is monotone in every feature whose sign is
known, and "more risk" in a bin is more risk in the sum.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jobs.errors import ModelMismatch, TrainingRefused
from models import nonnegative_logit
from models.calibration import Floats, Labels
from models.spec import ANCHOR_ODDS, ANCHOR_POINTS, POINTS_TO_DOUBLE_ODDS
from models.weight_of_evidence import Bins, cut

#: Below this a feature counts as not predictive (Siddiqi 2006, chapter 6).
_LEAST_INFORMATION_VALUE = 0.02
_MOST_FEATURES = 40
#: Of this many strongest features the correlations are taken.
_MOST_COMPARED = 160
#: Weights of evidence that correlate more than this tell the same.
_SAME_CORRELATION = 0.95
#: Rows of which all compared features are held at once: half a million would take gigabytes.
_BLOCK_ROWS = 50_000
#: Of half the squared coefficients, beside the sum of the rows' losses. This and the bins' bounds
#: were measured on three real sets at once (UCI, HELOC, Give Me Some Credit; five folds).
_L2 = 20.0
_MEAN_DECIMALS = 6


@dataclass(frozen=True)
class Characteristic:
    """One feature on the card.

    Attributes:
        name: The feature.
        column: Its place in the rows that the card was fitted on.
        bins: Where it is cut.
        coefficient: Of its weight of evidence, above 0.
        mean_woe: Mean over the training rows: what contributions are counted from.
    """

    name: str
    column: int
    bins: Bins
    coefficient: float
    mean_woe: float


@dataclass(frozen=True)
class PointsRow:
    """One line of the printed card.

    Attributes:
        feature: Whose bin it is.
        bin: E.g. `<= 3`, `(3, 10]`, `> 10`, `not known`.
        points: What a person in the bin gets; the sum over features is the score.
    """

    feature: str
    bin: str
    points: float


@dataclass(frozen=True)
class Scorecard:
    """log-odds of default = intercept + sum of coefficient * weight of evidence.

    Attributes:
        intercept: In log-odds.
        width: Columns of the rows that it takes.
        characteristics: The features on the card, most informative first.
    """

    intercept: float
    width: int
    characteristics: tuple[Characteristic, ...]

    def margins(self, values: Floats) -> Floats:
        """Log-odds of default of rows in the order of the training's columns, shape (n,).

        Raises:
            ModelMismatch: When the rows have another number of columns.
        """
        self._check_width(values)
        added = np.full(len(values), self.intercept)
        for one in self.characteristics:
            added += (one.coefficient * one.bins.woe)[one.bins.place(values[:, one.column])]
        return added

    def contributions(self, values: Floats) -> Floats:
        """What each characteristic adds to the log-odds, less its mean over the training rows.

        Exact: their sum is the margin less the mean margin of the training rows.

        Returns:
            Shape (n, characteristics), in the card's order.

        Raises:
            ModelMismatch: When the rows have another number of columns.
        """
        self._check_width(values)
        each = np.empty((len(values), len(self.characteristics)))
        for place, one in enumerate(self.characteristics):
            woe = one.bins.woe[one.bins.place(values[:, one.column])]
            each[:, place] = one.coefficient * (woe - one.mean_woe)
        return each

    @property
    def points(self) -> tuple[PointsRow, ...]:
        """The card as it is printed: points of every bin, to one decimal.

        points = -(coefficient * woe + intercept / features) * factor + offset / features, with
        factor = points to double the odds / ln 2 and offset = anchor - factor * ln(anchor odds)
        (Siddiqi 2006, chapter 6, "Scorecard scaling"); the anchor is that of models/spec.py.
        """
        factor = POINTS_TO_DOUBLE_ODDS / math.log(2.0)
        offset = ANCHOR_POINTS - factor * math.log(ANCHOR_ODDS)
        share = (offset - factor * self.intercept) / max(1, len(self.characteristics))
        return tuple(
            PointsRow(one.name, name, round(share - factor * one.coefficient * float(woe), 1))
            for one in self.characteristics
            for name, woe in zip(_bin_names(one.bins.edges), one.bins.woe, strict=True))

    def to_json(self) -> dict[str, Any]:
        """The card as plain values, which `from_json` takes back unchanged."""
        return {
            "intercept": self.intercept, "width": self.width,
            "characteristics": [
                {"name": one.name, "column": one.column, "coefficient": one.coefficient,
                 "mean_woe": one.mean_woe, "edges": one.bins.edges.tolist(),
                 "woe": one.bins.woe.tolist(), "information_value": one.bins.information_value,
                 "least_information_value": one.bins.least_information_value}
                for one in self.characteristics]}

    def _check_width(self, values: Floats) -> None:
        if values.ndim != 2 or values.shape[1] != self.width:
            raise ModelMismatch("scorecard", f"rows of {self.width} features",
                                f"an array of shape {values.shape}",
                                "pass the features that the card was fitted on, in their order")


def fit(values: Floats, labels: Labels, names: Sequence[str],
        signs: Sequence[int] | None = None, weights: Floats | None = None) -> Scorecard:
    """Cut, select and fit.

    A feature comes onto the card when its information value is at least 0.02 and above what
    chance gives, in order of information value, unless its weights of evidence correlate by more
    than 0.95 with those of one already there; at most 40. Where none does, the card is the average
    bad rate alone.

    Args:
        values: Rows, finite, NaN where not known, shape (n, k).
        labels: True where the loan defaulted, shape (n,).
        names: Of the columns.
        signs: Of each column 1 where more means more risk, -1 where less, 0 where not known;
            all 0 unless given.
        weights: Of the rows, above 0, in any unit, shape (n,); all 1 unless given.

    Raises:
        TrainingRefused: When all labels are the same: there are no odds.
    """
    if labels.all() or not labels.any():
        raise TrainingRefused("training_matrix", "goods and bads",
                              f"{len(labels)} rows that are all the same",
                              "deliver more loan_performance")
    counted = np.ones(len(labels)) if weights is None else weights / weights.mean()
    cuts = [cut(values[:, column], labels, counted, sign)
            for column, sign in enumerate(signs or [0] * len(names))]
    chosen, woe = _selected(values, cuts, counted)
    intercept, coefficients = nonnegative_logit.fit(woe, labels, counted, _L2)
    means = np.average(woe, axis=0, weights=counted)
    return Scorecard(intercept, len(names), tuple(
        Characteristic(names[column], column, cuts[column], float(coefficient),
                       round(float(mean), _MEAN_DECIMALS))
        for column, coefficient, mean in zip(chosen, coefficients, means, strict=True)
        if coefficient > 0))


def from_json(card: Mapping[str, Any]) -> Scorecard:
    """The card that `Scorecard.to_json` wrote."""
    return Scorecard(card["intercept"], card["width"], tuple(
        Characteristic(
            one["name"], one["column"],
            Bins(np.array(one["edges"], dtype=np.float64), np.array(one["woe"], dtype=np.float64),
                 one["information_value"], one["least_information_value"]),
            one["coefficient"], one["mean_woe"])
        for one in card["characteristics"]))


def _selected(values: Floats, cuts: Sequence[Bins], weights: Floats) -> tuple[list[int], Floats]:
    """Columns of the card, most informative first, and their weights of evidence (n, columns)."""
    informative = [column for column, one in enumerate(cuts)
                   if one.information_value >= max(_LEAST_INFORMATION_VALUE,
                                                   one.least_information_value)]
    ranked = sorted(informative, key=lambda column: (-cuts[column].information_value, column))
    ranked = ranked[:_MOST_COMPARED]
    covariance = _covariance(values, cuts, ranked, weights)
    deviation = np.sqrt(np.diag(covariance))
    kept: list[int] = []
    for place in range(len(ranked)):
        bound = _SAME_CORRELATION * deviation[place] * deviation[kept]
        if len(kept) < _MOST_FEATURES and (covariance[place, kept] <= bound).all():
            kept.append(place)
    chosen = [ranked[place] for place in kept]
    return chosen, _woe(values, cuts, chosen)


def _woe(values: Floats, cuts: Sequence[Bins], columns: Sequence[int]) -> Floats:
    """Weights of evidence of some columns, shape (rows, columns)."""
    woe = np.empty((len(values), len(columns)))
    for place, column in enumerate(columns):
        woe[:, place] = cuts[column].woe[cuts[column].place(values[:, column])]
    return woe


def _covariance(values: Floats, cuts: Sequence[Bins], columns: Sequence[int],
                weights: Floats) -> Floats:
    """Weighted covariances of weights of evidence, times the sum of weights; block by block."""
    sums, products = np.zeros(len(columns)), np.zeros((len(columns), len(columns)))
    for start in range(0, len(values), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        woe = _woe(values[block], cuts, columns)
        weighted = woe * weights[block, None]
        sums += weighted.sum(axis=0)
        products += weighted.T @ woe
    return products - np.outer(sums, sums) / weights.sum()


def _bin_names(edges: Floats) -> list[str]:
    """Names of the bins in words of the card, "not known" last."""
    if not len(edges):
        return ["known", "not known"]
    told = [f"{edge:.6g}" for edge in edges]
    between = [f"({low}, {high}]" for low, high in zip(told, told[1:], strict=False)]
    return [f"<= {told[0]}", *between, f"> {told[-1]}", "not known"]
