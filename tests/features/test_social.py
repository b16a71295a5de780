"""Friends: who counts, which outcomes are seen, and nobody is judged by their own."""

import datetime as dt

import pytest

from jobs.contracts import feeds
from jobs.features import social
from jobs.session import session

AS_OF = dt.date(2026, 6, 30)
SUNDAY = dt.date(2026, 6, 28)


def edge(user, friend, contacts=1, day=SUNDAY, delivered=None):
    return (user, friend, day, contacts, delivered or day + dt.timedelta(days=1), None)


def outcome(user, is_default, closed=dt.date(2026, 5, 31), delivered=None):
    return (user, closed, dt.date(2026, 5, 1), is_default,
            delivered or closed + dt.timedelta(days=1), None)


def of(user, edges, outcomes=(), agreed=None):
    def frame(feed, rows):
        return session().createDataFrame(list(rows), feeds.facts(feed).spark_schema)

    people = None if agreed is None else session().createDataFrame(
        [(name,) for name in agreed], "user_id string")
    rows = social.build(social.as_of(session(), [AS_OF]), frame(feeds.SOCIAL_EDGES, edges),
                        frame(feeds.LOAN_PERFORMANCE, outcomes), people).collect()
    found = {row["user_id"]: row.asDict() for row in rows}
    return found.get(user)


def test_degree_reciprocity_and_the_strongest_friend():
    found = of("anna", [edge("anna", "ben", 6), edge("anna", "cem", 2), edge("ben", "anna", 1),
                        edge("dora", "anna", 1)])
    assert (found["friend_count_90d"], found["friend_of_count_90d"],
            found["friend_contacts_90d"], found["mutual_friend_count_90d"]) == (2, 2, 8, 1)
    assert (found["friend_reciprocity_90d_ratio"], found["strongest_friend_90d_ratio"]) == (
        0.5, 0.75)


def test_weeks_add_up_and_of_a_week_told_twice_the_newest_counts():
    week_before = SUNDAY - dt.timedelta(days=7)
    found = of("anna", [edge("anna", "ben", 6), edge("anna", "ben", 3, week_before),
                        edge("anna", "ben", 5, week_before, delivered=SUNDAY)])
    assert found["friend_contacts_90d"] == 11


@pytest.mark.parametrize(("day", "delivered", "is_seen"), [
    (AS_OF, AS_OF, True), (AS_OF - dt.timedelta(days=89), SUNDAY, True),
    (AS_OF - dt.timedelta(days=90), SUNDAY, False),
    (AS_OF + dt.timedelta(days=1), AS_OF, False), (SUNDAY, AS_OF + dt.timedelta(days=1), False)])
def test_the_edges_of_ninety_days(day, delivered, is_seen):
    found = of("anna", [edge("anna", "ben", 1, day, delivered)])
    assert (found is not None) == is_seen


EDGES = [edge("anna", "ben", 3), edge("anna", "cem", 1), edge("anna", "eva", 5)]


def test_friends_outcomes_are_counted_and_weighed():
    found = of("anna", EDGES, [outcome("ben", True), outcome("cem", False)])
    assert (found["friend_outcome_count_90d"], found["friend_default_count_90d"]) == (2, 1)
    assert found["friend_default_90d_ratio"] == 0.5     # one of two; of Eva nothing is known
    assert found["friend_risk_90d_ratio"] == 0.75       # 3 of 3 + 1 contacts


@pytest.mark.parametrize(("closed", "delivered"), [
    (AS_OF + dt.timedelta(days=1), AS_OF + dt.timedelta(days=1)),
    (AS_OF, AS_OF + dt.timedelta(days=1))])
def test_an_outcome_that_is_not_known_yet_is_not_seen(closed, delivered):
    found = of("anna", EDGES, [outcome("ben", True, closed, delivered)])
    assert (found["friend_outcome_count_90d"], found["friend_risk_90d_ratio"]) == (0, None)


def test_two_steps_lead_to_friends_of_friends():
    # Ben's friends: Dora (bad, 1 contact) and Fay (good, 3); Cem's: Dora (bad, 2).
    edges = [edge("anna", "ben", 3), edge("anna", "cem", 1), edge("ben", "dora", 1),
             edge("ben", "fay", 3), edge("cem", "dora", 2)]
    found = of("anna", edges, [outcome("dora", True), outcome("fay", False)])
    # Bad: 3 * 1 + 1 * 2 = 5; known: 3 * (1 + 3) + 1 * 2 = 14.
    assert found["two_step_risk_90d_ratio"] == 5 / 14


def test_a_persons_own_outcome_never_comes_back():
    edges = [edge("anna", "ben", 3), edge("ben", "anna", 9), edge("ben", "dora", 1)]
    told = [outcome("dora", False)]
    with_own, without = (of("anna", edges, [*told, *own])
                         for own in ([outcome("anna", True)], []))
    assert with_own == without and with_own["two_step_risk_90d_ratio"] == 0.0


def test_both_ends_have_to_agree():
    edges = [edge("anna", "ben", 3), edge("anna", "cem", 1), edge("cem", "anna", 1)]
    assert of("anna", edges, agreed=["anna", "cem"])["friend_count_90d"] == 1
    assert of("anna", edges, agreed=["ben", "cem"]) is None


def test_of_a_person_with_very_many_friends_the_strongest_count():
    edges = [edge("anna", f"friend{number:04}", 1 + number // 500) for number in range(1_000)]
    found = of("anna", edges)
    assert (found["friend_count_90d"], found["friend_contacts_90d"]) == (100, 200)


def test_one_is_no_friend_of_oneself():
    assert of("anna", [edge("anna", "anna", 5)]) is None
