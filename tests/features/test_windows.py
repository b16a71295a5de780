"""Windows: their edges, what is 0 and what is not known, worked by hand."""

import datetime as dt

import pytest

from jobs import store
from jobs.features import roll, windows
from jobs.features.families import FEATURES, SOURCES
from jobs.features.families.activity import SOURCE
from jobs.session import session
from jobs.tiles.plan import Tile
from jobs.tiles.source import SKETCH_CELLS

AS_OF = dt.date(2026, 6, 30)
NO_DEVICE = [0] * SKETCH_CELLS


def windowed(*days, as_of=AS_OF, seconds=None):
    """Anna with one log-in on each day, of 10 seconds or of what is said."""
    spans = seconds or [10] * len(days)
    found = windows.build(tiles(*zip(days, spans, strict=True)), SOURCE, as_of).collect()
    return found[0].asDict() if found else None


def tiles(*days):
    rows = [("anna", day, 1, span, 0, 0, 0, span, *NO_DEVICE) for day, span in days]
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
    assert [found[f"longest_session_seconds_{window}d"] for window in (7, 30, 90)] == [1, 20, 20]
    assert [found[f"logins_active_days_{window}d"] for window in (7, 30, 90, 180, 365)] == [
        1, 2, 2, 3, 4]


def test_how_lately_the_source_saw_the_person_within_ninety_days():
    assert windowed(before(3), before(200))["logins_recency_days"] == 3
    assert windowed(before(89))["logins_recency_days"] == 89
    assert windowed(before(90))["logins_recency_days"] is None


def moved(folder, was, now, gap=1):
    """Anna's and Ben's windows of AS_OF from those of `gap` days earlier.

    Both nights are {(day back from AS_OF, version): (seconds of anna, seconds of ben)}.
    """
    def of(night, day):
        tiles_of = [Tile("logins", before(back), version, ()) for back, version in sorted(night)]
        return roll.Windows(SOURCE, day, tuple(tiles_of))

    def rows(keys):
        frame = session().createDataFrame(
            [(user, before(back), 1, span, 0, 0, 0, span, *NO_DEVICE) for back, version in keys
             for user, span in zip(("anna", "ben"), {**was, **now}[back, version], strict=True)
             if span], SOURCE.table.spark_schema)
        return written(frame, SOURCE.table)

    def written(frame, table):
        """As a night finds it: from a folder."""
        path = folder / str(len(list(folder.iterdir())))
        store.write(frame, table, path)
        return store.read(session(), path, table)

    earlier = written(windows.build(rows(was), SOURCE, before(gap)), windows.table(SOURCE))
    changed = roll.difference(of(was, before(gap)), of(now, AS_OF))
    by_version = {(before(back), version): (back, version) for back, version in {**was, **now}}
    found = windows.move(
        earlier, [(rows([by_version[tile.event_date, tile.fingerprint] for tile in some]), signs)
                  for signs, some in changed.items()],
        rows([key for key in now if key[0] < 90]), SOURCE, AS_OF)
    return tuple(sorted(map(tuple, frame.collect())) for frame in (
        found, windows.build(rows(now), SOURCE, AS_OF)))


DAYS = {(1, "a"): (10, 20), (6, "a"): (1, 0), (7, "a"): (300, 2), (29, "a"): (4, 4),
        (30, "a"): (5, 0), (90, "a"): (6, 7), (200, "a"): (8, 8)}


@pytest.mark.parametrize("changes", [
    {}, {(0, "a"): (70, 0)}, {(0, "a"): (0, 70), (365, "a"): (3, 3)},
    {(7, "a"): None, (7, "b"): (1, 900)},      # told anew: anna's longest session is another
    {(1, "a"): None, (6, "a"): None, (0, "a"): (1, 0)}, {(3, "a"): (9, 9)}])
@pytest.mark.parametrize("gap", [1, 5, 40])
def test_windows_moved_on_are_the_windows_built_from_all_days(tmp_path, changes, gap):
    was = {key: spans for key, spans in DAYS.items() if key[0] >= gap}
    now = {key: spans for key, spans in {**DAYS, **changes}.items() if spans and key[0] < 365}
    found, expected = moved(tmp_path, was, now, gap)
    assert found == expected and found


def test_who_has_no_day_left_is_gone(tmp_path):
    found, expected = moved(tmp_path, {(364, "a"): (1, 0), (5, "a"): (0, 1)}, {(5, "a"): (0, 1)})
    assert found == expected and [row[0] for row in found] == ["ben"]


def test_only_days_that_a_window_won_or_lost_set_two_nights_apart():
    def night(day, *back):
        return roll.Windows(SOURCE, day, tuple(Tile("logins", before(one), "a", ())
                                               for one in back))

    found = roll.difference(night(before(1), 1, 3, 7, 30), night(AS_OF, 0, 1, 3, 7, 30))
    assert {signs: [tile.event_date for tile in some] for signs, some in found.items()} == {
        (1, 1, 1, 1, 1): [before(0)], (-1, 0, 0, 0, 0): [before(7)],
        (0, -1, 0, 0, 0): [before(30)]}


def of(name, **windowed):
    """A feature of one person, from the windows that it is made of."""
    (feature,) = [one for one in FEATURES if one.field.name == name]
    schema = ", ".join(f"{column} long" for column in windowed)
    frame = session().createDataFrame([tuple(windowed.values())], schema)
    return frame.select(feature.value().alias("value")).collect()[0]["value"]


def test_pay_on_the_tenth_twelfth_and_fourteenth_is_two_thirds_of_a_square_apart():
    told = {"salary_count_90d": 3, "salary_day_sum_90d": 36, "salary_day_squares_90d": 440}
    assert of("salary_day_mean_90d", **told) == 12.0
    assert of("salary_day_spread_90d", **told) == pytest.approx((8 / 3) ** 0.5, rel=1e-12)


@pytest.mark.parametrize(("count", "spread"), [(1, 0.0), (0, None)])
def test_one_value_has_no_spread_and_none_is_not_known(count, spread):
    told = {"salary_count_90d": count, "salary_day_sum_90d": 31 * count,
            "salary_day_squares_90d": 961 * count}
    assert of("salary_day_spread_90d", **told) == spread


def cells(*counts):
    filled = [*counts, *[0] * (SKETCH_CELLS - len(counts))]
    return {f"device_cell_{number}_30d": count for number, count in enumerate(filled)}


@pytest.mark.parametrize(("counts", "different", "habit"), [
    ((3, 0, 1), 2, 0.75), ((5,), 1, 1.0), ((), 0, None)])
def test_of_a_sketch_the_cells_in_use_and_the_fullest(counts, different, habit):
    assert of("device_count_30d", **cells(*counts)) == different
    assert of("device_habit_30d_ratio", **cells(*counts)) == habit


def test_there_are_many_features_and_each_says_what_it_is():
    names = [one.field.name for one in FEATURES]
    assert len(names) == len(set(names)) >= 250
    for one in FEATURES:
        assert one.field.unit and one.field.meaning.endswith(".") and one.source.feed.purpose
        assert one.window_days in windows.WINDOWS_DAYS and one.source in SOURCES
