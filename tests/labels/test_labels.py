"""Labels: only outcomes that were known."""

import datetime as dt

from pyspark.sql import functions as F

from jobs.contracts import feeds
from jobs.labels.labels import build
from jobs.session import session

MAY, JUNE, JULY = (dt.date(2026, month, 1) for month in (5, 6, 7))
END_OF_MAY = dt.date(2026, 5, 31)


def labels(*rows, as_of=JUNE):
    df = session().createDataFrame(list(rows), feeds.facts(feeds.LOAN_PERFORMANCE).spark_schema)
    return [tuple(row)[:3] for row in build(df, F.lit(as_of)).collect()]


def test_a_label_is_dated_by_the_opening_of_its_window():
    assert labels(("anna", END_OF_MAY, MAY, True, JUNE, None)) == [("anna", MAY, True)]


def test_an_outcome_delivered_after_the_night_is_not_known():
    assert labels(("anna", END_OF_MAY, MAY, True, JULY, None)) == []


def test_a_corrected_outcome_replaces_the_earlier_one():
    rows = (("anna", END_OF_MAY, MAY, True, JUNE, None),
            ("anna", END_OF_MAY, MAY, False, JULY, None))
    assert labels(*rows, as_of=JULY) == [("anna", MAY, False)]


def test_an_outcome_whose_delivery_was_replaced_is_gone():
    assert labels(("anna", END_OF_MAY, MAY, True, JUNE, JULY), as_of=JULY) == []
