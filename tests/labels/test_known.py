"""Over which days a feed tells of everything."""

import datetime as dt

from jobs.labels.known import Seen, seen


def delivery(day, *events, voided_on=None):
    return {"delivery_date": day, "event_dates": list(events), "voided_on": voided_on}


def test_a_feed_tells_from_its_first_event_to_its_newest_delivery():
    told = seen([delivery("2026-06-24", "2026-05-01", "2026-06-24"),
                 delivery("2026-06-25", "2026-06-25"), delivery("2026-06-26")])
    assert told == Seen(dt.date(2026, 5, 1), dt.date(2026, 6, 26))


def test_a_delivery_that_was_replaced_tells_nothing():
    told = seen([delivery("2026-06-24", "2026-05-01", voided_on="2026-06-25"),
                 delivery("2026-06-25", "2026-06-02")])
    assert told == Seen(dt.date(2026, 6, 2), dt.date(2026, 6, 25))


def test_a_feed_that_never_came_tells_of_no_day():
    assert seen([]) == Seen(None, None)
