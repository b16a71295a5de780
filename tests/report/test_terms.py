"""Who got which limit and rate."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa

from jobs.report import terms
from jobs.report.headline import Tables


def test_many_limits_are_shown_in_classes() -> None:
    assert terms.limit_bars(np.array([20_000, 30_000, 20_000])) == [("20,000", 2), ("30,000", 1)]
    classes = terms.limit_bars(np.arange(20_000, 200_001, 1_000))
    assert classes[0] == ("20,000 to under 40,000", 20)
    assert sum(people for _, people in classes) == 181


def test_a_tier_commits_the_sum_of_its_limits() -> None:
    listed = pa.table({"limit_cny": [20_000, 30_000, 50_000], "score_tier": ["C", "C", "A"],
                       "rate_daily": [Decimal("0.0005"), Decimal("0.0005"), Decimal("0.0002")],
                       "rate_annual": [Decimal("0.18"), Decimal("0.18"), Decimal("0.072")]})
    found = terms.tier_rows(Tables(listed, listed, listed, "CNY"))
    assert [(row["tier"], row["people"], row["lowest"], row["highest"], row["committed"])
            for row in found] == [("A", 1, 50_000, 50_000, 50_000),
                                  ("C", 2, 20_000, 30_000, 50_000)]
