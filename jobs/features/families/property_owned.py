"""Virtual property: money to spare, spent where nobody asks for it.

Game items and memberships are bought out of what is left over; their worth follows disposable
income among the young, of whom the bureau knows nothing.

No signs: what one person can spare is what another cannot do without.
"""

from __future__ import annotations

from pyspark.sql import functions as F

from jobs.contracts.feeds import VIRTUAL_PROPERTY
from jobs.features.declare import Feature, base
from jobs.tiles.source import Measure, TileSource, column, where

_MONEY, _VALUE = "1/100 currency", column("value_minor")

SOURCE = TileSource(VIRTUAL_PROPERTY, (
    Measure("property_highest_minor", _MONEY, "Highest worth of one kind", _VALUE, "max"),
    Measure("membership_highest_minor", _MONEY, "Highest worth of memberships",
            where(lambda: F.col("kind") == "membership", _VALUE), "max"),
    Measure("live_gift_minor", _MONEY, "Worth of live gifts, added up",
            where(lambda: F.col("kind") == "live_gifts", _VALUE)),
), __file__)

FEATURES: tuple[Feature, ...] = tuple(base(SOURCE, "VIRTUAL_PROPERTY"))
