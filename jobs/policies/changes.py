"""Changes of a policy by dotted paths, for asking what if: `rules.pd_appetite.at_most=0.02`.

A path starts in the version in force. Lists are entered by the name of an entry (`name`, or `tier`
of a tier), or by its place from 0. The value is YAML; `null` takes a key or an entry away. What
comes out is checked like any policy file.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Sequence
from typing import Any

import yaml

from jobs.errors import UsageError
from jobs.policies import policy
from jobs.policies.policy import Policy

#: Below these a key that is not there may be added: what is unknown there is refused on reading.
_MAY_ADD = ("limits", "rules.*", "limits.rows.*")
_NAMES = ("name", "tier")


def changed(name: str, as_of: dt.date, settings: Sequence[str]) -> Policy:
    """The policy of that name and date with these settings.

    Args:
        name: Of the policy.
        as_of: The night's date.
        settings: Each `path=value`.

    Raises:
        UsageError: When a path leads nowhere, or a value is no YAML.
        PolicyError: When the policy that comes out is not valid.
    """
    said = copy.deepcopy(policy.document(name))
    versions = policy.versions_in_force(name, said, as_of)
    if len(versions) == 1:
        for setting in settings:
            _set(versions[0], setting)
    return policy.read(name, said, as_of)


def split(setting: str) -> tuple[list[str], Any]:
    """Path and value of a setting.

    Raises:
        UsageError: When it is none.
    """
    path, equals, text = setting.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise UsageError(f"--set {setting}", "PATH=VALUE", "no value" if all(keys) else "no path",
                         "like --set rules.pd_appetite.at_most=0.02")
    try:
        return keys, yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"--set {setting}", "a value in YAML", str(error).splitlines()[0],
                         "quote it, like --set 'limits.invitation_cost=\"0.50\"'") from None


def _set(version: Any, setting: str) -> None:
    keys, value = split(setting)
    here, walked = version, ""
    for key in keys[:-1]:
        here = here[_place(here, key, walked, setting)]
        walked = f"{walked}.{key}".strip(".")
    parent = ".".join([*keys[:-2], "*"]) if isinstance(here, dict) and len(keys) > 2 else walked
    last = keys[-1]
    if value is not None and isinstance(here, dict) and (walked in _MAY_ADD
                                                         or parent in _MAY_ADD):
        here[last] = value
        return
    place = _place(here, last, walked, setting)
    if value is None:
        del here[place]
    else:
        here[place] = value


def _place(here: Any, key: str, walked: str, setting: str) -> Any:
    """Key or index of `key` in what the path has come to.

    Raises:
        UsageError: When there is none; says what there is.
    """
    if isinstance(here, dict):
        known = [str(one) for one in here]
        if key in here:
            return key
    elif isinstance(here, list):
        known = [next((str(one[name]) for name in _NAMES if isinstance(one, dict)
                       and name in one), str(place)) for place, one in enumerate(here)]
        if key in known:
            return known.index(key)
        if key.isdecimal() and int(key) < len(here):
            return int(key)
    else:
        known = []
    where = f"{walked} has {', '.join(known)}" if known and walked else (
        f"{walked} is {here!r}" if walked else "a policy has " + ", ".join(known))
    raise UsageError(f"--set {setting}", "a path of the policy", repr(key),
                     f"{where}")
