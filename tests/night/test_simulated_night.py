"""A simulated night end to end: what is published adds up, and nothing else can be seen."""

import datetime as dt
import json
import shutil

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.contracts.limits import PROOF
from jobs.__main__ import main
from jobs.contracts import feeds, release
from jobs.intake.outgoing import write_delivery
from jobs.release import warehouse
from tests import leaks

from .conftest import AS_OF, run_night

DELIVERED = tuple(feeds.FEEDS)


@pytest.fixture()
def copy(night_home, tmp_path):
    """A home with the night's landing feeds only, to run again on other terms."""
    home = tmp_path / "copy"
    shutil.copytree(night_home / "landing", home / "landing")
    return home


def hashes(home):
    (path,) = (home / "nights").glob("*/*/run.json")
    return json.loads(path.read_text())["tables"]


def nine_months_late(users):
    """A trade line of each user, nine months past due on the day of the night."""
    values = {"user_id": users, "line_id": ["card"] * len(users),
              "event_date": [AS_OF] * len(users), "kind": ["credit_card"] * len(users),
              "repayment_status": [9] * len(users)}
    nothing = {column: [None] * len(users) for column in feeds.BUREAU_TRADELINES.columns}
    return pa.table({**nothing, **values}, schema=feeds.BUREAU_TRADELINES.arrow_schema)


def rows_in(files):
    return duckdb.sql(f"select count(*) from '{files}'").fetchall()[0][0]


def newest(home):
    return warehouse.current(home)


def test_the_published_table_has_the_promised_columns(night_home, tmp_path):
    out = tmp_path / "w.parquet"
    assert main(["whitelist", "--home", str(night_home), "--format", "parquet", "--output",
                 str(out)]) == 0
    found = pq.read_table(out)
    assert found.schema.names == release.whitelist("CNY").columns
    assert found.num_rows == newest(night_home).invited > 300


def test_every_format_has_the_same_people(night_home, tmp_path):
    people = []
    for form in ("csv", "json", "parquet"):
        out = tmp_path / f"w.{form}"
        assert main(["whitelist", "--home", str(night_home), "--as-of", "2026-06-30", "--format",
                     form, "--output", str(out)]) == 0
        read = {"csv": "read_csv", "json": "read_json", "parquet": "read_parquet"}[form]
        sql = (f"select user_id, limit_cny, cast(rate_annual as double) "
               f"from {read}('{out}') order by 1")
        people.append(duckdb.sql(sql).fetchall())
    assert people[0] == people[1] == people[2]


def test_offers_are_within_the_product_s_terms(night_home):
    rows = warehouse.read(night_home, "whitelist", newest(night_home).release_id).to_pylist()
    for row in rows:
        assert 20_000 <= row["limit_cny"] <= 200_000 and row["limit_cny"] % 1_000 == 0
        assert row["rate_annual"] == row["rate_daily"] * 360
        assert 0.07 <= float(row["rate_annual"]) <= 0.18
        assert (row["valid_from"], row["valid_to"]) == (dt.date(2026, 7, 1), dt.date(2026, 7, 30))
        assert row["reason_codes"] and row["as_of_date"] == AS_OF
    assert len({row["offer_id"] for row in rows}) == len(rows)


def test_the_waterfall_reconciles_with_decisions_counted_in_sql(night_home, night_folder):
    steps = pq.read_table(night_folder / "waterfall" / "waterfall.parquet").to_pylist()
    counted = dict(duckdb.sql(
        "select coalesce(first_failing_rule, 'invited'), count(*) from "
        f"'{night_folder}/decisions/*.parquet' group by 1").fetchall())
    rules = {row["step"]: row["removed"] for row in steps
             if row["removed"] and row["step"] != "has_loan_with_us"}
    assert rules == {rule: n for rule, n in counted.items() if rule != "invited"}
    assert steps[-1]["remaining"] == counted["invited"]


def test_intake_loses_nothing_counted_in_sql(night_home):
    for feed in DELIVERED:
        delivered = rows_in(f"{night_home}/landing/{feed}/*/*.parquet")
        counts = [json.loads(path.read_text())
                  for path in (night_home / "clean" / feed).glob("*/_counts.json")]
        assert delivered == sum(c["accepted"] + c["quarantined"] + c["duplicates"]
                                for c in counts)
        assert sum(c["accepted"] for c in counts) == rows_in(
            f"{night_home}/clean/{feed}/*/*.parquet")


def test_rules_agree_with_landing_read_in_sql(night_home, night_folder):
    """Recomputed from the delivered files, without our code: newest balance over newest limit.

    Who has unbound the only card has no limit and no age any more, and fails both rules.
    """
    sql = f"""
    with bill as (select user_id, balance_minor, event_date from
                  '{night_home}/landing/statements/*/*.parquet'
                  where payment_minor >= 0 and event_date <= date '{AS_OF}'
                  qualify row_number() over (partition by user_id order by event_date desc) = 1),
         newest as (select * from '{night_home}/landing/bound_cards/*/*.parquet'
                    where age_years <= 120 qualify row_number() over (
                        partition by user_id, card_number order by event_date desc) = 1),
         card as (select user_id, max(card_limit_minor) as card_limit_minor,
                         max(age_years) as age_years
                  from newest where action = 'bind' group by user_id),
         consent as (select user_id, arg_max(action, event_date) = 'given' as agrees
                     from '{night_home}/landing/consents/*/*.parquet'
                     where purpose = 'account_data' group by user_id)
    select user_id, coalesce(balance_minor > card_limit_minor, true) or not agrees as over,
           coalesce(age_years < 18, true) or not agrees as young, not agrees as refuses
    from (select * exclude agrees, coalesce(agrees, false) as agrees
          from bill left join card using (user_id) left join consent using (user_id))"""
    truth = {user: told for user, *told in duckdb.sql(sql).fetchall()}
    decided = pq.read_table(night_folder / "decisions" / "decisions.parquet").to_pylist()
    assert {row["user_id"] for row in decided} <= set(truth)
    for row in decided:
        over, young, refuses = truth[row["user_id"]]
        assert (row["first_failing_rule"] == "account_consent") == refuses, row
        assert ("within_limit" in row["failing_rules"]) == over, row
        assert ("adult" in row["failing_rules"]) == young, row


def test_who_is_barred_agrees_with_landing_read_in_sql(night_home, night_folder):
    """Suppressed by user id or by the national id of a card, students apart; opted out of all."""
    sql = f"""
    with listed as (
          select user_id, national_id, list_name from
          '{night_home}/landing/suppressions/*/*.parquet'),
         barred as (
          select user_id, list_name from listed where user_id is not null
          union select c.user_id, list_name from listed l
          join '{night_home}/landing/bound_cards/*/*.parquet' c on l.national_id = c.national_id),
         told as (
          select user_id, c.channel, arg_max(action, (event_date, action = 'out')) = 'out' as is_out
          from '{night_home}/landing/marketing_opt_outs/*/*.parquet' o
          join (select unnest(['push', 'sms', 'in_app']) as channel) c
          on o.channel in ('all', c.channel) group by all)
    select 'not_suppressed', user_id from barred where list_name <> 'student'
    union select 'not_student', user_id from barred where list_name = 'student'
    union select 'not_opted_out', user_id from told where is_out group by user_id
          having count(*) = 3"""
    expected = {}
    for rule, user in duckdb.sql(sql).fetchall():
        expected.setdefault(rule, set()).add(user)
    decided = pq.read_table(night_folder / "decisions" / "decisions.parquet").to_pylist()
    considered = {row["user_id"] for row in decided}
    for rule, users in expected.items():
        found = {row["user_id"] for row in decided if rule in row["failing_rules"]}
        assert found == users & considered and len(found) > 10, rule


def test_nobody_is_offered_more_than_law_menu_and_income_allow(night_folder):
    """The personal cap, from the night's own scores and debts, in SQL."""
    (broken, people), = duckdb.sql(f"""
        select count(*) filter (limit_cap_minor <> least(20000000, case
            when s.income_minor is not null then greatest(0, 12 * s.income_minor - debts)
            else 5 * c.card_limit_minor end)), count(*)
        from '{night_folder}/candidates/*.parquet' c
        join '{night_folder}/scores/*.parquet' s using (user_id)
        join (select user_id, coalesce(debt_minor, 0) - coalesce(mortgage_debt_minor, 0) as debts
              from '{night_folder}/feature_matrix/*.parquet') using (user_id)""").fetchall()
    assert broken == 0 and people > 300


def test_a_second_home_gives_the_same_bytes(night_home, tmp_path):
    assert run_night(tmp_path) == 0
    assert hashes(tmp_path) == hashes(night_home)


def test_steps_run_one_by_one_give_the_same_bytes(night_home, copy):
    from jobs.steps import STEPS

    for step in STEPS:
        if step.name == "deliver":
            continue
        assert main(["run", step.name, "--as-of", AS_OF.isoformat(), "--home", str(copy)]) == 0
    assert hashes(copy) == hashes(night_home)


def test_running_the_night_again_moves_nothing(night_home):
    before = newest(night_home)
    assert run_night(night_home) == 0
    assert newest(night_home) == before


def test_another_seed_gives_another_run(night_home, tmp_path):
    assert run_night(tmp_path, "--seed", "8") == 0
    assert hashes(tmp_path)["whitelist"] != hashes(night_home)["whitelist"]


def test_what_is_delivered_after_the_night_changes_nothing(night_home, copy):
    """Everybody defaults and owes millions, but only tomorrow will tell."""
    tomorrow = dt.date(2026, 7, 1)
    users = [f"u{k:07d}" for k in range(1, 4_001)]
    bills = pa.table({"user_id": users, "event_date": [AS_OF] * 4_000,
                      "balance_minor": [10**11] * 4_000, "payment_minor": [0] * 4_000},
                     schema=feeds.STATEMENTS.arrow_schema)
    late = nine_months_late(users)
    gone = pa.table({"user_id": users, "event_date": [AS_OF] * 4_000,
                     "observed_on": [dt.date(2026, 6, 1)] * 4_000, "is_default": [True] * 4_000},
                    schema=feeds.LOAN_PERFORMANCE.arrow_schema)
    for feed, rows in ((feeds.STATEMENTS, bills), (feeds.BUREAU_TRADELINES, late),
                       (feeds.LOAN_PERFORMANCE, gone)):
        write_delivery(copy, feed, tomorrow, rows, "CNY")
    assert run_night(copy) == 0
    assert hashes(copy) == hashes(night_home)


def test_what_arrives_by_the_night_changes_it(night_home, copy):
    users = [f"u{k:07d}" for k in range(1, 4_001)]
    late = nine_months_late(users)
    write_delivery(copy, feeds.BUREAU_TRADELINES, AS_OF, late, "CNY")
    assert run_night(copy) == 0
    assert newest(copy).invited < newest(night_home).invited


def test_the_run_names_all_its_inputs_and_outputs(night_folder):
    run = json.loads((night_folder / "run.json").read_text())
    inputs = run["inputs"]
    assert {row["feed"] for row in inputs["deliveries"]} == set(DELIVERED)
    assert all(len(row["fingerprint"]) == 64 for row in inputs["deliveries"])
    assert inputs["policy"]["name"] == "wallet_loan_cny" and inputs["seed"] == 7
    assert set(run["tables"]) == {"whitelist", "decisions", "waterfall", "honour_ledger",
                                  "suppressions_applied", *(table.name for table in PROOF)}


def test_no_raw_identifier_leaves_landing(night_home):
    raw = leaks.raw_identifiers(night_home)
    assert len(raw) > 10_000
    assert leaks.leaked(night_home, raw) == {}


def test_the_search_for_leaks_finds_one(night_home, tmp_path):
    raw = leaks.raw_identifiers(night_home)
    one = sorted(raw)[7]
    pq.write_table(pa.table({"text": [f'{{"phone": "{one}"}}']}), tmp_path / "clean.parquet")
    (tmp_path / "log.txt").write_text(f"refused {one}, sorry")
    assert leaks.leaked(tmp_path, raw) == {"clean.parquet": {one}, "log.txt": {one}}
