"""What is published: read by marketing, risk officers and auditors."""

from __future__ import annotations

import dataclasses

from jobs.contracts import limits
from jobs.contracts.campaign import (CAMPAIGN_FIELDS, CHANGES, CRITERIA, DOCUMENTS, HONOUR_LEDGER,
                                     RELEASE_ID, SUPPRESSIONS_APPLIED)
from jobs.contracts.feeds import USER_ID
from jobs.contracts.limits import LIMITS
from jobs.contracts.night import AS_OF_DATE, FEATURE_MATRIX, SCORES
from jobs.contracts.table import Field, Table

RULE = Field("first_failing_rule", "string", "rule name", "The rule that closed the door first.",
             True)


def whitelist(currency: str) -> Table:
    """Who is invited, with the limit in the product's currency (ISO 4217 code, e.g. CNY)."""
    return Table(
        name="whitelist", meaning="Who may be invited, with which limit and rate, and why.",
        grain="one invited user a release", key=("user_id",), owner="marketing",
        source="limits, scores, PD model", partition="release_id",
        fields=(
            USER_ID, AS_OF_DATE, RELEASE_ID,
            Field("offer_id", "string", "id", "Names the offer in messages and at drawdown."),
            Field(f"limit_{currency.lower()}", "integer", currency, "Pre-approved limit.",
                  minimum=0),
            Field("rate_daily", "rate", "1/day", "Interest a day on what is drawn.",
                  minimum=0, maximum=1),
            Field("rate_annual", "rate", "1/year", "360 times the daily rate.",
                  minimum=0, maximum=1),
            Field("all_in_cost_annual", "rate", "1/year", "What a year of 365 days costs of what "
                  "is owed; the product charges interest alone, no fee.", minimum=0, maximum=1),
            Field("valid_from", "date", "date", "First day the offer may be taken."),
            Field("valid_to", "date", "date", "Last day the offer may be taken."),
            FEATURE_MATRIX.field("segment"), *CAMPAIGN_FIELDS,
            LIMITS.field("score_tier"), LIMITS.field("method"), LIMITS.field("propensity_ratio"),
            Field("reason_codes", "strings", "codes",
                  "What spoke most for the person, strongest first."),
        ))


DECISIONS = Table(
    name="decisions", meaning="Everyone considered, invited or not, and why not.",
    grain="one considered user a release", key=("user_id",), owner="risk team",
    source="scores, eligibility, limits", partition="release_id",
    fields=(
        USER_ID, AS_OF_DATE, RELEASE_ID,
        SCORES.field("pd"), SCORES.field("score_points"), SCORES.field("model_version"),
        FEATURE_MATRIX.field("segment"),
        Field("is_invited", "boolean", "true/false", "Whether the whitelist has this person."),
        dataclasses.replace(LIMITS.field("method"), nullable=True),
        RULE,
        Field("failing_rules", "strings", "rule names", "Every failing rule, in policy order; of "
              "who was invited at random or as promised, those that were passed over."),
    ))

WATERFALL = Table(
    name="waterfall", meaning="How many people each step removed, from everyone known to invited.",
    grain="one step a release", key=("step_number",), owner="risk team",
    source="decisions, labels", partition="release_id",
    fields=(
        RELEASE_ID,
        Field("step_number", "integer", "order", "Place in the waterfall.", minimum=0),
        Field("step", "string", "name", "A count (known, considered, invited) or a rule."),
        Field("reason_code", "string", "code", "Of the rule; empty for a count."),
        Field("removed", "integer", "people", "People whose first failing rule this is.",
              minimum=0),
        Field("remaining", "integer", "people", "People left after this step.", minimum=0),
    ))

#: The proof of a night's limits, by name: its tables as the night wrote them, under a release.
PROOF = {table.name: dataclasses.replace(table.with_fields(RELEASE_ID), partition="release_id")
         for table in limits.PROOF}

#: Beside the lists, by name; they carry their release's id from the first and may be empty. A table
#: joins them here, and nowhere else, once a night writes it: gates, release, readers follow.
LEDGERS = {table.name: table for table in (CHANGES, HONOUR_LEDGER, SUPPRESSIONS_APPLIED, CRITERIA,
                                           DOCUMENTS)}
#: Of them, kept as long as a release's criteria are: longer than its rows.
KEPT_LONGER = (CRITERIA.name, DOCUMENTS.name)

RELEASES = Table(
    name="releases",
    meaning="The pointer: names the release that readers see.",
    grain="one move of the pointer", key=("move_number",), owner="data platform",
    source="audited nights", partition="",
    fields=(
        Field("move_number", "integer", "order",
              "Counts the moves; the highest says which release is in force.", minimum=1),
        RELEASE_ID, AS_OF_DATE,
        Field("published_at", "string", "UTC, ISO 8601", "When the pointer moved."),
        Field("currency", "string", "ISO 4217", "Of the limits of this release."),
        Field("invited", "integer", "people", "Rows of the whitelist.", minimum=1),
        Field("considered", "integer", "people", "Rows of the decisions.", minimum=1),
        Field("committed_amount", "integer", "whole currency units", "Sum of the limits.",
              minimum=0),
        Field("whitelist_sha256", "string", "hex", "Of the whitelist's Parquet file."),
        Field("run_sha256", "string", "hex", "Of run.json, which lists every input."),
        Field("action", "string", "code", "publish: put in force for its night; rollback: what "
              "stood above it was withdrawn; backfill, supersede: stands for its night in the "
              "history and is never sent.",
              allowed=("publish", "rollback", "backfill", "supersede")),
        Field("in_force_release_id", "string", "id", "The release in force after this move; empty "
              "before any was published."),
        Field("moved_by", "string", "name", "Who moved the pointer."),
        Field("reason", "string", "text", "Why, of a rollback or a superseding; else empty."),
    ))
