"""Labels of a simulated city against its landing feeds read in SQL, without our code."""

import datetime as dt

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.contracts import feeds
from jobs.labels import income
from jobs.labels.known import Seen
from jobs.labels.labels import observe
from jobs.policies.outcomes import DefaultDefinition, OutcomeRules
from jobs.session import session
from jobs.simulate import city
from jobs.simulate.blocks import City

#: Loans are told of from April 1st on.
FIRST, BEGIN, AS_OF = dt.date(2026, 5, 20), dt.date(2026, 4, 1), dt.date(2026, 10, 5)
RULES = OutcomeRules(DefaultDefinition(8, 1), response_days=20, recovery_days=40)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labelled")
    city.simulate(folder, City(1_000, FIRST, 7), AS_OF, workers=1)
    return folder


def facts(home, feed):
    """The feed as intake would hand it on; of what is read here no row is dirty."""
    parts = []
    for folder in sorted((home / "landing" / feed.name).iterdir()):
        rows = pq.read_table(folder, partitioning=None)
        day = pa.array([dt.date.fromisoformat(folder.name)] * rows.num_rows)
        parts.append(rows.append_column("delivery_date", day).append_column(
            "voided_on", pa.nulls(rows.num_rows, pa.date32())))
    path = home / f"{feed.name}.parquet"
    pq.write_table(pa.concat_tables(parts).select(feeds.facts(feed).columns), path)
    return session().read.parquet(str(path))


def observations(home, as_of):
    return observe(*[facts(home, feed) for feed in (
        feeds.LOAN_DAYS, feeds.INVITATIONS, feeds.LOAN_PERFORMANCE)], RULES, Seen(BEGIN, as_of),
        as_of).toArrow()


@pytest.fixture(scope="module")
def found(home):
    """Observations of the night as a DuckDB table."""
    pq.write_table(observations(home, AS_OF), home / "observations.parquet")
    return f"'{home}/observations.parquet'"


def sql(home, query):
    views = {name: f"'{home}/landing/{name}/*/*.parquet'" for name in (
        "loan_days", "invitations", "account_flows")}
    loans = """loans as (select loan_id, user_id, min(event_date) filter (drawn_minor > 0) as day,
                 any_value(limit_minor) as limit_minor from {loan_days} group by all
                 having day is not null)"""
    return duckdb.sql("with " + loans.format(**views) + query.format(**views)).fetchall()


def compared(home, found, column, expected):
    """Rows on which the labels and the SQL disagree, and on how many they could."""
    return sql(home, f"""{expected}, both_told as (
        select a.{column} as ours, b.told as theirs
        from (select * from {found} where {column} is not null) a
        full join (select * from expected where told is not null) b
        on a.user_id = b.user_id and a.as_of_date = b.day)
        select count(*) filter (ours is distinct from theirs), count(*) from both_told""")[0]


def test_answers_are_the_loans_drawn_within_twenty_days(home, found):
    wrong, told = compared(home, found, "is_accepted", f""", expected as (
        select i.user_id, i.event_date as day, bool_or(coalesce(l.day between i.event_date
               and i.event_date + 20, false)) as told
        from {{invitations}} i left join loans l using (user_id)
        where i.event_date + 20 <= date '{AS_OF}' group by all)""")
    assert (wrong, told > 5_000) == (0, True)


def test_shares_drawn_are_those_of_the_first_thirty_days(home, found):
    wrong, told = compared(home, found, "drawn_ratio", f""", expected as (
        select l.user_id, date_trunc('month', l.day)::date as day,
               sum(d.drawn_minor) / any_value(l.limit_minor) as told
        from loans l join {{loan_days}} d on d.loan_id = l.loan_id
             and d.event_date <= l.day + 30
        where l.day + 30 <= date '{AS_OF}' group by l.loan_id, l.user_id, l.day)""")
    assert (wrong, told > 2_000) == (0, True)


def test_defaults_are_eight_days_past_due_within_a_month(home, found):
    wrong, told = compared(home, found, "is_default", f""", expected as (
        select l.user_id, date_trunc('month', l.day)::date as day,
               bool_or(d.overdue_days >= 8) as told
        from loans l join {{loan_days}} d on d.loan_id = l.loan_id
             and d.event_date <= l.day + interval 1 month
        where l.day + interval 1 month <= date '{AS_OF}' group by l.loan_id, l.user_id, l.day)""")
    assert (wrong, told > 2_000) == (0, True)


def test_losses_are_what_forty_days_did_not_bring_back(home, found):
    wrong, told = compared(home, found, "loss_given_default_ratio", f""", bad as (
        select l.user_id, date_trunc('month', l.day)::date as day, l.loan_id,
               min(d.event_date) as since, arg_min(d.balance_minor, d.event_date) as owed
        from loans l join {{loan_days}} d on d.loan_id = l.loan_id
             and d.event_date <= l.day + interval 1 month
        where l.day + interval 1 month <= date '{AS_OF}' and d.overdue_days >= 8
        group by l.loan_id, l.user_id, l.day),
    back as (
        select b.user_id, b.day, b.since, b.owed, coalesce(sum(d.repaid_minor) filter (
                 d.event_date > b.since and d.event_date <= b.since + 40), 0) as repaid,
               bool_or(d.event_date > b.since and d.balance_minor = 0) or
                 b.since + 40 <= date '{AS_OF}' as is_over
        from bad b join {{loan_days}} d on d.loan_id = b.loan_id
        group by b.loan_id, b.user_id, b.day, b.since, b.owed),
    expected as (
        select user_id, day, greatest(0, owed - repaid) / owed as told from back
        where day not in (select day from back where not is_over))""")
    assert (wrong, told > 50) == (0, True)


def test_some_losses_are_still_awaited(home, found):
    (closed, awaited), = duckdb.sql(
        "select count(*) filter (recovery_window = 'closed'), "
        f"count(*) filter (recovery_window = 'open') from {found}").fetchall()
    assert closed > 50 and awaited > 5


def test_incomes_are_the_salaries_of_the_four_months_before(home, found):
    spine = session().read.parquet(found.strip("'")).select("user_id", "as_of_date")
    rows = income.build(spine, facts(home, feeds.ACCOUNT_FLOWS), BEGIN, AS_OF).toArrow()
    pq.write_table(rows, home / "incomes.parquet")
    wrong, told = compared(home, f"'{home}/incomes.parquet'", "income_minor", f""", months as (
        select o.user_id, o.as_of_date as day, date_trunc('month', f.event_at) as month,
               sum(f.amount_minor) as booked
        from {found} o join {{account_flows}} f on f.user_id = o.user_id
             and f.event_at >= o.as_of_date - interval 4 month and f.event_at < o.as_of_date
        where f.category = 'salary' and f.amount_minor > 0 group by all),
    expected as (select user_id, day, round(sum(booked) / count(*))::bigint as told from months
                 group by all having count(*) >= 3)""")
    assert (wrong, told > 500) == (0, True)


def test_a_backfill_knows_what_the_city_s_night_of_that_date_knew(home, tmp_path):
    earlier = dt.date(2026, 7, 20)
    city.simulate(tmp_path, City(1_000, FIRST, 7), earlier, workers=1)
    keys = [("user_id", "ascending"), ("as_of_date", "ascending")]
    then, now = (observations(folder, earlier).sort_by(keys) for folder in (tmp_path, home))
    assert then.equals(now) and then.num_rows > 1_000
