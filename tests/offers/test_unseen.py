"""Whom the bureau has a file of, in a night that was frozen without it."""

from jobs.contracts.feeds.permissions import PURPOSES
from jobs.features.consent import PREFIX
from jobs.offers import unseen
from jobs.session import session

PERMITTED = ", ".join(["user_id string", *(f"{PREFIX}{one} boolean" for one in PURPOSES)])


def marked(filed, permitted=None):
    people = session().createDataFrame([(one,) for one in filed], "user_id string")
    agreed = None if permitted is None else session().createDataFrame(
        [(who, *(one in purposes for one in PURPOSES)) for who, purposes in permitted.items()],
        PERMITTED)
    return {row.user_id: row.bureau_unseen for row in unseen.build(people, agreed).collect()}


def test_everyone_of_whom_the_bureau_has_told_is_marked_once():
    assert marked(["anna", "ben", "anna"]) == {"anna": 1, "ben": 1}


def test_a_night_with_the_bureau_marks_nobody():
    assert marked([]) == {}


def test_who_does_not_agree_to_bureau_reports_is_judged_without_them_on_every_night():
    assert marked(["anna", "ben"], {"anna": ["bureau_report"], "ben": ["account_data"]}) == {
        "anna": 1}
