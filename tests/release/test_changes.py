"""Changes between two releases: who, what, and the first reason that holds; worked by hand."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from expectations.changes import reconciled
from jobs.contracts.campaign import CHANGES
from jobs.contracts.limits import LIMITS
from jobs.contracts.release import DECISIONS, whitelist
from jobs.release.changes import Side, build, churn, sentence

DAY = dt.date(2026, 6, 30)
LISTED = whitelist("CNY")


def offer(limit=30_000, rate="0.000280", method="optimiser", **other):
    """Somebody on the whitelist: 600 points, model m1, the limit's size for its own sake."""
    return {"limit_cny": limit, "rate_daily": Decimal(rate), "method": method, **other}


def refused(*rules, **other):
    return {"failing": list(rules), **other}


def side(name, policy=("2026.1", "aaa"), **people):
    """A release; of each person an offer, or the rules that said no."""
    listed, decided, limits = [], [], []
    for who, said in people.items():
        invited = "limit_cny" in said
        failing = said.get("failing", [])
        decided.append({
            "user_id": who, "as_of_date": DAY, "release_id": name, "pd": 0.01, "segment": "thin",
            "score_points": said.get("points", 600), "model_version": said.get("model", "m1"),
            "is_invited": invited, "failing_rules": failing,
            "first_failing_rule": None if invited else failing[0]})
        limits.append({"user_id": who, "size_reason": said.get("size", "best"),
                       "size_row": said.get("row")})
        if invited:
            listed.append({"user_id": who, "release_id": name, "offer_id": f"{name}-{who}",
                           **{key: said[key] for key in ("limit_cny", "rate_daily", "method")}})
    return Side(name, *(pa.Table.from_pylist(rows, pa.schema(
        [field.with_nullable(True) for field in table.arrow_schema])) for rows, table in (
            (listed, LISTED), (decided, DECISIONS), (limits, LIMITS))), policy)


def changes(before, now, borrowers=()):
    who = pa.table({"user_id": pa.array(borrowers, pa.string())})
    return build(before, now, DAY, "CNY", who)


def told(before, now, **given):
    return {(row["user_id"], row["change"]): (row["reason"], row["reason_detail"])
            for row in changes(before, now, **given).to_pylist()}


def test_who_stays_on_the_same_terms_is_no_row():
    assert changes(side("one", ann=offer(points=600)), side("two", ann=offer(points=650))
                   ).num_rows == 0


def test_a_row_has_both_offers_and_names_both_releases():
    rows = changes(side("one", ann=offer(30_000)), side("two", ann=offer(50_000)))
    assert rows.schema == CHANGES.arrow_schema
    assert rows.to_pylist() == [{
        "user_id": "ann", "as_of_date": DAY, "release_id": "two", "previous_release_id": "one",
        "change": "limit_up", "reason": "best", "reason_detail": None,
        "previous_offer_id": "one-ann", "offer_id": "two-ann",
        "previous_limit_minor": 3_000_000, "limit_minor": 5_000_000,
        "previous_rate_daily": Decimal("0.000280"), "rate_daily": Decimal("0.000280")}]


def test_why_somebody_entered():
    before = side("one", bob=refused("adult", "pd_appetite"), cleo=refused("priced_out"),
                  dan=refused("no_value"), eve=refused("pd_appetite"), fay=refused("cool_off"))
    now = side("two", ann=offer(), bob=offer(), cleo=offer(), dan=offer(),
               eve=offer(method="exploration"), fay=offer(method="honoured"))
    assert told(before, now) == {
        ("ann", "entered"): ("new_person", None), ("bob", "entered"): ("rule_passed", "adult"),
        ("cleo", "entered"): ("priced_in", "priced_out"),
        ("dan", "entered"): ("priced_in", "no_value"),
        ("eve", "entered"): ("exploration", "pd_appetite"),
        ("fay", "entered"): ("honoured", "cool_off")}


def test_why_somebody_left():
    before = side("one", **{who: offer() for who in ("ann", "bob", "cleo", "dan", "eve", "fay")})
    now = side("two", ann=refused("not_past_due", "pd_appetite"), bob=refused("no_value"),
               cleo=refused("priced_out", row="funding", size="row"),
               fay=refused("priced_out", size="random"))
    assert told(before, now, borrowers=("dan", "zoe")) == {
        ("ann", "left"): ("rule_failed", "not_past_due"), ("bob", "left"): ("no_value", None),
        ("cleo", "left"): ("priced_out", "funding"), ("dan", "left"): ("has_loan", None),
        ("eve", "left"): ("not_known", None), ("fay", "left"): ("priced_out", "random")}


def test_without_the_borrowers_nobody_says_why_somebody_is_not_considered():
    (row,) = build(side("one", ann=offer()), side("two"), DAY, "CNY").to_pylist()
    assert (row["change"], row["reason"]) == ("left", "not_considered")


def test_a_limit_and_a_rate_that_both_move_are_two_rows():
    found = told(side("one", ann=offer(50_000, "0.000280")),
                 side("two", ann=offer(30_000, "0.000390", points=580)))
    assert found == {("ann", "limit_down"): ("score_fell", None),
                     ("ann", "rate_changed"): ("score_fell", None)}


@pytest.mark.parametrize(("now", "reason"), [
    (offer(50_000, points=610), ("score_rose", None)),
    (offer(50_000, points=590), ("best", None)),
    (offer(20_000, points=590), ("score_fell", None)),
    (offer(20_000, points=610, size="row", row="funding"), ("row", "funding")),
    (offer(20_000, size="affordability"), ("affordability", None)),
    (offer(rate="0.000195", points=610), ("score_rose", None)),
    (offer(rate="0.000390", points=610, size="law"), ("law", None)),
    (offer(50_000, points=610, method="tier_matrix"), ("method_changed",
                                                       "optimiser -> tier_matrix")),
    (offer(50_000, points=610, method="tier_matrix", model="m2"), ("model_changed", "m2")),
], ids=["score up", "limit up against the score", "score down", "row", "income", "cheaper",
        "dearer against the score", "method before score", "model before method"])
def test_the_first_reason_that_holds_is_given(now, reason):
    assert list(told(side("one", ann=offer()), side("two", ann=now)).values()) == [reason]


def test_another_policy_comes_before_all_of_them_and_says_its_version():
    before, now = side("one", ann=offer()), offer(50_000, model="m2")
    assert told(before, side("two", policy=("2026.2", "bbb"), ann=now)) == {
        ("ann", "limit_up"): ("policy_changed", "2026.2")}
    # A release of which nothing says the policy any more is not held to have had another.
    unknown = side("one", policy=("", ""), ann=offer())
    assert told(unknown, side("two", ann=now)) == {("ann", "limit_up"): ("model_changed", "m2")}


def test_files_give_the_same_rows_as_tables(tmp_path):
    before = side("one", ann=offer(), bob=offer())
    now = side("two", ann=offer(20_000), cleo=offer(), bob=refused("adult"))

    def on_disk(one):
        files = []
        for name in ("whitelist", "decisions", "limits"):
            files.append([tmp_path / f"{one.release_id}-{name}.parquet"])
            pq.write_table(getattr(one, name), files[-1][0])
        return Side(one.release_id, *files, one.policy)

    assert changes(on_disk(before), on_disk(now)).equals(changes(before, now))


def churned():
    """Of five people two left and one got both less and dearer; one entered."""
    before = side("one", **{who: offer() for who in ("ann", "bob", "cleo", "dan", "eve")})
    now = side("two", ann=offer(20_000, "0.000390"), bob=offer(), cleo=offer(), zoe=offer())
    return changes(before, now)


def test_churn_counts_people_not_rows():
    assert churn(churned(), 5) == {
        "previous": 5, "entered": 1, "left": 2, "limit_up": 0, "limit_down": 1, "rate_changed": 1,
        "took_it": 0, "terms_changed": 1, "ratio": 3 / 5, "growth_ratio": -1 / 5}
    assert churn(CHANGES.arrow_schema.empty_table(), 5)["ratio"] == 0
    assert sentence(churn(churned(), 5)) == (
        "1 entered, 2 left, 0 limit up, 1 limit down, 1 rate changed; churn 60.0% of 5, "
        "0 took the offer; -20.0% in all")


def test_who_took_the_offer_is_no_churn():
    before, now = side("one", ann=offer(), bob=offer(), cleo=offer()), side("two", cleo=offer())
    rows = changes(before, now, ["bob"])
    found = churn(rows, 3)
    assert (found["left"], found["took_it"], found["ratio"]) == (2, 1, 1 / 3)


def test_entered_and_left_lead_from_one_list_to_the_other():
    assert reconciled(churned(), 5, 4).success
    wrong = reconciled(churned(), 5, 5)
    assert (wrong.severity, wrong.success, wrong.detail) == (
        "critical", False, "5 + 1 - 2 = 4, not 5")
