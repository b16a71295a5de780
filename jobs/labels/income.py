"""Salaries booked in the accounts → verified income as of a label's date.

Source: clean account_flows, seen as of the label's date and by whose consent. Grain: one row of
the spine.

Income is the mean salary of the months that have one among the four calendar months before the
observation date's own; at least three must have one. Somebody without a salary in the accounts has
no verified income, not an income of zero.
"""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.contracts.feeds import ACCOUNT_FLOWS
from jobs.features.point_in_time import SPINE, visible

#: Features of the same bookings, by the beginning of their names: a model of income would read its
#: answer off these.
LEAKS_INCOME = ("account_in_", "account_out_to_in_", "card_limit_to_income_", "debt_to_income_",
                "inferred_income_", "loan_to_income_", "obligation_to_income_", "regular_inflow_",
                "rent_to_income_", "salary_", "wallet_salary_")
MONTHS, MONTHS_WITH_SALARY = 4, 3
SALARY = "salary"
#: Calendar months of which a booking may lie before the first observation date.
_LOOK_BACK_DAYS = 31 * (MONTHS + 1)


def build(spine: DataFrame, flows: DataFrame, first: dt.date, last: dt.date) -> DataFrame:
    """Verified income of the rows that have one.

    Args:
        spine: `user_id`, `as_of_date`, unique; people who agree to the use of account data only.
        flows: Facts of account_flows.
        first: The spine's earliest date: what lies well before is not looked at.
        last: The spine's latest date: nothing after it is known then.

    Returns:
        `user_id`, `as_of_date`, `income_minor` (1/100 currency a month).
    """
    dated = (flows.withColumn("event_date", F.col("event_at").cast("date"))
             .where((F.col("event_date") >= F.lit(first - dt.timedelta(days=_LOOK_BACK_DAYS)))
                    & (F.col("event_date") <= F.lit(last))))
    # A correction may say that a booking was no salary: whatever was ever called one is looked at.
    ever = dated.where(F.col("category") == SALARY).select("flow_id").distinct()
    seen = visible(spine, dated.join(ever, on="flow_id", how="left_semi"), ACCOUNT_FLOWS.key)

    def month(name: str) -> Column:
        return F.year(name) * 12 + F.month(name)

    ago = month("as_of_date") - month("event_date")
    return (seen.where((F.col("category") == SALARY) & (F.col("amount_minor") > 0)
                       & ago.between(1, MONTHS))
            .groupBy(*SPINE)
            .agg(F.sum("amount_minor").alias("booked"), F.countDistinct(ago).alias("months"))
            .where(F.col("months") >= MONTHS_WITH_SALARY)
            .select(*SPINE, F.round(F.col("booked") / F.col("months")).cast("long")
                    .alias("income_minor")))
