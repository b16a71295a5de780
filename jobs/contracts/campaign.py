"""What a release says of a campaign: waves and hold-outs, changes, kept offers, who was barred.

`CAMPAIGN_FIELDS` are columns of the whitelist; the tables stand beside it in every release.
"""

from __future__ import annotations

from jobs.contracts.feeds import USER_ID
from jobs.contracts.limits import MINOR_UNIT
from jobs.contracts.night import AS_OF_DATE, RISK
from jobs.contracts.table import Field, Table
from jobs.policies.campaign import CHANNELS, MESSAGE_LANGUAGES

RELEASE_ID = Field("release_id", "string", "id", "As-of date and run: equal for a replay.")

#: Why a row of the whitelist is, or is not, in a wave.
PLANNED, SENT, UNIVERSAL, CELL, UNREACHABLE, CAPPED, CROWDED = (
    "planned", "sent", "universal_holdout", "cell_holdout", "no_channel", "frequency_cap",
    "no_capacity")
SEND_STATUSES = (PLANNED, SENT, UNIVERSAL, CELL, UNREACHABLE, CAPPED, CROWDED)

CAMPAIGN_FIELDS = (
    Field("cell", "string", "name", "Champion, or the challenger whose share the person is in."),
    Field("channel", "string", "code", "Way of the invitation: the first of the policy's that is "
          "open to the person; missing where none is.", True, allowed=CHANNELS),
    Field("language", "string", "code", "Of messages.", allowed=MESSAGE_LANGUAGES),
    Field("is_universal_holdout", "boolean", "true/false", "Of those who never get an invitation "
          "of any campaign; stable."),
    Field("is_cell_holdout", "boolean", "true/false", "Of those who get none of this cell's; "
          "stable."),
    Field("send_status", "string", "code", "planned: in a wave; sent: has the invitation already; "
          "else why there is none.", allowed=SEND_STATUSES),
    Field("wave", "integer", "number", "Day of sending, counted from the first on; missing where "
          "nothing is to be sent.", True, 1),
    Field("send_on", "date", "date", "That day.", True),
    Field("priority", "integer", "rank", "Place in the order of sending: 1 is worth most.",
          minimum=1),
    Field("expected_value_minor", "integer", MINOR_UNIT, "What the priority follows: expected "
          "value of the offer before the cost of money."),
    Field("message_variables", "string", "JSON", "Texts to fill into a message, in its language: "
          "limit, rate_daily, rate_annual, all_in_cost_annual, interest_daily_per_1000, valid_to."),
)

#: What the step `facts` finds once, for rules, for the plan and for the ledgers.
BARRIERS = Table(
    name="barriers", meaning="Suppression lists that name a person, and channels that are closed.",
    grain="one user and list", key=("user_id", "list_name"), owner="compliance",
    source="suppressions, marketing_opt_outs, bound_cards", partition="run",
    fields=(
        USER_ID,
        Field("list_name", "string", "code", "The suppression list; opt_out_CHANNEL of an "
              "opt-out."),
        Field("listed_on", "date", "date", "Event date of the entry in force."),
    ))
OWN_INVITATIONS = Table(
    name="own_invitations", meaning="Invitations of ours, how long each holds and what came of it.",
    grain="one invitation", key=("offer_id",), owner="marketing",
    source="invitations, loan_days, policy", partition="run",
    fields=(
        Field("offer_id", "string", "id", "The offer, as it was sent."), USER_ID,
        Field("sent_on", "date", "date", "Day of sending."),
        Field("limit_minor", "integer", MINOR_UNIT, "Its limit.", minimum=0),
        Field("rate_daily", "rate", "1/day", "Its rate.", minimum=0),
        Field("open_until", "date", "date", "Its last day."),
        Field("recency", "integer", "number", "1: the person's newest.", minimum=1),
        Field("drawn_on", "date", "date", "First draw-down of a loan of ours on its day or later.",
              True),
        Field("is_taken", "boolean", "true/false", "Whether that came before the next "
              "invitation, if there is one."),
    ))

#: Kinds of change from one release to the next; a person can have two of the last three.
ENTERED, LEFT, LIMIT_UP, LIMIT_DOWN, RATE_CHANGED = (
    "entered", "left", "limit_up", "limit_down", "rate_changed")
CHANGE_KINDS = (ENTERED, LEFT, LIMIT_UP, LIMIT_DOWN, RATE_CHANGED)

CHANGES = Table(
    name="changes", meaning="Who came, who went, and whose terms moved since the release before.",
    grain="one user and kind of change a release", key=("user_id", "change"), owner="marketing",
    source="whitelist, decisions, limits, the release before",
    partition="release_id", may_be_empty=True,
    fields=(
        USER_ID, AS_OF_DATE, RELEASE_ID,
        Field("previous_release_id", "string", "id", "The release it is held against."),
        Field("change", "string", "code", "What changed.", allowed=CHANGE_KINDS),
        Field("reason", "string", "code", "Why; see jobs/release/changes.py."),
        Field("reason_detail", "string", "name", "The rule, row or version behind it.", True),
        Field("previous_offer_id", "string", "id", "Offer before.", True),
        Field("offer_id", "string", "id", "Offer now.", True),
        Field("previous_limit_minor", "integer", MINOR_UNIT, "Limit before.", True, 0),
        Field("limit_minor", "integer", MINOR_UNIT, "Limit now.", True, 0),
        Field("previous_rate_daily", "rate", "1/day", "Rate before.", True, 0),
        Field("rate_daily", "rate", "1/day", "Rate now.", True, 0),
    ))

#: What became of an offer that was sent and could still be taken.
KEPT, WITHDRAWN, TAKEN = "kept", "withdrawn", "taken"

HONOUR_LEDGER = Table(
    name="honour_ledger",
    meaning="Every offer that was sent and had not run out: kept, or why not.",
    grain="one offer a release", key=("offer_id",), owner=RISK,
    source="invitations, loan_days, decisions, whitelist, law",
    partition="release_id", may_be_empty=True,
    fields=(
        USER_ID, AS_OF_DATE, RELEASE_ID,
        Field("offer_id", "string", "id", "The offer, as it was sent."),
        Field("limit_minor", "integer", MINOR_UNIT, "Its limit.", minimum=0),
        Field("rate_daily", "rate", "1/day", "Its rate.", minimum=0),
        Field("open_until", "date", "date", "Its last day."),
        Field("outcome", "string", "code", "kept: on the whitelist; taken: answered by a loan; "
              "withdrawn: a criterion failed.", allowed=(KEPT, WITHDRAWN, TAKEN)),
        Field("criterion", "string", "name", "The rule that failed, or `law`, `not_considered`, "
              "`superseded` by a later invitation, `not_honoured` by the policy; missing unless "
              "withdrawn.", True),
        Field("text", "string", "sentence", "Why, for the person's file."),
    ))

SUPPRESSIONS_APPLIED = Table(
    name="suppressions_applied",
    meaning="Who was kept off the list by a suppression list or an opt-out, and since when.",
    grain="one considered user and list", key=("user_id", "list_name"), owner="compliance",
    source="suppressions, marketing_opt_outs",
    partition="release_id", may_be_empty=True,
    fields=(
        USER_ID, AS_OF_DATE, RELEASE_ID,
        Field("list_name", "string", "code", "The suppression list; opt_out_CHANNEL of an "
              "opt-out."),
        Field("listed_on", "date", "date", "Event date of the entry in force."),
        Field("is_barred", "boolean", "true/false", "Whether it kept the person off the list; "
              "false where another channel stays open, or the policy has no such rule."),
    ))

CRITERIA = Table(
    name="criteria", meaning="The selection criteria in force, in order and in words.",
    grain="one rule a release", key=("rule_number",), owner=RISK, source="policy",
    partition="release_id",
    fields=(
        RELEASE_ID,
        Field("rule_number", "integer", "order", "Place in the waterfall.", minimum=1),
        Field("rule", "string", "name", "Of the rule."),
        Field("reason_code", "string", "code", "Of the rule."),
        Field("condition", "string", "expression", "What has to hold, e.g. `pd <= 0.015`."),
        Field("text", "string", "sentence", "In words."),
        Field("text_zh", "string", "sentence", "In Chinese, where the policy has it.", True),
        Field("source", "string", "sentence", "Law or policy behind it.", True),
    ))

DOCUMENTS = Table(
    name="documents",
    meaning="The texts a release rests on: policy, law, frozen inputs, cards of its models.",
    grain="one text a release", key=("document",), owner=RISK,
    source="policy, law, run.json, models", partition="release_id",
    fields=(
        RELEASE_ID,
        Field("document", "string", "name", "E.g. `policy`, `law`, `inputs`, `model/pd`."),
        Field("sha256", "string", "hex", "Of the text in UTF-8."),
        Field("text", "string", "text", "The whole text: YAML, JSON or Markdown."),
    ))

#: Columns of the whitelist that marketing does not see.
WITHHELD = ("score_tier", "method", "propensity_ratio", "reason_codes", "expected_value_minor")
#: Columns of the changes that marketing does not see: they tell of refusals.
WITHHELD_OF_CHANGES = ("reason", "reason_detail")
