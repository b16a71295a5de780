"""Credit card applications with 60 months of repayment status → landing feeds.

Source: `application_record.parquet` (438,557 applications) and `credit_record.parquet` (monthly
status of 45,985 accounts; month 0 is the newest, -60 the oldest). The files name no dates, no
currency and no amounts: month 0 is set to December 2020, amounts are not known.

A **person** is an identical profile: the same people stand under several ids, and one id that
stands twice names nobody. A person's id is the lowest of their ids. An account whose id has no
application has no person, and is not delivered.

Output:

| feed              | grain                       | event date                 | delivered        |
| ----------------- | --------------------------- | -------------------------- | ---------------- |
| bound_cards       | one row an account          | end of its first month     | the next day     |
| bureau_tradelines | one row an account, month   | end of the month           | the next day     |
| loan_performance  | one a person and half-year  | end of the half-year       | the next day     |

- Months are delivered one by one, so a night of any of 60 months sees what was known then.
- Status X (no loan) is -2 no use, C (paid off) is -1, 0 (at most 29 days past due) is 0, and 1 to
  5 (from 30, 60, 90, 120 days, write-off) are 1 to 5 months past due.
- **Two thirds of the people are our own book**, those whose id is not divisible by three: their
  loan performance is delivered. The others stand for the people to decide about. Someone of the
  book without a closed half-year is decided about too: no feed here says that they have a loan.
- A loan defaults when any of the person's accounts is 30 or more days past due in the half-year;
  observed are people with a status on its eve and in it.
- Age is counted at the event date, from the day of birth as of the end of month 0.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pyarrow as pa

from jobs.adapters import files
from jobs.contracts import feeds
from jobs.intake import outgoing

CURRENCY = "CNY"
APPLICATIONS_FILE, STATUS_FILE = "application_record.parquet", "credit_record.parquet"
PROFILE = ("CODE_GENDER", "FLAG_OWN_CAR", "FLAG_OWN_REALTY", "CNT_CHILDREN", "AMT_INCOME_TOTAL",
           "NAME_INCOME_TYPE", "NAME_EDUCATION_TYPE", "NAME_FAMILY_STATUS", "NAME_HOUSING_TYPE",
           "DAYS_BIRTH", "DAYS_EMPLOYED", "FLAG_MOBIL", "FLAG_WORK_PHONE", "FLAG_PHONE",
           "FLAG_EMAIL", "OCCUPATION_TYPE", "CNT_FAM_MEMBERS")
COLUMNS = {APPLICATIONS_FILE: ("ID", *PROFILE), STATUS_FILE: ("ID", "MONTHS_BALANCE", "STATUS")}
#: The end of month 0: the files count months, the year is ours.
NEWEST = dt.date(2020, 12, 31)
#: Months of a performance window; observation months are its multiples, so that none overlap.
WINDOW_MONTHS = 6
#: One person of so many is not in our book.
WITHHELD_ONE_IN = 3
_REMEDY = ("point --data at the folder with application_record.parquet and "
           "credit_record.parquet")
_EDUCATION = {"Academic degree": "graduate_school", "Higher education": "university",
              "Incomplete higher": "high_school", "Secondary / secondary special": "high_school",
              "Lower secondary": "other"}
_MARITAL_STATUS = {"Married": "married", "Single / not married": "single",
                   "Civil marriage": "other", "Separated": "other", "Widow": "other"}
_STATUS = {"X": -2, "C": -1, **{str(months): months for months in range(6)}}


def deliver(home: Path, data: Path) -> list[Path]:
    """Land the three feeds and return their folders; a second time changes nothing.

    Raises:
        DeliveryRefused: When a file is missing or not the data set's, or landing holds other
            deliveries of these dates.
    """
    with opened(data) as connection:
        rows = [(feeds.BOUND_CARDS, bound_cards(connection)),
                (feeds.BUREAU_TRADELINES, bureau_tradelines(connection)),
                (feeds.LOAN_PERFORMANCE, loan_performance(connection))]
    deliveries = [one for feed, table in rows for one in files.by_delivery(feed, table)]
    return outgoing.write_deliveries(home, deliveries, CURRENCY,
                                     origin={"source": "card-approval"})


def opened(data: Path) -> duckdb.DuckDBPyConnection:
    """A connection with the view `months`: every month of every account that has a person.

    Columns: user_id, ID, month, month_end, status, birth, and the profile.

    Raises:
        DeliveryRefused: When a file is missing or not the data set's.
    """
    for name, columns in COLUMNS.items():
        files.check(data / name, columns, _REMEDY)
    connection = duckdb.connect()
    for view, name in (("applications", APPLICATIONS_FILE), ("record", STATUS_FILE)):
        connection.read_parquet(str(data / name)).create_view(view)
    connection.execute(f"""
        create table people as
          select *, date '{NEWEST}' + DAYS_BIRTH::int as birth,
            min(ID) over (partition by {", ".join(PROFILE)}) as person
          from applications qualify count(*) over (partition by ID) = 1;
        create view months as
          select person::varchar as user_id, people.*, MONTHS_BALANCE as month,
            last_day(date '{NEWEST}' + to_months(MONTHS_BALANCE::int)) as month_end,
            {_case("STATUS", _STATUS)} as status
          from record join people using (ID)""")
    return connection


def bound_cards(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """One row an account, seen from its first month on, with `delivered_on`."""
    return files.query(connection, feeds.BOUND_CARDS, f"""
        select user_id, month_end as event_date, ID::varchar as card_number, 'bind' as action,
          'credit' as card_kind, null as bank, null as card_limit_minor,
          true as is_name_verified, null as national_id, null as phone,
          date_sub('year', birth, month_end) as age_years,
          case CODE_GENDER when 'M' then 'male' when 'F' then 'female' end as gender,
          {_case("NAME_EDUCATION_TYPE", _EDUCATION)} as education,
          {_case("NAME_FAMILY_STATUS", _MARITAL_STATUS)} as marital_status, null as region,
          month_end + 1 as delivered_on
        from months qualify row_number() over (partition by ID order by month) = 1
        order by user_id, card_number""", APPLICATIONS_FILE, _REMEDY)


def bureau_tradelines(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """One row an account and month, with `delivered_on`."""
    return files.query(connection, feeds.BUREAU_TRADELINES, """
        select user_id, ID::varchar as line_id, month_end as event_date, 'credit_card' as kind,
          status as repayment_status, null as balance_minor, null as limit_minor,
          null as instalment_minor, null as opened_on, month_end + 1 as delivered_on
        from months order by user_id, line_id, event_date""", STATUS_FILE, _REMEDY)


def loan_performance(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """One row a person of our book and half-year, with `delivered_on`."""
    return files.query(connection, feeds.LOAN_PERFORMANCE, f"""
        with observed as (
          select distinct user_id, person, month from months
          where month % {WINDOW_MONTHS} = 0 and person % {WITHHELD_ONE_IN} <> 0
            and month <= -{WINDOW_MONTHS}),
        windows as (
          select user_id, observed.month, max(status) >= 1 as is_default
          from observed join months using (user_id)
          where months.month between observed.month + 1 and observed.month + {WINDOW_MONTHS}
          group by all)
        select user_id, last_day(date '{NEWEST}' + to_months((month + {WINDOW_MONTHS})::int))
            as event_date,
          last_day(date '{NEWEST}' + to_months(month::int)) + 1 as observed_on, is_default,
          event_date + 1 as delivered_on
        from windows order by user_id, observed_on""", STATUS_FILE, _REMEDY)


def _case(column: str, names: dict[str, str] | dict[str, int]) -> str:
    """SQL: codes into names; a code without one is not known."""
    return f"case {column} " + " ".join(
        f"when '{code}' then {name!r}" for code, name in names.items()) + " end"
