"""Rows of the feeds that labels are made from, and what a night makes of them."""

import datetime as dt
from decimal import Decimal

from jobs.contracts import feeds
from jobs.labels.known import Seen
from jobs.labels.labels import observe
from jobs.policies.outcomes import OutcomeRules
from jobs.session import session

#: The night, and the first day of which loan_days tells.
AS_OF, BEGIN = dt.date(2026, 6, 30), dt.date(2026, 1, 1)
MAY = dt.date(2026, 5, 1)
RATE = Decimal("0.000300")


def loan(on, drawn=0, repaid=0, owed=0, overdue=0, loan_id="l1", user="anna", lender="partner",
         delivered=None, voided=None, limit=10_000):
    return (loan_id, user, on, lender, limit, RATE, drawn, repaid, owed, overdue,
            delivered or on, voided)


def sent(on, offer_id="o1", user="anna", lender="partner", is_random=True, delivered=None,
         voided=None, limit=30_000, propensity=0.25):
    return (offer_id, user, on, lender, "push", limit, RATE, is_random,
            propensity if is_random else None, delivered or on, voided)


def outcome(is_default, opened=MAY, closed=dt.date(2026, 5, 31), user="anna", delivered=None,
            voided=None):
    return (user, closed, opened, is_default, delivered or closed + dt.timedelta(days=1), voided)


def frame(feed, rows):
    return session().createDataFrame(list(rows), feeds.facts(feed).spark_schema)


def observed(days=(), invited=(), outcomes=(), rules=OutcomeRules(), as_of=AS_OF, begin=BEGIN,
             told_until=None):
    """`observations` as dictionaries by user and date."""
    rows = observe(frame(feeds.LOAN_DAYS, days), frame(feeds.INVITATIONS, invited),
                   frame(feeds.LOAN_PERFORMANCE, outcomes), rules,
                   Seen(begin, told_until or as_of), as_of).collect()
    return {(row["user_id"], row["as_of_date"]): row.asDict() for row in rows}


def of_anna(day=MAY, **given):
    return observed(**given)[("anna", day)]
