"""What is delivered: one contract a feed, in the order in which a night looks at them.

Every feed carries two clocks: `event_date` or `event_at` (when it happened) stands in the row,
`delivery_date` (when we could know it) is the folder it arrived in and is added at intake.
Money is in minor units (1/100) of the currency that the manifest names. Times are local times of
the product's country, which has no summer time. Identifiers are raw in landing and nowhere else.
"""

from __future__ import annotations

from dataclasses import replace

from jobs.contracts.feeds.behaviour import (LOGINS, RIDES, SHOPPING, SOCIAL_EDGES,
                                            VIRTUAL_PROPERTY)
from jobs.contracts.feeds.fields import DELIVERY_DATE, USER_ID, VOIDED_ON
from jobs.contracts.feeds.marketing import INVITATIONS
from jobs.contracts.feeds.money import ACCOUNT_FLOWS, BOUND_CARDS, PAYMENTS, STATEMENTS
from jobs.contracts.feeds.permissions import CONSENTS, MARKETING_OPT_OUTS, SUPPRESSIONS
from jobs.contracts.feeds.risk import (BUREAU_INQUIRIES, BUREAU_PUBLIC_RECORDS,
                                       BUREAU_TRADELINES, FUNDING_LINES, LOAN_DAYS,
                                       LOAN_PERFORMANCE, THIRD_PARTY_SCORES)
from jobs.contracts.table import Field, Table

FEEDS: dict[str, Table] = {t.name: t for t in (
    BOUND_CARDS, STATEMENTS, BUREAU_TRADELINES, LOAN_PERFORMANCE, LOGINS, PAYMENTS,
    ACCOUNT_FLOWS, SHOPPING, VIRTUAL_PROPERTY, SOCIAL_EDGES, RIDES, BUREAU_INQUIRIES,
    BUREAU_PUBLIC_RECORDS, THIRD_PARTY_SCORES, CONSENTS, MARKETING_OPT_OUTS, SUPPRESSIONS,
    LOAN_DAYS, FUNDING_LINES, INVITATIONS)}


def clean(feed: Table) -> Table:
    """The clean table of a feed: its accepted rows with the second clock beside them."""
    return feed.with_fields(DELIVERY_DATE)


def facts(feed: Table) -> Table:
    """The clean table as a night reads it: until when each row counted stands beside it."""
    return clean(feed).with_fields(VOIDED_ON)


def quarantine(feed: Table) -> Table:
    """The quarantine of a feed: rejected rows as JSON, tokens for identifiers, with reasons."""
    return Table(
        name=f"{feed.name}_quarantine", meaning=f"Rows of {feed.name} that were not accepted.",
        grain="one rejected row", key=(), owner=feed.owner, source=f"landing/{feed.name}",
        partition="delivery_date",
        fields=(
            replace(USER_ID, nullable=True, meaning="The person, if the row names one."),
            Field("reasons", "strings", "codes", "Every rule the row broke, `column:rule`."),
            Field("row_json", "string", "JSON", "The row as it was delivered, with tokens; of a "
                  "line that could not be read its file, number and fault only."),
            DELIVERY_DATE,
        ))
