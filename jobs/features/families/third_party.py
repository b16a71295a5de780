"""Scores bought from others: what those know who see the person elsewhere.

The lowest and the highest of several months say more than one: a score that falls is a warning
whatever its level.

Signs: a higher score is better, as its provider says.
"""

from __future__ import annotations

from jobs.contracts.feeds import THIRD_PARTY_SCORES
from jobs.features.declare import Feature, base
from jobs.tiles.source import Measure, TileSource, column

SOURCE = TileSource(THIRD_PARTY_SCORES, (
    Measure("third_party_lowest_points", "points", "Lowest score", column("score"), "min",
            monotone=-1),
    Measure("third_party_highest_points", "points", "Highest score", column("score"), "max",
            monotone=-1),
), __file__)

FEATURES: tuple[Feature, ...] = tuple(base(SOURCE, "THIRD_PARTY_SCORE"))
