"""What a policy says about the campaign: how many are invited a day, when not, and who never.

    campaign:
      daily_capacity: 3000             # invitations that can be sent in a day; a wave is a day's
      channels: [in_app, push, sms]    # the first that is open to the person
      language: zh                     # of messages
      frequency_caps: [{days: 30, at_most: 1}, {days: 365, at_most: 6}]   # a person's invitations
      quiet: {weekdays: [sunday], dates: [2026-10-01]}                    # nothing is sent
      holdouts: {universal_ratio: 0.01, cell_ratio: 0.02}                 # never sent
      honour_unless: [not_suppressed, not_student]     # rules that take a sent offer back
      recheck: [not_opted_out, not_suppressed]         # rules asked again when a wave is sent

Every key may be left out: then everyone is in one wave, nothing is held out, any rule takes a sent
offer back. A cap of one invitation in so many days is a cool-off.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jobs.policies.check import Check

#: Ways of an invitation to a person.
CHANNELS = ("push", "sms", "in_app")
#: Languages that messages can be written in.
MESSAGE_LANGUAGES = ("en", "zh")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: Columns that are known anew when a wave is sent; a rule over another cannot be asked again.
RECHECKED = ("account_consents", "closed_channels", "suppressions", "student_lists")
_KEYS = {"daily_capacity", "channels", "language", "frequency_caps", "quiet", "holdouts",
         "honour_unless", "recheck"}
_MOST_PEOPLE = 1_000_000_000


@dataclass(frozen=True)
class FrequencyCap:
    """A person gets at most so many invitations of ours in any so many days."""

    days: int
    at_most: int


@dataclass(frozen=True)
class CampaignRules:
    """All of it; see the module's docstring.

    Attributes:
        daily_capacity: Invitations a day; None: no limit.
        channels: In order of preference.
        language: Of messages.
        frequency_caps: All of them hold.
        quiet_weekdays: 0 is Monday.
        quiet_dates: Nothing is sent on these.
        universal_ratio: Share of all people who never get an invitation of any campaign.
        cell_ratio: Share of each champion's or challenger's people who get none of it.
        honour_unless: Rules that take a sent offer back; None: any rule.
        recheck: Rules asked again when a wave is sent.
    """

    daily_capacity: int | None = None
    channels: tuple[str, ...] = ("in_app", "push", "sms")
    language: str = "en"
    frequency_caps: tuple[FrequencyCap, ...] = ()
    quiet_weekdays: tuple[int, ...] = ()
    quiet_dates: tuple[dt.date, ...] = ()
    universal_ratio: float = 0.0
    cell_ratio: float = 0.0
    honour_unless: tuple[str, ...] | None = None
    recheck: tuple[str, ...] = ()

    def is_quiet(self, day: dt.date) -> bool:
        """Whether nothing is sent on a day."""
        return day.weekday() in self.quiet_weekdays or day in self.quiet_dates


def campaign_rules(check: Check, version: Any, columns: dict[str, str],
                   languages: Sequence[str]) -> CampaignRules:
    """The campaign of a version.

    Args:
        check: Names the policy in errors.
        version: Of the policy file.
        columns: The column of each of the version's rules, by the rule's name.
        languages: Of the policy, beside English; the first is that of messages if none is named.

    Raises:
        PolicyError: For what is unknown or out of bounds.
    """
    language = languages[0] if languages else "en"
    recheck = tuple(name for name, column in columns.items() if column in RECHECKED)
    if "campaign" not in version:
        return CampaignRules(language=language, recheck=recheck)
    said = check.get(version, "campaign", dict)
    check.known(said, _KEYS)
    given: dict[str, Any] = {"language": language, "recheck": recheck}
    if "daily_capacity" in said:
        given["daily_capacity"] = check.whole(said, "daily_capacity", 1, _MOST_PEOPLE)
    if "channels" in said:
        given["channels"] = _out_of(check, said, "channels", CHANNELS)
    if "language" in said:
        given["language"] = said["language"]
        if said["language"] not in MESSAGE_LANGUAGES:
            check.fail("campaign.language", " or ".join(MESSAGE_LANGUAGES), said["language"])
    if "frequency_caps" in said:
        given["frequency_caps"] = tuple(
            FrequencyCap(check.whole(one, "days", 1, 3_660), check.whole(one, "at_most", 1, 3_660))
            for one in check.get(said, "frequency_caps", list))
    for key, known in (("honour_unless", list(columns)),
                       ("recheck", [name for name in columns if columns[name] in RECHECKED])):
        if key in said:
            given[key] = _out_of(check, said, key, known)
    return CampaignRules(**given, **_quiet(check, said), **_ratios(check, said, "holdouts", {
        "universal_ratio": 1, "cell_ratio": 1}))


def _out_of(check: Check, said: Any, key: str, known: Sequence[str]) -> tuple[str, ...]:
    names = check.get(said, key, list)
    if not names and key == "channels" or len(set(map(str, names))) != len(names) \
            or not set(map(str, names)) <= set(known):
        check.fail(f"campaign.{key}", "different ones of " + ", ".join(known), names)
    return tuple(names)


def _quiet(check: Check, said: Any) -> dict[str, Any]:
    if "quiet" not in said:
        return {}
    quiet = check.get(said, "quiet", dict)
    check.known(quiet, {"weekdays", "dates"})
    weekdays, dates = quiet.get("weekdays", []), quiet.get("dates", [])
    if type(weekdays) is not list or not set(map(str, weekdays)) < set(WEEKDAYS):
        check.fail("campaign.quiet.weekdays", "some of " + ", ".join(WEEKDAYS) + ", not all",
                   weekdays)
    if type(dates) is not list or any(type(day) is not dt.date for day in dates):
        check.fail("campaign.quiet.dates", "a list of dates like 2026-10-01", dates)
    return {"quiet_weekdays": tuple(sorted(WEEKDAYS.index(day) for day in weekdays)),
            "quiet_dates": tuple(sorted(dates))}


def _ratios(check: Check, said: Any, key: str, below: dict[str, int]) -> dict[str, Any]:
    """Shares of a key, each from 0 to below its bound."""
    if key not in said:
        return {}
    stated = check.get(said, key, dict)
    check.known(stated, set(below))
    for name, value in stated.items():
        if not 0 <= check.get(stated, name, (int, float)) < below[name]:
            check.fail(f"campaign.{key}.{name}", f"a share from 0 to below {below[name]}", value)
    return {name: float(value) for name, value in stated.items()}
