"""What may be used and who must not be asked: consents, opt-outs, suppression lists."""

from __future__ import annotations

from jobs.contracts.feeds.fields import EVENT_DATE, USER_ID, code, identifier, record_id
from jobs.contracts.table import Table

#: What a feed's data may be used for only with consent; the contract of a feed names one.
PURPOSES = ("account_data", "service_data", "shopping_data", "social_data", "location_tracks",
            "bureau_report", "third_party_score")

CONSENTS = Table(
    name="consents", meaning="Consent given and withdrawn, a source's purpose each.",
    grain="one user, purpose and date", key=("user_id", "purpose", "event_date"),
    owner="privacy office", source="wallet settings", partition="delivery_date", mandatory=False,
    purpose="", max_age_days=100, protects=True,
    fields=(
        USER_ID, EVENT_DATE,
        code("purpose", "What the data may be used for.", PURPOSES),
        code("action", "Given or withdrawn.", ("given", "withdrawn")),
    ))

MARKETING_OPT_OUTS = Table(
    name="marketing_opt_outs", meaning="Who wants no invitations, and who wants them again.",
    grain="one user, channel and date", key=("user_id", "channel", "event_date"),
    owner="privacy office", source="wallet settings", partition="delivery_date", mandatory=False,
    purpose="", max_age_days=100, protects=True,
    fields=(
        USER_ID, EVENT_DATE,
        code("channel", "Which way.", ("all", "push", "sms", "in_app")),
        code("action", "Out or back in.", ("out", "in")),
    ))

SUPPRESSIONS = Table(
    name="suppressions",
    meaning="People who must not be invited; named by user id, national id or both.",
    grain="one entry of a list", key=("entry_id",), owner="compliance",
    source="police, courts, schools, own staff", partition="delivery_date", mandatory=False,
    purpose="", max_age_days=100, protects=True,
    fields=(
        record_id("entry_id", "entry"),
        USER_ID.__class__(**{**USER_ID.__dict__, "nullable": True}),
        identifier("national_id", "The person's national id.", nullable=True),
        EVENT_DATE,
        code("list_name", "Which list.", ("fraud", "court_judgement_debtor", "complaint",
                                          "student", "staff", "deceased")),
        code("action", "Added or removed.", ("added", "removed")),
    ))
