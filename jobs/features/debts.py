"""Debts at the bureau: what a household owes already has to be paid before ours.

Monthly obligations bound what a new loan can be served from; lines used to the brim, opened one
after another, tell of a person who lives on credit; a long file tells the opposite of the same
debts. Public records (judgements, enforcement, arrears of taxes) are what other creditors gave up
on.

Signs: arrears, lines near their limits, lines newly opened and public records raise the risk, a
long file lowers it. Amounts owed and numbers of lines have none: those who can repay more are lent
more.

Source: clean bureau_tradelines and bureau_public_records, as visible. Grain: one user and as-of
date. Of a line its latest month counts, if it was told of in the last months.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.contracts.feeds import BUREAU_TRADELINES
from jobs.contracts.table import Field
from jobs.expressions import ratio
from jobs.features.point_in_time import SPINE

KINDS = BUREAU_TRADELINES.field("kind").allowed
OPENED_DAYS = (180, 365)
_LINES, _MONEY = "trade lines", "1/100 currency"


def _number(name: str, unit: str, meaning: str, monotone: int = 0, code: str = "DEBTS") -> Field:
    return Field(name, "integer", unit, meaning, True, 0, monotone=monotone, reason_code=code)


def _share(name: str, meaning: str) -> Field:
    return Field(name, "double", "ratio", meaning, True, 0.0, monotone=1,
                 reason_code="UTILIZATION")


FIELDS: tuple[Field, ...] = (
    _number("debt_line_count", _LINES, "Trade lines told of lately."),
    _number("overdue_line_count", _LINES, "Trade lines past due in their latest month.", 1,
            "OVERDUE_RECENT"),
    _number("debt_minor", _MONEY, "Owed on all lines."),
    *(_number(f"{kind}_debt_minor", _MONEY, f"Owed on lines of kind {kind}.") for kind in KINDS),
    *(_number(f"{kind}_line_count", _LINES, f"Trade lines of kind {kind}.") for kind in KINDS),
    _number("overdue_debt_minor", _MONEY, "Owed on lines past due in their latest month.", 1,
            "OVERDUE_RECENT"),
    _number("monthly_obligation_minor", f"{_MONEY} a month", "Instalments of all lines."),
    _share("bureau_utilization_ratio", "Owed on all credit cards over their limits."),
    _share("fullest_card_ratio", "Owed over limit, of the credit card used most."),
    _number("file_age_days", "days", "Days since the first line was opened.", -1, "FILE_AGE"),
    _number("newest_line_days", "days", "Days since the last line was opened.", -1, "NEW_CREDIT"),
    *(_number(f"opened_line_count_{days}d", _LINES, f"Lines opened, last {days} days.", 1,
              "NEW_CREDIT")
      for days in OPENED_DAYS),
)
RECORD_FIELDS: tuple[Field, ...] = (
    _number("public_record_count", "records", "Judgements, enforcements and arrears on record; 0 "
            "only of people whom the bureau knows.", 1, "PUBLIC_RECORDS"),
    _number("public_record_minor", _MONEY, "Owed under them.", 1, "PUBLIC_RECORDS"),
)


def build(lines: DataFrame) -> DataFrame:
    """What the lines say of a person.

    Args:
        lines: Visible bureau_tradelines of the last months.

    Returns:
        SPINE and FIELDS.
    """
    newest = Window.partitionBy(*SPINE, "line_id").orderBy(F.col("event_date").desc())
    latest = (lines.withColumn("recency", F.row_number().over(newest))
              .where(F.col("recency") == 1)
              .withColumn("owed", F.when(F.col("balance_minor").isNotNull(), F.greatest(
                  "balance_minor", F.lit(0).cast("long"))))
              .withColumn("opened_days", F.datediff("as_of_date", "opened_on").cast("long")))
    is_late, is_card = F.col("repayment_status") >= 1, F.col("kind") == "credit_card"

    def lines_where(condition: Column) -> Column:
        return F.sum(F.when(condition, F.lit(1)).otherwise(F.lit(0)).cast("long"))

    def owed_where(condition: Column) -> Column:
        """0 where no line is meant, missing where no balance is known at all."""
        return F.sum(F.when(F.col("owed").isNotNull(), F.when(condition, F.col("owed"))
                            .otherwise(F.lit(0).cast("long"))))

    has_limit = is_card & F.col("limit_minor").isNotNull()
    return latest.groupBy(*SPINE).agg(
        F.count("line_id").alias("debt_line_count"),
        lines_where(is_late).alias("overdue_line_count"),
        F.sum("owed").alias("debt_minor"),
        *[owed_where(F.col("kind") == kind).alias(f"{kind}_debt_minor") for kind in KINDS],
        *[lines_where(F.col("kind") == kind).alias(f"{kind}_line_count") for kind in KINDS],
        owed_where(is_late).alias("overdue_debt_minor"),
        F.sum("instalment_minor").alias("monthly_obligation_minor"),
        ratio(owed_where(has_limit), F.sum(F.when(has_limit, F.col("limit_minor"))))
        .alias("bureau_utilization_ratio"),
        F.max(F.when(has_limit, ratio(F.col("owed"), F.col("limit_minor"))))
        .alias("fullest_card_ratio"),
        F.max("opened_days").alias("file_age_days"),
        F.min("opened_days").alias("newest_line_days"),
        *[F.when(F.max("opened_days").isNotNull(), lines_where(F.col("opened_days") < days))
          .alias(f"opened_line_count_{days}d") for days in OPENED_DAYS],
    ).select(*SPINE, *[field.name for field in FIELDS])


def records(told: DataFrame) -> DataFrame:
    """What public records say of the people they name.

    Args:
        told: Visible bureau_public_records.

    Returns:
        SPINE and RECORD_FIELDS.
    """
    return told.groupBy(*SPINE).agg(
        F.count("record_id").alias("public_record_count"),
        F.coalesce(F.sum("amount_minor"), F.lit(0).cast("long")).alias("public_record_minor"))


def none_on_record(name: str) -> Column:
    """0 of people whom the bureau knows and of whom no record tells."""
    return F.coalesce(F.col(name), F.when(F.col("debt_line_count").isNotNull(),
                                          F.lit(0).cast("long")))
