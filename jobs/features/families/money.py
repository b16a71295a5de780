"""Money in and out: income, obligations and reserve, as the accounts themselves tell them.

What comes in regularly is income, verified where an application form only claims it; what goes out
for rent and loans is owed before ours; a balance that touches the ground every month, cash taken by
night and bills left open come before arrears. Pay on the same day of the month, and bills too, tell
of order (days at both ends of a month count as far apart). Cash flow adds to bureau scores most
where files are thin. (FinRegLab, The use of cash-flow data in underwriting credit, 2019.)

Signs: what comes in, salaries first, and what is kept lower the risk; what is owed, spent or taken
as cash out of what comes in, payments by night (Berg, Burg, Gombović and Puri, On the rise of
FinTechs, 2020) and pay or bills on changing days raise it. Amounts spent have none: they rise with
income and with need.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.contracts.feeds import ACCOUNT_FLOWS, PAYMENTS
from jobs.features.declare import SPREAD_DAYS, Feature, active_days, base, share, spread, trend
from jobs.tiles.source import (Measure, TileSource, column, day_of_month, hour_between, one,
                               squared, where, whole_units)

_MONEY, _PAYMENTS, _BOOKINGS = "1/100 currency", "payments", "bookings"
_UNITS = "currency units, at most a million each"
_INCOME, _SPENDING, _TRANSFERS, _BILLS = "INCOME", "SPENDING", "TRANSFERS_AND_CASH", "BILLS"
_SERVICE, _RESERVES, _FLOW = "DEBT_SERVICE", "RESERVES", "CASH_FLOW"
_STABILITY, _NIGHT = "INCOME_STABILITY", "NIGHT_ACTIVITY"


def _paid(direction: str, *kinds: str) -> Column:
    is_one = F.col("direction") == direction
    return is_one & F.col("kind").isin(*kinds) if kinds else is_one


def _booked(*categories: str) -> Column:
    return F.col("category").isin(*categories)


def _spent() -> Column:
    return -F.col("amount_minor")


def _is_out() -> Column:
    return F.col("amount_minor") < 0


_AMOUNT = column("amount_minor")


def _parts(name: str, unit: str, meaning: str, condition: Callable[[], Column],
           value: Callable[[], Column]) -> tuple[Measure, Measure]:
    """The sum and the squares of a value of some events, for `spread`."""
    return (Measure(f"{name}_sum", unit, f"{meaning}, added up", where(condition, value),
                    windows_days=SPREAD_DAYS, is_feature=False),
            Measure(f"{name}_squares", f"{unit}²", f"{meaning}, squared",
                    where(condition, squared(value)), windows_days=SPREAD_DAYS, is_feature=False))


def _has_balance() -> Column:
    return F.col("balance_after_minor").isNotNull()


WALLET = TileSource(PAYMENTS, (
    Measure("payment_count", _PAYMENTS, "Payments made and received", one),
    Measure("wallet_in_minor", _MONEY, "Received", where(lambda: _paid("in"), _AMOUNT),
            monotone=-1, reason_code=_INCOME),
    Measure("wallet_out_minor", _MONEY, "Paid", where(lambda: _paid("out"), _AMOUNT)),
    Measure("purchase_minor", _MONEY, "Paid for purchases",
            where(lambda: _paid("out", "purchase"), _AMOUNT)),
    Measure("transfer_in_minor", _MONEY, "Transfers received",
            where(lambda: _paid("in", "transfer", "red_packet"), _AMOUNT), reason_code=_TRANSFERS),
    Measure("transfer_out_minor", _MONEY, "Transfers made",
            where(lambda: _paid("out", "transfer", "red_packet"), _AMOUNT), reason_code=_TRANSFERS),
    Measure("cash_out_minor", _MONEY, "Taken out as cash",
            where(lambda: _paid("out", "cash_out"), _AMOUNT), reason_code=_TRANSFERS),
    Measure("cash_out_count", _PAYMENTS, "Times cash was taken out",
            where(lambda: _paid("out", "cash_out")), reason_code=_TRANSFERS),
    Measure("bill_count", _PAYMENTS, "Bills paid", where(lambda: _paid("out", "bill")),
            reason_code=_BILLS),
    Measure("bill_minor", _MONEY, "Paid for bills", where(lambda: _paid("out", "bill"), _AMOUNT),
            reason_code=_BILLS),
    Measure("repayment_count", _PAYMENTS, "Repayments of debt",
            where(lambda: _paid("out", "repayment")), reason_code=_SERVICE),
    Measure("repayment_minor", _MONEY, "Repaid", where(lambda: _paid("out", "repayment"), _AMOUNT),
            reason_code=_SERVICE),
    Measure("wallet_salary_minor", _MONEY, "Salary received in the wallet",
            where(lambda: _paid("in", "salary"), _AMOUNT), monotone=-1, reason_code=_INCOME),
    Measure("night_payment_count", _PAYMENTS, "Payments from 0 to 5 o'clock",
            where(hour_between(0, 5)), reason_code=_NIGHT),
    Measure("largest_payment_minor", _MONEY, "Largest payment", _AMOUNT, "max"),
    *_parts("bill_day", "day of month", "Day of bills", lambda: _paid("out", "bill"), day_of_month),
), __file__)

ACCOUNTS = TileSource(ACCOUNT_FLOWS, (
    Measure("flow_count", _BOOKINGS, "Bookings", one),
    Measure("account_in_minor", _MONEY, "Booked in", where(lambda: ~_is_out(), _AMOUNT),
            monotone=-1, reason_code=_INCOME),
    Measure("account_out_minor", _MONEY, "Booked out", where(_is_out, _spent)),
    Measure("account_in_count", _BOOKINGS, "Bookings in", where(lambda: ~_is_out()),
            reason_code=_INCOME),
    Measure("salary_minor", _MONEY, "Salary booked in", where(lambda: _booked("salary"), _AMOUNT),
            monotone=-1, reason_code=_INCOME),
    Measure("salary_count", _BOOKINGS, "Salaries booked in", where(lambda: _booked("salary")),
            monotone=-1, reason_code=_INCOME),
    *(Measure(f"{name}_minor", _MONEY, meaning,
              where(lambda name=name: _booked(name) & _is_out(), _spent),  # type: ignore[misc]
              monotone=sign, reason_code=code)
      for name, meaning, sign, code in (
          ("rent", "Rent paid", 0, _SPENDING), ("utilities", "Utilities paid", 0, _BILLS),
          ("groceries", "Groceries paid", 0, _SPENDING), ("leisure", "Leisure paid", 0, _SPENDING),
          ("cash", "Cash taken at the bank", 0, _TRANSFERS),
          ("loan", "Loan instalments paid", 0, _SERVICE), ("investment", "Invested", -1, _RESERVES),
          ("fee", "Fees paid", 0, _SPENDING))),
    Measure("balance_lowest_minor", _MONEY, "Lowest balance", column("balance_after_minor"), "min",
            monotone=-1, reason_code=_RESERVES),
    Measure("balance_highest_minor", _MONEY, "Highest balance", column("balance_after_minor"),
            "max", monotone=-1, reason_code=_RESERVES),
    Measure("largest_inflow_minor", _MONEY, "Largest booking in", _AMOUNT, "max",
            reason_code=_INCOME),
    Measure("largest_outflow_minor", _MONEY, "Largest booking out", _spent, "max"),
    *_parts("salary_day", "day of month", "Day of salaries", lambda: _booked("salary"),
            day_of_month),
    *_parts("inflow", _UNITS, "Bookings in", lambda: ~_is_out(), whole_units(_AMOUNT)),
    Measure("balance_count", _BOOKINGS, "Bookings with a balance", where(_has_balance),
            windows_days=SPREAD_DAYS, is_feature=False),
    *_parts("balance", _UNITS, "Balances after bookings", _has_balance,
            whole_units(column("balance_after_minor"))),
), __file__)

FEATURES: tuple[Feature, ...] = (
    *base(WALLET, _SPENDING),
    *share(WALLET, "night_payment", "night_payment_count", "payment_count",
           "Payments by night over all", 1, _NIGHT),
    *share(WALLET, "cash_out", "cash_out_minor", "wallet_out_minor", "Cash over all paid", 1,
           _TRANSFERS),
    *share(WALLET, "repayment", "repayment_minor", "wallet_in_minor", "Repaid over received", 1,
           _SERVICE),
    *share(WALLET, "wallet_out_to_in", "wallet_out_minor", "wallet_in_minor",
           "Paid over received", 1, _FLOW),
    *trend(WALLET, "wallet_out_minor", "Paid", 0, _FLOW),
    *trend(WALLET, "wallet_in_minor", "Received", 0, _FLOW),
    *spread(WALLET, "bill_day", "day of month", "Day on which bills are paid",
            ("bill_count", "bill_day_sum", "bill_day_squares"), (0, 1), _BILLS),
    *base(ACCOUNTS, _SPENDING),
    *spread(ACCOUNTS, "salary_day", "day of month", "Day on which salaries come",
            ("salary_count", "salary_day_sum", "salary_day_squares"), (0, 1), _STABILITY),
    *spread(ACCOUNTS, "inflow", _UNITS, "Size of bookings in",
            ("account_in_count", "inflow_sum", "inflow_squares"), (0, 0), _STABILITY),
    *spread(ACCOUNTS, "balance", _UNITS, "Balance after a booking",
            ("balance_count", "balance_sum", "balance_squares"), (-1, 0), _RESERVES),
    *share(ACCOUNTS, "account_out_to_in", "account_out_minor", "account_in_minor",
           "Booked out over booked in", 1, _FLOW),
    *share(ACCOUNTS, "rent_to_income", "rent_minor", "account_in_minor", "Rent over booked in", 1,
           _FLOW),
    *share(ACCOUNTS, "loan_to_income", "loan_minor", "account_in_minor",
           "Loan instalments over booked in", 1, _SERVICE),
    *share(ACCOUNTS, "salary_of_income", "salary_minor", "account_in_minor",
           "Salary over booked in", 0, _STABILITY),
    *trend(ACCOUNTS, "account_in_minor", "Booked in", -1, _STABILITY),
    *trend(ACCOUNTS, active_days(ACCOUNTS), "Days with a booking", 0, _FLOW),
)
