"""Log-ins: a regular life shows in regular use.

Who opens the wallet on most days, at the same hours and not at night, keeps appointments with money
too; use that breaks off, or moves into the night, comes before trouble. (Berg, Burg, Gombović and
Puri, On the rise of FinTechs, 2020: the hour of use alone tells good from bad borrowers.) A device
of habit is a person's own; one that changes often may not be.

Signs: the share of the night (Berg et al.), and devices: many come before fraud. How much anybody
uses the wallet says nothing by itself.
"""

from __future__ import annotations

from jobs.contracts.feeds import LOGINS
from jobs.features.declare import Feature, active_days, base, habit, share, trend
from jobs.tiles.source import (Measure, TileSource, at_weekend, column, hour_between, one, sketch,
                               where)

_USE = "WALLET_USE"

SOURCE = TileSource(LOGINS, (
    Measure("login_count", "log-ins", "Log-ins", one),
    Measure("online_seconds", "s", "Time online", column("online_seconds")),
    Measure("night_login_count", "log-ins", "Log-ins from 0 to 5 o'clock",
            where(hour_between(0, 5)), reason_code="NIGHT_ACTIVITY"),
    Measure("evening_login_count", "log-ins", "Log-ins from 18 to 23 o'clock",
            where(hour_between(18, 23))),
    Measure("weekend_login_count", "log-ins", "Log-ins at weekends", where(at_weekend)),
    Measure("longest_session_seconds", "s", "Longest session", column("online_seconds"), "max"),
    *sketch("device", "log-ins", "Log-ins by device", "device_id"),
), __file__)

FEATURES: tuple[Feature, ...] = (
    *base(SOURCE, _USE),
    *habit(SOURCE, "device", "devices", 1, "DEVICES"),
    *share(SOURCE, "night_login", "night_login_count", "login_count", "Log-ins by night over all",
           1, "NIGHT_ACTIVITY"),
    *share(SOURCE, "evening_login", "evening_login_count", "login_count",
           "Log-ins in the evening over all", 0, _USE),
    *share(SOURCE, "weekend_login", "weekend_login_count", "login_count",
           "Log-ins at weekends over all", 0, _USE),
    *share(SOURCE, "session_mean_seconds", "online_seconds", "login_count", "Seconds a log-in", 0,
           _USE),
    *trend(SOURCE, "login_count", "Log-ins", 0, _USE),
    *trend(SOURCE, active_days(SOURCE), "Days with a log-in", 0, _USE),
)
