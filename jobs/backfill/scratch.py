"""A scratch home that holds what a run was frozen with, and nothing else.

Sources: the frozen inputs of the run, the home that it ran in. Output: a folder of its own, with
links to the clean tables of the frozen deliveries, to the frozen models, a copy of the lists of the
release before, and the policy as it was published where its file says something else by now. The
home is read only.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from jobs import store
from jobs.config import NO_MODEL, RUN_FILE, TRAINED, Run
from jobs.errors import NightlistError, PolicyError
from jobs.inputs import LIBRARIES, code_version
from jobs.intake.intake import LINKS, clean_partition, taken_in
from jobs.policies import policy as policies
from jobs.release import criteria, warehouse
from jobs.release.records import documents_of
from models import registry

#: Of the release before: what a night reads of it.
_READ_OF_PREVIOUS = ("whitelist", "decisions", "limits", "documents")
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_POLICIES = "NIGHTLIST_POLICIES"


@dataclass(frozen=True)
class Scratch:
    """A run ready to be computed again.

    Attributes:
        run: In the scratch home, under the run's own id.
        notes: What is not as it was frozen, in words: code, libraries, the policy's file.
        policies: Folder of the policy; None: where policies lie.
    """

    run: Run
    notes: tuple[str, ...]
    policies: Path | None


def prepare(original: Run, inputs: dict[str, Any], record: dict[str, Any],
            home: Path) -> Scratch:
    """Link and write what the run was frozen with.

    Args:
        original: The run in its home.
        inputs: Frozen, as run.json has them.
        record: The whole run.json.
        home: The scratch home, which is empty.

    Raises:
        NightlistError: When a frozen delivery is not there any more, or is another one.
        ModelMismatch: When a frozen model is not there.
        PolicyError: When the policy is another by now and the release has no text of it.
    """
    run = replace(original, home=home, policy=inputs["policy"]["name"], seed=inputs["seed"])
    notes = _other(inputs)
    _link_deliveries(original.home, home, inputs["deliveries"])
    now = {**inputs, "code_version": code_version()}
    if notes:  # trained by other code it would be another model: the one trained then scores
        trained = record.get("models", {})
        now["models"] = {name: trained.get(name, NO_MODEL) if model == TRAINED else model
                         for name, model in inputs["models"].items()}
    for name, model in now["models"].items():
        if isinstance(model, dict):
            registry.save(home, registry.load(original.home, name, model["version"]))
    store.write_json({"run_id": run.run_id, "inputs": now}, run.folder / RUN_FILE)
    if inputs["previous"]:
        _copy_release(original.home, home, inputs["previous"]["release_id"])
    folder = _policy(original, inputs, home)
    if folder is not None:
        notes = (*notes, f"policy {run.policy}: its file says something else by now; taken as it "
                 "was published with the release")
    return Scratch(run, notes, folder)


@contextmanager
def policies_of(scratch: Scratch) -> Iterator[None]:
    """Let policies be read from the scratch home, where the run's lies there."""
    before = os.environ.get(_POLICIES)
    try:
        if scratch.policies is not None:
            os.environ[_POLICIES] = str(scratch.policies)
        yield
    finally:
        if before is None:
            os.environ.pop(_POLICIES, None)
        else:
            os.environ[_POLICIES] = before


def _other(inputs: dict[str, Any]) -> tuple[str, ...]:
    """Code and libraries that are others than those frozen."""
    from importlib.metadata import version

    found = [("code", inputs["code_version"], code_version()), *(
        (name, inputs["libraries"].get(name, "none"), version(name)) for name in LIBRARIES)]
    return tuple(f"{name}: frozen {then}, here {now}" for name, then, now in found if then != now)


def _link_deliveries(home: Path, scratch: Path, deliveries: list[dict[str, Any]]) -> None:
    for row in deliveries:
        feed, name = row["feed"], row["delivery"]
        found = (taken_in(home, feed, name) or {}).get("fingerprint")
        if found != row["fingerprint"]:
            raise NightlistError(f"clean/{feed}/delivery_date={name}", "the delivery of "
                                 f"fingerprint {row['fingerprint'][:12]}, as frozen",
                                 str(found)[:12] if found else "none", "restore it from a backup, "
                                 "or take it in again from landing: nightlist intake --feed "
                                 f"{feed} --delivery {name}")
        place = clean_partition(home, feed, name)
        for folder in (place, home / LINKS / feed / place.name):
            if folder.is_dir():
                link = scratch / folder.relative_to(home)
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(folder, target_is_directory=True)


def _copy_release(home: Path, scratch: Path, release_id: str) -> None:
    """The rows of one release, and the move that names it, in a warehouse of its own."""
    move = warehouse.named(home, release_id)
    contracts = warehouse.tables(move.currency)
    catalog = warehouse.catalog_file(scratch)
    catalog.parent.mkdir(parents=True, exist_ok=True)
    with warehouse.opened(scratch, create=True) as opened:
        for name in _READ_OF_PREVIOUS:
            rows = warehouse.read(home, name, release_id)
            if rows.num_rows:
                warehouse.iceberg_table(opened, contracts[name]).append(rows)
        warehouse.append_move(opened, move)


def _policy(original: Run, inputs: dict[str, Any], scratch: Path) -> Path | None:
    """A folder with the policy as it was published; None where its file still says the same."""
    said = inputs["policy"]
    try:
        if policies.load(said["name"], original.as_of).sha256 == said["sha256"]:
            return None
    except PolicyError:
        pass
    try:
        stated = documents_of(original.home, original.release_id).get(criteria.POLICY)
    except NightlistError:
        stated = None
    if stated:
        version = stated.pop("version")
        stated["versions"] = [{**_dated(version), "version": version["version"]}]
        folder = scratch / "policies"
        folder.mkdir(parents=True)
        (folder / f"{said['name']}.yaml").write_text(
            yaml.safe_dump(stated, allow_unicode=True, sort_keys=False), encoding="utf-8")
        found = policies.read(said["name"], stated, original.as_of).sha256
        if found == said["sha256"]:
            return folder
    raise PolicyError(f"policy {said['name']}", f"sha256 {said['sha256'][:12]} as frozen",
                      "another one, or another law", "replay with the policies of that time: set "
                      f"{_POLICIES} to a folder that holds them")


def _dated(content: Any) -> Any:
    """Dates back from the texts that JSON made of them."""
    if isinstance(content, dict):
        return {key: _dated(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_dated(value) for value in content]
    if isinstance(content, str) and _ISO_DATE.fullmatch(content):
        return dt.date.fromisoformat(content)
    return content
