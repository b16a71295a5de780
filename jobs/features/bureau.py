"""Repayment status at the bureau: who was late lately will be late again.

Past delinquency is the strongest single predictor of default in every card portfolio: how
recently, how badly and how often. All columns are null for people the bureau does not know.
Reads `status_1` (latest) to `status_6`.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.contracts.table import Field
from jobs.expressions import highest, how_many, total
from jobs.features.fields import months

MONTHS = 6

FIELDS: tuple[Field, ...] = (
    Field("repayment_status_1", "integer", "code -2..9", "Latest repayment status.", True, -2, 9,
          monotone=1, reason_code="OVERDUE_RECENT"),
    months("overdue_months_1", "Months past due, latest month.", 1, "OVERDUE_RECENT", 9),
    months("overdue_months_2", "Months past due, one month earlier.", 1, "OVERDUE_RECENT", 9),
    months("overdue_months_4", "Months past due, three months earlier.", 1, "OVERDUE_HISTORY", 9),
    months("overdue_months_max_3", "Worst months past due of three.", 1, "OVERDUE_RECENT", 9),
    months("overdue_months_max_6", "Worst months past due of six.", 1, "OVERDUE_HISTORY", 9),
    months("overdue_months_sum_3", "Sum of months past due over three.", 1, "OVERDUE_RECENT", 27),
    months("overdue_months_weighted_6", "Months past due, the latest counted six times, the oldest "
           "once.", 1, "OVERDUE_HISTORY", 189),
    months("overdue_count_6", "Months with any payment past due.", 1, "OVERDUE_HISTORY"),
    months("overdue_2plus_count_3", "Months two or more past due, of three.", 1, "OVERDUE_RECENT",
           3),
    months("overdue_2plus_count_6", "Months two or more past due, of six.", 1, "OVERDUE_HISTORY"),
    months("months_since_overdue", "Statements since the last past due; 7 = never in six.", -1,
           "OVERDUE_HISTORY", 7),
    months("months_since_overdue_2plus", "Statements since the last two or more past due; 7 = "
           "never in six.", -1, "OVERDUE_HISTORY", 7),
    months("revolving_count_6", "Months with a revolved balance.", 0, "CARD_USE"),
    months("paid_in_full_count_6", "Months paid in full.", 0, "CARD_USE"),
    months("no_use_count_6", "Months without use.", 0, "CARD_USE"),
)


def features() -> dict[str, Column]:
    """Feature name -> expression over `status_1..6`; meanings: FIELDS."""
    status = {k: F.col(f"status_{k}") for k in range(1, MONTHS + 1)}
    late = {k: F.greatest(column, F.lit(0).cast("long")) for k, column in status.items()}
    late = {k: F.when(status[k].isNotNull(), column) for k, column in late.items()}
    known = status[1].isNotNull()

    def among_known(conditions: list[Column]) -> Column:
        return F.when(known, how_many(conditions))

    def since(least: int) -> Column:
        first = F.when(status[1] >= least, F.lit(1))
        for k in range(2, MONTHS + 1):
            first = first.when(status[k] >= least, F.lit(k))
        return F.when(known, first.otherwise(F.lit(MONTHS + 1)).cast("long"))

    weighted = [(MONTHS + 1 - k) * column for k, column in late.items()]
    return {
        "repayment_status_1": status[1],
        "overdue_months_1": late[1],
        "overdue_months_2": late[2],
        "overdue_months_4": late[4],
        "overdue_months_max_3": highest([late[k] for k in (1, 2, 3)]),
        "overdue_months_max_6": highest(list(late.values())),
        "overdue_months_sum_3": total([late[k] for k in (1, 2, 3)]),
        "overdue_months_weighted_6": total(weighted),
        "overdue_count_6": among_known([s >= 1 for s in status.values()]),
        "overdue_2plus_count_3": among_known([status[k] >= 2 for k in (1, 2, 3)]),
        "overdue_2plus_count_6": among_known([s >= 2 for s in status.values()]),
        "months_since_overdue": since(1),
        "months_since_overdue_2plus": since(2),
        "revolving_count_6": among_known([s == 0 for s in status.values()]),
        "paid_in_full_count_6": among_known([s == -1 for s in status.values()]),
        "no_use_count_6": among_known([s == -2 for s in status.values()]),
    }
