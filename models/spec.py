"""What a model is made of before it has seen data: features, parameters, folds, score scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jobs.contracts.night import FEATURES
from jobs.contracts.table import Field

#: The score scale, anchored: 600 points are odds of 30 good to 1 bad, 50 points double the odds
#: (Siddiqi, Credit Risk Scorecards, 2006, chapter 6, "Scorecard scaling").
ANCHOR_POINTS = 600
ANCHOR_ODDS = 30
POINTS_TO_DOUBLE_ODDS = 50

#: Fewer people than this of either kind cannot carry five folds and a calibration.
MINIMUM_CASES = 50


@dataclass(frozen=True)
class Spec:
    """One model's recipe.

    Attributes:
        name: Its folder in the registry.
        features: The contract's fields, in the order the model takes them; sign and reason code
            stand in them.
        parameters: LightGBM's, without the seed and the monotone signs.
        rounds: Trees; fixed, so that the final model needs no rows held out.
        folds: Parts of the cross-validation that calibration and metrics rest on.
    """

    name: str
    features: tuple[Field, ...]
    parameters: tuple[tuple[str, Any], ...]
    rounds: int
    folds: int = 5

    @property
    def feature_names(self) -> list[str]:
        """Names of the features, in the model's order."""
        return [feature.name for feature in self.features]

    def lightgbm_parameters(self, seed: int) -> dict[str, Any]:
        """All of LightGBM's parameters for one training."""
        signs = [feature.monotone for feature in self.features]
        return {**dict(self.parameters), "monotone_constraints": signs, "seed": seed}


#: Probability of default. The parameters were found by cross-validation on the UCI card holders
#: (three repeats of five folds): small trees, few features a tree and random thresholds
#: (Geurts et al., Extremely randomized trees, 2006) beat every larger tree tried.
#: One thread: with `deterministic` the trees are the same for any number of threads, but the
#: number is written into the model's text, and the folds already keep the cores busy.
PD = Spec(
    name="pd",
    features=FEATURES,
    parameters=(
        ("objective", "binary"),
        ("learning_rate", 0.02),
        ("num_leaves", 15),
        ("min_data_in_leaf", 60),
        ("feature_fraction", 0.3),
        ("bagging_fraction", 0.7),
        ("bagging_freq", 1),
        ("lambda_l2", 10.0),
        ("extra_trees", True),
        ("monotone_constraints_method", "basic"),
        ("deterministic", True),
        ("force_row_wise", True),
        ("num_threads", 1),
        ("verbosity", -1),
    ),
    rounds=520,
)

#: In the order in which a night trains them.
SPECS: tuple[Spec, ...] = (PD,)
