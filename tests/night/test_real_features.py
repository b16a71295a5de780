"""Features of real customers of a bank, recomputed by plain SQL over the files as published."""

import datetime as dt

import duckdb
import pytest

from jobs.__main__ import main

pytestmark = pytest.mark.real
AS_OF = dt.date(2019, 7, 1)
FEN = "round(cny_trx_amt * 100)::bigint"
#: feature -> SQL over `trd` (transactions), days back from and with the as-of date.
BY_HAND = {
    "flow_count_7d": ("count(*)", 7),
    "flow_count_90d": ("count(*)", 90),
    "account_in_minor_30d": (f"coalesce(sum({FEN}) filter (cny_trx_amt >= 0), 0)", 30),
    "account_out_minor_30d": (f"coalesce(-sum({FEN}) filter (cny_trx_amt < 0), 0)", 30),
    "account_flows_active_days_30d": ("count(distinct trx_tm::timestamp::date)", 30),
    "largest_inflow_minor_30d": (f"max({FEN})", 30),
    "largest_outflow_minor_90d": (f"max(-{FEN})", 90),
    "account_out_to_in_30d_ratio": (
        f"-coalesce(sum({FEN}) filter (cny_trx_amt < 0), 0)::double / "
        f"nullif(sum({FEN}) filter (cny_trx_amt >= 0), 0)", 30),
    "inflow_mean_90d": (
        f"avg(least(floor({FEN} / 100.0), 1000000)) filter (cny_trx_amt >= 0)", 90),
    "inflow_spread_90d": (
        f"stddev_pop(least(floor({FEN} / 100.0), 1000000)) filter (cny_trx_amt >= 0)", 90),
}


@pytest.fixture(scope="module")
def bank(real_data):
    folder = real_data / "cmb_fintech2020"
    if not folder.is_dir():
        pytest.skip(f"no CMB data in {real_data}")
    return folder


@pytest.fixture(scope="module")
def night(bank, tmp_path_factory):
    home = tmp_path_factory.mktemp("bank")
    assert main(["night", "--as-of", AS_OF.isoformat(), "--feeds", "cmb", "--data", str(bank),
                 "--home", str(home)]) == 0
    (folder,) = [path for path in (home / "nights" / AS_OF.isoformat()).iterdir() if path.is_dir()]
    return folder / "feature_matrix"


@pytest.mark.parametrize("name", BY_HAND)
def test_a_feature_is_what_plain_sql_over_the_banks_file_gives(night, bank, name):
    value, days = BY_HAND[name]
    differ, compared = duckdb.sql(f"""
        with inside as (
          select id as user_id, {value} as value from '{bank}/trd.parquet'
          where date '{AS_OF}' - trx_tm::timestamp::date between 0 and {days - 1} group by id)
        select count(*) filter (
            o.{name} is distinct from value
            and not coalesce(abs(o.{name} - value) < 1e-6 * greatest(1, abs(value)), false)),
          count(value)
        from '{night}/*.parquet' o join inside using (user_id)""").fetchall()[0]
    assert differ == 0 and compared > 500


def test_sessions_are_counted_as_plain_sql_counts_the_pauses_between_page_views(night, bank):
    differ, compared = duckdb.sql(f"""
        with viewed as (
          select id as user_id, page_tm::timestamp as seen_at,
            page_tm::timestamp - lag(page_tm::timestamp) over (partition by id order by page_tm)
              > interval 30 minutes as is_late
          from '{bank}/beh.parquet'),
        counted as (
          select user_id, count(*) filter (coalesce(is_late, true)) as sessions from viewed
          where date '{AS_OF}' - seen_at::date between 0 and 29 group by user_id)
        select count(*) filter (o.login_count_30d is distinct from sessions), count(*)
        from '{night}/*.parquet' o join counted using (user_id)""").fetchall()[0]
    assert differ == 0 and compared > 500
