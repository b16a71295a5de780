"""The four real credit sets as training matrices, for the benchmark of the PD trainer.

Every contender gets the same rows, columns and folds. Special codes are not numbers: where a code
means "not known" the value is null, where it means "it never happened" it is longer ago than
anything. Signs are those that the sets' own dictionaries or a lender's reason give; a column
without one is free. UCI and Give Me Some Credit are taken with all their columns, as others
publish figures of them: age, gender and marital status too, which no model of a night takes.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.adapters import card_approval
from jobs.contracts.table import Field

DATA = Path(os.environ.get("NIGHTLIST_REAL_DATA", Path(__file__).parents[3] / "shared" / "data"))
#: Months since something that never happened: longer than the longest record.
NEVER = 999.0
_OBSERVED = dt.date(2000, 1, 1)


@dataclass(frozen=True)
class CreditSet:
    """One set.

    Attributes:
        name: As the benchmark prints it.
        features: Names with signs, as the trainer's spec takes them.
        matrix: user_id, as_of_date, is_default and the features.
        is_out_of_time: Whether the newest date is held out, rather than folds of people.
    """

    name: str
    features: tuple[Field, ...]
    matrix: pa.Table
    is_out_of_time: bool = False


def uci() -> CreditSet:
    """UCI credit cards: repayment status is split into its code and the months past due."""
    folder = DATA / "uci_credit_card"
    cards = pd.read_parquet(folder / "cards.parquet").merge(
        pd.read_parquet(folder / "outcomes.parquet"), on="ID")
    signs = {"LIMIT_BAL": -1, "SEX": 0, "EDUCATION": 0, "MARRIAGE": 0, "AGE": 0}
    for month in ("0", "2", "3", "4", "5", "6"):
        cards[f"overdue_{month}_months"] = cards[f"PAY_{month}"].clip(lower=0)
        signs |= {f"PAY_{month}": 0, f"overdue_{month}_months": 1}
    signs |= {f"BILL_AMT{month}": 0 for month in range(1, 7)}
    signs |= {f"PAY_AMT{month}": -1 for month in range(1, 7)}
    return _set("UCI", cards, signs, cards["ID"], cards["default.payment.next.month"])


def gmsc() -> CreditSet:
    """Give Me Some Credit: what is no number of its column is null.

    96 and 98 times past due are codes; a utilization above ten is an amount and no ratio; incomes
    of 0 and 1 stand for unknown ones.
    """
    people = pd.read_parquet(DATA / "gmsc" / "train.parquet")
    past_due = ["NumberOfTime30-59DaysPastDueNotWorse", "NumberOfTime60-89DaysPastDueNotWorse",
                "NumberOfTimes90DaysLate"]
    people[past_due] = people[past_due].where(people[past_due] < 96)
    for column, valid in (("RevolvingUtilizationOfUnsecuredLines", lambda value: value <= 10),
                          ("MonthlyIncome", lambda value: value > 1)):
        people[column] = people[column].where(valid(people[column]))
    signs = {"RevolvingUtilizationOfUnsecuredLines": 1, "age": 0, "DebtRatio": 0,
             "MonthlyIncome": -1,
             "NumberOfOpenCreditLinesAndLoans": 0, "NumberRealEstateLoansOrLines": 0,
             "NumberOfDependents": 0, **dict.fromkeys(past_due, 1)}
    return _set("GMSC", people, signs, people["row_id"], people["SeriousDlqin2yrs"])


def heloc() -> CreditSet:
    """FICO HELOC: -8 nothing usable is null, -7 is "never"; 588 with no record (-9) are left out.

    Signs: FICO's own, of its dictionary, but for the two scales of codes.
    """
    people = pd.read_parquet(DATA / "heloc" / "heloc.parquet")
    people = people[(people.drop(columns="Bad") != -9).any(axis=1)]
    signs = {
        "ExternalRiskEstimate": -1, "MSinceOldestTradeOpen": -1, "MSinceMostRecentTradeOpen": -1,
        "AverageMInFile": -1, "NumSatisfactoryTrades": -1, "NumTrades60Ever2DerogPubRec": 1,
        "NumTrades90Ever2DerogPubRec": 1, "PercentTradesNeverDelq": -1,
        "MSinceMostRecentDelq": -1, "MaxDelq2PublicRecLast12M": 0, "MaxDelqEver": 0,
        "NumTotalTrades": 0, "NumTradesOpeninLast12M": 1, "PercentInstallTrades": 0,
        "MSinceMostRecentInqexcl7days": -1, "NumInqLast6M": 1, "NumInqLast6Mexcl7days": 1,
        "NetFractionRevolvingBurden": 1, "NetFractionInstallBurden": 1,
        "NumRevolvingTradesWBalance": 0, "NumInstallTradesWBalance": 0,
        "NumBank2NatlTradesWHighUtilization": 1, "PercentTradesWBalance": 0}
    values = people[list(signs)].astype(float).replace({-9.0: np.nan, -8.0: np.nan, -7.0: NEVER})
    return _set("HELOC", values, signs, people.index, people["Bad"])


def card_approval_out_of_time() -> CreditSet:
    """Card approval: learn at months -32, -26, -20 and -14, judge at month -8.

    Grain: a person and observation month, with a status on its eve. Default: 30 or more days past
    due on any account in the six months after. All windows are closed before the next one that
    is learned from opens.
    """
    with card_approval.opened(DATA / "credit_card_approval") as connection:
        lags = ", ".join(f"max(status) filter (month = o.at - {lag}) as status_{lag}"
                         for lag in range(12))
        rows = connection.execute(f"""
            with observed as (select unnest([-32, -26, -20, -14, -8]) as at),
            monthly as (select user_id, month, max(status) as status, count(*) as accounts,
                any_value(AMT_INCOME_TOTAL) as income, any_value(CNT_CHILDREN) as children,
                any_value(-DAYS_EMPLOYED) as employed_days,
                max(FLAG_OWN_REALTY = 'Y') as has_realty, max(FLAG_OWN_CAR = 'Y') as has_car
                from months group by user_id, month)
            select user_id, o.at, any_value(income) as income, any_value(children) as children,
              any_value(case when employed_days > 0 then employed_days + 30 * o.at end)
                as employed_days,
              any_value(has_realty)::int as has_realty, any_value(has_car)::int as has_car, {lags},
              max(accounts) filter (month = o.at) as accounts,
              count(*) filter (month <= o.at) as book_months,
              max(greatest(status, 0)) filter (month <= o.at) as worst_months,
              max(greatest(status, 0)) filter (month <= o.at and month > o.at - 6)
                as worst_6_months,
              count(*) filter (month <= o.at and status >= 1) as overdue_count,
              count(*) filter (month <= o.at and month > o.at - 12 and status >= 0)
                as revolving_12_count,
              coalesce(o.at - max(month) filter (month <= o.at and status >= 1), {NEVER})
                as since_overdue_months,
              max(status) filter (month > o.at) >= 1 as is_default
            from monthly, observed o where month <= o.at + 6 group by user_id, o.at
            having count(*) filter (month = o.at) > 0 and count(*) filter (month > o.at) > 0
            order by user_id, o.at""").df()
    signs = {**{f"status_{lag}": 0 for lag in range(12)}, "income": -1, "children": 0,
             "employed_days": -1, "has_realty": 0, "has_car": 0, "accounts": 0, "book_months": 0,
             "worst_months": 1, "worst_6_months": 1, "overdue_count": 1, "revolving_12_count": 0,
             "since_overdue_months": -1}
    dates = [dt.date(2020 + (11 + at) // 12, (11 + at) % 12 + 1, 1) for at in rows["at"]]
    return _set("card approval", rows, signs, rows["user_id"], rows["is_default"], dates)


#: In the order of the README of the data.
SETS: tuple[Callable[[], CreditSet], ...] = (uci, gmsc, heloc, card_approval_out_of_time)


def _set(name: str, rows: pd.DataFrame, signs: dict[str, int], people: pd.Series, bad: pd.Series,
         dates: list[dt.date] | None = None) -> CreditSet:
    """A set of the columns named, in their order."""
    features = tuple(Field(column, "double", "", "", True, monotone=sign, reason_code=column)
                     for column, sign in signs.items())
    matrix = pa.table({
        "user_id": pa.array([str(one) for one in people]),
        "as_of_date": pa.array(dates or [_OBSERVED] * len(rows), pa.date32()),
        "is_default": pa.array(np.asarray(bad, dtype=bool)),
        **{column: pa.array(rows[column].astype(float), from_pandas=True) for column in signs}})
    return CreditSet(name, features, matrix, dates is not None)
