"""Rides: work leaves its hours behind.

Trips on weekday mornings and evenings tell of a place of work to go to, and trips that stop tell of
its loss; fares tell what a person thinks little of spending.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.contracts.feeds import RIDES
from jobs.features.declare import Feature, active_days, base, share, trend
from jobs.tiles.source import Measure, TileSource, at_weekend, column, hour_between, one, where

_RIDES = "rides"


def _is_commute() -> Column:
    hour = F.hour("event_at")
    return ~at_weekend() & (hour.between(7, 9) | hour.between(17, 19))


SOURCE = TileSource(RIDES, (
    Measure("ride_count", _RIDES, "Rides", one),
    Measure("ride_fare_minor", "1/100 currency", "Paid for rides", column("fare_minor")),
    Measure("ride_distance_m", "m", "Distance ridden", column("distance_m")),
    Measure("commute_ride_count", _RIDES, "Rides on weekdays from 7 to 9 and 17 to 19 o'clock",
            where(_is_commute)),
    Measure("night_ride_count", _RIDES, "Rides from 0 to 5 o'clock", where(hour_between(0, 5))),
    Measure("farthest_ride_m", "m", "Longest ride", column("distance_m"), "max"),
), __file__)

FEATURES: tuple[Feature, ...] = (
    *base(SOURCE),
    *share(SOURCE, "commute_ride", "commute_ride_count", "ride_count", "Commuting over all rides"),
    *share(SOURCE, "night_ride", "night_ride_count", "ride_count", "Rides by night over all"),
    *share(SOURCE, "ride_fare_per_m", "ride_fare_minor", "ride_distance_m", "Fare a metre"),
    *trend(SOURCE, active_days(SOURCE), "Days with a ride"),
)
