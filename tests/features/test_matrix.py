"""Features: values worked by hand, and what may be seen when."""

import datetime as dt

import pytest
from pyspark.sql import functions as F

from jobs.contracts import feeds
from jobs.contracts.feeds.permissions import PURPOSES
from jobs.features.matrix import build, considered
from jobs.session import session

AS_OF = dt.date(2026, 6, 30)
MONTH_ENDS = [dt.date(2026, 5, 31), dt.date(2026, 4, 30), dt.date(2026, 3, 31),
              dt.date(2026, 2, 28), dt.date(2026, 1, 31), dt.date(2025, 12, 31)]
DELIVERED = dt.date(2026, 6, 1)


def frame(table, rows):
    return session().createDataFrame(rows, feeds.facts(table).spark_schema)


def card(user="anna", limit=100_000, delivered=DELIVERED, event=DELIVERED):
    return (user, event, f"card of {user}", "bind", "credit", None, limit, True, None, None, 30,
            "female", "university", "single", None, delivered, None)


def lines(values, line="card"):
    return [("anna", line, day, "credit_card", value, None, None, None, None, DELIVERED, None)
            for day, value in zip(MONTH_ENDS, values, strict=False)]


def months(values, user="anna", delivered=DELIVERED):
    return [(user, day, *value, delivered, None)
            for day, value in zip(MONTH_ENDS, values, strict=False)]


def features(cards=(), bills=(), status=(), as_of=AS_OF):
    spine = session().createDataFrame([("anna", as_of)], "user_id string, as_of_date date")
    rows = build(spine, frame(feeds.BOUND_CARDS, list(cards) or [card()]),
                 frame(feeds.STATEMENTS, list(bills)),
                 frame(feeds.BUREAU_TRADELINES, list(status))).collect()
    assert len(rows) == 1
    return rows[0].asDict()


BILLS = months([(50_000, 4_000), (40_000, 10_000), (30_000, 0), (20_000, 5_000), (10_000, 2_000),
                (0, 1_000)])


@pytest.fixture(scope="module")
def of_anna():
    status = lines([0, 2, 1, -1, -2, 0])
    return features(bills=BILLS, status=status)


@pytest.mark.parametrize(("name", "value"), [
    ("utilization_1_ratio", 0.5),                    # 500 of 1,000
    ("utilization_mean_3_ratio", 0.4),               # (500 + 400 + 300) / 3,000
    ("utilization_mean_6_ratio", 0.25),              # 1,500 / 6,000
    ("utilization_trend_ratio", 0.1),                # rises 100 of 1,000 a month
    ("utilization_change_3_ratio", 0.2),
    ("headroom_1_minor", 50_000), ("headroom_sum_6_minor", 450_000),
    ("balance_to_mean_ratio", 2.0),                  # 500 over a mean of 250
    ("balance_growth_ratio", None),                  # the oldest balance is zero
    ("balance_increase_count_5", 5),
    ("payment_1_ratio", 0.1),                        # 40 settles 400
    ("payment_2_ratio", 10 / 30),                    # 100 settles 300
    ("payment_4_ratio", 0.5),                        # 50 settles 100
    ("payment_last_2_ratio", 0.2),                   # 140 of 700
    ("payment_sum_6_minor", 22_000), ("payment_second_6_minor", 5_000),
    ("payment_min_6_minor", 0), ("zero_payment_count_6", 1),
    ("unpaid_1_ratio", 0.36),                        # 400 - 40 of 1,000
    ("spend_1_minor", 14_000),                       # 500 - 400 + 40
    ("spend_max_5_minor", 20_000),                   # 400 - 300 + 100
    ("overdue_balance_3_ratio", 0.7),                # late in months 2 and 3: 400 + 300
    ("overdue_months_1", 0), ("overdue_months_2", 2), ("overdue_months_max_3", 2),
    ("overdue_months_sum_3", 3), ("overdue_months_weighted_6", 14),   # 5 * 2 + 4 * 1
    ("overdue_count_6", 2), ("overdue_2plus_count_6", 1),
    ("months_since_overdue", 2), ("months_since_overdue_2plus", 2),
    ("revolving_count_6", 2), ("paid_in_full_count_6", 1), ("no_use_count_6", 1),
    ("segment", "thick_file"), ("statement_months", 6), ("bureau_months", 6),
])
def test_a_feature_has_the_value_worked_by_hand(of_anna, name, value):
    found = of_anna[name]
    assert found == (value if value is None or isinstance(value, (int, str))
                     else pytest.approx(value))


def test_a_person_unknown_to_the_bureau_is_thin_and_not_clean():
    found = features(bills=BILLS)
    assert (found["segment"], found["overdue_count_6"], found["months_since_overdue"]) == (
        "thin_file", None, None)


def test_a_short_file_gives_means_over_the_months_there_are():
    found = features(bills=BILLS[:2])
    assert found["utilization_mean_6_ratio"] == pytest.approx(0.45)
    assert (found["statement_months"], found["utilization_trend_ratio"]) == (2, None)


def test_a_delivery_after_the_as_of_date_changes_nothing():
    late = months([(99_000, 0)], delivered=dt.date(2026, 7, 1))
    assert features(bills=BILLS + late) == features(bills=BILLS)


def test_an_event_after_the_as_of_date_changes_nothing():
    before = features(bills=BILLS, as_of=dt.date(2026, 6, 1))
    future = [("anna", dt.date(2026, 6, 2), 99_000, 0, dt.date(2026, 6, 1), None)]
    assert features(bills=BILLS + future, as_of=dt.date(2026, 6, 1)) == before


def test_a_delivery_on_the_as_of_date_is_seen():
    assert features(bills=BILLS, as_of=DELIVERED)["statement_months"] == 6


def test_a_delivery_one_day_later_is_not_seen():
    assert features(bills=BILLS, as_of=DELIVERED - dt.timedelta(days=1))["statement_months"] == 0


def test_of_two_deliveries_of_a_fact_the_newer_one_counts():
    corrected = months([(60_000, 0)], delivered=dt.date(2026, 6, 15))
    assert features(bills=BILLS + corrected)["balance_1_minor"] == 60_000


def test_an_earlier_night_still_sees_the_older_delivery():
    corrected = months([(60_000, 0)], delivered=dt.date(2026, 6, 15))
    found = features(bills=BILLS + corrected, as_of=dt.date(2026, 6, 14))
    assert found["balance_1_minor"] == 50_000


def test_a_replaced_delivery_counts_until_another_stands_in_for_it():
    wrong = [(*row[:-1], dt.date(2026, 6, 15)) for row in BILLS]
    right = months([(60_000, 0)], delivered=dt.date(2026, 6, 15))
    before = features(bills=wrong + right, as_of=dt.date(2026, 6, 14))
    since = features(bills=wrong + right, as_of=dt.date(2026, 6, 15))
    assert (before["statement_months"], before["balance_1_minor"]) == (6, 50_000)
    assert (since["statement_months"], since["balance_1_minor"]) == (1, 60_000)


@pytest.mark.parametrize(("lent_to", "expected"), [(["anna"], ["ben"]), (["cem"], ["anna", "ben"])])
def test_holders_are_considered_once_each_but_for_the_borrowers(lent_to, expected):
    cards = frame(feeds.BOUND_CARDS, [card("anna"), card("ben"), card("ben")])
    owing = session().createDataFrame([(user,) for user in lent_to], "user_id string")
    found = considered(cards, owing, F.lit(AS_OF)).collect()
    assert {row["as_of_date"] for row in found} == {AS_OF}
    assert sorted(row["user_id"] for row in found) == expected


def test_what_is_not_known_is_missing_and_never_zero():
    nothing, one = features(), features(bills=BILLS[:1])
    assert nothing["statement_months"] == 0 and one["statement_months"] == 1
    for name in ("unpaid_1_ratio", "payment_last_2_ratio", "zero_payment_count_6",
                 "over_limit_count_6", "balance_increase_count_5", "payment_all_6_ratio"):
        assert nothing[name] is None, name
    assert (one["unpaid_1_ratio"], one["balance_increase_count_5"]) == (None, None)
    assert (one["zero_payment_count_6"], one["over_limit_count_6"]) == (0, 0)
    assert one["payment_all_6_ratio"] == 0.08        # 40 of 500


def test_old_statements_are_not_the_last_six():
    # Eight calendar months before the 30th of June is the 30th of October: out; the 31st is in.
    old = [("anna", dt.date(2025, 10, 30), 1, 1, DELIVERED, None)]
    young = [("anna", dt.date(2025, 10, 31), 1, 1, DELIVERED, None)]
    assert features(bills=old)["statement_months"] == 0
    assert features(bills=young)["statement_months"] == 1


def test_the_worst_of_several_trade_lines_counts_for_a_month():
    found = features(bills=BILLS, status=lines([0, 0, 1]) + lines([-1, 3, 0], line="car"))
    assert [found[f"overdue_months_{k}"] for k in (1, 2)] == [0, 3]
    assert found["overdue_months_max_3"] == 3 and found["overdue_count_6"] == 2


def test_the_highest_limit_of_the_cards_still_bound_counts():
    big, small = card(limit=900_000), card(limit=200_000)
    other = (*small[:2], "another card", *small[3:])
    assert features(cards=[big, other])["card_limit_minor"] == 900_000
    gone = (big[0], dt.date(2026, 6, 2), *big[2:3], "unbind", *big[4:-2], dt.date(2026, 6, 2), None)
    assert features(cards=[big, other, gone])["card_limit_minor"] == 200_000
    assert features(cards=[big, other, gone], as_of=DELIVERED)["card_limit_minor"] == 900_000


def test_nothing_of_a_source_is_left_where_its_purpose_is_not_agreed_to():
    spine = session().createDataFrame([("anna", AS_OF), ("ben", AS_OF)],
                                      "user_id string, as_of_date date")
    flags = ", ".join(f"may_use_{purpose} boolean" for purpose in PURPOSES)
    permitted = session().createDataFrame(
        [(user, *[purpose != "bureau_report" or user == "ben" for purpose in PURPOSES])
         for user in ("anna", "ben")], f"user_id string, {flags}")
    status = lines([0, 2, 1, -1, -2, 0])
    rows = build(spine, frame(feeds.BOUND_CARDS, [card(), card("ben")]),
                 frame(feeds.STATEMENTS, BILLS),
                 frame(feeds.BUREAU_TRADELINES, status + [("ben", *one[1:]) for one in status]),
                 permitted=permitted).collect()
    anna, ben = sorted((row.asDict() for row in rows), key=lambda row: row["user_id"])
    assert (anna["segment"], anna["bureau_months"], anna["overdue_months_2"]) == (
        "thin_file", 0, None)
    assert (ben["segment"], ben["bureau_months"], ben["overdue_months_2"]) == ("thick_file", 6, 2)
    assert anna["utilization_1_ratio"] == 0.5 and anna["account_consents"] == 1
