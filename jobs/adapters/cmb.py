r"""Customers of a Chinese bank (CMB Fintech 2020) → landing feeds.

Source: 4,000 customers as `tag.parquet` (a snapshot: cards, profile), `trd.parquet` (card
transactions, 2019-05-01 to 06-30, to the second) and `beh.parquet` (page views of the bank's app,
June 2019). There is no outcome in the set: such a night stops after eligibility, or scores with a
model that `--model` names.

Output, amounts in 1/100 CNY:

| feed          | grain                       | event time        | delivered             |
| ------------- | --------------------------- | ----------------- | --------------------- |
| bound_cards   | one row a counted card      | 2019-06-30        | 2019-07-01            |
| account_flows | one row a transaction       | to the second     | the day after         |
| logins        | one row a session of views  | first view        | the day after the last |

What the files do not say is not made up:

- The snapshot has no date; it is taken to be that of the last transaction. A row says that the
  card was bound by then, not since when.
- It counts cards and does not number them: a card is named by customer, kind and count. They are
  the bank's own cards, so their holder's name is verified. Limits are codes without a published
  scale: no limit. The same holds for education and marital status; `\N` is not known.
- Transactions have no id: their place in the file is it, so that two that are alike stay two.
  Their codes have no published meaning: the category is `other`, the sign is the direction.
- Overdue counts of the snapshot have no months, so they are no trade lines.
- Page views become a session where none is more than 30 minutes after the one before (the
  customary cut of web analytics); `online_seconds` is from the first view to the last.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pyarrow as pa

from jobs.adapters import files
from jobs.contracts import feeds
from jobs.errors import DeliveryRefused
from jobs.intake import outgoing

CURRENCY = "CNY"
CUSTOMERS_FILE, FLOWS_FILE, VIEWS_FILE = "tag.parquet", "trd.parquet", "beh.parquet"
COLUMNS = {CUSTOMERS_FILE: ("id", "age", "gdr_cd", "cur_debit_cnt", "cur_credit_cnt"),
           FLOWS_FILE: ("id", "trx_tm", "cny_trx_amt"), VIEWS_FILE: ("id", "page_tm")}
SNAPSHOT = dt.date(2019, 6, 30)
SESSION_GAP_MINUTES = 30
_REMEDY = "point --data at the folder with the CMB files tag.parquet, trd.parquet, beh.parquet"
#: Amounts are whole fen; what is further from one than a float can blur is not an amount.
_BLUR_CNY = 1e-6


def deliver(home: Path, data: Path) -> list[Path]:
    """Land the three feeds and return their folders; a second time changes nothing.

    Raises:
        DeliveryRefused: When a file is missing or not the data set's, or landing holds other
            deliveries of these dates.
    """
    for name, columns in COLUMNS.items():
        files.check(data / name, columns, _REMEDY)
    deliveries = [*files.by_delivery(feeds.BOUND_CARDS, bound_cards(data / CUSTOMERS_FILE)),
                  *files.by_delivery(feeds.ACCOUNT_FLOWS, account_flows(data / FLOWS_FILE)),
                  *files.by_delivery(feeds.LOGINS, logins(data / VIEWS_FILE))]
    return outgoing.write_deliveries(home, deliveries, CURRENCY, origin={"source": "cmb"})


def bound_cards(customers: Path) -> pa.Table:
    """One row a counted card, with `delivered_on`."""
    with _opened(customers) as connection:
        return files.query(connection, feeds.BOUND_CARDS, f"""
            with cards as (
              select *, unnest(range(1, cur_debit_cnt + 1)) as number, 'debit' as card_kind
              from source
              union all
              select *, unnest(range(1, cur_credit_cnt + 1)), 'credit' from source)
            select id as user_id, date '{SNAPSHOT}' as event_date,
              id || '-' || card_kind || '-' || number as card_number, 'bind' as action, card_kind,
              'cmb' as bank, null as card_limit_minor, true as is_name_verified,
              null as national_id, null as phone, age as age_years,
              case gdr_cd when 'M' then 'male' when 'F' then 'female' end as gender,
              null as education, null as marital_status, null as region,
              date '{SNAPSHOT + files.ONE_DAY}' as delivered_on
            from cards order by user_id, card_number""", customers.name, _REMEDY)


def account_flows(transactions: Path) -> pa.Table:
    """One row a transaction in the order of the file, with `delivered_on`.

    Raises:
        DeliveryRefused: For an amount that is not whole fen.
    """
    with _opened(transactions) as connection:
        (odd,), = connection.sql(f"""
            select count(*) from source
            where not coalesce(isfinite(cny_trx_amt)
                               and abs(cny_trx_amt - round(cny_trx_amt, 2)) < {_BLUR_CNY}, false)
            """).fetchall()
        if odd:
            raise DeliveryRefused(f"{transactions.name}.cny_trx_amt", "amounts in CNY with two "
                                  "decimals", f"{odd} others", _REMEDY)
        return files.query(connection, feeds.ACCOUNT_FLOWS, """
            select 'trd-' || lpad((file_row_number + 1)::varchar, 7, '0') as flow_id,
              id as user_id, trx_tm::timestamp as event_at, null as account_number,
              round(cny_trx_amt * 100)::bigint as amount_minor, null as balance_after_minor,
              'other' as category, trx_tm::timestamp::date + 1 as delivered_on
            from source order by file_row_number""", transactions.name, _REMEDY)


def logins(views: Path) -> pa.Table:
    """One row a session of page views, with `delivered_on`."""
    with _opened(views) as connection:
        return files.query(connection, feeds.LOGINS, f"""
            with viewed as (
              select id, page_tm::timestamp as viewed_at from source),
            apart as (
              select *, coalesce(
                  viewed_at - lag(viewed_at) over (partition by id order by viewed_at)
                  > interval {SESSION_GAP_MINUTES} minutes, true) as is_first
              from viewed),
            counted as (
              select *, sum(is_first::int) over (partition by id order by viewed_at) as number
              from apart)
            select id || '-' || strftime(min(viewed_at), '%Y%m%d%H%M%S') as session_id,
              id as user_id,
              min(viewed_at) as event_at,
              epoch(max(viewed_at) - min(viewed_at))::bigint as online_seconds,
              null as device_id, max(viewed_at)::date + 1 as delivered_on
            from counted group by id, number order by session_id""", views.name, _REMEDY)


def _opened(path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.read_parquet(str(path), file_row_number=True).create_view("source")
    return connection
