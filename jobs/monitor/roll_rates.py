"""Roll rates: how loans move between states of arrears from one month's end to the next.

Source: clean loan_days. Grain: one lender, month, state and next state. A loan's state at a month's
end is that of its newest row by then; arrears go on counting on days that no row tells of. Own
loans and those of partner lenders are different books and are counted apart.
"""

from __future__ import annotations

import datetime as dt

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.contracts.feeds import LOAN_DAYS

#: States of arrears by the most days past due that they hold, in the order of getting worse.
ARREARS: tuple[tuple[str, int | None], ...] = (
    ("current", 0), ("1-29", 29), ("30-59", 59), ("60-89", 89), ("90+", None))
#: States that a loan does not leave: nothing owed any more, in good order or not.
REPAID, WRITTEN_OFF = "repaid", "written_off"
STATES = (*(name for name, _ in ARREARS), WRITTEN_OFF, REPAID)
COLUMNS = ("lender", "month_end", "state", "next_state", "loans")
#: Months whose transitions are counted.
MONTHS = 6


def build(loan_days: DataFrame, as_of: dt.date, months: int = MONTHS) -> DataFrame:
    """Transitions between the last whole months' ends, with how many loans made each.

    Args:
        loan_days: Clean loan_days as `feeds.facts` gives them.
        as_of: The night: only what had happened and been delivered by then counts.
        months: Transitions of this many months at most.

    Returns:
        Columns COLUMNS: `month_end` is the end of the later month, `loans` the number of loans.
    """
    ends = month_ends(as_of, months + 1)
    newest = Window.partitionBy(*LOAN_DAYS.key).orderBy(F.col("delivery_date").desc())
    of_loan = Window.partitionBy("loan_id").orderBy("event_date")
    told = (loan_days
            .where((F.col("delivery_date") <= F.lit(as_of)) & (F.col("event_date") <= F.lit(as_of))
                   & (F.col("voided_on").isNull() | (F.col("voided_on") > F.lit(as_of))))
            .withColumn("recency", F.row_number().over(newest)).where(F.col("recency") == 1)
            .withColumn("until", F.lead("event_date").over(of_loan)))
    # A row tells of each month's end from its own day up to the day before the next row.
    held = told.withColumn("month_end", F.explode(F.array(*[F.lit(end) for end in ends]))).where(
        (F.col("event_date") <= F.col("month_end"))
        & (F.col("until").isNull() | (F.col("until") > F.col("month_end"))))
    by_month = Window.partitionBy("loan_id").orderBy("month_end")
    return (held.select("loan_id", "lender", "month_end", _state().alias("next_state"))
            .withColumn("state", F.lag("next_state").over(by_month))
            .where(F.col("state").isNotNull() & ~F.col("state").isin(REPAID, WRITTEN_OFF))
            .groupBy("lender", "month_end", "state", "next_state")
            .agg(F.count("loan_id").alias("loans"))
            .select(*COLUMNS))


def month_ends(as_of: dt.date, how_many: int) -> list[dt.date]:
    """The last so many ends of a month up to the date, oldest first."""
    day = as_of + dt.timedelta(days=1)
    found: list[dt.date] = []
    for _ in range(how_many):
        day = day.replace(day=1) - dt.timedelta(days=1)
        found.append(day)
    return found[::-1]


def _state() -> Column:
    """The state at `month_end` by a row of loan_days."""
    since = F.datediff(F.col("month_end"), F.col("event_date"))
    overdue = F.when(F.col("overdue_days") > 0, F.col("overdue_days") + since).otherwise(F.lit(0))
    state = F.when(F.col("balance_minor") == 0, F.when(
        F.col("overdue_days") > 0, F.lit(WRITTEN_OFF)).otherwise(F.lit(REPAID)))
    for name, most in ARREARS:
        state = state.otherwise(F.lit(name)) if most is None else state.when(overdue <= most, name)
    return state
