"""Rides: work leaves its hours behind.

Trips on weekday mornings and evenings tell of a place of work to go to, and trips that stop tell of
its loss; fares tell what a person thinks little of spending. Where a weekday morning begins is home
and where it ends is work: the share of the most frequent cell says how settled both are, and the
spread of the time of day how regular. Cells are told apart by hash only; no place is kept.

Signs: one home and one place of work, as in every application form; shifts, and who rides at all,
are no fault.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.contracts.feeds import RIDES
from jobs.features.declare import Feature, active_days, base, habit, share, spread, trend
from jobs.tiles.source import (Measure, TileSource, at_weekend, column, hour_between, one, sketch,
                               squared, where)

_RIDES, _TRIPS = "rides", "TRIPS"


def _is_commute() -> Column:
    hour = F.hour("event_at")
    return ~at_weekend() & (hour.between(7, 9) | hour.between(17, 19))


def _in_the_morning() -> Column:
    return ~at_weekend() & F.hour("event_at").between(5, 10)


def _minute() -> Column:
    return (F.hour("event_at") * 60 + F.minute("event_at")).cast("long")


SOURCE = TileSource(RIDES, (
    Measure("ride_count", _RIDES, "Rides", one),
    Measure("ride_fare_minor", "1/100 currency", "Paid for rides", column("fare_minor")),
    Measure("ride_distance_m", "m", "Distance ridden", column("distance_m")),
    Measure("commute_ride_count", _RIDES, "Rides on weekdays from 7 to 9 and 17 to 19 o'clock",
            where(_is_commute)),
    Measure("night_ride_count", _RIDES, "Rides from 0 to 5 o'clock", where(hour_between(0, 5))),
    Measure("farthest_ride_m", "m", "Longest ride", column("distance_m"), "max"),
    Measure("morning_ride_count", _RIDES, "Rides on weekdays from 5 to 10 o'clock",
            where(_in_the_morning)),
    Measure("morning_minutes", "min", "Minutes since midnight of these",
            where(_in_the_morning, _minute), windows_days=(90, 365), is_feature=False),
    Measure("morning_minutes_squares", "min²", "Their squares",
            where(_in_the_morning, squared(_minute)), windows_days=(90, 365), is_feature=False),
    *sketch("home_cell", _RIDES, "Weekday mornings by where they begin", "from_cell",
            _in_the_morning),
    *sketch("work_cell", _RIDES, "Weekday mornings by where they end", "to_cell", _in_the_morning),
    *sketch("place", _RIDES, "Rides by where they end", "to_cell"),
), __file__)

FEATURES: tuple[Feature, ...] = (
    *base(SOURCE, _TRIPS),
    *habit(SOURCE, "home_cell", "cells where weekday mornings begin", 1, "HOME_AND_WORK"),
    *habit(SOURCE, "work_cell", "cells where weekday mornings end", 1, "HOME_AND_WORK"),
    *habit(SOURCE, "place", "cells ridden to", 0, _TRIPS),
    *spread(SOURCE, "morning", "min", "Minute of the day of weekday mornings' rides",
            ("morning_ride_count", "morning_minutes", "morning_minutes_squares"), (0, 0), _TRIPS),
    *share(SOURCE, "commute_ride", "commute_ride_count", "ride_count", "Commuting over all rides",
           0, _TRIPS),
    *share(SOURCE, "night_ride", "night_ride_count", "ride_count", "Rides by night over all", 0,
           _TRIPS),
    *share(SOURCE, "ride_fare_per_m", "ride_fare_minor", "ride_distance_m", "Fare a metre", 0,
           _TRIPS),
    *trend(SOURCE, active_days(SOURCE), "Days with a ride", 0, _TRIPS),
)
