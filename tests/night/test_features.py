"""The features of a night: recomputed from landing by other means, and blind to the future."""

import datetime as dt
import json
import shutil
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.__main__ import main
from jobs.contracts import feeds
from jobs.features.families import FEATURES
from jobs.intake.outgoing import write_delivery
from jobs.steps import open_run, run_step

from .conftest import AS_OF, USERS

LAST = AS_OF.isoformat()
TOMORROW = AS_OF + dt.timedelta(days=1)


def matrix(folder, name="feature_matrix"):
    return pq.read_table(folder / name).sort_by("user_id")


def run_to_features(home, as_of=AS_OF):
    for step in ("intake", "freeze", "labels", "tiles", "windows", "features"):
        assert main(["run", step, "--as-of", as_of.isoformat(), "--home", str(home), "--users",
                     str(USERS)]) == 0
    return open_run(home, as_of).folder


@pytest.fixture(scope="module")
def copy(night_home, tmp_path_factory):
    """A home with the same landing, to plant things in."""
    home = tmp_path_factory.mktemp("planted")
    shutil.copytree(night_home / "landing", home / "landing")
    return home


#: feature -> SQL over landing written without our code; {days} back from and with the as-of date.
BY_HAND = {
    "login_count_7d": ("logins", "count(*)", 7, "service_data"),
    "online_seconds_30d": ("logins", "sum(online_seconds)", 30, "service_data"),
    "logins_active_days_7d": ("logins", "count(distinct event_at::date)", 7, "service_data"),
    "longest_session_seconds_7d": ("logins", "max(online_seconds)", 7, "service_data"),
    "evening_login_7d_ratio": (
        "logins", "count(*) filter (hour(event_at) >= 18)::double / count(*)", 7, "service_data"),
    "logins_recency_days": ("logins", f"min(date '{LAST}' - event_at::date)", 90, "service_data"),
    "wallet_out_minor_30d": ("payments", "sum(amount_minor) filter (direction = 'out')", 30,
                             "account_data"),
    "salary_minor_7d": ("account_flows", "sum(amount_minor) filter (category = 'salary')", 7,
                        "account_data"),
    "balance_lowest_minor_90d": ("account_flows", "min(balance_after_minor)", 90, "account_data"),
    "luxury_order_minor_30d": ("shopping", "sum(amount_minor) filter (category = 'luxury')", 30,
                               "shopping_data"),
    "commute_ride_count_30d": (
        "rides", "count(*) filter (isodow(event_at) <= 5 and (hour(event_at) between 7 and 9 or "
        "hour(event_at) between 17 and 19))", 30, "location_tracks"),
    "farthest_ride_m_90d": ("rides", "max(distance_m)", 90, "location_tracks"),
    "inquiry_count_30d": ("bureau_inquiries", "count(*)", 30, "bureau_report"),
    "bill_day_spread_90d": (
        "payments", "stddev_pop(day(event_at)) filter (direction = 'out' and kind = 'bill')", 90,
        "account_data"),
    "balance_spread_90d": (
        "account_flows", "stddev_pop(greatest(least(floor(balance_after_minor / 100.0), 1000000), "
        "-1000000))", 90, "account_data"),
    "morning_mean_90d": (
        "rides", "avg(hour(event_at) * 60 + minute(event_at)) filter (isodow(event_at) <= 5 and "
        "hour(event_at) between 5 and 10)", 90, "location_tracks"),
    "third_party_lowest_points_90d": ("third_party_scores", "min(score)", 90,
                                      "third_party_score"),
}


#: What these give of no event is not known; other aggregates give 0.
UNKNOWN = ("min(", "max(", "avg(", "stddev", "/ count")


@pytest.mark.parametrize("name", BY_HAND)
def test_a_feature_is_what_plain_sql_over_landing_gives(night_home, night_folder, name):
    feed, value, days, purpose = BY_HAND[name]
    clock = "event_at" if "event_at" in feeds.FEEDS[feed].columns else "event_date"
    ours = matrix(night_folder).select(["user_id", name])  # noqa: F841 (DuckDB finds it by name)
    events = f"'{night_home}/landing/{feed}/*/*.parquet'"
    inside = f"date '{LAST}' - {clock}::date between 0 and "
    differ, compared = duckdb.sql(f"""
        with once as (select distinct * from {events}),
        known as (select user_id, {value} as value from once where {inside} {days - 1}
                  group by user_id),
        told as (select distinct user_id from once where {inside} 364),
        agreed as (
          select user_id, arg_max(action, event_date) = 'given' as agrees
          from '{night_home}/landing/consents/*/*.parquet' where purpose = '{purpose}'
          group by user_id),
        expected as (
          select o.user_id, case when agrees and t.user_id is not null then
            coalesce(k.value, {'null' if any(one in value for one in UNKNOWN) else '0'}) end
            as value
          from ours o left join told t using (user_id) left join known k using (user_id)
            left join agreed a using (user_id))
        select count(*) filter (o.{name} is distinct from e.value
            and not coalesce(abs(o.{name} - e.value) < 1e-6, false)),
          count(*) filter (e.value is not null)
        from ours o join expected e using (user_id)""").fetchall()[0]
    assert differ == 0 and compared > (50 if feed == "bureau_inquiries" else 300)


def test_every_source_tells_of_someone(night_folder):
    table = matrix(night_folder)
    assert not [one.source.name for one in FEATURES if one.field.name.endswith("_recency_days")
                and table[one.field.name].null_count == table.num_rows]


def test_the_run_counts_the_people_of_whom_a_purpose_may_not_be_used(night_home, night_folder):
    known = json.loads((night_folder / "run.json").read_text())["withheld_people"]
    agreed, = duckdb.sql(f"""
        select count(*) from (select arg_max(action, event_date) = 'given' as agrees
          from '{night_home}/landing/consents/*/*.parquet'
          where purpose = 'location_tracks' and user_id in (
            select user_id from '{night_folder}/feature_matrix/*.parquet' union
            select user_id from '{night_folder}/labels/*.parquet') group by user_id)
        where agrees""").fetchall()[0]
    everyone, = duckdb.sql(
        f"select count(*) from (select user_id from '{night_folder}/feature_matrix/*.parquet' "
        f"union select user_id from '{night_folder}/labels/*.parquet')").fetchall()[0]
    assert known["location_tracks"] == everyone - agreed > 300


def test_friends_are_what_plain_sql_over_landing_gives(night_home, night_folder):
    ours = matrix(night_folder).select([  # noqa: F841 (DuckDB finds it by name)
        "user_id", "friend_count_90d", "friend_contacts_90d", "friend_outcome_count_90d",
        "friend_risk_90d_ratio"])
    differ, compared = duckdb.sql(f"""
        with agreed as (
          select user_id from '{night_home}/landing/consents/*/*.parquet'
          where purpose = 'social_data' group by user_id
          having arg_max(action, event_date) = 'given'),
        dealt as (
          select user_id, friend_user_id, sum(contacts) as contacts
          from (select distinct * from '{night_home}/landing/social_edges/*/*.parquet')
          where user_id in (from agreed) and friend_user_id in (from agreed)
            and user_id <> friend_user_id and contacts >= 1
            and event_date <= date '{LAST}' and event_date > date '{LAST}' - 90 group by all),
        outcomes as (
          select user_id as friend_user_id, max(is_default::int) as bad
          from (select distinct * from '{night_home}/landing/loan_performance/*/*.parquet')
          where event_date <= date '{LAST}' group by all),
        expected as (
          select d.user_id, count(*) as friends, sum(contacts) as contacts, count(bad) as known,
            sum(contacts * bad)::double / sum(contacts) filter (bad is not null) as risk
          from dealt d left join outcomes using (friend_user_id) group by all)
        select count(*) filter ((friend_count_90d, friend_contacts_90d, friend_outcome_count_90d)
            is distinct from (friends, e.contacts::bigint, known)
            or abs(coalesce(friend_risk_90d_ratio, -1) - coalesce(risk, -1)) > 1e-12),
          count(risk) from ours o left join expected e using (user_id)""").fetchall()[0]
    assert differ == 0 and compared > 500


def planted(feed, user, number, moment):
    """An event of a person such as no city has, at that time."""
    # Who owes us is not considered: the loans are a partner's.
    values, kinds = {}, {"boolean": True, "rate": Decimal("0.000100"), "double": 0.5}
    for field in feeds.FEEDS[feed].fields:
        if field.name == "user_id":
            value = user
        elif field.type == "timestamp":
            value = moment
        elif field.type == "date":
            value = moment.date()
        elif field.allowed:
            value = "partner" if field.name == "lender" else field.allowed[0]
        elif field.type == "integer":
            value = min(field.maximum, 77_777)
        else:
            value = kinds.get(field.type, f"planted-{number}")
        values[field.name] = value
    return values


def test_neither_the_future_nor_what_comes_late_moves_a_feature(copy, night_folder):
    """Every feed delivers tomorrow: of tomorrow, and late about the days that the night saw."""
    people = matrix(night_folder)["user_id"].to_pylist()[:200]
    for name, feed in feeds.FEEDS.items():
        if not feed.purpose or "user_id" not in feed.columns:
            continue
        moments = [dt.datetime.combine(day, dt.time(12)) for day in (
            TOMORROW, AS_OF, AS_OF - dt.timedelta(days=5))]
        rows = [planted(name, user, f"{place}-{turn}", moment)
                for place, user in enumerate(people) for turn, moment in enumerate(moments)]
        write_delivery(copy, feed, TOMORROW, pa.Table.from_pylist(rows, feed.arrow_schema), "CNY")
    first = run_to_features(copy)
    assert matrix(first).equals(matrix(night_folder))
    assert matrix(first, "training_matrix").equals(matrix(night_folder, "training_matrix"))


def test_the_next_night_builds_the_days_that_are_new_or_told_late_and_sees_them(copy, capsys):
    before = {path.parent for path in (copy / "tiles").rglob("*.parquet")}
    second = run_to_features(copy, TOMORROW)
    built = {path.parent for path in (copy / "tiles").rglob("*.parquet")} - before
    days = {folder.parent.name for folder in built if folder.parents[1].name == "logins"}
    assert days == {f"event_date={day}" for day in ("2026-06-25", "2026-06-30", "2026-07-01")}
    row = matrix(second).slice(0, 1).to_pylist()[0]
    assert row["login_count_7d"] >= 3 and row["longest_session_seconds_7d"] == 77_777
    said = capsys.readouterr().out
    assert "tiles" in said
    # A night of the day before, run again, builds nothing and is the same to the last byte.
    kept = {path: path.stat().st_mtime_ns for path in (copy / "tiles").rglob("*.parquet")}
    run_step("tiles", open_run(copy, AS_OF))
    assert {path: path.stat().st_mtime_ns for path in (copy / "tiles").rglob("*.parquet")} == kept


def test_a_backfill_gives_the_bytes_of_the_night(copy, night_folder, tmp_path):
    """After the home has gone on by a day, in a home without a tile."""
    home = tmp_path / "backfill"
    shutil.copytree(copy / "landing", home / "landing")
    folder = run_to_features(home)
    assert json.loads((folder / "run.json").read_text())["run_id"] == json.loads(
        (open_run(copy, AS_OF).folder / "run.json").read_text())["run_id"]
    for name in ("feature_matrix", "training_matrix"):
        assert matrix(folder, name).equals(matrix(night_folder, name))
