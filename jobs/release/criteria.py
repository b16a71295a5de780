"""What a release rests on, in words: its rules as they were in force, and whole texts.

Sources: the policy and law of the night, run.json, the models. Grain: one rule (CRITERIA), one text
(DOCUMENTS). From the texts `policy` and `law` anyone can recompute the sha256 that run.json has of
the policy; `inputs` is what the run's id is taken over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from jobs.contracts.campaign import CRITERIA, DOCUMENTS
from jobs.policies.policy import Policy
from jobs.policies.rules import Rule
from jobs.store import canonical
from models.registry import Model

POLICY, LAW, INPUTS = "policy", "law", "inputs"
#: Opens the name of a model's metadata among the documents.
MODEL = "model/"


def criteria(policy: Policy, release_id: str) -> pa.Table:
    """The rules in force, in the order of the waterfall."""
    rows = [{"release_id": release_id, "rule_number": number, "rule": rule.name,
             "reason_code": rule.reason_code, "condition": condition(rule),
             "text": " ".join(rule.text.split()), "text_zh": rule.text_zh or None,
             "source": " ".join(rule.source.split()) or None}
            for number, rule in enumerate(policy.rules, start=1)]
    return pa.Table.from_pylist(rows, schema=CRITERIA.arrow_schema)


def condition(rule: Rule) -> str:
    """What has to hold, e.g. `pd <= 0.015` or `region in (north, south) or missing`."""
    parts = []
    if rule.at_least is not None:
        parts.append(f"{rule.column} >= {rule.at_least}")
    if rule.at_most is not None:
        parts.append(f"{rule.column} <= {rule.at_most}")
    if rule.one_of:
        parts.append(f"{rule.column} in ({', '.join(rule.one_of)})")
    if rule.none_of:
        parts.append(f"{rule.column} not in ({', '.join(rule.none_of)})")
    return " and ".join(parts) + (" or missing" if rule.missing_passes else "")


def documents(release_id: str, stated: Mapping[str, Any], policy: Policy,
              inputs: Mapping[str, Any], models: Mapping[str, Model]) -> pa.Table:
    """The texts, canonical: the same night gives the same bytes.

    Args:
        release_id: Of the night.
        stated: `product`, `currency`, `languages` and the `version` in force of the policy's file.
        policy: The same, read.
        inputs: As frozen in run.json.
        models: Those that scored, by name.
    """
    texts = {POLICY: stated, LAW: asdict(policy.law), INPUTS: inputs,
             **{f"{MODEL}{name}": {**model.metadata, "version": model.version}
                for name, model in models.items()}}
    rows = []
    for name, content in sorted(texts.items()):
        text = canonical(content, indent=2) + "\n"
        rows.append({"release_id": release_id, "document": name, "text": text,
                     "sha256": hashlib.sha256(text.encode()).hexdigest()})
    return pa.Table.from_pylist(rows, schema=DOCUMENTS.arrow_schema)
