"""The waterfall reconciles to the last person, or the night stops."""

import datetime as dt

import pyarrow as pa
import pytest

from jobs.errors import NightlistError
from jobs.offers.offers import waterfall
from jobs.policies.policy import load

POLICY = load("wallet_loan_cny", dt.date(2026, 6, 30))


def counted(firsts, known, borrowers):
    table = pa.table({"first_failing_rule": pa.array(firsts, pa.string())})
    rows = waterfall(table, known, borrowers, POLICY, "r1").to_pylist()
    return {row["step"]: (row["removed"], row["remaining"]) for row in rows}


def test_everyone_known_ends_in_one_step():
    steps = counted([None, None, "adult", "pd_appetite", "pd_appetite", "priced_out"], 10, 4)
    assert (steps["known"], steps["has_loan_with_us"]) == ((0, 10), (4, 6))
    assert (steps["adult"], steps["pd_appetite"]) == ((1, 5), (2, 3))
    assert (steps["priced_out"], steps["invited"]) == ((1, 2), (0, 2))


def test_a_lost_person_stops_the_night():
    with pytest.raises(NightlistError, match="lost or counted twice"):
        counted([None, "adult"], 10, 4)


def test_a_rule_that_has_no_step_stops_the_night():
    with pytest.raises(NightlistError, match="invented_rule"):
        counted([None, "invented_rule"], 2, 0)
