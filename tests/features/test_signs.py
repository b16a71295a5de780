"""Signs and reason codes: declared with the measure, turned round where the meaning turns."""

import pytest

from jobs.features.catalogue import ENTRIES

FIELDS = {entry.field.name: entry.field for entry in ENTRIES}


def signs(*names):
    return [FIELDS[name].monotone for name in names]


def test_a_measures_sign_holds_over_all_of_its_windows():
    assert signs(*(f"inquiry_count_{days}d" for days in (7, 30, 90, 180, 365))) == [1] * 5


def test_many_active_days_mean_the_opposite_of_a_long_time_since():
    assert signs("bureau_inquiries_active_days_30d", "bureau_inquiries_recency_days") == [1, -1]
    assert signs("logins_active_days_30d", "logins_recency_days") == [0, 0]


def test_many_values_mean_the_opposite_of_one_of_habit():
    assert signs("home_cell_count_90d", "home_cell_habit_90d_ratio") == [1, -1]


def test_mean_and_deviation_have_signs_of_their_own():
    assert signs("salary_day_mean_90d", "salary_day_spread_90d") == [0, 1]


def test_a_measures_own_code_comes_before_its_sources():
    assert FIELDS["night_login_count_30d"].reason_code == "NIGHT_ACTIVITY"
    assert FIELDS["login_count_30d"].reason_code == "WALLET_USE"


@pytest.mark.parametrize(("name", "sign"), [
    ("overdue_months_1", 1), ("months_since_overdue", -1), ("utilization_1_ratio", 1),
    ("inferred_income_minor", -1), ("obligation_to_income_ratio", 1), ("file_age_days", -1),
    ("friend_default_90d_ratio", 1), ("third_party_lowest_points_90d", -1),
    ("public_record_count", 1), ("balance_lowest_minor_90d", -1), ("returned_order_30d_ratio", 0),
    ("known_source_count", 0)], ids=lambda value: str(value))
def test_signs_that_a_lender_would_defend(name, sign):
    assert signs(name) == [sign]
