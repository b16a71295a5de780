"""Windows: their edges, what is 0 and what is not known, worked by hand."""

import datetime as dt

import pytest

from jobs.features import windows
from jobs.features.families import FEATURES, SOURCES
from jobs.features.families.activity import SOURCE
from jobs.session import session

AS_OF = dt.date(2026, 6, 30)


def windowed(*days, as_of=AS_OF, seconds=None):
    """Anna with one log-in on each day, of 10 seconds or of what is said."""
    spans = seconds or [10] * len(days)
    found = windows.build(tiles(*zip(days, spans, strict=True)), SOURCE, as_of).collect()
    return found[0].asDict() if found else None


def tiles(*days):
    rows = [("anna", day, 1, span, 0, 0, 0, span) for day, span in days]
    return session().createDataFrame(rows, SOURCE.table.spark_schema)


def before(days, as_of=AS_OF):
    return as_of - dt.timedelta(days=days)


@pytest.mark.parametrize(("window", "last_in"), [(7, 6), (30, 29), (90, 89), (180, 179),
                                                 (365, 364)])
def test_the_last_day_of_a_window_is_in_and_the_next_is_out(window, last_in):
    column = f"login_count_{window}d"
    assert windowed(before(0), before(last_in))[column] == 2
    assert windowed(before(0), before(last_in + 1))[column] == 1


def test_the_as_of_date_is_in_and_a_day_after_it_is_not_there():
    assert windowed(before(0))["login_count_7d"] == 1
    assert windowed(before(-1)) is None


def test_a_leap_day_is_a_day():
    first_of_march = dt.date(2024, 3, 1)
    assert windowed(dt.date(2024, 2, 24), as_of=first_of_march)["login_count_7d"] == 1
    assert windowed(dt.date(2024, 2, 23), as_of=first_of_march)["login_count_7d"] == 0
    assert windowed(dt.date(2023, 2, 23), as_of=dt.date(2023, 3, 1))["login_count_7d"] == 1


def test_a_sum_is_0_and_an_extreme_unknown_where_nothing_happened_in_the_window():
    found = windowed(before(10))
    assert (found["login_count_7d"], found["online_seconds_7d"]) == (0, 0)
    assert found["longest_session_seconds_7d"] is None
    assert found["longest_session_seconds_30d"] == 10


def test_longer_windows_hold_the_shorter_ones():
    found = windowed(before(0), before(10), before(100), before(300), seconds=[1, 20, 300, 4000])
    assert [found[f"online_seconds_{window}d"] for window in (7, 30, 90, 180, 365)] == [
        1, 21, 21, 321, 4321]
    assert [found[f"longest_session_seconds_{window}d"] for window in (7, 30, 180, 365)] == [
        1, 20, 300, 4000]
    assert [found[f"logins_active_days_{window}d"] for window in (7, 30, 90, 180, 365)] == [
        1, 2, 2, 3, 4]


def test_how_lately_and_how_long_the_source_knows_the_person():
    found = windowed(before(3), before(200))
    assert (found["logins_recency_days"], found["logins_tenure_days"]) == (3, 200)


def test_there_are_many_features_and_each_says_what_it_is():
    names = [one.field.name for one in FEATURES]
    assert len(names) == len(set(names)) >= 250
    for one in FEATURES:
        assert one.field.unit and one.field.meaning.endswith(".") and one.source.feed.purpose
        assert one.window_days in windows.WINDOWS_DAYS and one.source in SOURCES
