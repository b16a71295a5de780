"""Money to lend: what the treasury says the night may lend, else what the policy plans.

Source: clean funding_lines as known by the night. Grain: one funder.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.config import Run
from jobs.contracts import feeds
from jobs.inputs import facts
from jobs.labels.known import known
from jobs.limits.setting import FundingLine, policy_lines
from jobs.policies.limits import LimitRules


def lines(spark: SparkSession, run: Run, rules: LimitRules) -> list[FundingLine]:
    """The night's funding lines.

    Args:
        spark: Where the clean table is read.
        run: With frozen inputs.
        rules: Of the policy in force; what it plans holds where no line was ever told of.
    """
    told = known(facts(spark, run, feeds.FUNDING_LINES), feeds.FUNDING_LINES.key, run.as_of)
    return newest(told) or policy_lines(rules)


def newest(told: DataFrame) -> list[FundingLine]:
    """The lines of the newest day of which any was told, by funder; empty where there are none.

    A funder who is missing on that day lends nothing on it.

    Args:
        told: Known funding_lines.
    """
    day = told.agg(F.max("event_date").alias("event_date"))
    rows = (told.join(day, on="event_date", how="inner")
            .select("funder", "available_minor", "cost_annual").collect())
    return [FundingLine(row["funder"], row["available_minor"], row["cost_annual"])
            for row in sorted(rows, key=lambda row: str(row["funder"]))]
