"""Step `records`: what changed since the release before, by which criteria, on what grounds.

Sources: whitelist, decisions and limits of the run and of the release that was frozen as
`previous`; policy, law, frozen inputs, models. Output: `changes`, `criteria`, `documents` as single
files in key order; their hashes go into run.json, and `churn` beside them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from jobs import store
from jobs.config import AUDIT, Run
from jobs.contracts import release
from jobs.contracts.campaign import CHANGES, CRITERIA, DOCUMENTS
from jobs.contracts.limits import LIMITS
from jobs.contracts.table import Table
from jobs.errors import NightlistError, ReleaseError
from jobs.inputs import DEGRADED, frozen, frozen_policy, record
from jobs.intake import lateness
from jobs.labels.labels import borrowers_of
from jobs.policies import policy as policies
from jobs.policies.policy import Policy
from jobs.release import changes, criteria, warehouse
from jobs.release.changes import Side
from jobs.scores.score import models_of
from jobs.session import session

#: Key in run.json: what `changes.churn` says of the night; null without a release before.
CHURN = "churn"


def main(run: Run) -> dict[str, Any]:
    """Write the three tables; returns the counts of changes."""
    policy, content = frozen_policy(run), frozen(run)
    if not content.get("tables"):
        raise NightlistError(f"nights/{run.as_of}/{run.run_id}", "the lists of the night", "none",
                             f"run the step first: nightlist run offers --as-of {run.as_of}")
    found, moved = _changes(run, policy, content["inputs"])
    written = {table.name: store.write_sorted(rows, table, run.folder / table.name)
               for table, rows in (
        (CHANGES, found),
        (CRITERIA, criteria.criteria(policy, run.release_id)),
        (DOCUMENTS, criteria.documents(run.release_id, _stated(run, policy), policy,
                                       content["inputs"], models_of(run))))}
    record(run, AUDIT, None)
    record(run, CHURN, moved)
    record(run, "tables", {**content["tables"], **written})
    said = {"previous": content["inputs"]["previous"]["release_id"], **{
        key: moved[key] for key in ("entered", "left", "terms_changed")},
        "churn": f"{moved['ratio']:.1%}"} if moved else {"previous": "none"}
    return {**said, "criteria": len(policy.rules)}


def _changes(run: Run, policy: Policy, inputs: dict[str, Any]
             ) -> tuple[pa.Table, dict[str, Any] | None]:
    """The rows, and the churn; nothing of either where no release came before."""
    if inputs.get("previous") is None:
        return CHANGES.arrow_schema.empty_table(), None
    before = _checked(run, inputs["previous"])

    def own(table: Table) -> list[Path]:
        return [store.single_file(run.folder, table)]

    now = Side(run.release_id, own(release.whitelist(policy.currency)), own(release.DECISIONS),
               own(LIMITS), (policy.version, policy.sha256))
    lent_to = borrowers_of(session(), run).select("user_id").toArrow()
    rows = changes.build(published(run.home, before), now, run.as_of, policy.currency, lent_to)
    return rows, {"previous_release_id": before.release_id,
                  **changes.churn(rows, before.invited)}


def _checked(run: Run, previous: dict[str, Any]) -> warehouse.Release:
    """The release before, which must be what it was when the night was frozen."""
    before = warehouse.named(run.home, previous["release_id"])
    considered = warehouse.count(run.home, "decisions", before.release_id)
    for what, expected, found in (
            ("whitelist's sha256", previous["whitelist_sha256"], before.whitelist_sha256),
            ("decisions", f"{before.considered:,} rows", f"{considered:,} rows")):
        if expected != found:
            raise ReleaseError(f"{what} of release {before.release_id}", expected, found,
                               "the release that the night was held against is another by now: "
                               f"start a run of its own with nightlist night --as-of {run.as_of}")
    return before


def published(home: Path, one: warehouse.Release) -> Side:
    """A published release as one side of a comparison.

    Raises:
        ReleaseError: When its rows are gone.
    """
    def files(name: str) -> list[Path]:
        return warehouse.data_files(home, name, one.release_id)

    said = documents_of(home, one.release_id).get(criteria.INPUTS, {}).get("policy", {})
    return Side(one.release_id, files("whitelist"), files("decisions"), files(LIMITS.name),
                (said.get("version", ""), said.get("sha256", "")))


def documents_of(home: Path, release_id: str) -> dict[str, dict[str, Any]]:
    """The texts of a release as JSON content, by name; none of one that was made without."""
    rows = warehouse.read(home, DOCUMENTS.name, release_id).to_pylist()
    return {row["document"]: json.loads(row["text"]) for row in rows}


def _stated(run: Run, policy: Policy) -> dict[str, Any]:
    """What the policy's file says for the night, without its other versions."""
    said = policies.document(policy.name)
    (version,) = policies.versions_in_force(policy.name, said, run.as_of)
    return {"product": policy.product, "currency": policy.currency,
            "languages": said.get("languages", []), "version": version}


def degraded_of(home: Path, release_id: str) -> list[str]:
    """What is to be told of each feed that was late for a published release."""
    late = documents_of(home, release_id).get(criteria.INPUTS, {}).get(DEGRADED, [])
    return [lateness.sentence(one) for one in late]


def churn_of(home: Path, one: warehouse.Release) -> dict[str, Any] | None:
    """The churn of a published release, counted from its changes; None without one before."""
    said = documents_of(home, one.release_id).get(criteria.INPUTS, {}).get("previous")
    if not said:
        return None
    before = warehouse.named(home, said["release_id"])
    return changes.churn(warehouse.read(home, CHANGES.name, one.release_id), before.invited)
