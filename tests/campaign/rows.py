"""Rows of the whitelist: what a test does not say of the campaign is usual."""

from decimal import Decimal

#: Columns of the whitelist that most tests have nothing to say about.
CAMPAIGN = {
    "all_in_cost_annual": Decimal("0.071175"), "cell": "champion", "channel": "in_app",
    "language": "en", "is_universal_holdout": False, "is_cell_holdout": False,
    "send_status": "no_capacity", "wave": None, "send_on": None, "priority": 1,
    "expected_value_minor": 1_000, "message_variables": "{}"}
