"""Rows of the whitelist: what a test does not say of the campaign is usual."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa

from jobs.campaign.plan import READ
from jobs.contracts import release
from jobs.contracts.campaign import CAMPAIGN_FIELDS
from jobs.contracts.table import TYPES

#: Columns of the whitelist that most tests have nothing to say about.
CAMPAIGN = {
    "all_in_cost_annual": Decimal("0.071175"), "cell": "champion", "channel": "in_app",
    "language": "en", "is_universal_holdout": False, "is_cell_holdout": False,
    "send_status": "no_capacity", "wave": None, "send_on": None, "priority": 1,
    "expected_value_minor": 1_000, "message_variables": "{}"}


def offers(*people):
    """What the plan reads: offers of 50,000 CNY at 18 %, valid from 30 June to 3 July 2026."""
    made = {field.name for field in CAMPAIGN_FIELDS} - {"expected_value_minor"}
    kinds = {field.name: TYPES[field.type][1] for field in release.whitelist("CNY").fields
             if field.name not in made}
    kinds |= dict(zip(READ, (pa.bool_(), pa.list_(pa.string()), pa.date32())))
    usual = {"limit_cny": 50_000, "rate_daily": Decimal("0.0005"), "rate_annual": Decimal("0.18"),
             "all_in_cost_annual": Decimal("0.1825"), "valid_from": dt.date(2026, 6, 30),
             "valid_to": dt.date(2026, 7, 3), "expected_value_minor": 100,
             "is_sent": False, "closed_channel_names": []}
    return pa.Table.from_pylist([{**usual, **one} for one in people], pa.schema(kinds))
