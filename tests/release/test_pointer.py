"""What moves of the pointer mean, worked by hand: 28, 29, 30 are nights, letters their runs."""

import datetime as dt

from jobs.release.pointer import ROLLBACK, Release, in_force_after, standing


def moved(*words):
    """Moves like `28a`, or `>28a` for a rollback to it."""
    found = []
    for number, word in enumerate(words, start=1):
        night = dt.date(2026, 6, int(word.strip(">abc")))
        found.append(Release(number, word.strip(">"), night, "", "CNY", 1, 1, 1, "", "",
                             action=ROLLBACK if word.startswith(">") else "publish"))
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
