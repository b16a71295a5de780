"""What marketing sends: invitations, with the chance that each had."""

from __future__ import annotations

from jobs.contracts.feeds.fields import EVENT_DATE, USER_ID, amount, code, record_id
from jobs.contracts.table import Field, Table

INVITATIONS = Table(
    name="invitations", meaning="Who was invited to which loan, and with which probability.",
    grain="one invitation", key=("offer_id",), owner="marketing",
    source="own campaigns and partner lenders", partition="delivery_date", mandatory=False,
    purpose="contract", every_days=31, max_age_days=100, protects=True,
    fields=(
        record_id("offer_id", "invitation"), USER_ID, EVENT_DATE,
        code("lender", "Whose loan it offers.", ("own", "partner")),
        code("channel", "Which way it came.", ("push", "sms", "in_app", "other")),
        amount("limit_minor", "Limit offered."),
        Field("rate_daily", "rate", "1/day", "Interest a day on what is drawn.", minimum=0,
              maximum=1),
        Field("is_exploration", "boolean", "true/false",
              "Whether chance decided that this person got this limit and rate."),
        Field("propensity_ratio", "double", "probability", "Probability with which this person, "
              "being who they are, was sent just this limit and rate; null where chance decided "
              "nothing.", True, 1e-6, 1.0),
    ))
