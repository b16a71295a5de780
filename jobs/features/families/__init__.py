"""The families of window features, a module each: why a lender believes in it, and what it is."""

from __future__ import annotations

from jobs.features.declare import Feature
from jobs.features.families import (activity, inquiries, mobility, money, property_owned, shopping,
                                    third_party)
from jobs.tiles.source import TileSource

FEATURES: tuple[Feature, ...] = (
    *activity.FEATURES, *money.FEATURES, *shopping.FEATURES, *property_owned.FEATURES,
    *mobility.FEATURES, *inquiries.FEATURES, *third_party.FEATURES)
#: Each source once, in the order of the families.
SOURCES: tuple[TileSource, ...] = tuple({one.source.name: one.source for one in FEATURES}.values())
