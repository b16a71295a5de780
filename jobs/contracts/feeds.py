"""What is delivered: one contract a feed.

Every feed carries two clocks: `event_date` (when it happened) stands in the row,
`delivery_date` (when we could know it) is the folder it arrived in and is added at intake.
Money is in minor units (1/100) of the currency that the manifest names.
"""

from __future__ import annotations

from jobs.contracts.table import Field, Table

USER_ID = Field("user_id", "string", "id as delivered", "The person, as the feed names them.")
EVENT_DATE = Field("event_date", "date", "date", "When it happened; never after its delivery.",
                   minimum="1990-01-01")

BOUND_CARDS = Table(
    name="bound_cards",
    meaning="The bank card a user bound to the wallet, with its limit and the holder's profile.",
    grain="one user and the date the card was seen", key=("user_id", "event_date"),
    owner="wallet team", source="wallet accounts", partition="delivery_date", max_age_days=100,
    fields=(
        USER_ID, EVENT_DATE,
        Field("card_limit_minor", "integer", "1/100 currency", "Credit limit of the bound card.",
              minimum=0, maximum=10**12),
        Field("age_years", "integer", "years", "Age at the event date.", minimum=0, maximum=120),
        Field("gender", "string", "code", "For fairness reports only; no model may use it.",
              nullable=True, allowed=("female", "male")),
        Field("education", "string", "code", "Highest completed education.", nullable=True,
              allowed=("graduate_school", "university", "high_school", "other")),
        Field("marital_status", "string", "code",
              "For fairness reports only; no model may use it.", nullable=True,
              allowed=("married", "single", "other")),
    ))

STATEMENTS = Table(
    name="statements",
    meaning="Monthly card statements: what was owed and what was paid.",
    grain="one user and statement", key=("user_id", "event_date"),
    owner="wallet team", source="card issuers", partition="delivery_date", max_age_days=62,
    fields=(
        USER_ID, EVENT_DATE,
        Field("balance_minor", "integer", "1/100 currency",
              "Balance of the statement; below zero where the bank owes the holder.",
              minimum=-10**12, maximum=10**12),
        Field("payment_minor", "integer", "1/100 currency", "Paid in that month.",
              minimum=0, maximum=10**12),
    ))

BUREAU_STATUS = Table(
    name="bureau_status",
    meaning="Monthly repayment status at the credit bureau; people it does not know have no row.",
    grain="one user and month", key=("user_id", "event_date"),
    owner="risk data team", source="credit bureau", partition="delivery_date", max_age_days=62,
    fields=(
        USER_ID, EVENT_DATE,
        Field("repayment_status", "integer", "code -2..9",
              "-2 no use, -1 paid in full, 0 revolving, n = n months past due.",
              minimum=-2, maximum=9),
    ))

LOAN_PERFORMANCE = Table(
    name="loan_performance",
    meaning="How earlier loans went: the outcome of a performance window.",
    grain="one user and performance window", key=("user_id", "observed_on"),
    owner="loan servicing", source="own book", partition="delivery_date", max_age_days=400,
    fields=(
        USER_ID,
        Field("event_date", "date", "date",
              "Last day of the performance window; never after its delivery.",
              minimum="1990-01-01"),
        Field("observed_on", "date", "date",
              "First day of the window: features to learn from must be known by then.",
              minimum="1990-01-01", not_after="event_date"),
        Field("is_default", "boolean", "true/false", "Whether the loan defaulted in the window."),
    ))

FEEDS: dict[str, Table] = {t.name: t for t in (BOUND_CARDS, STATEMENTS, BUREAU_STATUS,
                                               LOAN_PERFORMANCE)}

DELIVERY_DATE = Field("delivery_date", "date", "date", "Knowledge time: the delivery's date.")


def clean(feed: Table) -> Table:
    """The clean table of a feed: its accepted rows with the second clock beside them."""
    return feed.with_fields(DELIVERY_DATE)


def quarantine(feed: Table) -> Table:
    """The quarantine of a feed: rejected rows in full, as JSON, each with its reasons."""
    return Table(
        name=f"{feed.name}_quarantine", meaning=f"Rows of {feed.name} that were not accepted.",
        grain="one rejected row", key=(), owner=feed.owner, source=f"landing/{feed.name}",
        partition="delivery_date",
        fields=(
            Field("user_id", "string", "id as delivered", "The person, if the row names one.",
                  nullable=True),
            Field("reasons", "strings", "codes", "Every rule the row broke, `column:rule`."),
            Field("row_json", "string", "JSON", "The row as it was delivered."),
            DELIVERY_DATE,
        ))
