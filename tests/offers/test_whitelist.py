"""The offers of the whitelist: which id, until when, and whether it was sent before."""

import datetime as dt
import hashlib
from decimal import Decimal

from jobs.contracts.limits import LIMITS
from jobs.contracts.release import DECISIONS
from jobs.offers.offers import whitelist
from jobs.policies.policy import load
from jobs.session import session
from tests.offers.rows import DAY, rule_facts

POLICY = load("wallet_loan_cny", DAY)
RATE, UNTIL = Decimal("0.000390"), dt.date(2026, 7, 9)


def frame(table, row):
    return session().createDataFrame([tuple(row.get(name) for name in table.columns)],
                                     table.spark_schema)


def offer(method="optimiser", limit_minor=5_000_000, **facts):
    """What anna is offered, 50,000 CNY at 14.04 %, after what the facts say was open."""
    same = {"user_id": "anna", "as_of_date": DAY, "release_id": "r1", "segment": "thin_file",
            "method": method}
    decided = frame(DECISIONS, {**same, "is_invited": True, "failing_rules": [], "pd": 0.01,
                                "score_points": 600, "model_version": "v1"})
    limits = frame(LIMITS, {**same, "is_offered": True, "score_tier": "A", "rate_daily": RATE,
                            "limit_minor": limit_minor, "expected_draw_minor": 0,
                            "expected_loss_minor": 0, "draw_variance": 0, "size_reason": "best",
                            "expected_value_minor": 700})
    codes = session().createDataFrame([("anna", ["INCOME"])],
                                      "user_id string, reason_codes array<string>")
    (row,) = whitelist(decided, limits, rule_facts({"user_id": "anna", **facts}), codes, POLICY,
                       DAY).collect()
    return row.asDict()


def was_open(is_sent):
    return {"open_offer_id": "o1", "open_limit_minor": 5_000_000, "open_rate_daily": RATE,
            "open_until": UNTIL, "is_open_offer_sent": is_sent}


NEW = hashlib.sha256(b"wallet_loan|2026-06-30|anna").hexdigest()[:16]
END = DAY + dt.timedelta(days=POLICY.offer_valid_days)


def told(row):
    return row["offer_id"], row["valid_to"], row["is_sent"]


def test_a_new_offer_has_an_id_of_person_and_night():
    assert told(offer()) == (NEW, END, False)


def test_what_was_listed_and_is_the_same_keeps_its_id_and_gets_a_new_last_day():
    assert told(offer(**was_open(False))) == ("o1", END, False)


def test_what_was_sent_keeps_its_id_and_its_last_day():
    assert told(offer("honoured", **was_open(True))) == ("o1", UNTIL, True)


def test_other_terms_are_another_offer():
    assert told(offer(limit_minor=6_000_000, **was_open(True))) == (NEW, END, False)


def test_what_was_taken_back_and_comes_by_chance_on_the_same_terms_is_another_offer():
    assert told(offer("exploration", **was_open(True))) == (NEW, END, False)


def test_rates_of_a_year_are_exact():
    found = offer()
    assert (found["rate_annual"], found["all_in_cost_annual"]) == (
        Decimal("0.140400"), Decimal("0.142350"))      # 360 and 365 times 0.00039
