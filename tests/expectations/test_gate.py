"""Gates: a critical failure stops, a warning is kept, a metric that raises is a failure."""

import datetime as dt
from decimal import Decimal

import great_expectations.expectations as gxe
import pytest

from expectations import suites
from expectations.gate import run_suite, stop_on_critical
from expectations.gates import degraded, newest_delivery
from expectations.suites import CRITICAL, WARNING
from jobs.contracts.campaign import HONOUR_LEDGER
from jobs.contracts.feeds import FEEDS, STATEMENTS
from jobs.contracts.night import SCORES
from jobs.contracts.table import Field, Table
from jobs.errors import GateFailed
from jobs.policies.law import Law
from jobs.session import session

MAY = dt.date(2026, 5, 31)


def results(rows, business=()):
    df = session().createDataFrame(rows, STATEMENTS.spark_schema)
    return run_suite("intake", df, STATEMENTS, list(business))


def failed(found):
    return {(one.expectation.partition(" ")[0], one.column, one.severity)
            for one in found if not one.success}


def test_a_table_that_keeps_its_contract_passes():
    found = results([("anna", MAY, 10, 0), ("ben", MAY, 10, 0)])
    assert not failed(found) and len(found) > 8
    stop_on_critical(found, "go on")


def test_the_contract_s_key_bounds_and_nulls_are_expected():
    found = results([("anna", MAY, 10, -1), ("anna", MAY, 10, 0)])
    assert failed(found) == {
        ("expect_compound_columns_to_be_unique", "user_id+event_date", CRITICAL),
        ("expect_column_values_to_be_between", "payment_minor", CRITICAL)}


def test_an_empty_table_fails():
    assert ("expect_table_row_count_to_be_between", "", CRITICAL) in failed(results([]))


def test_a_critical_failure_stops_with_what_was_found():
    with pytest.raises(GateFailed, match=r"statements.payment_minor: expected .*min 0 max "
                                         r"1e\+12, found 1 of 1 rows, "
                                         "e.g. -1; ask again"):
        stop_on_critical(results([("anna", MAY, 10, -1)]), "ask again")


def test_a_warning_is_recorded_and_does_not_stop():
    found = results([("anna", MAY, 10, 0)], [gxe.ExpectColumnValuesToBeBetween(
        column="balance_minor", min_value=11, severity=WARNING)])
    assert failed(found) == {("expect_column_values_to_be_between", "balance_minor", WARNING)}
    stop_on_critical(found, "go on")


def test_an_expectation_that_cannot_be_computed_is_a_failure():
    found = results([("anna", MAY, 10, 0)], [gxe.ExpectColumnValuesToBeBetween(
        column="no_such_column", min_value=0, severity=CRITICAL)])
    with pytest.raises(GateFailed, match="could not be computed"):
        stop_on_critical(found, "mend the suite")


def test_a_newest_delivery_mostly_in_quarantine_stops_the_night():
    sound = {"delivery_date": "2026-06-01", "received": 1500, "duplicates": 500,
             "quarantined": 5}
    assert not failed(newest_delivery(STATEMENTS, sound))
    assert failed(newest_delivery(STATEMENTS, {**sound, "quarantined": 6})) == {
        ("quarantined", "", WARNING)}
    broken = newest_delivery(STATEMENTS, {**sound, "quarantined": 51})
    with pytest.raises(GateFailed, match="at most 5.0%, found 5.1% of 1000 rows on 2026-06-01"):
        stop_on_critical(broken, "ask again")


def test_each_late_feed_is_a_warning_that_says_what_follows_used_or_left_out():
    late = [{"feed": "rides", "newest": "2026-06-01", "age_days": 29, "action": "without",
             "why": "older than 7 days"},
            {"feed": "logins", "newest": "2026-06-29", "age_days": 1, "action": "last_known",
             "why": "the last known one may be 3 days old"}]
    found = degraded({"degraded": late, "deliveries": [{"feed": "logins"}, {"feed": "payments"}]})
    assert [(one.table, one.success, one.severity) for one in found] == [
        ("logins", False, WARNING), ("payments", True, WARNING), ("rides", False, WARNING)]
    assert found[2].detail == ("rides: late, left out (of 2026-06-01, 29 days old; older than 7 "
                               "days)")
    stop_on_critical(found, "go on")


@pytest.mark.parametrize("name", FEEDS)
def test_the_business_rules_of_a_feed_only_warn_and_are_about_its_columns(name):
    for rule in suites.feed(name):
        assert rule.column in FEEDS[name].columns and rule.severity == WARNING


def test_a_month_in_which_most_owe_less_than_nothing_is_a_warning():
    rows = [(f"u{number}", MAY, -1 if number < 2 else 1, 0) for number in range(21)]
    assert not failed(results(rows[1:], suites.feed("statements")))     # one in twenty
    assert failed(results(rows, suites.feed("statements"))) == {
        ("expect_column_values_to_be_between", "balance_minor", WARNING)}


@pytest.mark.parametrize(("pds", "is_stopped"), [((0.02, 0.02, 0.02), True),
                                                 ((0.02, 0.03, 0.02), False)])
def test_scores_that_tell_nobody_apart_stop_the_night(pds, is_stopped):
    known = {"as_of_date": MAY, "score_points": 600, "model_version": "v1"}
    rows = [{"user_id": f"u{number}", "pd": pd, **known} for number, pd in enumerate(pds)]
    df = session().createDataFrame([tuple(row.get(name) for name in SCORES.columns)
                                    for row in rows], SCORES.spark_schema)
    found = failed(run_suite("scores", df, SCORES, suites.scores()))
    assert (("expect_column_stdev_to_be_between", "pd", CRITICAL) in found) == is_stopped


def test_an_offer_beyond_the_law_of_the_date_is_critical():
    law = Law(highest_limit=200_000, highest_rate_annual=Decimal("0.24"), limit_source="Act 1",
              rate_source="Act 2", is_reported=False)
    offers = [("o1", 200_000, 0.23, 0.24, "optimiser"), ("o2", 250_000, 0.18, 0.19, "honoured"),
              ("o3", 20_000, 0.25, 0.24, "flat"), ("o4", 20_000, 0.24, 0.2433, "flat")]
    table = Table("offers", "", "", ("offer_id",), "", "", "", (
        Field("offer_id", "string", "", ""), Field("limit_cny", "integer", "", ""),
        Field("rate_annual", "double", "", ""), Field("all_in_cost_annual", "double", "", ""),
        Field("method", "string", "", "")))
    df = session().createDataFrame(offers, table.spark_schema)
    business = suites.whitelist("limit_cny", 20_000, 300_000, law)
    assert failed(run_suite("release", df, table, business)) == {
        ("expect_column_values_to_be_between", "limit_cny", CRITICAL),
        ("expect_column_values_to_be_between", "rate_annual", CRITICAL),
        ("expect_column_values_to_be_between", "all_in_cost_annual", CRITICAL)}
    assert not failed(run_suite("release", df.where("offer_id = 'o1'"), table, business))


@pytest.mark.parametrize(("method", "is_stopped"), [("honoured", False), ("optimiser", True)])
def test_a_promise_may_be_beyond_the_policy_s_bounds_of_today(method, is_stopped):
    table = Table("offers", "", "", ("offer_id",), "", "", "", (
        Field("offer_id", "string", "", ""), Field("limit_cny", "integer", "", ""),
        Field("rate_annual", "double", "", ""), Field("all_in_cost_annual", "double", "", ""),
        Field("method", "string", "", "")))
    df = session().createDataFrame([("o1", 90_000, 0.1, 0.1, method)], table.spark_schema)
    law = Law(None, Decimal("0.24"), "", "Act 2", False)
    found = failed(run_suite("release", df, table, suites.whitelist("limit_cny", 20_000, 60_000,
                                                                    law)))
    assert bool(found) == is_stopped


def test_a_table_that_may_be_empty_need_not_have_a_row():
    df = session().createDataFrame([], HONOUR_LEDGER.spark_schema)
    found = run_suite("release", df, HONOUR_LEDGER, [])
    assert not failed(found) and len(found) > 8
