"""Across sources: how much is known of a person, and what is owed against what comes in.

Most people have no file at the bureau; how many other sources tell of them says how far to trust a
score, and a model must be able to see that. Income is inferred from what recurs, salaries first,
and a debt is as heavy as the income it is served from.

Reads columns of the feature matrix itself, so what a person withholds stays withheld.

Signs: income lowers the risk, what is owed out of it raises it. How much is known of a person has
none: it is no merit, and nobody's fault.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.contracts import feeds
from jobs.contracts.table import Field, Table
from jobs.expressions import how_many, lowest, ratio
from jobs.features.declare import recency_days
from jobs.features.families import SOURCES
from jobs.features.fields import NOT_KNOWN

_INCOME = "1/100 currency a month"

#: Field -> the feeds that it rests on.
TOLD: dict[Field, tuple[Table, ...]] = {
    Field("is_thin_file", "integer", "1/0", "1: the bureau tells nothing of the person.", False,
          0, 1, reason_code=NOT_KNOWN): (feeds.BUREAU_TRADELINES,),
    Field("known_source_count", "integer", "sources", "Sources of events that told of the person "
          "in 90 days.", False, 0, len(SOURCES), reason_code=NOT_KNOWN): tuple(
              one.feed for one in SOURCES),
    Field("coverage_ratio", "double", "ratio", "The same over all sources of events.", False, 0.0,
          1.0, reason_code=NOT_KNOWN): tuple(one.feed for one in SOURCES),
    Field("regular_inflow_minor", "integer", _INCOME, "Booked in a month: the least of the means "
          "of 30, 90 and 180 days.", True, 0, monotone=-1, reason_code="INCOME"): (
              feeds.ACCOUNT_FLOWS,),
    Field("inferred_income_minor", "integer", _INCOME, "Salary a month over 90 days, in accounts "
          "else in the wallet; without any, the regular inflow.", True, 0, monotone=-1,
          reason_code="INCOME"): (feeds.ACCOUNT_FLOWS, feeds.PAYMENTS),
    Field("obligation_to_income_ratio", "double", "ratio", "Monthly obligations over inferred "
          "income.", True, 0.0, monotone=1, reason_code="DEBT_SERVICE"): (
              feeds.BUREAU_TRADELINES, feeds.ACCOUNT_FLOWS, feeds.PAYMENTS),
    Field("debt_to_income_ratio", "double", "months", "Debts at the bureau over inferred income.",
          True, 0.0, monotone=1, reason_code="DEBT_SERVICE"): (
              feeds.BUREAU_TRADELINES, feeds.ACCOUNT_FLOWS, feeds.PAYMENTS),
    Field("card_limit_to_income_ratio", "double", "months", "Limits of bound cards over inferred "
          "income.", True, 0.0, reason_code="CARD_LIMIT"): (
              feeds.BOUND_CARDS, feeds.ACCOUNT_FLOWS, feeds.PAYMENTS),
}
FIELDS: tuple[Field, ...] = tuple(TOLD)


def features() -> dict[str, Column]:
    """Feature name -> expression over other columns of the matrix; meanings: TOLD."""
    known = how_many([F.col(recency_days(one)).isNotNull() for one in SOURCES])
    income = _income()
    return {
        "is_thin_file": F.when(F.col("bureau_months") == 0, F.lit(1)).otherwise(F.lit(0)),
        "known_source_count": known,
        "coverage_ratio": ratio(known, F.lit(len(SOURCES))),
        "regular_inflow_minor": _regular_inflow(),
        "inferred_income_minor": income,
        "obligation_to_income_ratio": ratio(F.col("monthly_obligation_minor"), income),
        "debt_to_income_ratio": ratio(F.col("debt_minor"), income),
        "card_limit_to_income_ratio": ratio(F.col("card_limit_sum_minor"), income),
    }


def _regular_inflow() -> Column:
    return lowest([_a_month(f"account_in_minor_{days}d", days) for days in (30, 90, 180)])


def _income() -> Column:
    paid = [_a_month(f"{name}_90d", 90) for name in ("salary_minor", "wallet_salary_minor")]
    return F.coalesce(*[F.when(one > 0, one) for one in paid], _regular_inflow())


def _a_month(name: str, days: int) -> Column:
    """Of 30 days, in whole 1/100 of the currency."""
    return F.floor(F.col(name) * 30 / days).cast("long")
