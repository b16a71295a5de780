"""Which tiles a date needs: the same deliveries, the same tile; more is known, another one."""

import datetime as dt

import pytest

from jobs.features.families.activity import SOURCE
from jobs.tiles.plan import missing, tiles_of

DAY = dt.date(2026, 6, 30)


def delivery(day, *event_dates, voided=None, fingerprint=None):
    return {"delivery_date": day, "voided_on": voided, "fingerprint": fingerprint or f"of {day}",
            "event_dates": list(event_dates)}


def by_day(deliveries, as_of=DAY):
    return {tile.event_date.isoformat(): tile for tile in tiles_of(SOURCE, deliveries, as_of)}


SOUND = [delivery("2026-06-29", "2026-06-28"), delivery("2026-06-30", "2026-06-29")]


def test_a_night_later_needs_one_tile_more_and_the_others_are_the_same():
    later = [*SOUND, delivery("2026-07-01", "2026-06-30")]
    before, after = by_day(SOUND), by_day(later, DAY + dt.timedelta(days=1))
    assert set(after) - set(before) == {"2026-06-30"}
    assert all(after[day] == before[day] for day in before)


def test_a_late_delivery_makes_new_tiles_of_its_days_only():
    late = [*SOUND, delivery("2026-07-01", "2026-06-28")]
    before, after = by_day(SOUND), by_day(late, DAY + dt.timedelta(days=1))
    assert after["2026-06-29"] == before["2026-06-29"]
    assert after["2026-06-28"].fingerprint != before["2026-06-28"].fingerprint
    assert after["2026-06-28"].delivery_dates == (dt.date(2026, 6, 29), dt.date(2026, 7, 1))


def test_an_earlier_date_does_not_see_the_late_delivery():
    late = [*SOUND, delivery("2026-07-01", "2026-06-28")]
    assert by_day(late, DAY) == by_day(SOUND, DAY)


def test_a_replaced_delivery_counts_until_another_stands_in_for_it():
    replaced = [{**SOUND[0], "voided_on": "2026-07-01"}, SOUND[1]]
    assert set(by_day(replaced, DAY)) == {"2026-06-28", "2026-06-29"}
    assert set(by_day(replaced, DAY + dt.timedelta(days=1))) == {"2026-06-29"}


@pytest.mark.parametrize(("day", "is_in"), [
    ("2026-06-30", True), ("2025-07-01", True), ("2025-06-30", False), ("2026-07-01", False)])
def test_the_longest_window_begins_364_days_back_and_ends_on_the_day(day, is_in):
    assert (day in by_day([delivery("2026-06-30", day)])) == is_in


def test_the_longest_window_over_a_leap_day_has_365_days():
    found = by_day([delivery("2024-12-31", "2024-01-01", "2024-01-02", "2024-02-29")],
                   dt.date(2024, 12, 31))
    assert set(found) == {"2024-01-02", "2024-02-29"}   # 2024 has 366 days


def test_what_is_built_is_not_missing(tmp_path):
    tiles = tiles_of(SOURCE, SOUND, DAY)
    tiles[0].folder(tmp_path).mkdir(parents=True)
    assert missing([*tiles, *tiles], tmp_path) == [tiles[1]]
