"""Loans day by day → what came of each: share drawn, default, loss.

Source: clean loan_days, as known on the night. Grain: one loan whose first draw-down was told of;
one that was owed before any draw-down we know of is older than the feed and is left out.

- **Share drawn**: drawn in the first `DRAW_DAYS` days over the limit of the first draw-down.
- **Default**: `days_past_due` or more, or written off, within `within_months` of the draw-down. An
  outcome counts from the day on which its window has closed, a default that is seen earlier too:
  otherwise the bad loans of a month would be known before its good ones, and the newest rows to
  learn from would be mostly bad. Without a stated definition loan_performance says who defaulted,
  and the first day past due is the day of default.
- **Loss given default**: (balance at default - repaid within `recovery_days` after it) / balance at
  default, from 0 to 1; nothing is discounted. Arrears that are paid up end in no loss of what is
  then still owed; a write-off ends the recoveries. (Workout LGD as in Basel Committee, *Guidance on
  paragraph 468 of the framework document*, 2005, without discounting and costs.)
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.labels.known import Seen
from jobs.policies.outcomes import OutcomeRules

#: Days from the first draw-down on whose draws count; day 30 is in.
DRAW_DAYS = 30
#: States of a window.
CLOSED, OPEN, UNKNOWN = "closed", "open", "unknown"
_ALL = (Window.unboundedPreceding, Window.unboundedFollowing)


def build(days: DataFrame, rules: OutcomeRules, seen: Seen) -> DataFrame:
    """What came of each loan.

    Args:
        days: Known rows of loan_days.
        rules: Of the policy in force.
        seen: The days of which loan_days told.

    Returns:
        `loan_id`, `user_id`, `lender`, `drawn_on`, `limit_minor`, `rate_daily`; `drawn_minor` (null
        while its window is open); `is_default` and `performance_window` (null without a stated
        definition); `default_balance_minor`, `loss_minor`, `recovery_window` (null where the loan
        never was in default).
    """
    whole = Window.partitionBy("loan_id").rowsBetween(*_ALL)
    date, owed = F.col("event_date"), F.col("balance_minor")
    is_written_off = (owed == 0) & (F.col("repaid_minor") == 0) & (F.col("overdue_days") > 0)
    past_due = 1 if rules.default is None else rules.default.days_past_due
    is_bad = (F.col("overdue_days") >= past_due) | is_written_off
    if rules.default is not None:
        is_bad = is_bad & (date <= _window_end(rules))
    ends = ((date >= F.col("default_on")) & (owed == 0)
            | (date > F.col("default_on")) & (F.col("overdue_days") == 0))
    return (days
            .withColumn("drawn_on", F.min(F.when(F.col("drawn_minor") > 0, date)).over(whole))
            .withColumn("owed_before", F.max(F.when(date < F.col("drawn_on"), owed)).over(whole))
            .where((date >= F.col("drawn_on")) & (F.coalesce("owed_before", F.lit(0)) == 0))
            .withColumn("default_on", F.min(F.when(is_bad, date)).over(whole))
            .withColumn("ended_on", F.min(F.when(ends, date)).over(whole))
            .groupBy("loan_id").agg(*_measures(rules.recovery_days))
            .select("loan_id", "user_id", "lender", "drawn_on", "limit_minor", "rate_daily",
                    *_outcomes(rules, seen)))


def owed_to_us(days: DataFrame) -> DataFrame:
    """What people owe on loans of ours, of each its newest day: `user_id`, `own_balance_minor`.

    Args:
        days: Known rows of loan_days.
    """
    newest = Window.partitionBy("loan_id").orderBy(F.col("event_date").desc())
    return (days.where(F.col("lender") == "own")
            .withColumn("recency", F.row_number().over(newest)).where(F.col("recency") == 1)
            .groupBy("user_id").agg(F.sum("balance_minor").alias("own_balance_minor")))


def _measures(recovery_days: int) -> list[Column]:
    """Sums over the days of a loan."""
    date, is_first = F.col("event_date"), F.col("event_date") == F.col("drawn_on")
    until_default = (date <= F.col("default_on")) & (F.col("balance_minor") > 0)
    recovered = ((date > F.col("default_on"))
                 & (date <= F.date_add("default_on", recovery_days))
                 & (F.col("ended_on").isNull() | (date <= F.col("ended_on"))))
    return [*[F.max(F.when(is_first, F.col(name))).alias(name)
              for name in ("user_id", "lender", "limit_minor", "rate_daily")],
            *[F.max(name).alias(name) for name in ("drawn_on", "default_on", "ended_on")],
            F.sum(F.when(date <= F.date_add("drawn_on", DRAW_DAYS), F.col("drawn_minor"))
                  .otherwise(0)).alias("drawn"),
            F.max_by("balance_minor", F.when(until_default, date)).alias("default_balance_minor"),
            F.sum(F.when(recovered, F.col("repaid_minor")).otherwise(0)).alias("repaid"),
            F.max(F.when(date == F.col("ended_on"), F.col("balance_minor"))).alias("cured")]


def _outcomes(rules: OutcomeRules, seen: Seen) -> list[Column]:
    balance, default_on = F.col("default_balance_minor"), F.col("default_on")
    lost = balance - F.col("repaid") - F.coalesce("cured", F.lit(0))
    is_recovered = (F.col("ended_on").isNotNull()
                    | seen.reaches(F.date_add("default_on", rules.recovery_days)))
    performance = F.when(seen.reaches(_window_end(rules)), CLOSED).otherwise(OPEN)
    is_default = F.when(performance == CLOSED, default_on.isNotNull())
    if rules.default is None:
        performance, is_default = F.lit(None).cast("string"), F.lit(None).cast("boolean")
    return [
        F.when(seen.reaches(F.date_add("drawn_on", DRAW_DAYS)), F.col("drawn")).alias(
            "drawn_minor"),
        is_default.alias("is_default"), performance.alias("performance_window"), balance,
        F.when(balance.isNotNull(), F.greatest(F.lit(0), F.least(balance, lost))).alias(
            "loss_minor"),
        F.when(default_on.isNotNull(), F.when(is_recovered, CLOSED).otherwise(OPEN)).alias(
            "recovery_window")]


def _window_end(rules: OutcomeRules) -> Column:
    """Last day of the performance window; null without a stated definition."""
    if rules.default is None:
        return F.lit(None).cast("date")
    return F.add_months("drawn_on", rules.default.within_months)
