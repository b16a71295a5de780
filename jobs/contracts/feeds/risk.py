"""What others know of a person's credit: bureau, third-party scores, loan performance, funding."""

from __future__ import annotations

from jobs.contracts.feeds.fields import (EARLIEST, EVENT_DATE, MOST_MINOR, USER_ID, amount,
                                         code, record_id)
from jobs.contracts.table import Field, Table

RISK_DATA = "risk data team"

BUREAU_TRADELINES = Table(
    name="bureau_tradelines",
    meaning="Trade lines at the credit bureau, month by month; people it does not know have none.",
    grain="one user, trade line and month", key=("user_id", "line_id", "event_date"),
    owner=RISK_DATA, source="credit bureau", partition="delivery_date", max_age_days=62,
    purpose="bureau_report",
    every_days=31,
    fields=(
        USER_ID, record_id("line_id", "trade line"), EVENT_DATE,
        code("kind", "Kind of debt.", ("credit_card", "consumer_loan", "car_loan", "mortgage")),
        Field("repayment_status", "integer", "code -2..9",
              "-2 no use, -1 paid in full, 0 revolving or on time, n = n months past due.",
              minimum=-2, maximum=9),
        amount("balance_minor", "Owed; below zero where the lender owes the holder.",
               minimum=-MOST_MINOR, nullable=True),
        amount("limit_minor", "Limit or original amount.", nullable=True),
        amount("instalment_minor", "Monthly obligation.", nullable=True),
        Field("opened_on", "date", "date", "When the line was opened.", True, EARLIEST,
              not_after="event_date"),
    ))

BUREAU_INQUIRIES = Table(
    name="bureau_inquiries", meaning="Who asked the bureau about a person: hunger for credit.",
    grain="one inquiry", key=("inquiry_id",), owner=RISK_DATA, source="credit bureau",
    partition="delivery_date", mandatory=False, purpose="bureau_report",
    fields=(
        record_id("inquiry_id", "inquiry"), USER_ID, EVENT_DATE,
        code("reason", "Why.", ("application", "review", "guarantee", "own_request")),
    ))

BUREAU_PUBLIC_RECORDS = Table(
    name="bureau_public_records", meaning="Judgements, tax arrears and enforcement.",
    grain="one record", key=("record_id",), owner=RISK_DATA, source="credit bureau",
    partition="delivery_date", mandatory=False, purpose="bureau_report",
    every_days=31, max_age_days=100,
    fields=(
        record_id("record_id", "record"), USER_ID, EVENT_DATE,
        code("kind", "What it is.", ("judgement", "enforcement", "tax_arrears", "utility_arrears")),
        amount("amount_minor", "Owed under it.", nullable=True),
    ))

THIRD_PARTY_SCORES = Table(
    name="third_party_scores", meaning="Scores bought from others.",
    grain="one user, provider and date", key=("user_id", "provider", "event_date"),
    owner=RISK_DATA, source="score providers", partition="delivery_date", mandatory=False,
    purpose="third_party_score",
    every_days=31,
    fields=(
        USER_ID, EVENT_DATE,
        Field("provider", "string", "code", "Whose score it is."),
        Field("score", "integer", "points", "Higher is better.", minimum=0, maximum=1_000),
    ))

LOAN_PERFORMANCE = Table(
    name="loan_performance",
    meaning="How earlier loans went: the outcome of a performance window.",
    grain="one user and performance window", key=("user_id", "observed_on"),
    owner="loan servicing", source="own book and partner lenders", partition="delivery_date",
    max_age_days=400, purpose="contract", protects=True,
    every_days=31,
    fields=(
        USER_ID,
        Field("event_date", "date", "date",
              "Last day of the performance window; never after its delivery.", minimum=EARLIEST),
        Field("observed_on", "date", "date",
              "First day of the window: features to learn from must be known by then.",
              minimum=EARLIEST, not_after="event_date"),
        Field("is_default", "boolean", "true/false", "Whether the loan defaulted in the window."),
    ))

LOAN_DAYS = Table(
    name="loan_days",
    meaning="Loans day by day, on days when something changed: draw-downs, repayments, arrears.",
    grain="one loan and day", key=("loan_id", "event_date"), owner="loan servicing",
    source="own book and partner lenders", partition="delivery_date", mandatory=False,
    purpose="contract", max_age_days=31, protects=True,
    fields=(
        record_id("loan_id", "loan"), USER_ID, EVENT_DATE,
        code("lender", "Whose loan it is.", ("own", "partner")),
        amount("limit_minor", "Limit granted."),
        Field("rate_daily", "rate", "1/day", "Interest a day on what is drawn.", minimum=0,
              maximum=1),
        amount("drawn_minor", "Drawn on the day."),
        amount("repaid_minor", "Repaid on the day."),
        amount("balance_minor", "Owed at the end of the day."),
        Field("overdue_days", "integer", "days", "Days past due.", minimum=0, maximum=10_000),
    ))

FUNDING_LINES = Table(
    name="funding_lines", meaning="Money that may be lent, by funder and day.",
    grain="one funder and day", key=("funder", "event_date"), owner="treasury",
    source="treasury", partition="delivery_date", mandatory=False, purpose="",
    max_age_days=31, protects=True,
    fields=(
        Field("funder", "string", "code", "Own funds or an interbank line."), EVENT_DATE,
        Field("available_minor", "integer", "1/100 currency", "May be lent on that day.", False, 0,
              1_000 * MOST_MINOR),
        Field("cost_annual", "rate", "1/year", "What it costs.", minimum=0, maximum=1),
    ))
