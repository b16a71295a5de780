"""Cards and money: bound cards, statements, payments, account flows."""

from __future__ import annotations

from jobs.contracts.feeds.fields import (EVENT_AT, EVENT_DATE, USER_ID, amount, code, identifier,
                                         record_id)
from jobs.contracts.table import Field, Table

BOUND_CARDS = Table(
    name="bound_cards",
    meaning="Bank cards bound to the wallet and unbound again, with the holder's profile.",
    grain="one user, card and date", key=("user_id", "card_number", "event_date"),
    owner="wallet team", source="wallet accounts", partition="delivery_date", max_age_days=100,
    purpose="account_data",
    fields=(
        USER_ID, EVENT_DATE,
        identifier("card_number", "The card."),
        code("action", "What happened to the card.", ("bind", "unbind")),
        code("card_kind", "Kind of card.", ("credit", "debit")),
        Field("bank", "string", "code", "The bank that issued it.", nullable=True),
        amount("card_limit_minor", "Credit limit; a debit card has none.", nullable=True),
        Field("is_name_verified", "boolean", "true/false",
              "Whether the bank confirmed that the card is in the user's own name."),
        identifier("national_id", "The holder's national id.", nullable=True),
        identifier("phone", "The holder's phone.", nullable=True),
        Field("age_years", "integer", "years", "Age at the event date.", minimum=0, maximum=120),
        code("gender", "For fairness reports only; no model may use it.", ("female", "male"),
             nullable=True),
        code("education", "Highest completed education.",
             ("graduate_school", "university", "high_school", "other"), nullable=True),
        code("marital_status", "For fairness reports only; no model may use it.",
             ("married", "single", "other"), nullable=True),
        Field("region", "string", "code", "Where the wallet account is registered; for shares by "
              "region, no model may use it.", nullable=True, may_be_left_out=True),
    ))

STATEMENTS = Table(
    name="statements", meaning="Monthly card statements: what was owed and what was paid.",
    grain="one user and statement", key=("user_id", "event_date"), owner="wallet team",
    source="card issuers", partition="delivery_date", max_age_days=62, purpose="account_data",
    every_days=31,
    fields=(
        USER_ID, EVENT_DATE,
        amount("balance_minor", "Balance of the statement; below zero where the bank owes the "
               "holder.", minimum=-10**12),
        amount("payment_minor", "Paid in that month."),
    ))

PAYMENTS = Table(
    name="payments", meaning="Payments and transfers in the wallet.", grain="one payment",
    key=("payment_id",), owner="payments team", source="wallet ledger",
    partition="delivery_date", mandatory=False, purpose="account_data",
    fields=(
        record_id("payment_id", "payment"), USER_ID, EVENT_AT,
        amount("amount_minor", "Paid or received."),
        code("direction", "Seen from the user.", ("in", "out")),
        code("kind", "What for.", ("purchase", "transfer", "bill", "red_packet", "cash_out",
                                   "repayment", "salary")),
    ))

ACCOUNT_FLOWS = Table(
    name="account_flows", meaning="Money in and out of the bound bank accounts, with balances.",
    grain="one booking", key=("flow_id",), owner="account team", source="banks, by consent",
    partition="delivery_date", mandatory=False, purpose="account_data",
    fields=(
        record_id("flow_id", "booking"), USER_ID, EVENT_AT,
        identifier("account_number", "The account.", nullable=True),
        amount("amount_minor", "Above zero: in; below: out.", minimum=-10**12),
        amount("balance_after_minor", "Balance after the booking.", minimum=-10**12,
               nullable=True),
        code("category", "What for.", ("salary", "transfer", "rent", "utilities", "groceries",
                                       "leisure", "cash", "loan", "investment", "fee", "other")),
    ))
