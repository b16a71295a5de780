"""Card statements: how much of the limit is used, and how the bill is paid.

A card near its limit, growing, and paid at the minimum tells of a household short of money months
before the bureau hears of it. `P_k` settles the balance before it, `B_(k+1)`. Reads `limit`
(1/100 currency), `balance_1..6` and `payment_1..6` (1 = latest) and, for balances of late months,
`status_1..3`.

Signs: what is used of the limit, and left unpaid, raises the risk; what is free or paid lowers it.
A single month's payment ratio has none: the months together have. Balances and spending by
themselves rise with income and with need.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.contracts.table import Field
from jobs.expressions import highest, how_many, lowest, ratio, total
from jobs.features.fields import money, months, share

MONTHS = 6
#: Least-squares slope over six equidistant months: weights of (5, 3, 1, -1, -3, -5) / 35.
SLOPE = (5, 3, 1, -1, -3, -5)

FIELDS: tuple[Field, ...] = (
    # statements: what is owed against the limit
    share("utilization_1_ratio", "Balance over limit, latest.", 1, "UTILIZATION"),
    share("utilization_2_ratio", "Balance over limit, one month earlier.", 1,
          "UTILIZATION"),
    share("utilization_mean_3_ratio", "Mean balance over limit of three.", 1,
          "UTILIZATION"),
    share("utilization_mean_6_ratio", "Mean balance over limit of six.", 1,
          "UTILIZATION"),
    share("utilization_max_6_ratio", "Highest balance over limit of six.", 1,
          "UTILIZATION"),
    share("utilization_trend_ratio", "Slope of utilisation over six, least squares, a month.",
          1, "UTILIZATION"),
    share("utilization_change_3_ratio", "Utilisation now less two months earlier.", 1,
          "UTILIZATION"),
    months("over_limit_count_6", "Statements above the limit.", 1, "UTILIZATION"),
    money("headroom_1_minor", "Limit less latest balance.", -1, "HEADROOM"),
    money("headroom_min_6_minor", "Limit less highest balance.", -1, "HEADROOM"),
    money("headroom_sum_6_minor", "Sum over six of limit less balance.", -1, "HEADROOM"),
    # statements: balances
    money("balance_1_minor", "Latest balance.", 0, "BALANCE"),
    money("balance_max_6_minor", "Highest balance of six.", 0, "BALANCE"),
    share("balance_to_mean_ratio", "Latest balance over mean absolute balance.", 0,
          "BALANCE"),
    share("balance_growth_ratio", "Latest balance over the one five months earlier.", 0,
          "BALANCE"),
    months("balance_increase_count_5", "Statements above the one before.", 0, "BALANCE", 5),
    share("overdue_balance_3_ratio", "Balances of months past due over the limit, three.", 0,
          "OVERDUE_RECENT"),
    # statements: payments and spending
    money("payment_sum_3_minor", "Paid in three months.", -1, "PAYMENTS"),
    money("payment_sum_6_minor", "Paid in six months.", -1, "PAYMENTS"),
    money("payment_min_6_minor", "Smallest monthly payment of six.", -1, "PAYMENTS"),
    money("payment_second_6_minor", "Second largest monthly payment of six.", -1, "PAYMENTS"),
    months("zero_payment_count_6", "Months without a payment.", 1, "PAYMENTS"),
    *(share(f"payment_{k}_ratio", f"Payment {k} over the balance it settles, at most 2.",
            0, "PAYMENTS") for k in (1, 2, 3, 4)),
    share("payment_last_2_ratio", "Last two payments over the balances they settle.", -1,
          "PAYMENTS"),
    share("payment_all_6_ratio", "All payments over all balances above zero.", -1,
          "PAYMENTS"),
    share("unpaid_1_ratio", "Unpaid part of the previous balance over the limit.", 1,
          "PAYMENTS"),
    money("spend_1_minor", "Balance change plus payment, latest.", 0, "CARD_USE"),
    money("spend_2_minor", "Balance change plus payment, one month earlier.", 0, "CARD_USE"),
    money("spend_max_5_minor", "Largest monthly spending of five.", 0, "CARD_USE"),
    money("spend_sum_5_minor", "Spending over five months.", 0, "CARD_USE"),
)


def features() -> dict[str, Column]:
    """Feature name -> expression over the wide columns; meanings: FIELDS."""
    return {**_utilization(), **_balances(), **_payments()}


def _wide(prefix: str) -> dict[int, Column]:
    return {k: F.col(f"{prefix}_{k}") for k in range(1, MONTHS + 1)}


def _spending() -> dict[int, Column]:
    balance, payment = _wide("balance"), _wide("payment")
    return {k: balance[k] - balance[k + 1] + payment[k] for k in range(1, MONTHS)}


def _months(columns: list[Column]) -> Column:
    return how_many([column.isNotNull() for column in columns])


def _utilization() -> dict[str, Column]:
    limit, balance = F.col("limit"), _wide("balance")
    last_3, last_6 = [balance[k] for k in (1, 2, 3)], list(balance.values())
    slope = sum((weight * column for weight, column in zip(SLOPE[1:], last_6[1:], strict=True)),
                SLOPE[0] * last_6[0])
    return {
        "utilization_1_ratio": ratio(balance[1], limit),
        "utilization_2_ratio": ratio(balance[2], limit),
        "utilization_mean_3_ratio": ratio(total(last_3), limit * _months(last_3)),
        "utilization_mean_6_ratio": ratio(total(last_6), limit * _months(last_6)),
        "utilization_max_6_ratio": ratio(highest(last_6), limit),
        "utilization_trend_ratio": ratio(slope, 35 * limit),
        "utilization_change_3_ratio": ratio(balance[1] - balance[3], limit),
        "over_limit_count_6": F.when(balance[1].isNotNull(),
                                     how_many([column > limit for column in last_6])),
        "headroom_1_minor": limit - balance[1],
        "headroom_min_6_minor": limit - highest(last_6),
        "headroom_sum_6_minor": limit * _months(last_6) - total(last_6),
    }


def _balances() -> dict[str, Column]:
    limit, balance, spend = F.col("limit"), _wide("balance"), _spending()
    last_6, spent = list(balance.values()), list(spend.values())
    late = [F.when(F.col(f"status_{k}") >= 1, balance[k]).otherwise(F.lit(0)) for k in (1, 2, 3)]
    return {
        "balance_1_minor": balance[1],
        "balance_max_6_minor": highest(last_6),
        "balance_to_mean_ratio": ratio(balance[1] * _months(last_6),
                                       total(F.abs(column) for column in last_6)),
        "balance_growth_ratio": ratio(balance[1], balance[6]),
        "balance_increase_count_5": F.when(
            balance[2].isNotNull(),
            how_many([balance[k] > balance[k + 1] for k in range(1, MONTHS)])),
        "overdue_balance_3_ratio": F.when(F.col("status_1").isNotNull(),
                                          ratio(total(late), limit)),
        "spend_1_minor": spend[1],
        "spend_2_minor": spend[2],
        "spend_max_5_minor": highest(spent),
        "spend_sum_5_minor": total(spent),
    }


def _payments() -> dict[str, Column]:
    limit, balance, payment = F.col("limit"), _wide("balance"), _wide("payment")
    paid = list(payment.values())
    owed = {k: F.when(column.isNotNull(), F.greatest(column, F.lit(0).cast("long")))
            for k, column in balance.items()}
    unpaid = F.when(owed[2].isNotNull() & payment[1].isNotNull(),
                    F.greatest(owed[2] - payment[1], F.lit(0).cast("long")))
    largest_first = F.sort_array(F.array_compact(F.array(*paid)), asc=False)
    settled = {
        f"payment_{k}_ratio": ratio(F.least(payment[k], 2 * balance[k + 1]), balance[k + 1])
        for k in (1, 2, 3, 4)}
    return {
        "payment_sum_3_minor": total(paid[:3]),
        "payment_sum_6_minor": total(paid),
        "payment_min_6_minor": lowest(paid),
        "payment_second_6_minor": F.get(largest_first, F.lit(1)),
        "zero_payment_count_6": F.when(payment[1].isNotNull(),
                                       how_many([column == 0 for column in paid])),
        **settled,
        "payment_last_2_ratio": ratio(payment[1] + payment[2], owed[2] + owed[3]),
        "payment_all_6_ratio": ratio(total(paid), total(owed.values())),
        "unpaid_1_ratio": ratio(unpaid, limit),
    }
