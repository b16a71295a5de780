"""The terms of an offer in a model of response or draw: a few coefficients for everyone.

    margin = line(trees(person)) + b_limit ln(limit / 30,000) + b_rate (rate a year - 0.12)

So whoever looks for the best limit and rate asks the trees once a person and adds a constant for
each entry of the menu. At the reference terms, 30,000 CNY at 12 % a year, the terms add nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from jobs.errors import TrainingRefused
from jobs.policies.policy import DAYS_PER_YEAR
from models.logit import Floats
from models.spec import REFERENCE_LIMIT_MINOR, REFERENCE_RATE_ANNUAL, Term


def shift(coefficients: dict[str, float], limit_minor: Floats, rate_annual: Floats) -> Floats:
    """What terms add to the calibrated margin, against the reference terms.

    Args:
        coefficients: By the term's name, as in the model's metadata under `terms`.
        limit_minor: Limits offered, in 1/100 currency, above zero.
        rate_annual: Rates offered, a year of 360 days.

    Returns:
        Log-odds, in the shape that limits and rates have together.
    """
    added = {"limit": np.log(np.asarray(limit_minor) / REFERENCE_LIMIT_MINOR),
             "rate": np.asarray(rate_annual) - REFERENCE_RATE_ANNUAL}
    total: Floats = sum((value * added[name] for name, value in sorted(coefficients.items())),
                        np.zeros(1))
    return total


def term_values(rows: pa.Table, terms: Sequence[Term]) -> Floats:
    """The terms of each row less the reference, shape (rows, terms).

    Raises:
        TrainingRefused: When a limit is not above zero, or a rate is not finite.
    """
    values = np.zeros((len(rows), len(terms)))
    for place, term in enumerate(terms):
        offered = np.asarray(rows[term.column].cast(pa.float64()).to_numpy(), dtype=np.float64)
        if not np.isfinite(offered).all() or (term.name == "limit" and offered.min() <= 0):
            raise TrainingRefused(f"training_matrix.{term.column}",
                                  "finite terms, limits above zero", f"{offered.min():g}",
                                  "rerun the step that writes it")
        one = np.ones(1)
        values[:, place] = (shift({"limit": 1.0}, offered, one) if term.name == "limit"
                            else shift({"rate": 1.0}, one, offered * DAYS_PER_YEAR))
    return values
