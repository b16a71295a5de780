"""Consent: what is not given, or was withdrawn, is null from that delivery on."""

import datetime as dt

from jobs.contracts import feeds
from jobs.features import consent
from jobs.session import session

AS_OF = dt.date(2026, 6, 30)


def may_use(*rows, as_of=AS_OF, purpose="bureau_report"):
    """(action, event day of June, delivery day of June) of Anna's consents."""
    facts = session().createDataFrame(
        [("anna", dt.date(2026, 6, event), purpose, action, dt.date(2026, 6, delivered), None)
         for action, event, delivered in rows], feeds.facts(feeds.CONSENTS).spark_schema)
    people = session().createDataFrame([("anna",)], "user_id string")
    (row,) = consent.build(people, facts, as_of).collect()
    return row["may_use_bureau_report"]


def test_what_was_given_may_be_used():
    assert may_use(("given", 1, 2)) is True


def test_what_was_never_given_may_not():
    assert may_use() is False
    assert may_use(("given", 1, 2), purpose="social_data") is False


def test_a_withdrawal_counts_from_its_delivery_on():
    rows = [("given", 1, 2), ("withdrawn", 10, 12)]
    assert may_use(*rows, as_of=dt.date(2026, 6, 11)) is True
    assert may_use(*rows, as_of=dt.date(2026, 6, 12)) is False


def test_what_is_given_again_may_be_used_again():
    assert may_use(("given", 1, 2), ("withdrawn", 10, 12), ("given", 20, 20)) is True


def test_the_newest_event_counts_and_not_the_newest_delivery():
    assert may_use(("withdrawn", 10, 11), ("given", 1, 25)) is False


def test_people_without_each_consent_are_counted():
    people = session().createDataFrame([("anna",), ("ben",)], "user_id string")
    facts = session().createDataFrame(
        [("anna", AS_OF, "bureau_report", "given", AS_OF, None)],
        feeds.facts(feeds.CONSENTS).spark_schema)
    found = consent.counts(consent.build(people, facts, AS_OF))
    assert (found["bureau_report"], found["account_data"]) == (1, 2)
