"""What moves of the pointer mean, worked by hand: 28, 29, 30 are nights, letters their runs."""

import datetime as dt

from jobs.release.pointer import (BACKFILL, ROLLBACK, SUPERSEDE, Release, in_force_after,
                                  is_history, standing)

ACTIONS = {">": ROLLBACK, "+": BACKFILL, "!": SUPERSEDE}


def moved(*words):
    """Moves like `28a`, `>28a` for a rollback to it, `+28a` a backfill, `!28b` a superseding."""
    found = []
    for number, word in enumerate(words, start=1):
        night = dt.date(2026, 6, int(word.strip(">+!abc")))
        found.append(Release(number, word.strip(">+!"), night, "", "CNY", 1, 1, 1, "", "",
                             action=ACTIONS.get(word[0], "publish")))
    return found


def in_force(*words):
    found = standing(moved(*words)).in_force
    return found and found.release_id


def withdrawn(*words):
    return {name: by.move_number for name, by in standing(moved(*words)).withdrawn.items()}


def test_without_moves_nothing_is_in_force():
    assert in_force() is None


def test_the_newest_night_s_last_publication_is_in_force():
    assert in_force("28a", "30a", "29a") == "30a"
    assert in_force("28a", "30a", "30b", "29a") == "30b"
    assert in_force("30a", "30b", "30a") == "30a"


def test_a_rollback_withdraws_later_nights_and_what_stood_above_in_its_own():
    moves = ("28a", "29a", "29b", "30a", ">29a")
    assert in_force(*moves) == "29a"
    assert withdrawn(*moves) == {"29b": 5, "30a": 5}


def test_what_lies_below_is_superseded_and_not_withdrawn():
    moves = ("29a", "29b", "30a", ">29b")
    assert withdrawn(*moves) == {"30a": 4} and in_force(*moves) == "29b"


def test_a_night_published_after_a_rollback_is_in_force_again():
    assert in_force("28a", "29a", "30a", ">28a", "30b") == "30b"
    assert in_force("28a", "29a", "30a", ">28a", "29b") == "29b"
    assert withdrawn("28a", "29a", "30a", ">28a", "29b") == {"29a": 4, "30a": 4}


def test_a_night_all_withdrawn_has_no_release_and_others_keep_theirs():
    nights = standing(moved("28a", "29a", "30a", ">28a")).of_nights
    assert {night.day: move.release_id for night, move in nights.items()} == {28: "28a"}


def test_a_past_night_published_after_a_rollback_takes_nothing_away():
    moves = ("27a", "28a", "30a", ">28a", "27b")
    assert in_force(*moves) == "28a"
    assert standing(moved(*moves)).of_nights[dt.date(2026, 6, 27)].release_id == "27b"


def test_a_rollback_forward_restores_what_was_withdrawn_and_only_that():
    moves = ("28a", "29a", "30a", ">28a", ">29a")
    assert in_force(*moves) == "29a" and withdrawn(*moves) == {"30a": 4}


def test_a_second_rollback_leaves_the_first_one_s_name_on_what_it_withdrew():
    assert withdrawn("27a", "28a", "29a", ">28a", ">27a") == {"29a": 4, "28a": 5}


def test_the_row_says_what_is_in_force_after_it():
    assert in_force_after(moved("30a"), moved("30a", "29a")[1]) == "30a"
    assert in_force_after(moved("29a", "30a"), moved("29a", "30a", ">29a")[2]) == "29a"


def of_nights(*words):
    return {night.day: move.release_id for night, move in standing(
        moved(*words)).of_nights.items()}


def live(*words):
    return {night.day: move.release_id for night, move in standing(moved(*words)).live.items()}


def test_history_stands_for_its_night_and_is_never_in_force():
    assert in_force("+28a", "+29a") is None
    assert in_force_after([], moved("+28a")[0]) == ""
    assert in_force("28a", "+29a", "+27a") == "28a"
    assert of_nights("28a", "+29a", "+27a") == {27: "27a", 28: "28a", 29: "29a"}
    assert live("28a", "+29a", "+27a") == {28: "28a"}


def test_superseded_history_is_what_is_read_and_not_what_invited():
    moves = ("28a", "29a", "!28b")
    assert of_nights(*moves) == {28: "28b", 29: "29a"}
    assert live(*moves) == {28: "28a", 29: "29a"} and in_force(*moves) == "29a"


def test_a_rollback_takes_back_history_above_it_too():
    assert withdrawn("28a", "29a", "!28b", "+30a", ">28a") == {"28b": 5, "29a": 5, "30a": 5}
    assert of_nights("28a", "29a", "!28b", "+30a", ">28a") == {28: "28a"}


def test_what_a_night_publishes_is_live_though_it_was_backfilled_before():
    moves = moved("+28a", "+29a", "29a")
    assert [is_history(moves, name) for name in ("28a", "29a", "27a")] == [True, False, False]
    assert in_force("+28a", "+29a", "29a") == "29a"


def test_only_a_date_before_the_night_in_force_is_past():
    now = standing(moved("28a", "29a", "+30a"))
    assert [now.is_past(dt.date(2026, 6, day)) for day in (28, 29, 30)] == [True, False, False]
    assert not standing(moved("+30a")).is_past(dt.date(2026, 6, 1))
